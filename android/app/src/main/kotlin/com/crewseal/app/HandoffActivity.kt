package com.crewseal.app

import android.os.Bundle
import android.view.View
import android.widget.Button
import android.widget.CheckBox
import android.widget.TextView
import com.crewseal.Collected
import com.crewseal.Collector
import com.crewseal.Crew
import com.crewseal.CrewException
import com.crewseal.Frame
import com.crewseal.GivingState
import com.crewseal.Introduction
import com.crewseal.Label
import com.crewseal.Offer
import com.crewseal.OpenHandoff
import com.crewseal.Purpose
import com.crewseal.ScanSession
import com.crewseal.Show
import com.crewseal.SpotCheck
import com.crewseal.android.SyncService
import com.crewseal.android.wordsLanguage
import com.crewseal.fourWords
import com.crewseal.qrCode
import com.crewseal.sight

/** Two phones, four codes: gives the boxes of the draft if a job is named, otherwise receives. */
class HandoffActivity : CameraActivity() {
    private var job: String? = null
    private lateinit var script: HandoffScript
    private val boxes: List<Label> by lazy { (application as CrewApplication).draft }

    /** What puts together the codes that are read; another for each step. */
    @Volatile
    private var collector = Collector()

    /** While a message is being worked on, frames are passed over. */
    @Volatile
    private var isBusy = false

    @Volatile
    private var session: ScanSession? = null
    private var offer: Offer? = null
    private var show: Show? = null

    /** Of several codes another is shown five times a second. */
    private val turn = object : Runnable {
        override fun run() {
            val show = show ?: return
            findViewById<QrView>(R.id.code).show(qrCode(show.nextText()))
            if (!show.isOne()) window.decorView.postDelayed(this, TURN_MILLIS)
        }
    }

    override val wantsCamera: Boolean get() = script.step.doing != Doing.SHOW

    override fun onCreate(state: Bundle?) {
        super.onCreate(state)
        job = intent.getStringExtra(ScanActivity.JOB)
        script = HandoffScript(isGiving = job != null)
        setContentView(R.layout.handoff)
        findViewById<Button>(R.id.next).setOnClickListener { next() }
        findViewById<Button>(R.id.take_back).setOnClickListener { takeBack() }
        step()
        if (script.step == HandoffStep.SHOW_HELLO) {
            act { crew -> show(Purpose.HELLO, crew.hello(Introduction.OMITTED)) }
        }
    }

    override fun onDestroy() {
        show?.close()
        show = null
        session?.close()
        offer?.close()
        super.onDestroy()
    }

    override fun onFrame(frame: Frame) = reading {
        val session = session
        when {
            isBusy -> return@reading

            session != null -> {
                val sighted = session.sight(frame, BUDGET_MILLIS)
                later { show(sighted) }
            }

            else -> frame.read(BUDGET_MILLIS).forEach { collect(collector.add(it.text)) }
        }
    }

    private fun collect(collected: Collected) {
        when (collected) {
            is Collected.Part -> later {
                say(getString(R.string.pieces, collected.have.toInt(), collected.of.toInt()))
            }

            is Collected.Whole -> {
                val meaning = script.read(collected.purpose)
                if (meaning == Read.PASSED_OVER) return
                isBusy = true
                later { read(meaning, collected.message) }
            }

            // Labels are in view all the time; what is damaged is read again.
            is Collected.Nothing -> Unit
        }
    }

    private fun read(meaning: Read, message: ByteArray) = act { crew ->
        try {
            if (meaning == Read.WITHDRAWN) {
                say(texts.of(crew.readWithdraw(message).textKey()))
                return@act
            }
            when (script.step) {
                HandoffStep.READ_HELLO -> offered(crew, message)
                HandoffStep.READ_ACCEPT -> accepted(crew, message)
                HandoffStep.READ_OFFER -> received(crew, message)
                HandoffStep.READ_ACK -> acknowledged(crew, message)
                else -> Unit
            }
        } finally {
            collector = Collector()
            isBusy = false
        }
    }

    private suspend fun offered(crew: Crew, hello: ByteArray) {
        val offered = crew.offer(requireNotNull(job), boxes, hello)
        forward()
        show(Purpose.OFFER, offered)
        val open = crew.handoffs().filterIsInstance<OpenHandoff.Giving>()
        open.lastOrNull { it.state == GivingState.OFFERED }?.let { words(it.offer) }
    }

    private suspend fun accepted(crew: Crew, acceptance: ByteArray) {
        val accepted = crew.readAcceptance(acceptance)
        forward()
        show(Purpose.ACK, accepted.ack)
        say("${accepted.receiver.pseudonym}: ${accepted.passing.size}")
        SyncService.schedule(this)
    }

    private suspend fun received(crew: Crew, shown: ByteArray) {
        val offer = crew.readOffer(shown)
        this.offer = offer
        session = crew.beginScan(offer.job())
        forward()
        say("${offer.giver().pseudonym}: ${offer.boxes().size}")
        words(offer.id())
        val check = offer.check().joinToString { it.callOut }
        findViewById<TextView>(R.id.what).text = getString(R.string.scan_boxes, check)
    }

    private suspend fun acknowledged(crew: Crew, ack: ByteArray) {
        crew.readAck(ack)
        SyncService.schedule(this)
        finish()
    }

    private fun next() {
        when (script.step.doing) {
            Doing.SHOW -> if (script.isLast) finish() else forward()

            Doing.SCAN -> accept()

            Doing.READ -> {
                script.back()
                step()
            }
        }
    }

    private fun accept() = act { crew ->
        val (offer, session) = (offer ?: return@act) to (session ?: return@act)
        val isChecked = findViewById<CheckBox>(R.id.is_checked).isChecked
        val check = if (isChecked) SpotCheck.DONE else SpotCheck.NOT_DONE
        val accepted = crew.accept(offer, session.seen(), check)
        this.session = null
        session.close()
        forward()
        show(Purpose.ACCEPT, accepted)
    }

    private fun takeBack() = act { crew ->
        val open = crew.handoffs().filterIsInstance<OpenHandoff.Giving>().lastOrNull() ?: return@act finish()
        show(Purpose.WITHDRAW, crew.withdraw(open.offer))
        say(texts.of(GivingState.WITHDRAWN.textKey()))
    }

    override fun failed(failure: CrewException) {
        super.failed(failure)
        isBusy = false
    }

    private fun words(offer: String) {
        val language = wordsLanguage(resources.configuration.locales[0].language)
        findViewById<TextView>(R.id.words).text =
            getString(R.string.four_words, fourWords(offer, language).joinToString(" "))
    }

    private fun show(purpose: Purpose, message: ByteArray) {
        show?.close()
        show = Show.of(purpose, message)
        window.decorView.removeCallbacks(turn)
        turn.run()
    }

    private fun forward() {
        script.forward()
        step()
    }

    private fun step() {
        val step = script.step
        findViewById<TextView>(R.id.what).text = getText(whatOf(step))
        visible(R.id.picture, step.doing != Doing.SHOW)
        visible(R.id.overlay, step.doing == Doing.SCAN)
        visible(R.id.code, step.doing == Doing.SHOW)
        visible(R.id.is_checked, step.doing == Doing.SCAN)
        visible(R.id.take_back, step == HandoffStep.SHOW_OFFER || step == HandoffStep.READ_ACCEPT)
        val isOver = script.isLast && step.doing == Doing.SHOW
        findViewById<Button>(R.id.next).text = getText(if (isOver) R.string.done else R.string.next)
        collector = Collector()
        camera()
    }

    private fun visible(id: Int, isVisible: Boolean) {
        findViewById<View>(id).visibility = if (isVisible) View.VISIBLE else View.GONE
    }

    private fun whatOf(step: HandoffStep): Int = when (step) {
        HandoffStep.READ_HELLO -> R.string.read_hello
        HandoffStep.SHOW_OFFER -> R.string.show_offer
        HandoffStep.READ_ACCEPT -> R.string.read_accept
        HandoffStep.SHOW_ACK -> R.string.show_ack
        HandoffStep.SHOW_HELLO -> R.string.show_hello
        HandoffStep.READ_OFFER -> R.string.read_offer
        HandoffStep.SCAN_BOXES -> R.string.scan_boxes
        HandoffStep.SHOW_ACCEPT -> R.string.show_accept
        HandoffStep.READ_ACK -> R.string.read_ack
    }

    private companion object {
        const val TURN_MILLIS = 200L
        const val BUDGET_MILLIS = 100
    }
}
