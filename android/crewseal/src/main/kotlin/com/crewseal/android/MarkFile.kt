package com.crewseal.android

import com.crewseal.HighWaterMark
import java.io.File
import java.io.IOException
import java.nio.ByteBuffer

/** The high-water mark in a file of its own, which no backup takes along. It only ever rises. */
internal class MarkFile(file: File) {
    private val file = DurableFile(file)

    fun read(): HighWaterMark? {
        val bytes = file.read() ?: return null
        // A damaged mark is not "none": that would let an old store pass for the present one.
        if (bytes.size != SIZE) throw IOException("no mark")
        return ByteBuffer.wrap(bytes).run { HighWaterMark(int.toUInt(), long.toULong()) }
    }

    fun raise(mark: HighWaterMark) {
        val present = read()
        if (present != null && ORDER.compare(mark, present) <= 0) return
        val bytes = ByteBuffer.allocate(SIZE)
        bytes.putInt(mark.generation.toInt()).putLong(mark.sequence.toLong())
        file.write(bytes.array())
    }

    fun delete(): Unit = file.delete()

    private companion object {
        const val SIZE = 12
        val ORDER = compareBy(HighWaterMark::generation, HighWaterMark::sequence)
    }
}
