package com.crewseal.android

import com.crewseal.Advice
import com.crewseal.CrewException

/** What to do when a try to deliver is over. */
internal sealed interface Next {
    /** Nothing waits, or nothing that another try would help. */
    data object Done : Next

    /** Try again when the system thinks right, later each time. */
    data object Again : Next

    /** HQ said when. */
    data class AgainAfter(val millis: Long) : Next

    /** Photos wait for a network that does not cost by what goes over it. */
    data object WhenFree : Next
}

/** After a try that came to an end, with so many entries without a valid answer. */
internal fun nextAfter(unanswered: ULong): Next = if (unanswered == 0uL) Next.Done else Next.Again

/**
 * After a try that failed.
 *
 * Only what passes by itself is tried again. A phone that HQ does not let in, or a server that is not
 * HQ, would be asked all night for nothing: a person has to do something first, and opening the app
 * schedules again.
 */
internal fun nextAfter(failure: Throwable): Next {
    val millis = when (failure) {
        is CrewException.Offline -> failure.againAfterMillis

        is CrewException.HqBusy -> failure.againAfterMillis

        is CrewException.AnswerCutOff -> failure.againAfterMillis

        // The keys open with the phone's first unlock, and a login page goes with the network.
        is CrewException.KeysLocked, is CrewException.CaptivePortal -> null

        is CrewException -> if (failure.advice() == Advice.TRY_LATER) null else return Next.Done

        else -> return Next.Done
    }
    return if (millis == null) Next.Again else Next.AgainAfter(millis.coerceAtMost(A_DAY).toLong())
}

/** Which network a delivery waits for. */
internal enum class Wanted { ANY, UNMETERED }

/** Events are small and go over any network, unless the crew said that none may cost. */
internal fun wanted(mayCost: Boolean): Wanted = if (mayCost) Wanted.ANY else Wanted.UNMETERED

private val A_DAY: ULong = 24uL * 60uL * 60uL * 1000uL
