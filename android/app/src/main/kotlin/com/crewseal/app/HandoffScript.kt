package com.crewseal.app

import com.crewseal.Purpose

/** What a phone does at a step of a handoff. */
enum class Doing { READ, SHOW, SCAN }

/** The steps of a handoff, of the one who gives and of the one who receives. */
enum class HandoffStep(val doing: Doing, val purpose: Purpose) {
    READ_HELLO(Doing.READ, Purpose.HELLO),
    SHOW_OFFER(Doing.SHOW, Purpose.OFFER),
    READ_ACCEPT(Doing.READ, Purpose.ACCEPT),
    SHOW_ACK(Doing.SHOW, Purpose.ACK),
    SHOW_HELLO(Doing.SHOW, Purpose.HELLO),
    READ_OFFER(Doing.READ, Purpose.OFFER),
    SCAN_BOXES(Doing.SCAN, Purpose.OFFER),
    SHOW_ACCEPT(Doing.SHOW, Purpose.ACCEPT),
    READ_ACK(Doing.READ, Purpose.ACK)
}

/** What a message that was read means at a step. */
enum class Read {
    /** It is the one that this step waits for. */
    AWAITED,

    /** The giver takes the offer back. */
    WITHDRAWN,

    /** It belongs to another step: go on scanning. */
    PASSED_OVER
}

/** Where a handoff is, on one of the two phones. */
class HandoffScript(isGiving: Boolean) {
    private val steps = if (isGiving) GIVING else RECEIVING
    private var at = 0

    val step: HandoffStep get() = steps[at]

    /** Whether there is nothing to do after this step. */
    val isLast: Boolean get() = at == steps.lastIndex

    /** On to the next step; after the last one nothing changes. */
    fun forward(): HandoffStep {
        if (!isLast) at++
        return step
    }

    /**
     * Back to what is shown, from the reading of the answer to it: the other phone may not have read
     * it. What was signed stays as it is, and is shown again byte by byte.
     */
    fun back(): HandoffStep {
        if (at > 0 && step.doing == Doing.READ && steps[at - 1].doing == Doing.SHOW) at--
        return step
    }

    /**
     * What a message means here. To a receiver who has accepted, the giver may show a withdrawal in
     * place of the acknowledgement.
     */
    fun read(purpose: Purpose): Read = when {
        step.doing != Doing.READ -> Read.PASSED_OVER
        purpose == step.purpose -> Read.AWAITED
        purpose == Purpose.WITHDRAW && step == HandoffStep.READ_ACK -> Read.WITHDRAWN
        else -> Read.PASSED_OVER
    }

    private companion object {
        val GIVING = listOf(
            HandoffStep.READ_HELLO,
            HandoffStep.SHOW_OFFER,
            HandoffStep.READ_ACCEPT,
            HandoffStep.SHOW_ACK
        )
        val RECEIVING = listOf(
            HandoffStep.SHOW_HELLO,
            HandoffStep.READ_OFFER,
            HandoffStep.SCAN_BOXES,
            HandoffStep.SHOW_ACCEPT,
            HandoffStep.READ_ACK
        )
    }
}
