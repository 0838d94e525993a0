package com.crewseal.android

import android.annotation.TargetApi
import android.security.KeyStoreException
import android.security.keystore.KeyPermanentlyInvalidatedException
import android.security.keystore.UserNotAuthenticatedException
import com.crewseal.KeyVaultException

/** What a failure of Android's Keystore comes to. */
internal enum class KeystoreFault {
    /** The key wants a person to be present first. */
    NEEDS_PRESENCE,

    /** The phone was not unlocked since its start. */
    LOCKED,

    /** The key is gone for good. It is said only where the Keystore said so. */
    GONE,

    /** Anything else: it may work the next time. */
    FAILED
}

/**
 * Looks through an exception and what caused it, from the outside in, as the Keystore wraps what it
 * means in exceptions that mean nothing. The first that is clear decides.
 *
 * A key that is "unrecoverable" is not gone by that word alone: the Keystore says it of a key that it
 * could not load this time, too, and whoever believed it would enrol the phone anew for nothing.
 *
 * @param sdk the phone's API level; only from 33 on does the Keystore say a reason in numbers
 */
internal fun keystoreFault(thrown: Throwable, sdk: Int): KeystoreFault {
    var cause: Throwable? = thrown
    // An exception may be its own cause's cause.
    repeat(DEEPEST) {
        when (cause) {
            null -> return KeystoreFault.FAILED
            is KeyPermanentlyInvalidatedException -> return KeystoreFault.GONE
            is UserNotAuthenticatedException -> return KeystoreFault.NEEDS_PRESENCE
        }
        if (sdk >= NUMBERED) numbered(cause)?.let { return it }
        cause = cause?.cause
    }
    return KeystoreFault.FAILED
}

@TargetApi(NUMBERED)
private fun numbered(thrown: Throwable?): KeystoreFault? =
    when ((thrown as? KeyStoreException)?.numericErrorCode) {
        KeyStoreException.ERROR_USER_AUTHENTICATION_REQUIRED -> KeystoreFault.NEEDS_PRESENCE

        KeyStoreException.ERROR_KEYSTORE_UNINITIALIZED -> KeystoreFault.LOCKED

        KeyStoreException.ERROR_KEY_DOES_NOT_EXIST, KeyStoreException.ERROR_KEY_CORRUPTED ->
            KeystoreFault.GONE

        else -> null
    }

/**
 * What the core is told. A key that wants a person, where nobody can be asked, is locked: the phone must
 * be unlocked.
 */
internal fun KeystoreFault.toVaultException(): KeyVaultException = when (this) {
    KeystoreFault.NEEDS_PRESENCE, KeystoreFault.LOCKED -> KeyVaultException.Locked()
    KeystoreFault.GONE -> KeyVaultException.KeyGone()
    KeystoreFault.FAILED -> KeyVaultException.Hardware()
}

private const val NUMBERED = 33
private const val DEEPEST = 16
