package com.crewseal

import java.security.KeyPair
import java.security.KeyPairGenerator
import java.security.SecureRandom
import java.security.Signature
import java.security.spec.ECGenParameterSpec
import java.util.concurrent.atomic.AtomicReference
import javax.crypto.AEADBadTagException
import javax.crypto.Cipher
import javax.crypto.SecretKey
import javax.crypto.spec.GCMParameterSpec
import javax.crypto.spec.SecretKeySpec

/** Key hardware made of the JVM's own cryptography: for tests, as it keeps nothing. */
class PaperVault : KeyVault {
    private var act = pair()
    private var handoff = pair()

    /** The newest wrapping key, and during a rotation the one before it. */
    private var wrapping: List<SecretKey> = listOf(secret())
    private val mark = AtomicReference<HighWaterMark?>()

    /** What it throws, whatever it is asked; nothing while this is null. */
    @Volatile
    var failure: Throwable? = null

    /** What it does before it answers. */
    @Volatile
    var before: () -> Unit = {}

    override fun publicKeys(): PublicKeys = answer { PublicKeys(point(act), point(handoff)) }

    override fun sign(protection: Protection, message: ByteArray): ByteArray = answer {
        val key = if (protection == Protection.ACT) act else handoff
        Signature.getInstance("SHA256withECDSA").run {
            initSign(key.private)
            update(message)
            sign()
        }
    }

    override fun wrap(key: ByteArray): ByteArray = answer {
        val nonce = random(12)
        nonce + cipher(Cipher.ENCRYPT_MODE, wrapping.first(), nonce).doFinal(key)
    }

    override fun unwrap(wrapped: ByteArray): ByteArray = answer {
        val sealed = wrapped.copyOfRange(12, wrapped.size)
        wrapping.firstNotNullOfOrNull { key ->
            try {
                cipher(Cipher.DECRYPT_MODE, key, wrapped.copyOf(12)).doFinal(sealed)
            } catch (_: AEADBadTagException) {
                null
            }
        } ?: throw KeyVaultException.KeyGone()
    }

    override fun attestation(): ByteArray? = answer { null }

    override fun beginRotation(): Unit = answer {
        if (wrapping.size == 1) wrapping = listOf(secret()) + wrapping
    }

    override fun isRotating(): Boolean = answer { wrapping.size > 1 }

    override fun finishRotation(): Unit = answer { wrapping = wrapping.take(1) }

    override fun erase(): Unit = answer {
        act = pair()
        handoff = pair()
        wrapping = listOf(secret())
        mark.set(null)
    }

    override fun mark(): HighWaterMark? = answer { mark.get() }

    override fun raiseMark(mark: HighWaterMark): Unit = answer { this.mark.set(mark) }

    private fun <T> answer(work: () -> T): T {
        before()
        failure?.let { throw it }
        return work()
    }

    private fun cipher(mode: Int, key: SecretKey, nonce: ByteArray): Cipher =
        Cipher.getInstance("AES/GCM/NoPadding").apply { init(mode, key, GCMParameterSpec(128, nonce)) }

    private companion object {
        fun secret(): SecretKey = SecretKeySpec(random(32), "AES")

        fun random(size: Int) = ByteArray(size).also { SecureRandom().nextBytes(it) }

        fun pair(): KeyPair = KeyPairGenerator.getInstance("EC").run {
            initialize(ECGenParameterSpec("secp256r1"))
            generateKeyPair()
        }

        /** 0x04, x, y: the last 65 bytes of the key's usual form. */
        fun point(pair: KeyPair): ByteArray = pair.public.encoded.run { copyOfRange(size - 65, size) }
    }
}

/** The computer's own clocks. */
class SystemClock : Clock {
    override fun now(): ULong = (System.currentTimeMillis() / 1000).toULong()

    override fun sinceBoot(): SinceBoot = SinceBoot(BOOT, (System.nanoTime() / 1_000_000).toULong())

    private companion object {
        val BOOT: UInt = SecureRandom().nextInt().toUInt()
    }
}
