package com.crewseal.app

import com.crewseal.Act
import com.crewseal.Sighted
import com.crewseal.Sighting

/** How a code in view is drawn. */
enum class Mark { COUNTED, COUNTED_BEFORE, BLANK, FOREIGN, OTHER }

/** What is heard when a code comes into view. */
enum class Sound { YES, NO }

/** How to draw what a code turned out to be: what does not belong here must be seen at once. */
fun markOf(sighting: Sighting): Mark = when (sighting) {
    is Sighting.New -> Mark.COUNTED
    is Sighting.Again -> Mark.COUNTED_BEFORE
    is Sighting.Blank -> Mark.BLANK
    is Sighting.OtherJob, is Sighting.UnknownLabel -> Mark.FOREIGN
    is Sighting.Undone, is Sighting.NotOurs -> Mark.OTHER
}

/** What to call a code by: the label's last four characters; nothing of what is not ours. */
fun callOutOf(sighting: Sighting): String = when (sighting) {
    is Sighting.New -> sighting.label.callOut
    is Sighting.Again -> sighting.label.callOut
    is Sighting.Blank -> sighting.label.callOut
    is Sighting.OtherJob -> sighting.label.callOut
    is Sighting.UnknownLabel -> sighting.label.callOut
    is Sighting.Undone -> sighting.label.callOut
    is Sighting.NotOurs -> ""
}

/**
 * What is heard of a frame: a warning if anything that entered does not belong here, otherwise a yes if
 * a box was counted. Parcels' codes and the like make no sound.
 */
fun soundOf(sighted: List<Sighted>): Sound? {
    val entering = sighted.filter { it.isEntering }.map { markOf(it.sighting) }
    return when {
        Mark.FOREIGN in entering -> Sound.NO
        Mark.COUNTED in entering -> Sound.YES
        else -> null
    }
}

/** The label to ask about: one that is on no box yet and has just come into view. */
fun blankOf(sighted: List<Sighted>): Sighting.Blank? =
    sighted.firstOrNull { it.isEntering && it.sighting is Sighting.Blank }?.sighting as Sighting.Blank?

/** What a crew does with boxes that it has scanned, in the order of a day. */
val ACTS: List<Act> = listOf(
    Act.TAKE_OVER,
    Act.PACK,
    Act.SEAL,
    Act.LOAD,
    Act.DEPART,
    Act.ARRIVE,
    Act.UNLOAD,
    Act.STORE,
    Act.COUNT,
    Act.DELIVER,
    Act.HAND_BACK,
    Act.UNPACK,
    Act.COLLECT_FOR_DESTRUCTION,
    Act.DESTROY,
    Act.VOID_LABEL
)
