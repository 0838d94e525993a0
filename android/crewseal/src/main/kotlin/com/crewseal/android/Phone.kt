package com.crewseal.android

import android.annotation.SuppressLint
import android.app.Application
import android.content.Context
import com.crewseal.Crew
import com.crewseal.Library
import java.io.File
import kotlinx.coroutines.sync.Mutex
import kotlinx.coroutines.sync.withLock

/**
 * The one [Crew] of the process, which screens and background sync share: a store opens once.
 *
 * Take it in `Application.onCreate`, so that it knows which screen is shown when a person must be asked.
 */
public class Phone private constructor(application: Application, windowSeconds: Int) {
    init {
        Library.load()
    }

    /** The phone's keys. */
    public val vault: KeystoreVault = KeystoreVault(application, PromptPresence(application), windowSeconds)

    /** The phone's network. */
    public val connectivity: Connectivity = Connectivity(application)

    private val crew: Shared<Crew> = Shared(
        open = { Crew.open(store(application), vault, PhoneClock(application), connectivity) },
        close = Crew::close
    )

    private val startOver: suspend () -> Crew = {
        Crew.startOver(store(application), vault, PhoneClock(application), connectivity)
    }

    /** The crew; opened by the first who asks. */
    public suspend fun crew(): Crew = crew.get()

    /**
     * Opens the phone with new keys, after `KeysGone`. What waits for HQ stays; enrol it then.
     * @see Crew.startOver
     */
    public suspend fun startOver(): Crew = crew.replace(startOver)

    /** Logs out; the next [crew] is another device, to be enrolled. */
    public suspend fun logOut() {
        crew.get().logOut()
        crew.forget()
    }

    public companion object {
        // It holds the application, which lives as long.
        @SuppressLint("StaticFieldLeak")
        private var phone: Phone? = null

        /**
         * The process's phone. The first call makes it.
         *
         * @param windowSeconds for how long the handoff key signs after the person was asked; only the first
         * call is heard, and only when the keys are made
         */
        @JvmStatic
        @JvmOverloads
        @Synchronized
        public fun of(context: Context, windowSeconds: Int = KeystoreVault.WINDOW): Phone =
            phone ?: Phone(context.applicationContext as Application, windowSeconds).also { phone = it }

        /** In `noBackupFilesDir`, which opens with the first unlock and which no backup takes along. */
        private fun store(context: Context): String = File(context.noBackupFilesDir, "crewseal").path
    }
}

/** Something that takes time to open, is opened once, and is used by many. */
internal class Shared<T : Any>(private val open: suspend () -> T, private val close: (T) -> Unit) {
    private val opening = Mutex()
    private var opened: T? = null

    /** What is open. If opening fails, the next who asks tries again. */
    suspend fun get(): T = opening.withLock { opened ?: open().also { opened = it } }

    /** Closes what is open, and opens it another way. */
    suspend fun replace(open: suspend () -> T): T = opening.withLock {
        closeNow()
        open().also { opened = it }
    }

    /** Closes what is open. */
    suspend fun forget(): Unit = opening.withLock { closeNow() }

    private fun closeNow() {
        opened?.let(close)
        opened = null
    }
}
