package com.crewseal

/**
 * Where the core writes how a call went: one for each thread, used again by its next call.
 *
 * To make a new one for each call, and to have JNA copy its fields to and fro, costs more than
 * most calls. The core writes only if a call fails. The generated code calls [calling].
 */
internal class CallStatus : UniffiRustCallStatus() {
    var isTaken = false

    init {
        setAutoSynch(false)
    }

    fun readIfFailed() {
        code = pointer.getByte(0)
        if (!isSuccess()) read()
    }

    /** As the core wants it at the beginning of a call. */
    fun rest() {
        if (!isSuccess()) pointer.setByte(0, UNIFFI_CALL_SUCCESS)
        isTaken = false
    }

    internal companion object {
        val ofThread: ThreadLocal<CallStatus> = ThreadLocal.withInitial(::CallStatus)

        /** Makes a call and has its status checked, which throws if it failed. */
        inline fun <T> calling(call: (UniffiRustCallStatus) -> T, check: (UniffiRustCallStatus) -> Unit): T {
            val own = ofThread.get()
            // Within a call of this thread, as in what the core calls, it is taken.
            val status = if (own.isTaken) CallStatus() else own
            status.isTaken = true
            try {
                val answer = call(status)
                status.readIfFailed()
                check(status)
                return answer
            } finally {
                status.rest()
            }
        }
    }
}
