package com.crewseal

import java.lang.reflect.InvocationTargetException
import java.nio.ByteBuffer
import java.nio.file.Files
import java.nio.file.Path
import java.util.concurrent.CountDownLatch
import java.util.concurrent.atomic.AtomicInteger
import java.util.concurrent.locks.LockSupport
import kotlin.concurrent.thread
import kotlinx.coroutines.Dispatchers
import kotlinx.coroutines.async
import kotlinx.coroutines.awaitAll
import kotlinx.coroutines.runBlocking
import kotlinx.coroutines.withTimeout
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertInstanceOf
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.Test
import org.junit.jupiter.api.Timeout
import org.junit.jupiter.api.assertThrows
import org.junit.jupiter.api.io.TempDir

/** What no app should do and some app will: an error that says so, and nothing lost. */
@Timeout(300)
class BadInputTest {
    @TempDir
    lateinit var directory: Path

    private val vault = PaperVault()

    /** A phone with one act in its queue, of all boxes of its job. */
    private fun phone(work: suspend (Headquarters, Crew, List<Label>) -> Unit) = runBlocking<Unit> {
        Headquarters(directory).use { hq ->
            Crew.open(directory.resolve("phone").toString(), vault, SystemClock()).use { crew ->
                crew.enrol(hq.invitation("mover", "Mover 17"))
                crew.fetch()
                val boxes = crew.beginScan(hq.job).use { session ->
                    hq.labels.take(Headquarters.BOXES).map { (session.typed(it) as Sighting.New).label }
                }
                crew.record(Act.TAKE_OVER, hq.job, boxes)
                vault.failure = null
                vault.before = {}
                work(hq, crew, boxes)
                // Whatever was done: the phone goes on, and its queue arrives.
                vault.failure = null
                vault.before = {}
                assertTrue(crew.outbox().waiting >= 1uL)
                assertEquals(0uL, crew.sync().run { parked + unanswered })
                assertEquals(0uL, crew.outbox().waiting)
            }
        }
    }

    @Test
    fun `texts that are no labels are told apart from labels`() = phone { hq, crew, boxes ->
        crew.beginScan(hq.job).use { session ->
            for (text in TEXTS) assertTrue(session.typed(text) is Sighting.NotOurs, text.take(20))
            assertEquals(0uL, session.count().seen)
            for (text in TEXTS) {
                val label = Label(text, "")
                assertThrows<CrewException.NotALabel> { session.commission(label) }
                assertThrows<CrewException.NotALabel> { session.undo(label) }
                assertThrows<CrewException.NotALabel> {
                    runBlocking { crew.record(Act.COUNT, hq.job, boxes + label) }
                }
            }
        }
    }

    @Test
    fun `texts that are no ids are refused`() = phone { hq, crew, boxes ->
        for (text in TEXTS + hq.job.uppercase() + hq.job.dropLast(1) + hq.job.repeat(3)) {
            if (text == hq.job) continue
            assertThrows<CrewException.NotAnId> { runBlocking { crew.beginScan(text) } }
            assertThrows<CrewException.NotAnId> { runBlocking { crew.record(Act.COUNT, text, boxes) } }
            assertThrows<CrewException.NotAnId> { runBlocking { crew.forget(text) } }
            assertThrows<CrewException.NotAnId> { runBlocking { crew.receipt(text) } }
            assertThrows<CrewException.NotAnId> { runBlocking { crew.withdraw(text) } }
        }
        val nobodys = "0".repeat(hq.job.length)
        assertThrows<CrewException.UnknownJob> { runBlocking { crew.beginScan(nobodys) } }
    }

    @Test
    fun `bytes that no phone has shown are refused`() = phone { hq, crew, boxes ->
        val hello = crew.hello(Introduction.OMITTED)
        val altered = hello.copyOf().also { it[it.size / 2] = (it[it.size / 2] + 1).toByte() }
        for (bytes in listOf(ByteArray(0), ByteArray(1), ByteArray(70) { -1 }, ByteArray(HUGE), altered)) {
            assertThrows<CrewException> { runBlocking { crew.offer(hq.job, boxes, bytes) } }
            assertThrows<CrewException> { runBlocking { crew.readOffer(bytes) } }
            assertThrows<CrewException> { runBlocking { crew.readAcceptance(bytes) } }
            assertThrows<CrewException> { runBlocking { crew.readAck(bytes) } }
            assertThrows<CrewException> { runBlocking { crew.readWithdraw(bytes) } }
            assertThrows<CrewException> { runBlocking { crew.readSignOffRequest(bytes) } }
            assertThrows<CrewException> { runBlocking { crew.readSignOff(bytes) } }
        }
        assertEquals(emptyList<OpenHandoff.Giving>(), crew.handoffs().filterIsInstance<OpenHandoff.Giving>())
        assertThrows<CrewException> { Show.of(Purpose.OFFER, ByteArray(HUGE)) }
        assertThrows<CrewException> { Show.of(Purpose.OFFER, ByteArray(0)) }
    }

    @Test
    fun `lists without end and lists of nothing come to an answer`() = phone { hq, crew, boxes ->
        crew.record(Act.COUNT, hq.job, List(10_000) { boxes[it % boxes.size] })
        // Whether so many findings are one act or too much for one is the core's to say.
        try {
            crew.record(Act.COUNT, hq.job, boxes, List(2_000) { Finding(FindingKind.DAMAGED, boxes) })
        } catch (error: CrewException) {
            assertTrue(error.advice() in Advice.entries)
        }
        assertThrows<CrewException.NotADrawing> {
            val none = DrawnSignature(0u, 0u, emptyList())
            runBlocking { crew.recordDrawn(Act.TAKE_OVER, hq.job, boxes, none) }
        }
        assertThrows<CrewException.NotADrawing> {
            val outside = List(10_000) { PadPoint(UShort.MAX_VALUE, UShort.MAX_VALUE, UInt.MAX_VALUE) }
            val endless = DrawnSignature(1u, 1u, listOf(outside, emptyList()))
            runBlocking { crew.recordDrawn(Act.TAKE_OVER, hq.job, boxes, endless) }
        }
    }

    @Test
    fun `a null from Java is a null pointer exception and no crash`() = phone { _, crew, _ ->
        val plane = ByteBuffer.allocateDirect(100)
        val luma = Frame.Companion::class.java.methods.single { it.name == "luma" && it.parameterCount == 7 }
        val arguments = arrayOf(plane, 10, 10, 10, 1, 0, null)
        luma.invoke(Frame, *arguments)
        val thrown = assertThrows<InvocationTargetException> {
            luma.invoke(Frame, null, *arguments.drop(1).toTypedArray())
        }
        assertTrue(thrown.targetException is NullPointerException)
        crew.beginScan(crew.jobs().single().id).use { session ->
            val sight = ScanSession::class.java.getMethod("typed", String::class.java)
            val nothing = assertThrows<InvocationTargetException> { sight.invoke(session, null) }
            assertTrue(nothing.targetException is NullPointerException)
        }
    }

    @Test
    fun `each call of the vault may fail in every way`() = phone { hq, crew, boxes ->
        val failures = mapOf(
            KeyVaultException.Locked() to CrewException.KeysLocked::class,
            KeyVaultException.Cancelled() to CrewException.Cancelled::class,
            KeyVaultException.KeyGone() to CrewException.KeysGone::class,
            KeyVaultException.Hardware() to CrewException.KeysFailed::class,
            NullPointerException("nobody expected it") to CrewException.KeysFailed::class,
            StackOverflowError("not really") to CrewException.KeysFailed::class,
            // A word that no text has, as a platform's message may be anything.
            IllegalStateException("\u0000\uD800" + "x".repeat(1 shl 16)) to CrewException.KeysFailed::class
        )
        val calls = listOf<suspend () -> Any>(
            { crew.record(Act.COUNT, hq.job, boxes) },
            { crew.rotateKeys() }
        )
        for ((thrown, expected) in failures) {
            for ((number, call) in calls.withIndex()) {
                vault.failure = thrown
                val error = assertThrows<CrewException> { runBlocking { call() } }
                assertEquals(expected, error::class, "$thrown, call $number")
                vault.failure = null
                call()
            }
        }
    }

    @Test
    fun `a session takes texts and frames from many threads at once`() = phone { hq, crew, _ ->
        crew.beginScan(hq.job).use { session ->
            val new = AtomicInteger()
            val frame = Frame.luma(ByteBuffer.allocateDirect(64 * 64), 64, 64, 64)
            val threads = List(8) { number ->
                thread {
                    repeat(200) { turn ->
                        val text = hq.labels[(turn + number) % Headquarters.BOXES]
                        if (session.typed(text) is Sighting.New) new.incrementAndGet()
                        if (turn % 50 == 0) session.sight(frame)
                        session.count()
                        session.missing()
                    }
                }
            }
            threads.forEach(Thread::join)
            // Each box is new to one thread, whoever comes first.
            assertEquals(Headquarters.BOXES, new.get())
            assertEquals(Headquarters.BOXES.toULong(), session.count().seen)
        }
    }

    @Test
    fun `a session that is closed while others use it ends with an exception`() = phone { hq, crew, _ ->
        repeat(20) {
            val session = crew.beginScan(hq.job)
            val (begun, ended) = CountDownLatch(4) to AtomicInteger()
            val threads = List(4) {
                thread {
                    try {
                        while (true) {
                            session.typed(hq.labels.first())
                            begun.countDown()
                            // JNA frees what calls allocate on one thread of its own, which must keep up.
                            LockSupport.parkNanos(100_000)
                        }
                    } catch (_: IllegalStateException) {
                        ended.incrementAndGet()
                    }
                }
            }
            begun.await()
            session.close()
            threads.forEach(Thread::join)
            assertEquals(4, ended.get())
        }
    }

    @Test
    fun `a phone that is closed while calls wait answers them all`() = runBlocking<Unit> {
        repeat(20) {
            val crew = Crew.open(directory.resolve("closing").toString(), PaperVault(), SystemClock())
            val calls = List(16) {
                async(Dispatchers.Default) {
                    try {
                        crew.outbox().waiting
                    } catch (_: IllegalStateException) {
                        null
                    }
                }
            }
            crew.close()
            calls.awaitAll().filterNotNull().forEach { assertEquals(0uL, it) }
            directory.resolve("closing").toFile().deleteRecursively()
        }
    }

    @Test
    fun `a callback may ask the phone that it serves`() = phone { hq, crew, boxes ->
        val answers = AtomicInteger()
        vault.before = {
            // Once: each of these may ask the vault again.
            vault.before = {}
            crew.deviceId()
            crew.text()
            answers.incrementAndGet()
        }
        withTimeout(30_000) { crew.record(Act.COUNT, hq.job, boxes) }
        assertEquals(1, answers.get())
    }

    @Test
    fun `a vault that waits for the phone that asks it is told so`() = phone { hq, crew, boxes ->
        val answers = mutableListOf<Result<OutboxStatus>>()
        vault.before = {
            vault.before = {}
            answers += runCatching { runBlocking { crew.outbox() } }
        }
        withTimeout(30_000) { crew.record(Act.COUNT, hq.job, boxes) }
        assertInstanceOf(CrewException.FromWithin::class.java, answers.single().exceptionOrNull())
        assertEquals(Advice.REPORT, CrewException.FromWithin().advice())
        crew.outbox()
    }

    @Test
    fun `a vault that waits for another thread that calls the phone holds it up for ten seconds`() =
        phone { hq, crew, boxes ->
            val answers = mutableListOf<Result<OutboxStatus>>()
            vault.before = {
                vault.before = {}
                thread { answers += runCatching { runBlocking { crew.outbox() } } }.join()
            }
            withTimeout(60_000) { crew.record(Act.COUNT, hq.job, boxes) }
            assertInstanceOf(CrewException.KeysBusy::class.java, answers.single().exceptionOrNull())
            assertEquals(Advice.TRY_LATER, CrewException.KeysBusy().advice())
            // Two acts, and the terms before the first of them.
            assertEquals(3uL, crew.outbox().waiting)
        }

    @Test
    fun `what an HQ refused waits for its supervisor`() = runBlocking<Unit> {
        val directories = listOf("before", "now").map { Files.createDirectory(directory.resolve(it)) }
        val (before, now) = directories.map(::Headquarters)
        val phone = directory.resolve("phone").toString()
        val event = Crew.open(phone, vault, SystemClock()).use { crew ->
            crew.enrol(before.invitation("mover", "Mover 17"))
            crew.fetch()
            crew.record(Act.COUNT, before.job, emptyList()).also { crew.logOut() }
        }
        Crew.open(phone, vault, SystemClock()).use { crew ->
            Crew.open(directory.resolve("boss").toString(), PaperVault(), SystemClock()).use { boss ->
                // What was sealed to another HQ this one cannot read.
                crew.enrol(now.invitation("mover", "Mover 17"))
                boss.enrol(now.invitation("supervisor", "Supervisor 2"))
                crew.fetch()
                // The act, and the terms before it.
                assertEquals(2uL, crew.sync().parked)
                val first = crew.outbox().parked.single { it.event == event }
                assertEquals(event to Refusal.UNREADABLE, first.event to first.refusal)
                val refusal = requireNotNull(first.refusalId)
                val own = crew.decide(event, refusal, Decision.SEND_AGAIN, "")
                assertThrows<CrewException.Stranger> { runBlocking { crew.resolve(own) } }
                for (bytes in listOf(ByteArray(0), ByteArray(200) { -1 }, ByteArray(HUGE))) {
                    assertThrows<CrewException.FromPhone> { runBlocking { crew.resolve(bytes) } }
                }
                assertThrows<CrewException.NoteTooLong> {
                    runBlocking { boss.decide(event, refusal, Decision.GIVE_UP, "x".repeat(501)) }
                }
                for (text in TEXTS) {
                    assertThrows<CrewException.NotAnId> {
                        runBlocking { boss.decide(event, text, Decision.GIVE_UP, "") }
                    }
                }

                crew.resolve(boss.decide(event, refusal, Decision.SEND_AGAIN, "HQ has its key now"))
                assertEquals(1uL, crew.outbox().waiting)
                assertEquals(1uL, crew.sync().parked)
                val again = crew.outbox().parked.single { it.event == event }
                val second = requireNotNull(again.refusalId)
                val givenUp = boss.decide(event, second, Decision.GIVE_UP, "Mrs Lin knows")
                crew.resolve(givenUp)
                assertThrows<CrewException.NotForThisPhone> { runBlocking { crew.resolve(givenUp) } }
                val parked = crew.outbox().parked.single { it.event == event }
                assertEquals("Mrs Lin knows", parked.givenUp)
                assertTrue("Lin" !in parked.toString())
                assertEquals("decision_give_up", Decision.GIVE_UP.textKey())
            }
        }
        before.close()
        now.close()
    }

    /** Calls of the core that wait for nothing. */
    private fun Crew.text() {
        assertEquals(4, fourWords("00".repeat(32), Language.CHINESE).size)
        assertTrue(deviceId().isNotEmpty())
    }

    private companion object {
        const val HUGE = 1 shl 20
        val TEXTS = listOf(
            "",
            " ",
            "\u0000",
            "null",
            "0",
            "a parcel's code",
            "\uD83D\uDCE6".repeat(29),
            "A".repeat(HUGE)
        )
    }
}
