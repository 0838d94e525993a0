package com.crewseal.android

import android.security.KeyStoreException
import android.security.keystore.KeyPermanentlyInvalidatedException
import android.security.keystore.KeyProperties
import android.security.keystore.StrongBoxUnavailableException
import com.crewseal.HighWaterMark
import com.crewseal.KeyVaultException
import com.crewseal.Protection
import java.nio.file.Path
import java.security.KeyFactory
import java.security.ProviderException
import java.security.Signature
import java.security.UnrecoverableKeyException
import java.security.spec.X509EncodedKeySpec
import java.util.concurrent.CountDownLatch
import java.util.concurrent.atomic.AtomicInteger
import kotlin.concurrent.thread
import org.junit.jupiter.api.Assertions.assertArrayEquals
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertFalse
import org.junit.jupiter.api.Assertions.assertNotEquals
import org.junit.jupiter.api.Assertions.assertNull
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.BeforeEach
import org.junit.jupiter.api.Test
import org.junit.jupiter.api.Timeout
import org.junit.jupiter.api.assertThrows
import org.junit.jupiter.api.io.TempDir

/** The vault itself, over a Keystore of paper. */
@Timeout(60)
class KeystoreVaultTest {
    @TempDir
    lateinit var directory: Path

    private val asked = AtomicInteger()
    private var answer = true
    private var isUnlocked = true
    private var hasScreenLock = true

    @BeforeEach
    fun reset() = PaperKeystore.reset()

    private fun vault(sdk: Int = 36, hasStrongBox: Boolean = true, window: Int = 30): KeystoreVault {
        val platform = KeystoreVault.Platform(sdk, hasStrongBox, { isUnlocked }, { hasScreenLock })
        val presence = PresenceGate {
            asked.incrementAndGet()
            PaperKeystore.isPresent = answer
            answer
        }
        return KeystoreVault(directory.toFile(), platform, presence, window, byteArrayOf(1))
    }

    private fun assertSigns(point: ByteArray, signature: ByteArray) {
        // The head of every public key of P-256.
        val head = PaperKeystore.entries.values.first { it.pair != null }.pair!!.public.encoded.dropLast(65)
        val key = KeyFactory.getInstance("EC").generatePublic(X509EncodedKeySpec(head.toByteArray() + point))
        val verifier = Signature.getInstance("SHA256withECDSA", "SunEC")
        verifier.initVerify(key)
        verifier.update(MESSAGE)
        assertTrue(verifier.verify(signature))
    }

    @Test
    fun `both keys sign, and the act key asks nobody`() {
        val keys = vault().publicKeys()
        assertEquals(65, keys.act.size)
        assertFalse(keys.act.contentEquals(keys.handoff))
        assertSigns(keys.act, vault().sign(Protection.ACT, MESSAGE))
        assertEquals(0, asked.get())
        assertSigns(keys.handoff, vault().sign(Protection.HANDOFF, MESSAGE))
        assertEquals(1, asked.get())
        // Within the window nobody is asked again.
        assertSigns(keys.handoff, vault().sign(Protection.HANDOFF, MESSAGE))
        assertEquals(1, asked.get())
        assertArrayEquals(keys.act, vault().publicKeys().act)
    }

    @Test
    fun `the keys are made as they must be`() {
        val vault = vault(window = 45)
        vault.publicKeys()
        vault.wrap(ByteArray(32))
        PaperKeystore.spec("act").run {
            assertFalse(isUserAuthenticationRequired)
            assertFalse(isUnlockedDeviceRequired)
            assertTrue(isStrongBoxBacked)
            assertEquals(KeyProperties.PURPOSE_SIGN, purposes)
            assertArrayEquals(arrayOf(KeyProperties.DIGEST_SHA256), digests)
            assertArrayEquals(byteArrayOf(1), attestationChallenge)
        }
        PaperKeystore.spec("handoff").run {
            assertTrue(isUserAuthenticationRequired)
            assertFalse(isInvalidatedByBiometricEnrollment)
            assertEquals(45, userAuthenticationValidityDurationSeconds)
            val either = KeyProperties.AUTH_BIOMETRIC_STRONG or KeyProperties.AUTH_DEVICE_CREDENTIAL
            assertEquals(either, userAuthenticationType)
            assertTrue(isStrongBoxBacked)
        }
        PaperKeystore.spec("wrap.1").run {
            assertFalse(isUserAuthenticationRequired)
            assertTrue(isRandomizedEncryptionRequired)
            assertArrayEquals(arrayOf(KeyProperties.BLOCK_MODE_GCM), blockModes)
            assertEquals(256, keySize)
        }
    }

    @Test
    fun `an older phone takes a window and a PIN, too`() {
        val vault = vault(sdk = 26, hasStrongBox = false, window = 45)
        vault.publicKeys()
        PaperKeystore.spec("handoff").run {
            assertTrue(isUserAuthenticationRequired)
            assertFalse(isInvalidatedByBiometricEnrollment)
            assertEquals(45, userAuthenticationValidityDurationSeconds)
            assertFalse(isStrongBoxBacked)
        }
        vault.sign(Protection.HANDOFF, MESSAGE)
    }

    @Test
    fun `who says no is heard, and asked again the next time`() {
        answer = false
        assertThrows<KeyVaultException.Cancelled> { handoff() }
        answer = true
        handoff()
        assertEquals(2, asked.get())
    }

    private fun handoff(): ByteArray = vault().run {
        publicKeys()
        sign(Protection.HANDOFF, MESSAGE)
    }

    @Test
    fun `while a person is asked, the act key signs on`() {
        val (isAsking, goOn) = CountDownLatch(1) to CountDownLatch(1)
        val platform = KeystoreVault.Platform(36, false, { true }, { true })
        val gate = PresenceGate {
            isAsking.countDown()
            goOn.await()
            PaperKeystore.isPresent = true
            true
        }
        val vault = KeystoreVault(directory.toFile(), platform, gate, 30, ByteArray(0))
        vault.publicKeys()
        val signing = thread { vault.sign(Protection.HANDOFF, MESSAGE) }
        isAsking.await()
        vault.sign(Protection.ACT, MESSAGE)
        vault.wrap(ByteArray(32))
        vault.raiseMark(HighWaterMark(1u, 1uL))
        goOn.countDown()
        signing.join()
    }

    @Test
    fun `a StrongBox that is full gives way to the trusted environment`() {
        PaperKeystore.making = { if (it.isStrongBoxBacked) StrongBoxUnavailableException() else null }
        vault().publicKeys()
        assertFalse(PaperKeystore.spec("act").isStrongBoxBacked)
        assertTrue(vault().attestation() != null)
    }

    @Test
    fun `a phone that attests nothing still has keys`() {
        PaperKeystore.making = { if (it.attestationChallenge != null) ProviderException("no") else null }
        vault().publicKeys()
        assertTrue(PaperKeystore.spec("act").isStrongBoxBacked)
        assertNull(vault().attestation())
        assertEquals(listOf(true to true, false to true, true to false, false to false), ways(true))
        assertEquals(listOf(false to true, false to false), ways(false))
    }

    private fun ways(hasStrongBox: Boolean) = waysToMake(hasStrongBox).map { it.inStrongBox to it.attested }

    @Test
    fun `the attestation is of both keys, each with its chain`() {
        val keys = vault().publicKeys()
        val said = requireNotNull(vault().attestation())
        // Three certificates of paper for each key: a number, and the key.
        val each = said.toList().chunked(said.size / 6)
        assertEquals(listOf(0, 1, 2, 0, 1, 2), each.map { it.first().toInt() })
        assertEquals(keys.act.toList(), each[0].takeLast(65))
        assertEquals(keys.handoff.toList(), each[3].takeLast(65))
        PaperKeystore.attests = false
        assertNull(vault().attestation())
    }

    @Test
    fun `what was wrapped is unwrapped, and what was altered is not`() {
        val key = ByteArray(32) { it.toByte() }
        val given = key.copyOf()
        val wrapped = vault().wrap(given)
        assertArrayEquals(ByteArray(32), given, "the caller's array is overwritten")
        assertArrayEquals(key, vault().unwrap(wrapped))
        assertNotEquals(wrapped.toList(), vault().wrap(key.copyOf()).toList())
        for (at in wrapped.indices) {
            val altered = wrapped.copyOf().also { it[at] = (it[at] + 1).toByte() }
            assertThrows<KeyVaultException.KeyGone> { vault().unwrap(altered) }
        }
        for (length in listOf(0, 1, 16, 17, 18, wrapped.size - 1)) {
            assertThrows<KeyVaultException.KeyGone> { vault().unwrap(wrapped.copyOf(length)) }
        }
        assertThrows<KeyVaultException.KeyGone> { vault().unwrap(ByteArray(1 shl 20)) }
    }

    @Test
    fun `a rotation leaves the newest key and no other`() {
        val key = ByteArray(32) { 7 }
        val old = vault().wrap(key.copyOf())
        assertFalse(vault().isRotating())
        vault().finishRotation()
        vault().beginRotation()
        vault().beginRotation()
        assertTrue(vault().isRotating())
        val new = vault().wrap(key.copyOf())
        assertArrayEquals(key, vault().unwrap(old))
        assertArrayEquals(key, vault().unwrap(new))
        vault().finishRotation()
        assertFalse(vault().isRotating())
        assertThrows<KeyVaultException.KeyGone> { vault().unwrap(old) }
        assertArrayEquals(key, vault().unwrap(new))
        // The number of a key that is gone is not given again.
        vault().beginRotation()
        assertTrue(PaperKeystore.alias("wrap.3") in PaperKeystore.entries)
    }

    @Test
    fun `a rotation needs nothing of the key before it`() {
        vault().wrap(ByteArray(32))
        PaperKeystore.loading = { alias ->
            if (alias.endsWith("wrap.1")) KeyPermanentlyInvalidatedException() else null
        }
        vault().beginRotation()
        val wrapped = vault().wrap(ByteArray(32) { 9 })
        vault().finishRotation()
        assertArrayEquals(ByteArray(32) { 9 }, vault().unwrap(wrapped))
    }

    @Test
    fun `a key that the Keystore does not let go of is no rotation`() {
        vault().wrap(ByteArray(32))
        vault().beginRotation()
        PaperKeystore.keeps = true
        assertThrows<KeyVaultException.Hardware> { vault().finishRotation() }
    }

    @Test
    fun `erasing makes another device of it`() {
        val before = vault().publicKeys()
        val wrapped = vault().wrap(ByteArray(32))
        vault().raiseMark(HighWaterMark(3u, 5uL))
        vault().erase()
        assertTrue(PaperKeystore.entries.isEmpty())
        assertNull(vault().mark())
        assertThrows<KeyVaultException.KeyGone> { vault().unwrap(wrapped) }
        assertFalse(before.act.contentEquals(vault().publicKeys().act))
    }

    @Test
    fun `other keys of the app stay`() {
        val other = PaperKeystore.run {
            vault().publicKeys()
            entries.getValue(alias("act"))
        }
        PaperKeystore.entries["somebody's"] = other
        vault().erase()
        assertEquals(setOf("somebody's"), PaperKeystore.entries.keys)
    }

    @Test
    fun `a key that vanished is gone and is not made anew in silence`() {
        for (lost in listOf("act", "handoff")) {
            PaperKeystore.reset()
            vault().erase()
            vault().publicKeys()
            PaperKeystore.entries.remove(PaperKeystore.alias(lost))
            assertThrows<KeyVaultException.KeyGone> { vault().publicKeys() }
            val protection = if (lost == "act") Protection.ACT else Protection.HANDOFF
            assertThrows<KeyVaultException.KeyGone> { vault().sign(protection, MESSAGE) }
        }
        // Of the two the act key is left, and delivers what waits.
        vault().sign(Protection.ACT, MESSAGE)
    }

    @Test
    fun `another key under the same name is none of ours`() {
        vault().publicKeys()
        val stranger = PaperKeystore.entries.getValue(PaperKeystore.alias("handoff"))
        PaperKeystore.entries[PaperKeystore.alias("act")] = stranger
        assertThrows<KeyVaultException.KeyGone> { vault().publicKeys() }
    }

    @Test
    fun `making keys that is cut short goes on`() {
        PaperKeystore.making = { spec ->
            if (spec.keystoreAlias.endsWith("handoff")) ProviderException("cut") else null
        }
        assertThrows<KeyVaultException.Hardware> { vault().publicKeys() }
        val act = PaperKeystore.entries.getValue(PaperKeystore.alias("act")).pair
        PaperKeystore.making = { null }
        assertArrayEquals(act!!.public.encoded.takeLast(65).toByteArray(), vault().publicKeys().act)
    }

    @Test
    fun `before the first unlock nothing is done`() {
        isUnlocked = false
        val vault = vault()
        val calls = listOf<() -> Any?>(
            { vault.publicKeys() },
            { vault.sign(Protection.ACT, MESSAGE) },
            { vault.sign(Protection.HANDOFF, MESSAGE) },
            { vault.attestation() },
            { vault.wrap(ByteArray(32)) },
            { vault.unwrap(ByteArray(61)) },
            { vault.beginRotation() },
            { vault.isRotating() },
            { vault.finishRotation() },
            { vault.erase() },
            { vault.mark() },
            { vault.raiseMark(HighWaterMark(1u, 1uL)) }
        )
        for (call in calls) assertThrows<KeyVaultException.Locked> { call() }
        assertTrue(PaperKeystore.entries.isEmpty())
        assertEquals(0, directory.toFile().list()!!.size)
    }

    @Test
    fun `without a lock on the screen no key is made`() {
        hasScreenLock = false
        assertThrows<KeyVaultException.Locked> { vault().publicKeys() }
        assertTrue(PaperKeystore.entries.isEmpty())
    }

    @Test
    fun `whatever the Keystore throws, the core hears what it means`() {
        vault().publicKeys()
        val wrapped = vault().wrap(ByteArray(32))
        val numbered = { code: Int -> ProviderException(KeyStoreException(code, "words")) }
        val meant = mapOf(
            KeyPermanentlyInvalidatedException() to KeyVaultException.KeyGone::class,
            UnrecoverableKeyException("words") to KeyVaultException.Hardware::class,
            UnrecoverableKeyException().initCause(KeyPermanentlyInvalidatedException()) to
                KeyVaultException.KeyGone::class,
            ProviderException("words") to KeyVaultException.Hardware::class,
            numbered(-26) to KeyVaultException.Locked::class,
            IllegalStateException("words") to KeyVaultException.Hardware::class,
            NullPointerException() to KeyVaultException.Hardware::class
        )
        for ((thrown, expected) in meant) {
            PaperKeystore.using = { thrown }
            for (call in listOf({ vault().sign(Protection.ACT, MESSAGE) }, { vault().unwrap(wrapped) })) {
                assertEquals(expected, assertThrows<KeyVaultException> { call() }::class, "$thrown")
            }
        }
    }

    @Test
    fun `a window or a challenge that no phone would take is refused`() {
        for (window in listOf(-1, 0, 301, Int.MAX_VALUE)) {
            assertThrows<IllegalArgumentException> { vault(window = window) }
        }
    }

    private companion object {
        val MESSAGE = "a box".toByteArray()
    }
}
