package com.crewseal

import java.nio.ByteBuffer
import kotlin.concurrent.thread
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertNotSame
import org.junit.jupiter.api.Assertions.assertSame
import org.junit.jupiter.api.Assertions.assertThrows
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.Test

/** The status that a thread keeps for its calls. */
class CallStatusTest {
    private fun used(within: () -> Unit = {}): UniffiRustCallStatus {
        lateinit var used: UniffiRustCallStatus
        CallStatus.calling({ used = it.also { within() } }) { assertTrue(it.isSuccess()) }
        return used
    }

    @Test
    fun `calls of a thread use one, a call within a call and another thread have theirs`() {
        val first = used()
        used { assertNotSame(first, used()) }
        assertSame(first, used())
        thread { assertNotSame(first, used()) }.join()
    }

    @Test
    fun `a call that failed leaves nothing behind`() {
        val first = used()
        repeat(3) {
            val failed = assertThrows(IllegalStateException::class.java) {
                CallStatus.calling({ it.pointer.setByte(0, UNIFFI_CALL_UNEXPECTED_ERROR) }) {
                    assertTrue(it.isPanic())
                    error("as it should")
                }
            }
            assertEquals("as it should", failed.message)
            assertSame(first, used())
        }
    }

    @Test
    fun `the core's own failures arrive, and the next call goes well`() {
        val buffer = ByteBuffer.allocateDirect(4096)
        repeat(100) {
            assertThrows(CrewException.NotAFrame::class.java) { Frame.luma(buffer, 65, 64, 64).read() }
            assertEquals(emptyList<Reading>(), Frame.luma(buffer, 64, 64, 64).read())
        }
    }
}
