package com.crewseal.android

import java.io.File
import java.io.FileOutputStream
import java.io.IOException
import java.nio.ByteBuffer
import java.nio.channels.FileChannel
import java.nio.file.Files
import java.nio.file.StandardCopyOption
import java.nio.file.StandardOpenOption
import java.util.zip.CRC32

/**
 * A small file that is as it was written last or as it was before that, whatever happens in between,
 * and that notices when the disk gives something else. Android's `AtomicFile` leaves out the directory,
 * so a name may be lost in a power cut.
 */
internal class DurableFile(private val file: File) {
    /** What was written last; null if nothing was. */
    fun read(): ByteArray? {
        if (!file.exists()) return null
        val bytes = file.readBytes()
        if (bytes.size < CHECK) throw IOException("too short")
        val content = bytes.copyOf(bytes.size - CHECK)
        val check = ByteBuffer.wrap(bytes, content.size, CHECK).int
        if (check != check(content)) throw IOException("damaged")
        return content
    }

    /** Returns when it would survive a power cut. */
    fun write(content: ByteArray) {
        val directory = requireNotNull(file.parentFile)
        Files.createDirectories(directory.toPath())
        val new = File(directory, "${file.name}.new")
        FileOutputStream(new).use {
            it.write(content)
            it.write(ByteBuffer.allocate(CHECK).putInt(check(content)).array())
            it.fd.sync()
        }
        Files.move(new.toPath(), file.toPath(), StandardCopyOption.ATOMIC_MOVE)
        sync(directory)
    }

    /** Returns when it would stay away in a power cut. */
    fun delete() {
        if (Files.deleteIfExists(file.toPath())) sync(requireNotNull(file.parentFile))
    }

    private fun sync(directory: File) {
        FileChannel.open(directory.toPath(), StandardOpenOption.READ).use { it.force(true) }
    }

    private fun check(content: ByteArray): Int = CRC32().apply { update(content) }.value.toInt()

    private companion object {
        const val CHECK = 4
    }
}
