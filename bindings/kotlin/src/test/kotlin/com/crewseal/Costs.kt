package com.crewseal

import java.io.File
import java.nio.ByteBuffer
import java.util.concurrent.Semaphore
import kotlinx.coroutines.runBlocking

/**
 * The program by which `tests/compare ffi` measures Kotlin: it does what the lines say that it
 * reads, and answers each with one. tests/ffi/src/subject.rs says which there are.
 */
object Costs {
    private val vault = TimedVault(PaperVault())
    private lateinit var crew: Crew
    private lateinit var session: ScanSession
    private lateinit var job: JobId
    private lateinit var boxes: List<Label>
    private lateinit var picture: ByteBuffer
    private var width = 0
    private var height = 0

    @JvmStatic
    fun main(arguments: Array<String>) {
        if (arguments.firstOrNull() == "cold") return coldOpen(File(arguments[1]))
        Library.load()
        for (line in generateSequence(::readLine)) {
            val words = line.split(' ')
            println(answer(words.first(), words.drop(1)))
        }
    }

    private fun answer(what: String, with: List<String>): String {
        when (what) {
            "open" -> open(with[0], File(with[1]))
            "act" -> return act().toString()
            "picture" -> look(File(with[0]), with[1].toInt(), with[2].toInt())
            "frame" -> return frame()
            "callbacks" -> callbacks(with[0].toInt())
            "cold" -> prepare(File(with[0]))
            else -> error("there is no $what")
        }
        return "ok"
    }

    private fun open(directory: String, invitation: File) = runBlocking {
        crew = Crew.open(directory, vault, SystemClock())
        crew.enrol(invitation.readBytes())
        crew.fetch()
        job = crew.jobs().single().id
        session = crew.beginScan(job)
        boxes = session.missing()
        boxes.forEach { session.typed(it.text) }
        crew.recordScanned(Act.TAKE_OVER, session)
    }

    private fun act(): Long = runBlocking {
        val (start, spent) = System.nanoTime() to vault.nanos
        crew.recordScanned(Act.COUNT, session)
        System.nanoTime() - start - (vault.nanos - spent)
    }

    private fun look(file: File, width: Int, height: Int) {
        val bytes = file.readBytes()
        picture = ByteBuffer.allocateDirect(bytes.size).put(bytes).flip()
        this.width = width
        this.height = height
    }

    private fun frame(): String {
        val start = System.nanoTime()
        val sighted = session.sight(Frame.luma(picture, width, height, width))
        return "${System.nanoTime() - start} ${sighted.size}"
    }

    /** Sees a box and takes it back, and waits each time until it is told. */
    private fun callbacks(number: Int) {
        val told = Semaphore(0)
        crew.observe(object : Observer {
            override fun tallyChanged(job: JobId, count: Count) = told.release()

            override fun syncProgressed(progress: SyncProgress) = Unit

            override fun alarmed(alarm: Alarm) = Unit
        })
        val text = boxes.first().text
        repeat(number) {
            if (session.undoLast() == null) session.typed(text)
            told.acquire()
        }
        crew.observe(null)
    }

    /** The store as it is now, with 1,000 acts that wait, and the keys that open it. */
    private fun prepare(directory: File) = runBlocking<Unit> {
        directory.mkdirs()
        val keys = KeptVault(directory)
        val open = Crew.open(directory.resolve("phone").path, keys, SystemClock())
        open.enrol(directory.resolveSibling("cold-invitation").readBytes())
        open.fetch()
        open.record(Act.TAKE_OVER, job, boxes)
        repeat(999) { open.record(Act.COUNT, job, boxes) }
        // The acts, and the terms before the first of them.
        check(open.outbox().waiting == 1_001uL)
        open.close()
    }

    private fun coldOpen(directory: File) {
        val start = System.nanoTime()
        val crew = runBlocking {
            Crew.open(directory.resolve("phone").path, KeptVault(directory), SystemClock())
        }
        println(System.nanoTime() - start)
        crew.close()
    }
}

/** A vault that tells how long it took itself. */
private class TimedVault(private val vault: KeyVault) : KeyVault by vault {
    @Volatile
    var nanos = 0L

    override fun sign(protection: Protection, message: ByteArray) = timed { vault.sign(protection, message) }

    override fun publicKeys() = timed { vault.publicKeys() }

    override fun wrap(key: ByteArray) = timed { vault.wrap(key) }

    override fun unwrap(wrapped: ByteArray) = timed { vault.unwrap(wrapped) }

    override fun mark() = timed { vault.mark() }

    override fun raiseMark(mark: HighWaterMark) = timed { vault.raiseMark(mark) }

    private fun <T> timed(work: () -> T): T {
        val start = System.nanoTime()
        return work().also { nanos += System.nanoTime() - start }
    }
}

/**
 * A vault that answers at once: it reads the public keys from a file, and signs only as long as the
 * process lives that made them. It wraps nothing.
 */
private class KeptVault(directory: File) : KeyVault {
    private val file = directory.resolve("public-keys")
    private val maker: KeyVault? = if (file.exists()) null else PaperVault()
    private val keys: PublicKeys

    init {
        val made = maker?.publicKeys()
        if (made != null) file.writeBytes(made.act + made.handoff)
        val bytes = file.readBytes()
        keys = PublicKeys(bytes.copyOf(KEY), bytes.copyOfRange(KEY, 2 * KEY))
    }

    override fun publicKeys() = keys

    override fun sign(protection: Protection, message: ByteArray): ByteArray =
        maker?.sign(protection, message) ?: throw KeyVaultException.Hardware()

    override fun attestation(): ByteArray? = null

    override fun wrap(key: ByteArray) = key.copyOf()

    override fun unwrap(wrapped: ByteArray) = wrapped.copyOf()

    override fun beginRotation() = Unit

    override fun isRotating() = false

    override fun finishRotation() = Unit

    override fun erase() = throw KeyVaultException.Hardware()

    override fun mark(): HighWaterMark? = null

    override fun raiseMark(mark: HighWaterMark) = Unit

    private companion object {
        const val KEY = 65
    }
}
