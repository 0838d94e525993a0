package com.crewseal.android

import android.annotation.TargetApi
import android.app.KeyguardManager
import android.content.Context
import android.content.pm.PackageManager
import android.os.Build
import android.os.UserManager
import android.security.keystore.KeyGenParameterSpec
import android.security.keystore.KeyInfo
import android.security.keystore.KeyProperties
import com.crewseal.HighWaterMark
import com.crewseal.KeyVault
import com.crewseal.KeyVaultException
import com.crewseal.Protection
import com.crewseal.PublicKeys
import java.io.File
import java.nio.ByteBuffer
import java.security.Key
import java.security.KeyFactory
import java.security.KeyPairGenerator
import java.security.KeyStore
import java.security.PrivateKey
import java.security.ProviderException
import java.security.Signature
import java.security.spec.ECGenParameterSpec
import javax.crypto.AEADBadTagException
import javax.crypto.Cipher
import javax.crypto.KeyGenerator
import javax.crypto.SecretKey
import javax.crypto.spec.GCMParameterSpec

/** Where a key lives. */
public enum class KeyHome {
    /** In a chip of its own. */
    STRONGBOX,

    /** In the processor's trusted part. */
    TRUSTED_ENVIRONMENT,

    /** In software, as on an emulator. HQ sees it in the attestation. */
    SOFTWARE
}

/**
 * A [KeyVault] over Android's Keystore.
 *
 * The keys are made in StrongBox where there is one, otherwise in the trusted environment, and with an
 * attestation where the phone can give one. None ever leaves it.
 *
 * The **act key** asks nobody, so that background sync can use it while the phone lies in a pocket. What
 * keeps it from a phone that was just switched on is that everything here, and the app with it, is in
 * storage that opens with the first unlock; before that each call throws `Locked`. It is not bound to
 * the screen being unlocked, which would stop the sync with the screen's timeout.
 *
 * The **handoff key** signs only within a window after a fingerprint, a face or the phone's PIN. A new
 * fingerprint does not destroy it; taking the screen lock away does, for good, and the vault then throws
 * `KeyGone`.
 *
 * The **wrapping keys** are AES-256 in GCM. Each has a number, which stands in what it wrapped.
 *
 * The high-water mark and the note of which keys were made are files in `noBackupFilesDir`.
 */
public class KeystoreVault internal constructor(
    directory: File,
    private val platform: Platform,
    private val presence: PresenceGate,
    private val windowSeconds: Int,
    private val challenge: ByteArray
) : KeyVault {
    /** What the vault asks of the phone. */
    internal class Platform(
        val sdk: Int,
        val hasStrongBox: Boolean,
        val isUnlocked: () -> Boolean,
        val hasScreenLock: () -> Boolean
    )

    /**
     * @param presence asks the person who holds the phone: [PromptPresence], or the app's own
     * @param windowSeconds for how long after that the handoff key signs without asking again, 1 to 300.
     * It is a property of the key: another value holds for keys made from then on
     * @param challenge what the attestation repeats, at most 128 bytes. Whether a key is in the hands of
     * whoever enrols is shown by its signature over HQ's code, so the challenge need not be fresh
     */
    @JvmOverloads
    public constructor(
        context: Context,
        presence: Presence,
        windowSeconds: Int = WINDOW,
        challenge: ByteArray = "crewseal/1".toByteArray()
    ) : this(
        File(context.noBackupFilesDir, "crewseal-keys"),
        platform(context.applicationContext),
        PresenceGate(presence),
        windowSeconds,
        challenge
    )

    private val keyStore: KeyStore by lazy { KeyStore.getInstance(PROVIDER).apply { load(null) } }
    private val mark = MarkFile(File(directory, "mark"))

    /** The two public keys, noted when both were there. From then on a missing key is a lost one. */
    private val made = DurableFile(File(directory, "keys"))

    /** Held while keys are made or deleted; never while one signs, which may wait for a person. */
    private val making = Any()

    init {
        require(windowSeconds in 1..LONGEST_WINDOW) { "windowSeconds is not between 1 and $LONGEST_WINDOW" }
        require(challenge.size <= LONGEST_CHALLENGE) { "challenge is longer than $LONGEST_CHALLENGE bytes" }
    }

    override fun publicKeys(): PublicKeys = guarded { synchronized(making) { keys() } }

    override fun sign(protection: Protection, message: ByteArray): ByteArray = guarded {
        // The other key is not looked at: without the handoff key there is still sync.
        when (protection) {
            Protection.ACT -> signature(ACT, message)
            Protection.HANDOFF -> presence.run(::needsPresence) { signature(HANDOFF, message) }
        }
    }

    /**
     * The certificate chains of the two keys, each certificate in DER with nothing between them: the act
     * key's chain from its own certificate up, then the handoff key's. Null where the phone attests
     * nothing.
     */
    override fun attestation(): ByteArray? = guarded {
        synchronized(making) { keys() }
        val chains = listOf(ACT, HANDOFF).map { keyStore.getCertificateChain(it).orEmpty() }
        // A certificate that stands alone is one that the key gave itself.
        if (chains.any { it.size < 2 }) return@guarded null
        chains.flatMap { it.toList() }.fold(ByteArray(0)) { bytes, one -> bytes + one.encoded }
    }

    override fun wrap(key: ByteArray): ByteArray = guarded {
        try {
            val number = synchronized(making) { wrappingKeys().maxOrNull() ?: newWrappingKey(1) }
            val head = ByteBuffer.allocate(HEAD).put(FORMAT).putInt(number).array()
            val cipher = Cipher.getInstance(SEAL)
            // The Keystore draws the nonce itself and would take none.
            cipher.init(Cipher.ENCRYPT_MODE, wrappingKey(number))
            cipher.updateAAD(head)
            val sealed = cipher.doFinal(key)
            head + cipher.iv + sealed
        } finally {
            key.fill(0)
        }
    }

    override fun unwrap(wrapped: ByteArray): ByteArray = guarded {
        val isWhole = wrapped.size >= HEAD + NONCE + TAG_BITS / 8
        if (!isWhole || wrapped[0] != FORMAT) throw KeyVaultException.KeyGone()
        val head = wrapped.copyOf(HEAD)
        val number = ByteBuffer.wrap(head, 1, Int.SIZE_BYTES).int
        if (number !in wrappingKeys()) throw KeyVaultException.KeyGone()
        val cipher = Cipher.getInstance(SEAL)
        try {
            val nonce = GCMParameterSpec(TAG_BITS, wrapped, HEAD, NONCE)
            cipher.init(Cipher.DECRYPT_MODE, wrappingKey(number), nonce)
            cipher.updateAAD(head)
            cipher.doFinal(wrapped, HEAD + NONCE, wrapped.size - HEAD - NONCE)
        } catch (_: AEADBadTagException) {
            throw KeyVaultException.KeyGone()
        }
    }

    override fun beginRotation(): Unit = guarded {
        synchronized(making) {
            val present = wrappingKeys()
            if (present.size < 2) newWrappingKey((present.maxOrNull() ?: 0) + 1)
        }
    }

    override fun isRotating(): Boolean = guarded { wrappingKeys().size > 1 }

    override fun finishRotation(): Unit = guarded {
        synchronized(making) { wrappingKeys().sorted().dropLast(1).forEach { delete("$WRAP$it") } }
    }

    override fun erase(): Unit = guarded {
        synchronized(making) {
            // The note of the keys goes last: if this is cut short, what is left is not taken for a whole.
            aliases().forEach(::delete)
            mark.delete()
            made.delete()
        }
    }

    override fun mark(): HighWaterMark? = guarded { synchronized(making) { mark.read() } }

    override fun raiseMark(mark: HighWaterMark): Unit =
        guarded { synchronized(making) { this.mark.raise(mark) } }

    /** Where the act key lives. Both are made in the same place. */
    public fun keyHome(): KeyHome = guarded {
        synchronized(making) { keys() }
        val key = signingKey(ACT)
        val info = KeyFactory.getInstance(key.algorithm, PROVIDER).getKeySpec(key, KeyInfo::class.java)
        if (platform.sdk >= Build.VERSION_CODES.S) level(info) else inside(info)
    }

    /** Whether the screen has a lock, without which there can be no handoff key. Ask before enrolling. */
    public fun hasScreenLock(): Boolean = platform.hasScreenLock()

    private fun keys(): PublicKeys {
        val noted = made.read()
        if (noted != null) {
            val present = listOf(ACT, HANDOFF).map { point(it) ?: throw KeyVaultException.KeyGone() }
            if (!noted.contentEquals(present[0] + present[1])) throw KeyVaultException.KeyGone()
            return PublicKeys(present[0], present[1])
        }
        // Android makes no key that wants a person on a phone that anybody can open.
        if (!platform.hasScreenLock()) throw KeyVaultException.Locked()
        val (act, handoff) = listOf(ACT, HANDOFF).map { alias -> point(alias) ?: newSigningKey(alias) }
        made.write(act + handoff)
        return PublicKeys(act, handoff)
    }

    /** 0x04, x, y: the last 65 bytes of a public key's usual form. */
    private fun point(alias: String): ByteArray? {
        val encoded = keyStore.getCertificate(alias)?.publicKey?.encoded ?: return null
        if (encoded.size < POINT) throw KeyVaultException.Hardware()
        val point = encoded.copyOfRange(encoded.size - POINT, encoded.size)
        if (point[0] != UNCOMPRESSED) throw KeyVaultException.Hardware()
        return point
    }

    private fun signature(alias: String, message: ByteArray): ByteArray =
        Signature.getInstance("SHA256withECDSA").run {
            initSign(signingKey(alias))
            update(message)
            sign()
        }

    private fun signingKey(alias: String): PrivateKey =
        key(alias) as? PrivateKey ?: throw KeyVaultException.KeyGone()

    private fun wrappingKey(number: Int): SecretKey =
        key("$WRAP$number") as? SecretKey ?: throw KeyVaultException.KeyGone()

    private fun key(alias: String): Key? = keyStore.getKey(alias, null)

    private fun aliases(): List<String> = keyStore.aliases().toList().filter { it.startsWith(PREFIX) }

    private fun wrappingKeys(): List<Int> =
        aliases().filter { it.startsWith(WRAP) }.mapNotNull { it.removePrefix(WRAP).toIntOrNull() }

    private fun delete(alias: String) {
        keyStore.deleteEntry(alias)
        if (keyStore.containsAlias(alias)) throw KeyVaultException.Hardware()
    }

    private fun newSigningKey(alias: String): ByteArray {
        tried(waysToMake(platform.hasStrongBox)) { way ->
            KeyPairGenerator.getInstance(KeyProperties.KEY_ALGORITHM_EC, PROVIDER).run {
                initialize(signing(alias, way))
                generateKeyPair()
            }
        }
        return point(alias) ?: throw KeyVaultException.Hardware()
    }

    private fun signing(alias: String, way: WayToMake): KeyGenParameterSpec {
        val spec = KeyGenParameterSpec.Builder(alias, KeyProperties.PURPOSE_SIGN)
            .setAlgorithmParameterSpec(ECGenParameterSpec("secp256r1"))
            .setDigests(KeyProperties.DIGEST_SHA256)
        if (way.attested) spec.setAttestationChallenge(challenge)
        if (way.inStrongBox) strongBox(spec)
        if (alias == HANDOFF) {
            spec.setUserAuthenticationRequired(true)
            spec.setInvalidatedByBiometricEnrollment(false)
            val isNew = platform.sdk >= Build.VERSION_CODES.R
            if (isNew) window(spec, windowSeconds) else oldWindow(spec, windowSeconds)
        }
        return spec.build()
    }

    private fun newWrappingKey(number: Int): Int {
        tried(waysToMake(platform.hasStrongBox).filterNot { it.attested }) { way ->
            val purposes = KeyProperties.PURPOSE_ENCRYPT or KeyProperties.PURPOSE_DECRYPT
            val spec = KeyGenParameterSpec.Builder("$WRAP$number", purposes)
                .setBlockModes(KeyProperties.BLOCK_MODE_GCM)
                .setEncryptionPaddings(KeyProperties.ENCRYPTION_PADDING_NONE)
                .setKeySize(WRAP_BITS)
            if (way.inStrongBox) strongBox(spec)
            KeyGenerator.getInstance(KeyProperties.KEY_ALGORITHM_AES, PROVIDER).run {
                init(spec.build())
                generateKey()
            }
        }
        // Read back: what is wrapped under a key that was never kept would be lost.
        if (number !in wrappingKeys()) throw KeyVaultException.Hardware()
        return number
    }

    /** Tries one way after the other; the failure of the last is what counts. */
    private fun tried(ways: List<WayToMake>, make: (WayToMake) -> Unit) {
        for ((number, way) in ways.withIndex()) {
            try {
                return make(way)
            } catch (thrown: ProviderException) {
                // StrongBox is full or busy, or there is no attestation to be had.
                if (number == ways.lastIndex) throw thrown
            }
        }
    }

    private fun needsPresence(thrown: Exception): Boolean =
        keystoreFault(thrown, platform.sdk) == KeystoreFault.NEEDS_PRESENCE

    /** Nothing but [KeyVaultException] leaves the vault, and nothing is done before the first unlock. */
    private inline fun <T> guarded(work: () -> T): T {
        if (!platform.isUnlocked()) throw KeyVaultException.Locked()
        return try {
            work()
        } catch (said: KeyVaultException) {
            throw said
        } catch (thrown: Exception) {
            throw keystoreFault(thrown, platform.sdk).toVaultException()
        }
    }

    public companion object {
        /** The window in seconds if none is said: a signature takes less, and a lost phone longer. */
        public const val WINDOW: Int = 30

        private const val PROVIDER = "AndroidKeyStore"
        private const val PREFIX = "crewseal."
        private const val ACT = "${PREFIX}act"
        private const val HANDOFF = "${PREFIX}handoff"
        private const val WRAP = "${PREFIX}wrap."
        private const val SEAL = "AES/GCM/NoPadding"
        private const val FORMAT: Byte = 1
        private const val HEAD = 1 + Int.SIZE_BYTES
        private const val NONCE = 12
        private const val TAG_BITS = 128
        private const val WRAP_BITS = 256
        private const val POINT = 65
        private const val UNCOMPRESSED: Byte = 4
        private const val LONGEST_WINDOW = 300
        private const val LONGEST_CHALLENGE = 128

        private fun platform(context: Context): Platform {
            val users = context.getSystemService(UserManager::class.java)
            val guard = context.getSystemService(KeyguardManager::class.java)
            return Platform(
                Build.VERSION.SDK_INT,
                Build.VERSION.SDK_INT >= Build.VERSION_CODES.P && hasStrongBox(context),
                { users.isUserUnlocked },
                { guard.isDeviceSecure }
            )
        }

        @TargetApi(Build.VERSION_CODES.P)
        private fun hasStrongBox(context: Context): Boolean =
            context.packageManager.hasSystemFeature(PackageManager.FEATURE_STRONGBOX_KEYSTORE)

        @TargetApi(Build.VERSION_CODES.P)
        private fun strongBox(spec: KeyGenParameterSpec.Builder) {
            spec.setIsStrongBoxBacked(true)
        }

        @TargetApi(Build.VERSION_CODES.R)
        private fun window(spec: KeyGenParameterSpec.Builder, seconds: Int) {
            val anyOf = KeyProperties.AUTH_BIOMETRIC_STRONG or KeyProperties.AUTH_DEVICE_CREDENTIAL
            spec.setUserAuthenticationParameters(seconds, anyOf)
        }

        @Suppress("DEPRECATION")
        private fun oldWindow(spec: KeyGenParameterSpec.Builder, seconds: Int) {
            spec.setUserAuthenticationValidityDurationSeconds(seconds)
        }

        @TargetApi(Build.VERSION_CODES.S)
        private fun level(info: KeyInfo): KeyHome = when (info.securityLevel) {
            KeyProperties.SECURITY_LEVEL_STRONGBOX -> KeyHome.STRONGBOX
            KeyProperties.SECURITY_LEVEL_TRUSTED_ENVIRONMENT -> KeyHome.TRUSTED_ENVIRONMENT
            KeyProperties.SECURITY_LEVEL_UNKNOWN_SECURE -> KeyHome.TRUSTED_ENVIRONMENT
            else -> KeyHome.SOFTWARE
        }

        /** Before Android 12 the phone does not say which of the two it is; the lesser is claimed. */
        @Suppress("DEPRECATION")
        private fun inside(info: KeyInfo): KeyHome =
            if (info.isInsideSecureHardware) KeyHome.TRUSTED_ENVIRONMENT else KeyHome.SOFTWARE
    }
}

/** One way to make a key. */
internal data class WayToMake(val inStrongBox: Boolean, val attested: Boolean)

/**
 * The ways to make a key, the best first. An attested key in the trusted environment comes before one
 * that only claims to be in StrongBox: HQ can check the first.
 */
internal fun waysToMake(hasStrongBox: Boolean): List<WayToMake> = listOf(true, false).flatMap { attested ->
    listOf(true, false).filter { hasStrongBox || !it }.map { inStrongBox -> WayToMake(inStrongBox, attested) }
}
