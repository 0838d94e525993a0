package com.crewseal.app

import com.crewseal.Purpose
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertFalse
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.Test

class HandoffScriptTest {
    private fun steps(isGiving: Boolean): List<HandoffStep> {
        val script = HandoffScript(isGiving)
        val steps = mutableListOf(script.step)
        while (!script.isLast) steps += script.forward()
        return steps
    }

    @Test
    fun `what one shows the other reads, and each step is somebody's`() {
        val giving = steps(isGiving = true)
        val receiving = steps(isGiving = false)
        fun messages(of: List<HandoffStep>, doing: Doing) = of.filter { it.doing == doing }.map { it.purpose }
        assertEquals(messages(giving, Doing.SHOW), messages(receiving, Doing.READ))
        assertEquals(messages(receiving, Doing.SHOW), messages(giving, Doing.READ))
        assertEquals(HandoffStep.entries.toSet(), (giving + receiving).toSet())
        // The receiver scans after he has read the offer and before he accepts.
        val scan = receiving.indexOf(HandoffStep.SCAN_BOXES)
        assertEquals(HandoffStep.READ_OFFER, receiving[scan - 1])
        assertEquals(HandoffStep.SHOW_ACCEPT, receiving[scan + 1])
    }

    @Test
    fun `after the last step nothing changes`() {
        val script = HandoffScript(isGiving = true)
        repeat(9) { script.forward() }
        assertEquals(HandoffStep.SHOW_ACK, script.step)
        assertTrue(script.isLast)
    }

    @Test
    fun `back leads to what is shown and never over what was read`() {
        val script = HandoffScript(isGiving = true)
        assertEquals(HandoffStep.READ_HELLO, script.back())
        script.forward()
        assertEquals(HandoffStep.SHOW_OFFER, script.back())
        script.forward()
        assertEquals(HandoffStep.SHOW_OFFER, script.back())
        script.forward()
        script.forward()
        assertEquals(HandoffStep.SHOW_ACK, script.back())
    }

    @Test
    fun `only the message that is waited for counts`() {
        for (isGiving in listOf(true, false)) {
            val script = HandoffScript(isGiving)
            while (true) {
                for (purpose in Purpose.entries) {
                    val isAwaited = script.step.doing == Doing.READ && script.step.purpose == purpose
                    val isWithdrawn = script.step == HandoffStep.READ_ACK && purpose == Purpose.WITHDRAW
                    val expected = when {
                        isAwaited -> Read.AWAITED
                        isWithdrawn -> Read.WITHDRAWN
                        else -> Read.PASSED_OVER
                    }
                    assertEquals(expected, script.read(purpose), "${script.step} $purpose")
                }
                if (script.isLast) break
                script.forward()
            }
        }
        assertFalse(HandoffScript(isGiving = true).isLast)
    }
}
