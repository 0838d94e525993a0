package com.crewseal

import java.awt.image.BufferedImage
import java.io.File
import java.nio.ByteBuffer
import java.nio.file.Path
import javax.imageio.ImageIO
import kotlinx.coroutines.runBlocking
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.Test
import org.junit.jupiter.api.assertThrows
import org.junit.jupiter.api.io.TempDir

/** Camera frames: what a buffer may be, and that nothing is left behind of it. */
class FrameTest {
    @TempDir
    lateinit var directory: Path

    /** The corner of a sheet as HQ prints it: one label, at half its size. */
    private val label: BufferedImage by lazy {
        Headquarters.call(directory, "labels", "--count", "1", "--out", "label.png")
        val sheet = ImageIO.read(directory.resolve("label.png").toFile())
        val half = BufferedImage(WIDTH, HEIGHT, BufferedImage.TYPE_BYTE_GRAY)
        half.createGraphics().run {
            drawImage(sheet, 0, 0, WIDTH, HEIGHT, 0, 0, 2 * WIDTH, 2 * HEIGHT, null)
            dispose()
        }
        half
    }

    private fun plane(rowStride: Int, pixelStride: Int = 1): ByteBuffer {
        val plane = ByteBuffer.allocateDirect(rowStride * HEIGHT)
        for (y in 0 until HEIGHT) {
            for (x in 0 until WIDTH) {
                val luma = label.raster.getSample(x, y, 0).toByte()
                plane.put(y * rowStride + x * pixelStride, luma)
            }
        }
        return plane
    }

    private fun assertReads(frame: Frame, expected: String? = null): String {
        val text = frame.read().single().text
        assertEquals(29, text.length)
        assertEquals(expected ?: text, text)
        return text
    }

    @Test
    fun `a plane is read with its strides, from its position`() {
        val text = assertReads(Frame.luma(plane(WIDTH), WIDTH, HEIGHT, WIDTH))
        val stride = 2 * WIDTH + 5
        assertReads(Frame.luma(plane(stride, 2), WIDTH, HEIGHT, stride, 2), text)
        assertReads(Frame.luma(plane(WIDTH), WIDTH, HEIGHT, WIDTH, rotationDegrees = 90), text)

        val behind = ByteBuffer.allocateDirect(WIDTH * HEIGHT + 1000)
        behind.position(1000)
        behind.put(plane(WIDTH))
        behind.position(1000)
        assertReads(Frame.luma(behind, WIDTH, HEIGHT, WIDTH), text)
        assertEquals(1000, behind.position(), "the caller's buffer stays as it was")
    }

    @Test
    fun `a buffer on the heap is read as well`() {
        val bytes = ByteArray(WIDTH * HEIGHT)
        plane(WIDTH).get(bytes)
        val heap = ByteBuffer.wrap(bytes)
        val text = assertReads(Frame.nv21(heap, WIDTH, HEIGHT))
        assertEquals(0, heap.position())
        assertReads(Frame.nv21(heap.asReadOnlyBuffer(), WIDTH, HEIGHT), text)
    }

    @Test
    fun `numbers that do not fit are refused`() {
        val plane = plane(WIDTH)
        fun refused(frame: Frame) {
            assertThrows<CrewException.NotAFrame> { frame.read() }
        }
        refused(Frame.luma(plane, WIDTH, HEIGHT, WIDTH - 1))
        refused(Frame.luma(plane, WIDTH, HEIGHT + 1, WIDTH))
        refused(Frame.luma(plane, 0, 0, 0))
        refused(Frame.luma(plane, Int.MAX_VALUE, Int.MAX_VALUE, Int.MAX_VALUE))
        refused(Frame.luma(plane, WIDTH, HEIGHT, WIDTH, rotationDegrees = 45))
        refused(Frame.luma(plane, WIDTH, HEIGHT, WIDTH, region = Region(0u, 0u, 9999u, 1u)))
        refused(Frame.luma(ByteBuffer.allocateDirect(0), WIDTH, HEIGHT, WIDTH))
        assertThrows<IllegalArgumentException> { Frame.luma(plane, -1, HEIGHT, WIDTH) }
        assertThrows<IllegalArgumentException> { Frame.luma(plane, WIDTH, HEIGHT, WIDTH).read(-1) }
    }

    @Test
    fun `what one phone shows the other reads`() {
        val shown = Show.of(Purpose.HELLO, ByteArray(200) { it.toByte() }).use { it.nextText() }
        val code = qrCode(shown)
        val (size, scale) = code.size.toInt() to 4
        assertEquals(size * size, code.modules.size)
        val edge = (size + 8) * scale
        val plane = ByteBuffer.allocateDirect(edge * edge)
        for (y in 0 until edge) {
            for (x in 0 until edge) {
                val (column, row) = x / scale - 4 to y / scale - 4
                val isInside = column in 0 until size && row in 0 until size
                val isDark = isInside && code.modules[row * size + column] == 1.toByte()
                plane.put(y * edge + x, if (isDark) 0 else -1)
            }
        }
        assertEquals(shown, Frame.luma(plane, edge, edge, edge).read().single().text)
        assertThrows<CrewException.TooMuch> { qrCode("no code says this in small letters") }
    }

    @Test
    fun `ten thousand frames leave no memory behind`() = runBlocking<Unit> {
        Headquarters(directory).use { hq ->
            val phone = directory.resolve("phone").toString()
            Crew.open(phone, PaperVault(), SystemClock()).use { crew ->
                crew.enrol(hq.invitation("mover", "Mover 17"))
                crew.fetch()
                crew.beginScan(hq.job).use { session ->
                    val frame = Frame.luma(plane(WIDTH), WIDTH, HEIGHT, WIDTH)
                    repeat(2_000) { session.sight(frame) }
                    assertTrue(session.sight(frame).single().sighting is Sighting.UnknownLabel)
                    val before = residentKib()
                    repeat(8_000) { session.sight(frame) }
                    val grown = residentKib() - before
                    assertTrue(grown < 16_384, "grew by $grown KiB")
                }
            }
        }
    }

    private fun residentKib(): Int {
        System.gc()
        val line = File("/proc/self/status").readLines().first { it.startsWith("VmRSS") }
        return line.filter { it.isDigit() }.toInt()
    }

    private companion object {
        const val WIDTH = 450
        const val HEIGHT = 250
    }
}
