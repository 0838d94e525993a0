package com.crewseal.android

import android.annotation.TargetApi
import android.app.Activity
import android.app.Application
import android.app.KeyguardManager
import android.content.Intent
import android.hardware.biometrics.BiometricManager.Authenticators
import android.hardware.biometrics.BiometricPrompt
import android.os.Build
import android.os.Bundle
import android.os.CancellationSignal
import java.lang.ref.WeakReference
import java.util.concurrent.CompletableFuture

/**
 * Asks with the system's own screens: from Android 11 on its prompt for a fingerprint, a face or the
 * PIN, before that its screen for the lock. Make one with the application, so that it knows which screen
 * of the app is shown.
 */
public class PromptPresence(private val application: Application) : Presence {
    private var shown = WeakReference<Activity>(null)

    init {
        application.registerActivityLifecycleCallbacks(
            object : Quiet() {
                override fun onActivityResumed(activity: Activity) {
                    synchronized(this@PromptPresence) { shown = WeakReference(activity) }
                }

                override fun onActivityPaused(activity: Activity) {
                    synchronized(this@PromptPresence) { if (shown.get() === activity) shown.clear() }
                }
            }
        )
    }

    override fun ask(): Boolean {
        val activity = synchronized(this) { shown.get() } ?: return false
        val answer = CompletableFuture<Boolean>()
        activity.runOnUiThread {
            // The screen may have gone since.
            if (activity.isFinishing || activity.isDestroyed) {
                answer.complete(false)
            } else if (Build.VERSION.SDK_INT >= Build.VERSION_CODES.R) {
                prompt(activity, answer)
            } else {
                ConfirmActivity.ask(activity, answer)
            }
        }
        return answer.get()
    }

    @TargetApi(Build.VERSION_CODES.R)
    private fun prompt(activity: Activity, answer: CompletableFuture<Boolean>) {
        BiometricPrompt.Builder(activity)
            .setTitle(application.getText(R.string.crewseal_presence_title))
            .setSubtitle(application.getText(R.string.crewseal_presence_why))
            .setAllowedAuthenticators(Authenticators.BIOMETRIC_STRONG or Authenticators.DEVICE_CREDENTIAL)
            .setConfirmationRequired(true)
            .build()
            .authenticate(CancellationSignal(), activity.mainExecutor, Answer(answer))
    }

    @TargetApi(Build.VERSION_CODES.R)
    private class Answer(private val answer: CompletableFuture<Boolean>) :
        BiometricPrompt.AuthenticationCallback() {
        override fun onAuthenticationSucceeded(result: BiometricPrompt.AuthenticationResult?) {
            answer.complete(true)
        }

        // It ends every prompt that does not succeed, and comes too when the screen goes away. A finger
        // that was not known is not the end of one.
        override fun onAuthenticationError(code: Int, message: CharSequence?) {
            answer.complete(false)
        }
    }

    private open class Quiet : Application.ActivityLifecycleCallbacks {
        override fun onActivityCreated(activity: Activity, state: Bundle?) = Unit

        override fun onActivityStarted(activity: Activity) = Unit

        override fun onActivityResumed(activity: Activity) = Unit

        override fun onActivityPaused(activity: Activity) = Unit

        override fun onActivityStopped(activity: Activity) = Unit

        override fun onActivitySaveInstanceState(activity: Activity, state: Bundle) = Unit

        override fun onActivityDestroyed(activity: Activity) = Unit
    }
}

/** Shows the system's screen for the lock, and hands its answer on. It has no picture of its own. */
public class ConfirmActivity : Activity() {
    override fun onCreate(state: Bundle?) {
        super.onCreate(state)
        // Of a screen that the system made anew, the answer still comes to the new one.
        if (state != null) return
        val guard = getSystemService(KeyguardManager::class.java)
        val title = getText(R.string.crewseal_presence_title)
        val why = getText(R.string.crewseal_presence_why)

        @Suppress("DEPRECATION")
        val ask: Intent? = guard.createConfirmDeviceCredentialIntent(title, why)
        if (ask == null) end(false) else startActivityForResult(ask, 0)
    }

    @Deprecated("Deprecated in Android")
    override fun onActivityResult(request: Int, result: Int, data: Intent?) {
        super.onActivityResult(request, result, data)
        end(result == RESULT_OK)
    }

    override fun onDestroy() {
        super.onDestroy()
        if (isFinishing) answer?.complete(false)
    }

    private fun end(isPresent: Boolean) {
        answer?.complete(isPresent)
        finish()
    }

    internal companion object {
        /** Of the one question that is open. */
        private var answer: CompletableFuture<Boolean>? = null

        fun ask(activity: Activity, answer: CompletableFuture<Boolean>) {
            this.answer?.complete(false)
            this.answer = answer
            activity.startActivity(Intent(activity, ConfirmActivity::class.java))
        }
    }
}
