package com.crewseal

import java.io.File
import java.nio.file.Files
import java.nio.file.Path
import java.util.concurrent.ConcurrentHashMap
import java.util.concurrent.CountDownLatch
import java.util.concurrent.LinkedBlockingQueue
import java.util.concurrent.TimeUnit
import kotlinx.coroutines.runBlocking
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertNotNull
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.Test
import org.junit.jupiter.api.Timeout
import org.junit.jupiter.api.io.TempDir

/** What apps are told without asking, by the one thread that tells it. */
@Timeout(120)
class ObserverTest {
    @TempDir
    lateinit var directory: Path

    /** Keeps what it is told, and does [before] first. */
    private class Told(val before: () -> Unit = {}) : Observer {
        val counts = LinkedBlockingQueue<Count>()
        val progress = LinkedBlockingQueue<SyncProgress>()
        val alarms = LinkedBlockingQueue<Alarm>()
        val threads: MutableSet<Long> = ConcurrentHashMap.newKeySet()

        override fun tallyChanged(job: JobId, count: Count) = tell(counts, count)

        override fun syncProgressed(progress: SyncProgress) = tell(this.progress, progress)

        override fun alarmed(alarm: Alarm) = tell(alarms, alarm)

        private fun <T> tell(queue: LinkedBlockingQueue<T>, what: T) {
            threads.add(Thread.currentThread().id)
            queue.add(what)
            before()
        }
    }

    private fun <T> LinkedBlockingQueue<T>.next(): T =
        requireNotNull(poll(30, TimeUnit.SECONDS)) { "nobody was told" }

    private suspend fun open(vault: KeyVault = PaperVault()): Crew =
        Crew.open(directory.resolve("phone").toString(), vault, SystemClock())

    /** An enrolled phone with its job, and what is done with it. */
    private fun withPhone(work: suspend (Crew, Headquarters) -> Unit) = runBlocking<Unit> {
        Library.load()
        Headquarters(directory).use { hq ->
            open().use { crew ->
                crew.enrol(hq.invitation("mover", "Mover 17"))
                crew.fetch()
                work(crew, hq)
            }
        }
    }

    @Test
    fun `counts and the progress of a sync are told`() = withPhone { crew, hq ->
        val told = Told()
        crew.observe(told)
        val boxes = crew.beginScan(hq.job).use { session ->
            hq.labels.take(Headquarters.BOXES).map { text ->
                val sighting = session.typed(text) as Sighting.New
                assertEquals(session.count(), told.counts.next())
                // Nothing changes, so nothing is told.
                session.typed(text)
                sighting.label
            }
        }
        assertTrue(told.counts.isEmpty())
        crew.record(Act.TAKE_OVER, hq.job, boxes)
        crew.record(Act.LOAD, hq.job, boxes)
        // The acts, and the terms before the first of them.
        assertEquals(3uL, crew.sync().receipted)
        assertEquals(SyncProgress(3uL, 3uL, 0uL, 0uL), told.progress.next())
        assertTrue(told.alarms.isEmpty())
        crew.observe(null)
        crew.beginScan(hq.job).use { it.typed(hq.labels.first()) }
        assertTrue(told.counts.isEmpty())
    }

    @Test
    fun `ten thousand callbacks come from one thread, and leave none behind`() = withPhone { crew, hq ->
        val told = Told()
        crew.observe(told)
        crew.beginScan(hq.job).use { session ->
            var before = 0
            repeat(10_000) { number ->
                val text = hq.labels.first()
                if (number % 2 == 0) session.typed(text) else session.undoLast()
                told.counts.next()
                if (number == 1_000) before = threads()
            }
            assertTrue(threads() <= before, "$before threads became ${threads()}")
        }
        assertEquals(1, told.threads.size)
    }

    @Test
    fun `an observer that hangs holds up nothing`() = withPhone { crew, hq ->
        val (asked, goOn) = CountDownLatch(1) to CountDownLatch(1)
        val told = Told {
            asked.countDown()
            goOn.await()
        }
        crew.observe(told)
        crew.beginScan(hq.job).use { session ->
            val first = (session.typed(hq.labels[0]) as Sighting.New).label
            assertTrue(asked.await(30, TimeUnit.SECONDS))
            val boxes = listOf(first, (session.typed(hq.labels[1]) as Sighting.New).label)
            crew.record(Act.TAKE_OVER, hq.job, boxes)
            assertEquals(2uL, crew.sync().receipted)
            repeat(100) {
                session.undoLast()
                session.typed(boxes.last().text)
            }
            goOn.countDown()
            assertEquals(1uL, told.counts.next().seen)
            // Of all that happened meanwhile, the last.
            assertEquals(2uL, told.counts.next().seen)
            assertTrue(told.counts.isEmpty())
        }
    }

    @Test
    fun `an observer that throws is told the next`() = withPhone { crew, hq ->
        val told = Told { throw OutOfMemoryError("not really") }
        crew.observe(told)
        crew.beginScan(hq.job).use { session ->
            for (text in hq.labels.take(3)) {
                session.typed(text)
                assertEquals(session.count(), told.counts.next())
            }
        }
    }

    @Test
    fun `an observer may call the core, and close it`() = withPhone { crew, hq ->
        val answers = LinkedBlockingQueue<ULong>()
        val told = Told { answers.add(runBlocking { crew.outbox().waiting }) }
        crew.observe(told)
        val session = crew.beginScan(hq.job)
        session.typed(hq.labels[0])
        assertEquals(0uL, answers.next())
        val closed = CountDownLatch(1)
        crew.observe(
            Told {
                session.close()
                crew.close()
                closed.countDown()
            }
        )
        session.typed(hq.labels[1])
        assertTrue(closed.await(30, TimeUnit.SECONDS))
    }

    @Test
    fun `a store that was salvaged says so`() = runBlocking<Unit> {
        val vault = PaperVault()
        open(vault).use { crew ->
            assertTrue(crew.salvages().isEmpty())
            assertEquals(false, crew.isEnrolled())
        }
        val database = directory.resolve("phone").resolve("crewseal.db")
        Files.write(database, ByteArray(8192) { 0x5a })
        open(vault).use { crew ->
            val salvage = crew.salvages().single()
            assertEquals(Damage.DATABASE, salvage.damage)
            assertEquals(0uL, salvage.entries)
            assertEquals(AfterSalvage.ENROL, salvage.next)
            assertTrue(File(salvage.directory).resolve("crewseal.db").isFile)
            val told = Told()
            crew.observe(told)
            assertEquals(Alarm.StoreSalvaged(salvage), told.alarms.next())
        }
    }

    @Test
    fun `a call that fails for good is an alarm as well`() = runBlocking<Unit> {
        val vault = PaperVault()
        open(vault).use { crew ->
            val told = Told()
            crew.observe(told)
            vault.failure = KeyVaultException.KeyGone()
            val failed = runCatching { crew.erasures() }.exceptionOrNull()
            assertNotNull(failed as? CrewException.KeysGone)
            assertEquals(Alarm.KeysGone, told.alarms.next())
        }
    }

    /** Threads of this process, without Java's own compilers and collectors, which come and go. */
    private fun threads(): Int = requireNotNull(File("/proc/self/task").listFiles()).count { thread ->
        val name = runCatching { thread.resolve("comm").readText() }.getOrDefault("")
        listOf("C1 ", "C2 ", "G1 ", "GC ").none(name::startsWith)
    }
}
