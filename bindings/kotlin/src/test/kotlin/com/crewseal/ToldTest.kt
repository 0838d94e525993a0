package com.crewseal

import java.nio.file.Path
import kotlinx.coroutines.delay
import kotlinx.coroutines.runBlocking
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertFalse
import org.junit.jupiter.api.Assertions.assertNull
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.Test
import org.junit.jupiter.api.Timeout
import org.junit.jupiter.api.assertThrows
import org.junit.jupiter.api.io.TempDir

/** What a person compares and notes when a phone is enrolled, and what HQ tells it later. */
@Timeout(120)
class ToldTest {
    @TempDir
    lateinit var directory: Path

    private suspend fun open(): Crew =
        Crew.open(directory.resolve("phone").toString(), PaperVault(), SystemClock())

    @Test
    fun `the fingerprint is shown before, and the recovery code until it is noted`() = runBlocking<Unit> {
        assertThrows<CrewException.Invitation> { readInvitation(ByteArray(9)) }
        Headquarters(directory).use { hq ->
            val invitation = hq.invitation("mover", "Mover 17")
            val preview = readInvitation(invitation)
            assertTrue(hq.status().contains("HQ ${preview.fingerprint}"))
            assertFalse(preview.isForFurtherPhone)
            open().use { crew ->
                crew.enrol(invitation)
                assertEquals(7, requireNotNull(crew.recoveryCode()).split("-").size)
                crew.recoveryCodeNoted()
                assertNull(crew.recoveryCode())
            }
        }
    }

    @Test
    fun `a job that ended is named until it is forgotten`() = runBlocking<Unit> {
        Headquarters(directory).use { hq ->
            val brief = hq.openJob(emptyList(), 8)
            open().use { crew ->
                crew.enrol(hq.invitation("mover", "Mover 17", of = brief))
                assertEquals(1uL, crew.fetch().jobs)
                assertEquals(emptyList<JobId>(), crew.endedJobs())
                while (crew.endedJobs().isEmpty()) {
                    delay(200)
                    crew.fetch()
                }
                assertEquals(listOf(brief), crew.endedJobs())
                crew.forget(brief)
                assertEquals(emptyList<JobId>(), crew.endedJobs())
                assertEquals(emptyList<HqContradiction>(), crew.contradictions())
                assertEquals(emptyList<SetAside>(), crew.outbox().setAside)
            }
        }
    }
}
