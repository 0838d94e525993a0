package com.crewseal.android

import java.util.concurrent.atomic.AtomicInteger
import kotlin.concurrent.thread
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertNull
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.Test
import org.junit.jupiter.api.Timeout

@Timeout(60)
class NewestTest {
    private val open = AtomicInteger()

    private inner class Picture(val number: Int) : AutoCloseable {
        var closed = 0

        init {
            open.incrementAndGet()
        }

        override fun close() {
            closed++
            open.decrementAndGet()
        }
    }

    @Test
    fun `the newest wins, and what it beat is closed`() {
        val newest = Newest<Picture>()
        val pictures = List(5, ::Picture)
        pictures.forEach(newest::offer)
        assertEquals(4, requireNotNull(newest.take()).number)
        assertEquals(listOf(1, 1, 1, 1, 0), pictures.map { it.closed })
    }

    @Test
    fun `what is in hand is not closed by what comes`() {
        val newest = Newest<Picture>()
        newest.offer(Picture(0))
        val inHand = requireNotNull(newest.take())
        newest.offer(Picture(1))
        newest.offer(Picture(2))
        newest.close()
        assertEquals(0, inHand.closed)
        inHand.close()
        assertEquals(0, open.get())
    }

    @Test
    fun `who waits gets the next, and nothing when it is over`() {
        val newest = Newest<Picture>()
        var got: Int? = null
        val waiting = thread {
            got = newest.take()?.use { it.number }
            assertNull(newest.take())
        }
        newest.offer(Picture(3))
        while (open.get() > 0) Thread.onSpinWait()
        newest.close()
        waiting.join()
        assertEquals(3, got)
        newest.offer(Picture(4))
        assertNull(newest.take())
        assertEquals(0, open.get())
    }

    @Test
    fun `a slow reader holds up nobody, and sees no picture twice nor an older after a newer`() {
        val newest = Newest<Picture>()
        val most = AtomicInteger()
        val seen = ArrayList<Int>()
        val reading = thread {
            while (true) {
                newest.take()?.use { picture ->
                    seen += picture.number
                    repeat(1000) { Thread.onSpinWait() }
                } ?: break
            }
        }
        for (number in 0 until 20_000) {
            newest.offer(Picture(number))
            most.accumulateAndGet(open.get(), ::maxOf)
        }
        newest.close()
        reading.join()
        assertEquals(seen.sorted().distinct(), seen)
        assertEquals(0, open.get())
        // One is read, one waits, and one has just come: so many pictures the camera must have.
        assertTrue(most.get() <= 3, "$most at once")
    }
}
