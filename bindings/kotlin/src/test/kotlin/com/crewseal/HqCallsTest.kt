package com.crewseal

import java.net.InetAddress
import java.net.ServerSocket
import java.nio.file.Path
import kotlinx.coroutines.Dispatchers
import kotlinx.coroutines.async
import kotlinx.coroutines.delay
import kotlinx.coroutines.runBlocking
import kotlinx.coroutines.withTimeout
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertFalse
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.Test
import org.junit.jupiter.api.Timeout
import org.junit.jupiter.api.assertThrows
import org.junit.jupiter.api.io.TempDir

/** Calls that talk to HQ: given up from outside, and not begun without a network. */
@Timeout(120)
class HqCallsTest {
    @TempDir
    lateinit var directory: Path

    private class Network(private val answer: () -> Connection) : NetworkState {
        @Volatile
        var asked = 0

        override fun connection(): Connection {
            asked++
            return answer()
        }
    }

    private suspend fun open(network: NetworkState? = null): Crew =
        Crew.open(directory.resolve("phone").toString(), PaperVault(), SystemClock(), network)

    @Test
    fun `a token gives up a call that waits for HQ`() = runBlocking<Unit> {
        ServerSocket(0, 1, InetAddress.getLoopbackAddress()).use { silent ->
            Headquarters(directory).use { hq ->
                val nowhere = hq.invitation("mover", "Mover 17", "https://localhost:${silent.localPort}")
                open().use { crew ->
                    CancelToken().use { token ->
                        val enrolling = async(Dispatchers.Default) {
                            assertThrows<CrewException.CallCancelled> {
                                runBlocking { crew.enrol(nowhere, token) }
                            }
                        }
                        silent.accept().use {
                            // The core is connected and waits for an answer that never comes.
                            assertFalse(token.isCancelled())
                            token.cancel()
                            withTimeout(2_000) { enrolling.await() }
                        }
                        assertEquals(Advice.TRY_LATER, enrolling.await().advice())
                    }
                    // The phone is as it was.
                    assertFalse(crew.isEnrolled())
                    crew.enrol(hq.invitation("mover", "Mover 17"))
                    assertTrue(crew.isEnrolled())
                }
            }
        }
    }

    @Test
    fun `nothing is lost by giving up`() = runBlocking<Unit> {
        Headquarters(directory).use { hq ->
            open().use { crew ->
                crew.enrol(hq.invitation("mover", "Mover 17"))
                crew.fetch()
                val boxes = crew.beginScan(hq.job).use { session ->
                    hq.labels.take(2).map { (session.typed(it) as Sighting.New).label }
                }
                crew.record(Act.TAKE_OVER, hq.job, boxes)
                repeat(20) { crew.record(Act.COUNT, hq.job, boxes) }
                CancelToken().use { token ->
                    token.cancel()
                    token.cancel()
                    assertThrows<CrewException.CallCancelled> { runBlocking { crew.sync(token) } }
                    assertThrows<CrewException.CallCancelled> { runBlocking { crew.fetch(token) } }
                }
                // The acts, and the terms before the first of them.
                assertEquals(22uL, crew.outbox().waiting)
                // Given up anywhere on its way.
                for (millis in listOf(0L, 1L, 2L, 4L, 8L, 16L)) {
                    CancelToken().use { token ->
                        val syncing = async(Dispatchers.Default) { runCatching { crew.sync(token) } }
                        delay(millis)
                        token.cancel()
                        val error = syncing.await().exceptionOrNull()
                        assertTrue(error == null || error is CrewException.CallCancelled, "$error")
                    }
                }
                crew.sync()
                assertEquals(0uL, crew.outbox().waiting)
                val (status, said) = hq.verdict()
                assertTrue(status < 2, said)
            }
        }
    }

    @Test
    fun `without a network nothing is tried`() = runBlocking<Unit> {
        ServerSocket(0, 1, InetAddress.getLoopbackAddress()).use { silent ->
            silent.soTimeout = 1
            val invitation = Headquarters(directory).use { hq ->
                hq.invitation("mover", "Mover 17", "https://localhost:${silent.localPort}")
            }
            val network = Network { Connection.OFFLINE }
            open(network).use { crew ->
                val error = assertThrows<CrewException.Offline> { runBlocking { crew.enrol(invitation) } }
                assertEquals(null, error.againAfterMillis)
                assertEquals(1, network.asked)
                assertThrows<java.net.SocketTimeoutException> { silent.accept() }
            }
        }
    }

    @Test
    fun `a network that cannot say what it is is tried`() = runBlocking<Unit> {
        Headquarters(directory).use { hq ->
            val networks = listOf(
                Network { throw NetworkException.Unknown() },
                Network { throw IllegalStateException("anything") },
                Network { Connection.METERED }
            )
            for (network in networks) {
                open(network).use { crew ->
                    if (!crew.isEnrolled()) crew.enrol(hq.invitation("mover", "Mover 17"))
                    assertEquals(1uL, crew.fetch().jobs)
                    assertTrue(network.asked > 0)
                }
            }
        }
    }
}
