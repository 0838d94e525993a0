package com.crewseal.android

import com.crewseal.Connection
import com.crewseal.CrewException
import kotlinx.coroutines.CancellationException
import kotlinx.coroutines.async
import kotlinx.coroutines.awaitAll
import kotlinx.coroutines.runBlocking
import kotlinx.coroutines.yield
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Test
import org.junit.jupiter.api.assertThrows

class SyncPlanTest {
    @Test
    fun `entries without an answer are tried again`() {
        assertEquals(Next.Done, nextAfter(0uL))
        assertEquals(Next.Again, nextAfter(1uL))
    }

    @Test
    fun `what passes by itself is tried again, when HQ says if it says`() {
        assertEquals(Next.Again, nextAfter(CrewException.Offline(null)))
        assertEquals(Next.AgainAfter(1_500), nextAfter(CrewException.Offline(1_500uL)))
        assertEquals(Next.AgainAfter(60_000), nextAfter(CrewException.HqBusy(60_000uL)))
        assertEquals(Next.AgainAfter(7), nextAfter(CrewException.AnswerCutOff(7uL)))
        assertEquals(Next.AgainAfter(86_400_000), nextAfter(CrewException.HqBusy(ULong.MAX_VALUE)))
        assertEquals(Next.Again, nextAfter(CrewException.KeysLocked()))
        assertEquals(Next.Again, nextAfter(CrewException.CaptivePortal()))
        assertEquals(Next.Again, nextAfter(CrewException.SystemFailed()))
        assertEquals(Next.Again, nextAfter(CrewException.StoreInUse()))
        assertEquals(Next.Again, nextAfter(CrewException.KeysBusy()))
    }

    @Test
    fun `what a person must mend is not asked for all night`() {
        val hopeless = listOf(
            CrewException.NotEnrolled(),
            CrewException.NotAdmitted(),
            CrewException.WrongCertificate(),
            CrewException.WrongClock(),
            CrewException.KeysGone(),
            CrewException.KeysFailed(),
            CrewException.StoreDamaged(),
            CrewException.StoreFull(),
            CrewException.AppTooOld(),
            CrewException.HqRefused(400u),
            CrewException.Fault(),
            IllegalStateException("closed")
        )
        for (failure in hopeless) assertEquals(Next.Done, nextAfter(failure), "$failure")
    }

    @Test
    fun `a delivery that fails before it begins has a next as well`() = runBlocking<Unit> {
        assertEquals(Next.Again, deliver { throw CrewException.KeysLocked() })
        assertThrows<CancellationException> { deliver { throw CancellationException() } }
    }

    @Test
    fun `what may cost goes over any network`() {
        assertEquals(Wanted.ANY, wanted(mayCost = true))
        assertEquals(Wanted.UNMETERED, wanted(mayCost = false))
    }

    @Test
    fun `a network is what it says of itself`() {
        assertEquals(Connection.UNMETERED, connection(hasInternet = true, isUnmetered = true))
        assertEquals(Connection.METERED, connection(hasInternet = true, isUnmetered = false))
        assertEquals(Connection.OFFLINE, connection(hasInternet = false, isUnmetered = true))
    }

    private class Thing(val number: Int) {
        var isOpen = true
    }

    @Test
    fun `what is shared is opened once, and again after it failed or was closed`() = runBlocking<Unit> {
        val opened = ArrayList<Thing>()
        var fails = true
        val shared = Shared(
            open = {
                yield()
                check(!fails) { "not yet" }
                Thing(opened.size).also(opened::add)
            },
            close = { it.isOpen = false }
        )
        assertThrows<IllegalStateException> { shared.get() }
        fails = false
        val all = List(10) { async { shared.get() } }.awaitAll()
        assertEquals(listOf(0), all.map { it.number }.distinct())
        shared.forget()
        assertEquals(1, shared.get().number)
        val other = shared.replace { Thing(9) }
        assertEquals(listOf(false, false), opened.map { it.isOpen })
        assertEquals(other, shared.get())
    }
}
