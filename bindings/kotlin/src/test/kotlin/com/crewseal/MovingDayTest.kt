package com.crewseal

import java.nio.file.Path
import kotlinx.coroutines.runBlocking
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.Test
import org.junit.jupiter.api.assertThrows
import org.junit.jupiter.api.io.TempDir

/** The whole moving day from Kotlin: two phones in one process, and a real HQ. */
class MovingDayTest {
    @TempDir
    lateinit var directory: Path

    @Test
    fun `boxes go from the door to a driver and to the door again`() = runBlocking<Unit> {
        Headquarters(directory).use { hq ->
            val mover = phone("mover", hq.invitation("mover", "Mover 17"))
            val driver = phone("driver", hq.invitation("driver", "Driver 4"))
            // Each knows the other from the roster that comes with the job.
            mover.fetch()
            driver.fetch()

            val title = mover.jobs().single { it.id == hq.job }.title
            assertEquals("Household move 1", title)

            val (taken, stuck) = takeOver(mover, hq)
            assertEquals(Headquarters.BOXES + 2, taken.size)
            assertEquals(2, stuck.size)

            val hello = driver.hello(Introduction.OMITTED)
            val offered = mover.offer(hq.job, taken, hello)
            driver.readOffer(offered).use { offer ->
                assertEquals("Mover 17", offer.giver().pseudonym)
                assertEquals(taken.map { it.text }.toSet(), offer.boxes().map { it.text }.toSet())
                val accepted = driver.accept(offer, taken, SpotCheck.DONE)
                val acceptance = mover.readAcceptance(accepted)
                driver.readAck(acceptance.ack)
            }
            driver.record(Act.LOAD, hq.job, taken)
            val broken = Finding(FindingKind.DAMAGED, listOf(taken.first()))
            driver.record(Act.DELIVER, hq.job, taken, listOf(broken))

            for (phone in listOf(mover, driver)) {
                assertTrue(phone.outbox().waiting > 0u)
                val delivered = phone.sync()
                assertEquals(0uL, delivered.parked + delivered.unanswered)
                assertEquals(0uL, phone.outbox().waiting)
            }
            val (status, said) = hq.verdict()
            // 1: every signature holds, and something is open, the damaged box.
            assertEquals(1, status, said)
            assertTrue(said.contains("All 6 boxes delivered; 1 damaged"), said)
            assertTrue(said.contains("Signed by Driver 4"), said)

            mover.close()
            driver.close()
        }
    }

    /** Scans what is in the room, sticks two labels on boxes without one, and takes it all over. */
    private suspend fun takeOver(mover: Crew, hq: Headquarters): Pair<List<Label>, List<Label>> {
        mover.beginScan(hq.job).use { session ->
            hq.labels.take(Headquarters.BOXES).forEach { text ->
                assertTrue(session.typed(text) is Sighting.New)
            }
            assertTrue(session.typed(hq.labels.first().lowercase()) is Sighting.Again)
            val blank = hq.labels.drop(Headquarters.BOXES).take(2).map { text ->
                (session.typed(text) as Sighting.Blank).label
            }
            blank.forEach { assertEquals(Commission.FROM_ROLL, session.commission(it)) }
            assertTrue(session.typed("a parcel's code") is Sighting.NotOurs)
            assertEquals(Count(6uL, 6uL), session.count())
            mover.commission(hq.job, session.commissioned())
            mover.recordScanned(Act.TAKE_OVER, session)
            return session.seen() to blank
        }
    }

    private suspend fun phone(name: String, invitation: ByteArray): Crew {
        val crew = Crew.open(directory.resolve(name).toString(), PaperVault(), SystemClock())
        crew.enrol(invitation)
        crew.fetch()
        return crew
    }

    @Test
    fun `an error says what to do`() = runBlocking<Unit> {
        Crew.open(directory.resolve("phone").toString(), PaperVault(), SystemClock()).use { crew ->
            val error = assertThrows<CrewException.NotEnrolled> { runBlocking { crew.fetch() } }
            assertEquals(Advice.ENROL, error.advice())
            assertThrows<CrewException.Invitation> { runBlocking { crew.enrol(ByteArray(7)) } }
            assertThrows<CrewException.Invitation> { runBlocking { crew.enrol(ByteArray(1 shl 22)) } }
        }
    }
}
