package com.crewseal

import java.io.File
import java.net.InetAddress
import java.net.ServerSocket
import java.nio.file.Path
import java.util.concurrent.CountDownLatch
import java.util.concurrent.TimeUnit
import kotlinx.coroutines.Dispatchers
import kotlinx.coroutines.async
import kotlinx.coroutines.awaitAll
import kotlinx.coroutines.cancelAndJoin
import kotlinx.coroutines.launch
import kotlinx.coroutines.runBlocking
import kotlinx.coroutines.withTimeout
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.Test
import org.junit.jupiter.api.Timeout
import org.junit.jupiter.api.assertThrows
import org.junit.jupiter.api.io.TempDir

/** What apps do to the core beside using it: give up, close, fail, and call from everywhere. */
@Timeout(120)
class LifeTest {
    @TempDir
    lateinit var directory: Path

    private suspend fun open(vault: KeyVault = PaperVault(), clock: Clock = SystemClock()): Crew =
        Crew.open(directory.resolve("phone").toString(), vault, clock)

    @Test
    fun `a call that waits for HQ can be cancelled`() = runBlocking<Unit> {
        // It takes connections and says nothing.
        ServerSocket(0, 1, InetAddress.getLoopbackAddress()).use { silent ->
            val invitation = Headquarters(directory).use { hq ->
                hq.invitation("mover", "Mover 17", "https://localhost:${silent.localPort}")
            }
            open().use { crew ->
                val enrolling = launch(Dispatchers.Default) { crew.enrol(invitation) }
                silent.accept().use {
                    // The core is connected and waits for an answer that never comes.
                    withTimeout(2_000) { enrolling.cancelAndJoin() }
                }
                assertTrue(enrolling.isCancelled)
                assertEquals(0uL, crew.outbox().waiting)
            }
        }
    }

    @Test
    fun `after close there is an exception and no crash`() = runBlocking<Unit> {
        val vault = PaperVault()
        val crew = open(vault)
        crew.close()
        crew.close()
        assertThrows<IllegalStateException> { crew.deviceId() }
        assertThrows<IllegalStateException> { runBlocking { crew.outbox() } }
        // The lock went with it.
        open(vault).close()
    }

    @Test
    fun `a store is open once`() = runBlocking<Unit> {
        val vault = PaperVault()
        open(vault).use {
            assertThrows<CrewException.StoreInUse> { runBlocking { open(vault) } }
        }
    }

    @Test
    fun `calls from many threads at once all get their answer`() = runBlocking<Unit> {
        Headquarters(directory).use { hq ->
            open().use { crew ->
                crew.enrol(hq.invitation("mover", "Mover 17"))
                crew.fetch()
                val boxes = crew.beginScan(hq.job).use { session ->
                    hq.labels.take(Headquarters.BOXES).map { (session.typed(it) as Sighting.New).label }
                }
                crew.record(Act.TAKE_OVER, hq.job, boxes)
                val events = (1..40).map { number ->
                    async(Dispatchers.Default) {
                        if (number % 4 == 0) crew.outbox()
                        crew.record(Act.COUNT, hq.job, boxes)
                    }
                }.awaitAll()
                assertEquals(40, events.toSet().size)
                // The acts, and the terms before the first of them.
                assertEquals(42uL, crew.outbox().waiting)
                assertEquals(42uL, crew.sync().receipted)
            }
        }
    }

    @Test
    fun `every failure of the vault arrives as what it is`() = runBlocking<Unit> {
        val vault = PaperVault()
        val failures = mapOf(
            KeyVaultException.Locked() to CrewException.KeysLocked::class,
            KeyVaultException.Cancelled() to CrewException.Cancelled::class,
            KeyVaultException.KeyGone() to CrewException.KeysGone::class,
            KeyVaultException.Hardware() to CrewException.KeysFailed::class,
            // What nobody expected.
            IllegalArgumentException("anything") to CrewException.KeysFailed::class,
            OutOfMemoryError("not really") to CrewException.KeysFailed::class
        )
        for ((thrown, expected) in failures) {
            vault.failure = thrown
            val error = assertThrows<CrewException> { runBlocking { open(vault) } }
            assertEquals(expected, error::class)
        }
        vault.failure = null
        open(vault).close()
    }

    @Test
    fun `a vault that hangs holds up its own call and no other`() = runBlocking<Unit> {
        val vault = PaperVault()
        val (asked, answer) = CountDownLatch(1) to CountDownLatch(1)
        vault.before = {
            asked.countDown()
            answer.await()
        }
        val opening = async(Dispatchers.Default) { open(vault) }
        assertTrue(asked.await(10, TimeUnit.SECONDS))
        // Another phone in the same process goes on.
        val other = Crew.open(directory.resolve("other").toString(), PaperVault(), SystemClock())
        assertEquals(0uL, other.outbox().waiting)
        other.close()
        answer.countDown()
        opening.await().close()
    }

    @Test
    fun `a clock that throws costs nothing`() = runBlocking<Unit> {
        val clock = object : Clock {
            override fun now(): ULong = throw IllegalStateException("no clock")

            override fun sinceBoot(): SinceBoot = throw ClockException.Failed()
        }
        open(clock = clock).use { crew -> assertEquals(0uL, crew.outbox().waiting) }
    }

    @Test
    fun `a vault may call the core from within a call`() = runBlocking<Unit> {
        val vault = PaperVault()
        val other = Crew.open(directory.resolve("other").toString(), PaperVault(), SystemClock())
        vault.before = { runBlocking { other.outbox() } }
        open(vault).close()
        other.close()
    }

    @Test
    fun `ten thousand callbacks leave no thread behind`() = runBlocking<Unit> {
        Headquarters(directory).use { hq ->
            open().use { crew ->
                crew.enrol(hq.invitation("mover", "Mover 17"))
                crew.fetch()
                // Each asks the clock, from a thread of the core.
                repeat(1_000) { crew.jobs() }
                val before = threads()
                repeat(10_000) { assertEquals(1, crew.jobs().size) }
                assertTrue(threads() <= before + 1, "$before threads became ${threads()}")
            }
        }
    }

    /** Threads of this process, Java's and others. */
    private fun threads(): Int = requireNotNull(File("/proc/self/task").list()).size
}
