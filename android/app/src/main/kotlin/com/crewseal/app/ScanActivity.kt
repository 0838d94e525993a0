package com.crewseal.app

import android.app.AlertDialog
import android.content.Intent
import android.os.Bundle
import android.widget.Button
import android.widget.TextView
import com.crewseal.Act
import com.crewseal.Frame
import com.crewseal.Label
import com.crewseal.ScanSession
import com.crewseal.android.SyncService
import com.crewseal.sight

/** Counts the boxes of a job, and records what was done with them. */
class ScanActivity : CameraActivity() {
    private lateinit var job: String

    @Volatile
    private var session: ScanSession? = null
    private var isLit = false
    private var asks: AlertDialog? = null

    override val wantsCamera: Boolean get() = session != null

    override fun onCreate(state: Bundle?) {
        super.onCreate(state)
        job = requireNotNull(intent.getStringExtra(JOB)) { "no job" }
        setContentView(R.layout.scan)
        findViewById<Button>(R.id.light).setOnClickListener {
            isLit = !isLit
            light(isLit)
        }
        findViewById<Button>(R.id.undo).setOnClickListener {
            session?.undoLast()
            tally()
        }
        findViewById<Button>(R.id.record).setOnClickListener { chooseAct() }
        findViewById<Button>(R.id.hand_over).setOnClickListener { handOver() }
        begin()
    }

    override fun onDestroy() {
        asks?.dismiss()
        session?.close()
        super.onDestroy()
    }

    private fun begin() = act { crew ->
        session?.close()
        session = crew.beginScan(job)
        tally()
        camera()
    }

    override fun onFrame(frame: Frame) = reading {
        val session = session ?: return@reading
        val sighted = session.sight(frame, BUDGET_MILLIS)
        val blank = blankOf(sighted)
        later {
            show(sighted)
            tally()
            if (blank != null) askAbout(blank.label)
        }
    }

    private fun tally() {
        val count = session?.count() ?: return
        findViewById<TextView>(R.id.tally).text =
            getString(R.string.tally, count.seen.toLong(), count.expected.toLong())
    }

    /** A label that is on no box yet: was it just stuck on one? */
    private fun askAbout(label: Label) {
        if (asks?.isShowing == true) return
        asks = AlertDialog.Builder(this)
            .setTitle(label.callOut)
            .setMessage(texts.of("sighting_blank"))
            .setNegativeButton(android.R.string.cancel, null)
            .setPositiveButton(texts.of("act_commission")) { _, _ ->
                session?.let { say(texts.of(it.commission(label).textKey())) }
                tally()
            }
            .show()
    }

    private fun chooseAct() {
        val names = ACTS.map { texts.of(it.textKey()) }.toTypedArray()
        AlertDialog.Builder(this)
            .setTitle(R.string.which_act)
            .setItems(names) { _, at -> record(ACTS[at]) }
            .show()
    }

    private fun record(act: Act) = act { crew ->
        val session = session ?: return@act
        val new = session.commissioned()
        if (new.isNotEmpty()) crew.commission(job, new)
        crew.recordScanned(act, session)
        SyncService.schedule(this)
        say(getText(R.string.recorded))
        // The lists have changed.
        begin()
    }

    private fun handOver() = act { crew ->
        val session = session ?: return@act
        val new = session.commissioned()
        if (new.isNotEmpty()) crew.commission(job, new)
        (application as CrewApplication).draft = session.seen()
        startActivity(Intent(this, HandoffActivity::class.java).putExtra(JOB, job))
        finish()
    }

    companion object {
        const val JOB = "job"

        /** At 30 frames a second there are 33 for each. */
        private const val BUDGET_MILLIS = 30
    }
}
