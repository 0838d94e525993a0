package com.crewseal.android

import com.crewseal.KeyVaultException
import java.util.concurrent.CountDownLatch
import java.util.concurrent.atomic.AtomicInteger
import kotlin.concurrent.thread
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Test
import org.junit.jupiter.api.Timeout
import org.junit.jupiter.api.assertThrows

@Timeout(60)
class PresenceTest {
    private class Nobody : Exception()

    @Volatile
    private var isPresent = false
    private val asked = AtomicInteger()

    private fun gate(answer: Boolean = true, helps: Boolean = true) = PresenceGate {
        asked.incrementAndGet()
        isPresent = answer && helps
        answer
    }

    private fun work(): String = if (isPresent) "done" else throw Nobody()

    private fun PresenceGate.work(): String = run({ it is Nobody }) { this@PresenceTest.work() }

    @Test
    fun `nobody is asked while somebody is there`() {
        isPresent = true
        assertEquals("done", gate().work())
        assertEquals(0, asked.get())
    }

    @Test
    fun `somebody is asked once and no more`() {
        val gate = gate()
        assertEquals("done", gate.work())
        assertEquals("done", gate.work())
        assertEquals(1, asked.get())
        // The window is over.
        isPresent = false
        assertEquals("done", gate.work())
        assertEquals(2, asked.get())
    }

    @Test
    fun `a no is a no`() {
        assertThrows<KeyVaultException.Cancelled> { gate(answer = false).work() }
        assertEquals(1, asked.get())
    }

    @Test
    fun `a yes that the hardware does not believe is not asked for again`() {
        assertThrows<Nobody> { gate(helps = false).work() }
        assertEquals(1, asked.get())
    }

    @Test
    fun `another failure asks nobody`() {
        val gate = gate()
        assertThrows<IllegalStateException> { gate.run({ it is Nobody }) { error("broken") } }
        assertEquals(0, asked.get())
    }

    @Test
    fun `of many at once one asks for all`() {
        val gate = gate()
        val together = CountDownLatch(8)
        val done = AtomicInteger()
        val threads = List(8) {
            thread {
                var isFirst = true
                gate.run({ it is Nobody }) {
                    // All have been refused once before anybody is asked.
                    if (isFirst) {
                        isFirst = false
                        together.countDown()
                        together.await()
                        throw Nobody()
                    }
                    work()
                }
                done.incrementAndGet()
            }
        }
        threads.forEach(Thread::join)
        assertEquals(8, done.get())
        assertEquals(1, asked.get())
    }
}
