package com.crewseal.android

import com.crewseal.KeyVaultException

/** Asks whoever holds the phone to show that it is theirs. */
public fun interface Presence {
    /**
     * Asks for a fingerprint, a face or the phone's PIN, and waits for the answer. It is called from a
     * thread of the core, never from the main one. It must answer in any case: if there is nobody to
     * ask, as while no screen of the app is shown, the answer is no.
     */
    public fun ask(): Boolean
}

/** Runs what needs a person, and asks one when the hardware says so. */
internal class PresenceGate(private val presence: Presence) {
    private val oneAtATime = Any()

    /**
     * Does the work. If a person must be present for it, and has not been within the key's window, asks
     * once and does it again. Of two that need somebody at the same moment one asks, and the other's
     * work is tried again when the answer is there.
     *
     * @param needsPresence whether a failure of the work means that
     * @throws KeyVaultException.Cancelled if the person said no
     */
    fun <T> run(needsPresence: (Exception) -> Boolean, work: () -> T): T {
        tried(needsPresence, work)?.let { return it.value }
        synchronized(oneAtATime) {
            tried(needsPresence, work)?.let { return it.value }
            if (!presence.ask()) throw KeyVaultException.Cancelled()
            return work()
        }
    }

    private fun <T> tried(needsPresence: (Exception) -> Boolean, work: () -> T): Done<T>? = try {
        Done(work())
    } catch (thrown: Exception) {
        if (needsPresence(thrown)) null else throw thrown
    }

    private class Done<T>(val value: T)
}
