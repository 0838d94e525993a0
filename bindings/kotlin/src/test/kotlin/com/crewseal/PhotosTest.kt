package com.crewseal

import java.awt.image.BufferedImage
import java.io.ByteArrayOutputStream
import java.nio.file.Files
import java.nio.file.Path
import javax.imageio.ImageIO
import kotlinx.coroutines.runBlocking
import org.junit.jupiter.api.Assertions.assertArrayEquals
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.Test
import org.junit.jupiter.api.Timeout
import org.junit.jupiter.api.assertThrows
import org.junit.jupiter.api.io.TempDir

/** Photos of acts, from the phone to HQ's directory. */
@Timeout(120)
class PhotosTest {
    @TempDir
    lateinit var directory: Path

    private class Network : NetworkState {
        @Volatile
        var connection = Connection.METERED

        override fun connection(): Connection = connection
    }

    private fun photo(): ByteArray {
        val picture = BufferedImage(64, 32, BufferedImage.TYPE_INT_RGB)
        for (x in 0 until 64) for (y in 0 until 32) picture.setRGB(x, y, x * 4 shl 16 or y)
        return ByteArrayOutputStream().also { ImageIO.write(picture, "png", it) }.toByteArray()
    }

    @Test
    fun `a photo waits for a network that costs nothing and is whole at HQ`() = runBlocking<Unit> {
        Headquarters(directory).use { hq ->
            val network = Network()
            val store = directory.resolve("phone").toString()
            Crew.open(store, PaperVault(), SystemClock(), network).use { crew ->
                crew.enrol(hq.invitation("mover", "Mover 17"))
                crew.fetch()
                val boxes = crew.beginScan(hq.job).use { session ->
                    hq.labels.take(1).map { (session.typed(it) as Sighting.New).label }
                }
                val limits = PhotoLimits(longestSide = 32u)
                val photos = listOf(photo(), "no photo".toByteArray())
                val recorded =
                    crew.recordWithPhotos(Act.TAKE_OVER, hq.job, boxes, photos, limits = limits)
                assertEquals(listOf(RefusedPhoto(1u, PhotoFault.NOT_A_PHOTO)), recorded.refused)
                assertEquals(2uL, crew.sync().receipted, "the terms and the act are small")
                assertThrows<CrewException.Metered> { runBlocking { crew.upload(UploadOver.UNMETERED) } }
                assertEquals(listOf(recorded.event), crew.photos().map { it.event })
                network.connection = Connection.UNMETERED
                assertEquals(Uploaded(1uL, 0uL, 0uL), crew.upload(UploadOver.UNMETERED))
                assertEquals(emptyList<WaitingPhoto>(), crew.photos())

                crew.recordWithPhotos(Act.COUNT, hq.job, boxes, listOf(photo()), limits = limits)
                crew.sync()
                network.connection = Connection.METERED
                assertEquals(1uL, crew.upload(UploadOver.ANY_NETWORK).receipted)
            }
            val (status, said) =
                Headquarters.call(directory, "photos", "--data", "hq", "--job", hq.job, "--out", "photos")
            assertEquals(0, status, said)
            val files = Files.list(directory.resolve("photos")).use { it.toList() }
            assertEquals(2, files.size)
            for (file in files) {
                val start = Files.readAllBytes(file).take(2).toByteArray()
                assertArrayEquals(byteArrayOf(0xff.toByte(), 0xd8.toByte()), start, "a JPEG")
                val picture = ImageIO.read(file.toFile())
                assertEquals(32 to 16, picture.width to picture.height)
                assertTrue(said.contains(file.fileName.toString()))
            }
        }
    }
}
