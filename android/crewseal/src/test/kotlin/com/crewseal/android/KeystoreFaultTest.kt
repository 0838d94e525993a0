package com.crewseal.android

import android.security.KeyStoreException
import android.security.keystore.KeyPermanentlyInvalidatedException
import android.security.keystore.UserNotAuthenticatedException
import com.crewseal.KeyVaultException
import java.io.IOException
import java.security.InvalidKeyException
import java.security.ProviderException
import java.security.SignatureException
import java.security.UnrecoverableKeyException
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Test

class KeystoreFaultTest {
    private fun assertMeans(expected: KeystoreFault, thrown: Throwable, sdk: Int = 36) {
        assertEquals(expected, keystoreFault(thrown, sdk), "$thrown")
        val wrapped = SignatureException("outside", ProviderException("inside", thrown))
        assertEquals(expected, keystoreFault(wrapped, sdk), "$thrown, wrapped")
    }

    @Test
    fun `exceptions with a class of their own are told apart on every phone`() {
        for (sdk in listOf(26, 33, 36)) {
            assertMeans(KeystoreFault.GONE, KeyPermanentlyInvalidatedException(), sdk)
            assertMeans(KeystoreFault.NEEDS_PRESENCE, UserNotAuthenticatedException(), sdk)
            assertMeans(KeystoreFault.FAILED, UnrecoverableKeyException("words"), sdk)
            assertMeans(KeystoreFault.FAILED, InvalidKeyException("words"), sdk)
            assertMeans(KeystoreFault.FAILED, IOException(), sdk)
        }
    }

    @Test
    fun `the Keystore's numbers are told apart where it has them`() {
        // The numbers are the Keystore's own: its responses from 1 up, the hardware's below 0.
        val meant = mapOf(
            -26 to KeystoreFault.NEEDS_PRESENCE,
            -72 to KeystoreFault.NEEDS_PRESENCE,
            2 to KeystoreFault.NEEDS_PRESENCE,
            3 to KeystoreFault.LOCKED,
            7 to KeystoreFault.GONE,
            8 to KeystoreFault.GONE,
            17 to KeystoreFault.GONE,
            4 to KeystoreFault.FAILED,
            6 to KeystoreFault.FAILED,
            18 to KeystoreFault.FAILED,
            -28 to KeystoreFault.FAILED,
            -1000 to KeystoreFault.FAILED,
            99 to KeystoreFault.FAILED
        )
        for ((number, expected) in meant) assertMeans(expected, KeyStoreException(number, "number $number"))
        assertMeans(KeystoreFault.FAILED, KeyStoreException(7, "words"), sdk = 32)
    }

    @Test
    fun `an exception that is its own cause is no trap`() {
        val first = IOException("first")
        first.initCause(IOException("second", first))
        assertEquals(KeystoreFault.FAILED, keystoreFault(first, 36))
    }

    @Test
    fun `every fault has its exception`() {
        val said = KeystoreFault.entries.associateWith { it.toVaultException()::class }
        val expected = mapOf(
            KeystoreFault.NEEDS_PRESENCE to KeyVaultException.Locked::class,
            KeystoreFault.LOCKED to KeyVaultException.Locked::class,
            KeystoreFault.GONE to KeyVaultException.KeyGone::class,
            KeystoreFault.FAILED to KeyVaultException.Hardware::class
        )
        assertEquals(expected, said)
    }
}
