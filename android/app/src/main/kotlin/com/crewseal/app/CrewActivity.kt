package com.crewseal.app

import android.app.Activity
import android.app.AlertDialog
import android.os.Bundle
import android.view.WindowManager
import android.widget.TextView
import com.crewseal.Alarm
import com.crewseal.Count
import com.crewseal.Crew
import com.crewseal.CrewException
import com.crewseal.JobId
import com.crewseal.Observer
import com.crewseal.SyncProgress
import com.crewseal.android.Phone
import com.crewseal.android.Texts
import kotlinx.coroutines.CancellationException
import kotlinx.coroutines.CoroutineScope
import kotlinx.coroutines.Job
import kotlinx.coroutines.MainScope
import kotlinx.coroutines.cancel
import kotlinx.coroutines.launch

/** What the screens have in common: calls that end with the screen, and failures that are shown. */
abstract class CrewActivity : Activity() {
    private val scope: CoroutineScope = MainScope()
    protected val texts: Texts by lazy { Texts(resources, packageName) }

    override fun onCreate(state: Bundle?) {
        super.onCreate(state)
        // Customers' names, and codes that sign for boxes: nothing for a screenshot or the list of apps.
        window.addFlags(WindowManager.LayoutParams.FLAG_SECURE)
    }

    /** The screen in front shows what a person should see; what came while there was none waits for it. */
    override fun onResume() {
        super.onResume()
        act { crew -> crew.observe(Alarms()) }
    }

    override fun onDestroy() {
        scope.cancel()
        super.onDestroy()
    }

    /** Does something with the crew, and shows it if it fails. */
    protected fun act(
        open: suspend () -> Crew = { Phone.of(this).crew() },
        work: suspend (Crew) -> Unit
    ): Job = scope.launch {
        try {
            work(open())
        } catch (cancelled: CancellationException) {
            throw cancelled
        } catch (failure: CrewException) {
            failed(failure)
        }
    }

    /** Runs on the main thread what another thread has found out. */
    protected fun later(work: () -> Unit): Unit = runOnUiThread { if (!isDestroyed) work() }

    protected fun say(what: CharSequence) {
        findViewById<TextView>(R.id.said).text = what
    }

    protected open fun failed(failure: CrewException): Unit = say(texts.of(failure))

    /** Whoever called what it is about: a sync in the background tells nobody else. */
    private inner class Alarms : Observer {
        override fun alarmed(alarm: Alarm): Unit = later {
            AlertDialog.Builder(this@CrewActivity)
                .setMessage(texts.of(alarm.textKey()))
                .setPositiveButton(android.R.string.ok, null)
                .show()
        }

        override fun tallyChanged(job: JobId, count: Count): Unit = Unit

        override fun syncProgressed(progress: SyncProgress): Unit = Unit
    }
}
