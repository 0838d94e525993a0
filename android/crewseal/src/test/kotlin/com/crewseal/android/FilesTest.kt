package com.crewseal.android

import com.crewseal.ClockException
import com.crewseal.HighWaterMark
import java.io.File
import java.io.IOException
import java.nio.file.Path
import org.junit.jupiter.api.Assertions.assertArrayEquals
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertNotEquals
import org.junit.jupiter.api.Assertions.assertNull
import org.junit.jupiter.api.Test
import org.junit.jupiter.api.assertThrows
import org.junit.jupiter.api.io.TempDir

/** What the library keeps outside of the store. */
class FilesTest {
    @TempDir
    lateinit var directory: Path

    private val file: File get() = directory.resolve("kept/mark").toFile()

    @Test
    fun `what was written is read, and nothing is before`() {
        assertNull(DurableFile(file).read())
        for (content in listOf(ByteArray(0), ByteArray(1), ByteArray(5000) { it.toByte() })) {
            DurableFile(file).write(content)
            assertArrayEquals(content, DurableFile(file).read())
        }
        DurableFile(file).delete()
        DurableFile(file).delete()
        assertNull(DurableFile(file).read())
    }

    @Test
    fun `a write that was cut short leaves what was there`() {
        DurableFile(file).write(byteArrayOf(1, 2, 3))
        File(file.path + ".new").writeBytes(byteArrayOf(9))
        assertArrayEquals(byteArrayOf(1, 2, 3), DurableFile(file).read())
        DurableFile(file).write(byteArrayOf(4))
        assertArrayEquals(byteArrayOf(4), DurableFile(file).read())
        assertEquals(listOf("mark"), requireNotNull(file.parentFile.list()).toList())
    }

    @Test
    fun `damage anywhere is noticed`() {
        DurableFile(file).write(byteArrayOf(1, 2, 3))
        val whole = file.readBytes()
        for (at in whole.indices) {
            file.writeBytes(whole.copyOf().also { it[at] = (it[at] + 1).toByte() })
            assertThrows<IOException> { DurableFile(file).read() }
        }
        for (length in whole.indices) {
            file.writeBytes(whole.copyOf(length))
            assertThrows<IOException> { DurableFile(file).read() }
        }
    }

    @Test
    fun `the mark rises and never falls`() {
        assertNull(MarkFile(file).read())
        val steps = listOf(
            HighWaterMark(0u, 1uL) to HighWaterMark(0u, 1uL),
            HighWaterMark(0u, 9uL) to HighWaterMark(0u, 9uL),
            HighWaterMark(0u, 3uL) to HighWaterMark(0u, 9uL),
            HighWaterMark(1u, 0uL) to HighWaterMark(1u, 0uL),
            HighWaterMark(0u, ULong.MAX_VALUE) to HighWaterMark(1u, 0uL),
            HighWaterMark(UInt.MAX_VALUE, ULong.MAX_VALUE) to HighWaterMark(UInt.MAX_VALUE, ULong.MAX_VALUE),
            HighWaterMark(2u, 0uL) to HighWaterMark(UInt.MAX_VALUE, ULong.MAX_VALUE)
        )
        for ((raised, expected) in steps) {
            MarkFile(file).raise(raised)
            assertEquals(expected, MarkFile(file).read())
        }
    }

    @Test
    fun `a damaged mark is not none`() {
        DurableFile(file).write(ByteArray(11))
        assertThrows<IOException> { MarkFile(file).read() }
        assertThrows<IOException> { MarkFile(file).raise(HighWaterMark(1u, 1uL)) }
    }

    private fun clock(count: Int?) = PhoneClock(file, { count }, { 5_000 })

    @Test
    fun `a start of the phone has one number, whichever process asks`() {
        val first = clock(7).sinceBoot()
        assertEquals(5_000uL, first.millis)
        assertEquals(first, clock(7).sinceBoot())
        val next = clock(8).sinceBoot().boot
        assertNotEquals(first.boot, next)
        assertEquals(next, clock(8).sinceBoot().boot)
    }

    @Test
    fun `a damaged number counts as another start`() {
        val first = clock(7).sinceBoot().boot
        file.writeBytes(byteArrayOf(1, 2))
        assertNotEquals(first, clock(7).sinceBoot().boot)
    }

    @Test
    fun `a phone that does not count its starts has no time since then`() {
        assertThrows<ClockException.Failed> { clock(null).sinceBoot() }
    }

    @Test
    fun `a disk that cannot be written gives no time`() {
        requireNotNull(file.parentFile).writeText("in the way")
        assertThrows<ClockException.Failed> { clock(7).sinceBoot() }
    }
}
