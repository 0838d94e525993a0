package com.crewseal.app

import android.app.AlertDialog
import android.content.Intent
import android.os.Bundle
import android.view.View
import android.view.WindowManager
import android.widget.ArrayAdapter
import android.widget.Button
import android.widget.ListView
import com.crewseal.CrewException
import com.crewseal.JobPack
import com.crewseal.android.Phone
import com.crewseal.readInvitation
import java.io.InputStream
import kotlinx.coroutines.Dispatchers
import kotlinx.coroutines.withContext

/** The jobs that are open on this phone; the first screen. */
class JobsActivity : CrewActivity() {
    private var jobs: List<JobPack> = emptyList()
    private var isRecoveryShown = false

    override fun onCreate(state: Bundle?) {
        super.onCreate(state)
        setContentView(R.layout.jobs)
        findViewById<ListView>(R.id.jobs).setOnItemClickListener { _, _, row, _ -> scan(jobs[row]) }
        findViewById<Button>(R.id.receive).setOnClickListener { open(HandoffActivity::class.java) }
        findViewById<Button>(R.id.outbox).setOnClickListener { open(OutboxActivity::class.java) }
        findViewById<Button>(R.id.fetch).setOnClickListener { fetch() }
        findViewById<Button>(R.id.enrol).setOnClickListener { choose() }
        findViewById<Button>(R.id.start_over).setOnClickListener { startOver() }
    }

    override fun onResume() {
        super.onResume()
        show()
    }

    private fun show() = act { crew ->
        val isEnrolled = crew.isEnrolled()
        visible(R.id.enrol, !isEnrolled)
        visible(R.id.start_over, false)
        jobs = if (isEnrolled) crew.jobs() else emptyList()
        val rows = jobs.map { getString(R.string.job_row, it.title, it.origin, it.destination) }
        findViewById<ListView>(R.id.jobs).adapter = ArrayAdapter(this, R.layout.row, rows)
        say(if (isEnrolled && jobs.isEmpty()) getString(R.string.no_jobs) else "")
        if (isEnrolled) crew.recoveryCode()?.let(::showRecovery)
    }

    override fun failed(failure: CrewException) {
        super.failed(failure)
        visible(R.id.start_over, failure is CrewException.KeysGone)
        val isToEnrol = failure is CrewException.NotEnrolled || failure is CrewException.LoggedOut
        if (isToEnrol) visible(R.id.enrol, true)
        if (failure is CrewException.KeysLocked && !Phone.of(this).vault.hasScreenLock()) {
            say(getText(R.string.screen_lock))
        }
    }

    private fun scan(job: JobPack) {
        startActivity(Intent(this, ScanActivity::class.java).putExtra(ScanActivity.JOB, job.id))
    }

    private fun open(screen: Class<*>) = startActivity(Intent(this, screen))

    private fun fetch() = act { crew ->
        crew.fetch()
        show()
    }

    private fun startOver() {
        AlertDialog.Builder(this)
            .setMessage(R.string.start_over_why)
            .setNegativeButton(android.R.string.cancel, null)
            .setPositiveButton(R.string.start_over) { _, _ -> begunAnew() }
            .show()
    }

    private fun begunAnew() = act(open = { Phone.of(this).startOver() }) { show() }

    private fun choose() {
        val any = Intent(Intent.ACTION_OPEN_DOCUMENT).addCategory(Intent.CATEGORY_OPENABLE).setType("*/*")
        startActivityForResult(any, INVITATION)
    }

    @Deprecated("Deprecated in Android")
    override fun onActivityResult(request: Int, result: Int, data: Intent?) {
        super.onActivityResult(request, result, data)
        val file = data?.data
        if (request != INVITATION || result != RESULT_OK || file == null) return
        act {
            val read = withContext(Dispatchers.IO) {
                contentResolver.openInputStream(file)?.use { atMost(it, LARGEST_INVITATION) }
            }
            val invitation = read ?: ByteArray(0)
            compare(invitation, readInvitation(invitation).fingerprint)
        }
    }

    /** Whose invitation it is a person can tell, and nobody else. */
    private fun compare(invitation: ByteArray, fingerprint: String) {
        AlertDialog.Builder(this)
            .setTitle(R.string.is_it_hq)
            .setMessage(getString(R.string.fingerprint, fingerprint))
            .setNegativeButton(android.R.string.cancel, null)
            .setPositiveButton(R.string.is_same) { _, _ -> enrol(invitation) }
            .show()
    }

    private fun enrol(invitation: ByteArray) = act { crew ->
        crew.enrol(invitation)
        show()
        fetch()
    }

    /** Once while the screen lives, until the carrier has his code on paper. */
    private fun showRecovery(code: String) {
        if (isRecoveryShown) return
        isRecoveryShown = true
        val dialog = AlertDialog.Builder(this)
            .setTitle(R.string.recovery_code)
            .setMessage(getString(R.string.recovery_why, code))
            .setNegativeButton(R.string.later, null)
            .setPositiveButton(R.string.recovery_noted) { _, _ -> act { it.recoveryCodeNoted() } }
            .create()
        // A dialog has a window of its own.
        dialog.window?.addFlags(WindowManager.LayoutParams.FLAG_SECURE)
        dialog.show()
    }

    private fun visible(id: Int, isVisible: Boolean) {
        findViewById<View>(id).visibility = if (isVisible) View.VISIBLE else View.GONE
    }

    private companion object {
        const val INVITATION = 1

        /** Several times what one has. Somebody may choose a film. */
        const val LARGEST_INVITATION = 64 * 1024
    }
}

/** What a stream gives, as long as it is not more than so many bytes; of more, nothing. */
internal fun atMost(stream: InputStream, size: Int): ByteArray? {
    val bytes = ByteArray(size + 1)
    var length = 0
    while (length < bytes.size) {
        val read = stream.read(bytes, length, bytes.size - length)
        if (read < 0) return bytes.copyOf(length)
        length += read
    }
    return null
}
