package com.crewseal.android

/**
 * One place for the newest of many: what nobody took is closed when something newer comes. So a slow
 * reader always gets the present, and never holds up the camera.
 *
 * Everything that is given to it is closed: by whoever takes it, or here.
 */
internal class Newest<T : AutoCloseable> : AutoCloseable {
    private val lock = Object()
    private var waiting: T? = null
    private var isClosed = false

    /** Gives one; from any thread. */
    fun offer(one: T) {
        val old = synchronized(lock) {
            if (isClosed) return@synchronized one
            val old = waiting
            waiting = one
            lock.notifyAll()
            old
        }
        old?.close()
    }

    /** Waits for one and takes it; null when this is closed. */
    fun take(): T? = synchronized(lock) {
        while (waiting == null && !isClosed) lock.wait()
        waiting.also { waiting = null }
    }

    override fun close() {
        val old = synchronized(lock) {
            isClosed = true
            lock.notifyAll()
            waiting.also { waiting = null }
        }
        old?.close()
    }
}
