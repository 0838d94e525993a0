package com.crewseal

import java.io.File
import java.nio.file.Files
import java.nio.file.Path
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

    private fun put(bytes: ByteArray) {
        Files.write(directory.resolve("libcrewseal_ffi.so"), bytes)
    }

    @Test
    fun `the library of the same version is fine, however often it is asked`() {
        put(Files.readAllBytes(library))
        assertEquals(listOf("fits", "fits"), loaded())
    }

    @Test
    fun `no library, or a file that is none`() {
        assertEquals(listOf("Missing", "Missing"), loaded())
        put(ByteArray(1000) { it.toByte() })
        assertEquals(listOf("Missing", "Missing"), loaded())
    }

    @Test
    fun `a library that lacks a function is of another version`() {
        val bytes = Files.readAllBytes(library)
        val changed = replaced(bytes, "uniffi_crewseal_ffi_checksum_func_read_frame".toByteArray()) {
            it.copyOf().also { name -> name[name.lastIndex] = 'x'.code.toByte() }
        }
        put(changed)
        assertEquals(listOf("OtherVersion", "OtherVersion"), loaded())
    }

    @Test
    fun `a library with another checksum is of another version`() {
        // What the generated code expects of one function, as the library's code returns it.
        val generated = File("src/generated/kotlin/com/crewseal/crewseal.kt").readText()
        val function = "uniffi_crewseal_ffi_checksum_func_read_frame() and 0xFFFF) != "
        val checksum = generated.substringAfter(function).substringBefore(')').toInt()
        val low = (checksum and 0xff).toByte()
        val high = (checksum shr 8).toByte()
        val bytes = Files.readAllBytes(library)
        val returned = when (val processor = System.getProperty("os.arch")) {
            // mov ax, checksum; and the same in eax
            "amd64" -> listOf(byteArrayOf(0x66, 0xb8.toByte(), low, high), byteArrayOf(0xb8.toByte(), low, high, 0, 0))
            else -> throw AssertionError("say here how $processor returns a number")
        }
        val changed = returned.fold(bytes) { all, code ->
            replaced(all, code) { found ->
                found.copyOf().also { it[found.indexOf(low)] = (low + 1).toByte() }
            }
        }
        assertTrue(!changed.contentEquals(bytes), "the checksum is not in the library's code")
        put(changed)
        assertEquals(listOf("OtherVersion", "OtherVersion"), loaded())
    }

    /** The bytes with every occurrence of some replaced by as many. */
    private fun replaced(bytes: ByteArray, what: ByteArray, by: (ByteArray) -> ByteArray): ByteArray {
        val changed = bytes.copyOf()
        val instead = by(what)
        for (at in 0..bytes.size - what.size) {
            if (bytes[at] == what[0] && what.indices.all { bytes[at + it] == what[it] }) {
                instead.copyInto(changed, at)
            }
        }
        return changed
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
