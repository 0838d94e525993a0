package com.crewseal.android

import android.app.job.JobInfo
import android.app.job.JobParameters
import android.app.job.JobScheduler
import android.app.job.JobService
import android.content.ComponentName
import android.content.Context
import android.os.Handler
import android.os.Looper
import android.os.PersistableBundle
import com.crewseal.Crew
import com.crewseal.CrewException
import com.crewseal.UploadOver
import kotlinx.coroutines.CancellationException
import kotlinx.coroutines.CoroutineScope
import kotlinx.coroutines.Dispatchers
import kotlinx.coroutines.Job
import kotlinx.coroutines.SupervisorJob
import kotlinx.coroutines.cancel
import kotlinx.coroutines.job
import kotlinx.coroutines.launch

/**
 * Delivers what waits to HQ, acts and then photos, and fetches what HQ has, when there is a network; also while no screen of
 * the app is shown, and after a restart of the phone once it was unlocked.
 */
public class SyncService : JobService() {
    private val scope = CoroutineScope(SupervisorJob() + Dispatchers.Default)
    private val main = Handler(Looper.getMainLooper())
    private val running = HashMap<Int, Job>()

    override fun onStartJob(parameters: JobParameters): Boolean {
        val work = scope.launch {
            val next = deliver { Phone.of(this@SyncService).crew() }
            val self = coroutineContext.job
            main.post { end(parameters, self, next) }
        }
        // Its end comes to this thread, too, and so after this line.
        running[parameters.jobId] = work
        return true
    }

    /** The system takes the network or the time away. What HQ receipted stays receipted. */
    override fun onStopJob(parameters: JobParameters): Boolean {
        running.remove(parameters.jobId)?.cancel()
        return true
    }

    override fun onDestroy() {
        scope.cancel()
        super.onDestroy()
    }

    private fun end(parameters: JobParameters, work: Job, next: Next) {
        // It was stopped meanwhile; the system starts it again by itself, and may have done so already.
        if (!running.remove(parameters.jobId, work)) return
        jobFinished(parameters, next == Next.Again)
        if (next is Next.AgainAfter) schedule(this, parameters.extras.getInt(MAY_COST, 1) == 1, next.millis)
        if (next == Next.WhenFree) schedule(this, false, 0)
    }

    public companion object {
        private const val MAY_COST = "may-cost"

        /** The id of the job: an app that has jobs of its own takes others. */
        public const val JOB: Int = 0x63726577

        /**
         * Asks the system to deliver as soon as there is a network. Call it after every act, and when
         * the app is opened: what is scheduled already is replaced.
         *
         * @param mayCost whether a network will do that costs by what goes over it
         */
        @JvmStatic
        @JvmOverloads
        public fun schedule(context: Context, mayCost: Boolean = true): Unit = schedule(context, mayCost, 0)

        private fun schedule(context: Context, mayCost: Boolean, afterMillis: Long) {
            val network = when (wanted(mayCost)) {
                Wanted.ANY -> JobInfo.NETWORK_TYPE_ANY
                Wanted.UNMETERED -> JobInfo.NETWORK_TYPE_UNMETERED
            }
            val extras = PersistableBundle().apply { putInt(MAY_COST, if (mayCost) 1 else 0) }
            val backoff = JobInfo.DEFAULT_INITIAL_BACKOFF_MILLIS
            val job = JobInfo.Builder(JOB, ComponentName(context, SyncService::class.java))
                .setRequiredNetworkType(network)
                .setBackoffCriteria(backoff, JobInfo.BACKOFF_POLICY_EXPONENTIAL)
                .setPersisted(true)
                .setExtras(extras)
            if (afterMillis > 0) job.setMinimumLatency(afterMillis)
            context.getSystemService(JobScheduler::class.java).schedule(job.build())
        }
    }
}

/** Delivers and fetches once, and says what is to follow. */
internal suspend fun deliver(crew: suspend () -> Crew): Next = try {
    val phone = crew()
    // A phone that was wiped can send what waits, and fetch nothing: so that comes first.
    val next = send(phone)
    phone.fetch()
    next
} catch (cancelled: CancellationException) {
    throw cancelled
} catch (failure: Exception) {
    nextAfter(failure)
}

/** Sends the acts that wait, and then the photos that they name. */
private suspend fun send(phone: Crew): Next {
    val unanswered = if (phone.outbox().waiting > 0uL) phone.sync().unanswered else 0uL
    if (unanswered > 0uL || phone.photos().all { it.isDamaged }) return nextAfter(unanswered)
    return try {
        nextAfter(phone.upload(UploadOver.UNMETERED).unanswered)
    } catch (_: CrewException.Metered) {
        Next.WhenFree
    }
}
