package com.crewseal

import java.io.File
import java.nio.channels.FileChannel
import java.nio.file.Files
import java.nio.file.Path
import java.nio.file.StandardOpenOption
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.Test
import org.junit.jupiter.api.Timeout
import org.junit.jupiter.api.io.TempDir

/** A library that is missing, or is not the one that the Kotlin was generated for. */
@Timeout(120)
class LibraryTest {
    @TempDir
    lateinit var directory: Path

    private val library = File(System.getProperty("jna.library.path"), "libcrewseal_ffi.so").toPath()

    /** What [Library.load] says in a JVM of its own, with what lies in the directory. */
    private fun loaded(): List<String> {
        val java = ProcessHandle.current().info().command().orElseThrow()
        val path = "-Djna.library.path=$directory"
        val classes = System.getProperty("java.class.path")
        val process = ProcessBuilder(java, path, "-cp", classes, LibraryProbe::class.java.name)
            .redirectError(directory.resolve("log").toFile())
            .start()
        val said = process.inputReader().readLines()
        assertEquals(0, process.waitFor(), "$said ${Files.readString(directory.resolve("log"))}")
        return said
    }

    private val copy: Path get() = directory.resolve("libcrewseal_ffi.so")

    /** Puts a byte elsewhere than it is, in every occurrence of these; how many there are. */
    private fun changed(what: ByteArray, at: Int, by: Int): Int =
        FileChannel.open(copy, StandardOpenOption.READ, StandardOpenOption.WRITE).use { file ->
            val bytes = file.map(FileChannel.MapMode.READ_WRITE, 0, file.size())
            val found = (0..bytes.limit() - what.size).filter { start ->
                bytes[start] == what[0] && what.indices.all { bytes[start + it] == what[it] }
            }
            found.forEach { bytes.put(it + at, (bytes[it + at] + by).toByte()) }
            found.size
        }

    @Test
    fun `the library of the same version is fine, however often it is asked`() {
        Files.copy(library, copy)
        assertEquals(listOf("fits", "fits"), loaded())
    }

    @Test
    fun `no library, or a file that is none`() {
        assertEquals(listOf("Missing", "Missing"), loaded())
        Files.write(copy, ByteArray(1000) { it.toByte() })
        assertEquals(listOf("Missing", "Missing"), loaded())
    }

    @Test
    fun `a library that lacks a function is of another version`() {
        Files.copy(library, copy)
        val function = "uniffi_crewseal_ffi_checksum_func_read_frame".toByteArray()
        assertTrue(changed(function, function.lastIndex, 1) > 0)
        assertEquals(listOf("OtherVersion", "OtherVersion"), loaded())
    }

    @Test
    fun `a library with another checksum is of another version`() {
        // What the generated code expects of one function, as the library's code returns it.
        val generated = File("src/generated/kotlin/com/crewseal/crewseal.kt").readText()
        val function = "uniffi_crewseal_ffi_checksum_func_read_frame() and 0xFFFF) != "
        val checksum = generated.substringAfter(function).substringBefore(')').toInt()
        val number = byteArrayOf((checksum and 0xff).toByte(), (checksum shr 8).toByte())
        val instructions = when (val processor = System.getProperty("os.arch")) {
            // mov ax, checksum; the same in eax
            "amd64" -> listOf(byteArrayOf(0x66, MOV) + number, byteArrayOf(MOV) + number + ByteArray(2))

            else -> throw AssertionError("say here how $processor returns a number")
        }
        Files.copy(library, copy)
        val found = instructions.sumOf { changed(it, it.indexOf(MOV) + 1, 1) }
        assertTrue(found > 0, "the checksum is not in the library's code")
        assertEquals(listOf("OtherVersion", "OtherVersion"), loaded())
    }

    private companion object {
        const val MOV = 0xb8.toByte()
    }
}

/** Loads the library twice, and says what came of it. */
object LibraryProbe {
    @JvmStatic
    fun main(arguments: Array<String>) {
        repeat(2) {
            try {
                Library.load()
                println("fits")
            } catch (error: LibraryException) {
                println(error::class.simpleName)
            }
        }
    }
}
