package com.crewseal.android

import android.security.keystore.KeyGenParameterSpec
import android.security.keystore.UserNotAuthenticatedException
import java.io.InputStream
import java.io.OutputStream
import java.security.AlgorithmParameters
import java.security.Key
import java.security.KeyPair
import java.security.KeyPairGenerator
import java.security.KeyPairGeneratorSpi
import java.security.KeyStoreSpi
import java.security.PrivateKey
import java.security.Provider
import java.security.PublicKey
import java.security.SecureRandom
import java.security.Security
import java.security.Signature
import java.security.SignatureSpi
import java.security.cert.Certificate
import java.security.spec.AlgorithmParameterSpec
import java.util.Collections
import java.util.Date
import java.util.Enumeration
import javax.crypto.Cipher
import javax.crypto.CipherSpi
import javax.crypto.KeyGeneratorSpi
import javax.crypto.SecretKey
import javax.crypto.spec.SecretKeySpec

/**
 * A Keystore of the JVM's own cryptography that goes by the name of Android's, reads the same
 * specifications, and refuses what the real one refuses. One per process, as the real one is one per
 * phone.
 */
object PaperKeystore {
    class Entry(val spec: KeyGenParameterSpec, val pair: KeyPair?, val secret: SecretKey?)

    val entries = HashMap<String, Entry>()

    /** What making a key comes to; nothing while it is null. */
    var making: (KeyGenParameterSpec) -> Exception? = { null }

    /** What using a key comes to. */
    var using: (String) -> Throwable? = { null }

    /** What loading a key comes to. */
    var loading: (String) -> Throwable? = { null }

    /** Whether a person has just been there. */
    var isPresent = false

    /** Whether the phone attests keys. */
    var attests = true

    /** What is deleted stays. */
    var keeps = false

    fun reset() {
        if (Security.getProvider(NAME) == null) Security.insertProviderAt(Paper, 1)
        entries.clear()
        making = { null }
        using = { null }
        loading = { null }
        isPresent = false
        attests = true
        keeps = false
    }

    fun alias(suffix: String): String = "crewseal.$suffix"

    fun spec(suffix: String): KeyGenParameterSpec = entries.getValue(alias(suffix)).spec

    private fun used(alias: String) {
        using(alias)?.let { throw it }
        if (entries.getValue(alias).spec.isUserAuthenticationRequired && !isPresent) {
            throw UserNotAuthenticatedException()
        }
    }

    private fun made(spec: KeyGenParameterSpec) {
        making(spec)?.let { throw it }
    }

    class PaperKey(val alias: String) :
        PrivateKey,
        SecretKey {
        override fun getAlgorithm(): String = if (entries.getValue(alias).pair == null) "AES" else "EC"

        override fun getFormat(): String? = null

        override fun getEncoded(): ByteArray? = null
    }

    class PaperCertificate(private val key: PublicKey, private val place: Int) : Certificate("X.509") {
        override fun getEncoded(): ByteArray = byteArrayOf(place.toByte()) + key.encoded

        override fun verify(key: PublicKey) = Unit

        override fun verify(key: PublicKey, provider: String) = Unit

        override fun toString(): String = "PaperCertificate"

        override fun getPublicKey(): PublicKey = key
    }

    private const val NAME = "AndroidKeyStore"

    @Suppress("DEPRECATION")
    private object Paper : Provider(NAME, 1.0, "for tests") {
        private fun readResolve(): Any = Paper

        init {
            put("KeyStore.AndroidKeyStore", Store::class.java.name)
            put("KeyPairGenerator.EC", Pairs::class.java.name)
            put("KeyGenerator.AES", Secrets::class.java.name)
            put("Signature.SHA256withECDSA", Signer::class.java.name)
            put("Signature.SHA256withECDSA SupportedKeyClasses", PaperKey::class.java.name)
            put("Cipher.AES/GCM/NoPadding", Sealer::class.java.name)
            put("Cipher.AES/GCM/NoPadding SupportedKeyClasses", PaperKey::class.java.name)
        }
    }

    class Pairs : KeyPairGeneratorSpi() {
        private lateinit var spec: KeyGenParameterSpec

        override fun initialize(size: Int, random: SecureRandom) = throw UnsupportedOperationException()

        override fun initialize(spec: AlgorithmParameterSpec, random: SecureRandom?) {
            this.spec = spec as KeyGenParameterSpec
        }

        override fun generateKeyPair(): KeyPair {
            made(spec)
            val pair = KeyPairGenerator.getInstance("EC", "SunEC").run {
                initialize(spec.algorithmParameterSpec)
                generateKeyPair()
            }
            entries[spec.keystoreAlias] = Entry(spec, pair, null)
            return KeyPair(pair.public, PaperKey(spec.keystoreAlias))
        }
    }

    class Secrets : KeyGeneratorSpi() {
        private lateinit var spec: KeyGenParameterSpec

        override fun engineInit(random: SecureRandom) = throw UnsupportedOperationException()

        override fun engineInit(size: Int, random: SecureRandom) = throw UnsupportedOperationException()

        override fun engineInit(spec: AlgorithmParameterSpec, random: SecureRandom?) {
            this.spec = spec as KeyGenParameterSpec
        }

        override fun engineGenerateKey(): SecretKey {
            made(spec)
            val bytes = ByteArray(spec.keySize / 8).also { SecureRandom().nextBytes(it) }
            entries[spec.keystoreAlias] = Entry(spec, null, SecretKeySpec(bytes, "AES"))
            return PaperKey(spec.keystoreAlias)
        }
    }

    class Signer : SignatureSpi() {
        private val signer = Signature.getInstance("SHA256withECDSA", "SunEC")

        override fun engineInitSign(key: PrivateKey) {
            val alias = (key as PaperKey).alias
            used(alias)
            signer.initSign(requireNotNull(entries.getValue(alias).pair).private)
        }

        override fun engineUpdate(byte: Byte) = signer.update(byte)

        override fun engineUpdate(bytes: ByteArray, offset: Int, length: Int) =
            signer.update(bytes, offset, length)

        override fun engineSign(): ByteArray = signer.sign()

        override fun engineInitVerify(key: PublicKey) = throw UnsupportedOperationException()

        override fun engineVerify(signature: ByteArray): Boolean = throw UnsupportedOperationException()

        @Deprecated("of the class above")
        override fun engineSetParameter(name: String, value: Any) = throw UnsupportedOperationException()

        @Deprecated("of the class above")
        override fun engineGetParameter(name: String): Any = throw UnsupportedOperationException()
    }

    class Sealer : CipherSpi() {
        private val cipher = Cipher.getInstance("AES/GCM/NoPadding", "SunJCE")

        private fun secret(key: Key): SecretKey {
            val alias = (key as PaperKey).alias
            used(alias)
            return requireNotNull(entries.getValue(alias).secret)
        }

        override fun engineInit(mode: Int, key: Key, random: SecureRandom?) = cipher.init(mode, secret(key))

        override fun engineInit(mode: Int, key: Key, spec: AlgorithmParameterSpec?, random: SecureRandom?) {
            // Whoever brings his own nonce may bring it twice.
            require(mode == Cipher.DECRYPT_MODE) { "caller-provided IV not permitted" }
            cipher.init(mode, secret(key), spec)
        }

        override fun engineInit(mode: Int, key: Key, of: AlgorithmParameters?, random: SecureRandom?) =
            throw UnsupportedOperationException()

        override fun engineUpdateAAD(bytes: ByteArray, offset: Int, length: Int) =
            cipher.updateAAD(bytes, offset, length)

        override fun engineDoFinal(input: ByteArray, offset: Int, length: Int): ByteArray =
            cipher.doFinal(input, offset, length)

        override fun engineGetIV(): ByteArray = cipher.iv

        override fun engineSetMode(mode: String) = Unit

        override fun engineSetPadding(padding: String) = Unit

        override fun engineGetBlockSize(): Int = cipher.blockSize

        override fun engineGetOutputSize(length: Int): Int = cipher.getOutputSize(length)

        override fun engineGetParameters(): AlgorithmParameters = cipher.parameters

        override fun engineUpdate(input: ByteArray, offset: Int, length: Int): ByteArray =
            throw UnsupportedOperationException()

        override fun engineUpdate(i: ByteArray, at: Int, n: Int, o: ByteArray, to: Int): Int =
            throw UnsupportedOperationException()

        override fun engineDoFinal(i: ByteArray, at: Int, n: Int, o: ByteArray, to: Int): Int =
            throw UnsupportedOperationException()
    }

    class Store : KeyStoreSpi() {
        override fun engineGetKey(alias: String, password: CharArray?): Key? {
            loading(alias)?.let { throw it }
            return if (alias in entries) PaperKey(alias) else null
        }

        override fun engineGetCertificate(alias: String): Certificate? =
            entries[alias]?.pair?.let { PaperCertificate(it.public, 0) }

        override fun engineGetCertificateChain(alias: String): Array<Certificate>? {
            val entry = entries[alias] ?: return null
            val length = if (attests && entry.spec.attestationChallenge != null) 3 else 1
            return entry.pair?.let { pair -> Array(length) { PaperCertificate(pair.public, it) } }
        }

        override fun engineAliases(): Enumeration<String> = Collections.enumeration(entries.keys.toList())

        override fun engineContainsAlias(alias: String): Boolean = alias in entries

        override fun engineDeleteEntry(alias: String) {
            if (!keeps) entries.remove(alias)
        }

        override fun engineLoad(stream: InputStream?, password: CharArray?) = Unit

        override fun engineSize(): Int = entries.size

        override fun engineIsKeyEntry(alias: String): Boolean = alias in entries

        override fun engineIsCertificateEntry(alias: String): Boolean = false

        override fun engineGetCreationDate(alias: String): Date = Date(0)

        override fun engineGetCertificateAlias(certificate: Certificate): String? = null

        override fun engineSetKeyEntry(a: String, k: Key, p: CharArray?, c: Array<Certificate>?) =
            throw UnsupportedOperationException()

        override fun engineSetKeyEntry(alias: String, key: ByteArray, chain: Array<Certificate>?) =
            throw UnsupportedOperationException()

        override fun engineSetCertificateEntry(alias: String, certificate: Certificate) =
            throw UnsupportedOperationException()

        override fun engineStore(stream: OutputStream?, password: CharArray?) = Unit
    }
}
