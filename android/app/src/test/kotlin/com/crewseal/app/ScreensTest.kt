package com.crewseal.app

import com.crewseal.Act
import com.crewseal.Corners
import com.crewseal.Label
import com.crewseal.LabelFault
import com.crewseal.Point
import com.crewseal.Sighted
import com.crewseal.Sighting
import java.io.ByteArrayInputStream
import java.io.InputStream
import org.junit.jupiter.api.Assertions.assertArrayEquals
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertNull
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.Test

/** What the screens decide. */
class ScreensTest {
    private val label = Label("29 characters", "RM9G")
    private val corners = Point(0f, 0f).let { Corners(it, it, it, it) }

    private fun seen(sighting: Sighting, isEntering: Boolean = true) =
        Sighted(sighting, corners, isEntering, 0u)

    private val new = Sighting.New(label)
    private val foreign = Sighting.OtherJob(label)

    @Test
    fun `a box sounds once, and what does not belong here sounds above all`() {
        assertNull(soundOf(emptyList()))
        assertEquals(Sound.YES, soundOf(listOf(seen(new))))
        assertNull(soundOf(listOf(seen(new, isEntering = false), seen(foreign, isEntering = false))))
        assertEquals(Sound.NO, soundOf(listOf(seen(new), seen(foreign))))
        assertEquals(Sound.NO, soundOf(listOf(seen(Sighting.UnknownLabel(label)))))
        val silent = listOf(Sighting.Again(label), Sighting.Undone(label), Sighting.NotOurs(LabelFault.Check))
        for (one in silent) assertNull(soundOf(listOf(seen(one))))
    }

    @Test
    fun `every sighting has its mark, and what is ours its name`() {
        val all = mapOf(
            new to Mark.COUNTED,
            Sighting.Again(label) to Mark.COUNTED_BEFORE,
            Sighting.Blank(label) to Mark.BLANK,
            foreign to Mark.FOREIGN,
            Sighting.UnknownLabel(label) to Mark.FOREIGN,
            Sighting.Undone(label) to Mark.OTHER,
            Sighting.NotOurs(LabelFault.Check) to Mark.OTHER
        )
        for ((sighting, mark) in all) {
            assertEquals(mark, markOf(sighting))
            assertEquals(if (sighting is Sighting.NotOurs) "" else "RM9G", callOutOf(sighting))
        }
    }

    @Test
    fun `a blank label is asked about when it comes into view`() {
        val blank = Sighting.Blank(label)
        assertEquals(blank, blankOf(listOf(seen(new), seen(blank))))
        assertNull(blankOf(listOf(seen(blank, isEntering = false))))
        assertNull(blankOf(listOf(seen(foreign))))
    }

    @Test
    fun `a crew may choose every act but the supervisor's`() {
        assertEquals(Act.entries.toSet() - Act.SIGN_OFF, ACTS.toSet())
        assertEquals(ACTS.distinct(), ACTS)
    }

    @Test
    fun `a code fills the view in whole pixels, with its margin`() {
        val views = listOf(Triple(25, 330, 500), Triple(177, 1080, 1080), Triple(21, 29, 29))
        for ((size, width, height) in views) {
            val grid = requireNotNull(grid(size, width, height))
            val margin = minOf(grid.left, grid.top)
            assertTrue(margin >= 4 * grid.module)
            assertTrue(grid.left + size * grid.module + margin <= width)
            assertTrue(grid.top + size * grid.module + margin <= height)
            assertTrue((size + 8) * (grid.module + 1) > minOf(width, height), "there was room for more")
        }
        assertNull(grid(177, 184, 2000))
        assertNull(grid(25, 0, 0))
    }

    /** A stream that gives what it has a little at a time. */
    private class Slow(private val of: InputStream) : InputStream() {
        override fun read(): Int = of.read()

        override fun read(bytes: ByteArray, offset: Int, length: Int): Int =
            of.read(bytes, offset, minOf(length, 3))
    }

    @Test
    fun `a file that is too large for an invitation is not read to its end`() {
        val bytes = ByteArray(100) { it.toByte() }
        assertArrayEquals(bytes, atMost(Slow(ByteArrayInputStream(bytes)), 100))
        assertArrayEquals(bytes, atMost(Slow(ByteArrayInputStream(bytes)), 1000))
        assertArrayEquals(ByteArray(0), atMost(ByteArrayInputStream(ByteArray(0)), 100))
        val film = object : InputStream() {
            var given = 0

            override fun read(): Int = 7.also { given++ }
        }
        assertNull(atMost(film, 99))
        assertEquals(100, film.given)
    }
}
