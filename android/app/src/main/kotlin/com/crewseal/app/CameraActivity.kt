package com.crewseal.app

import android.Manifest
import android.content.pm.PackageManager
import android.media.AudioManager
import android.media.ToneGenerator
import android.view.HapticFeedbackConstants
import android.view.WindowManager
import com.crewseal.CrewException
import com.crewseal.Frame
import com.crewseal.Sighted
import com.crewseal.android.CameraFault
import com.crewseal.android.CameraView

/** A screen with the camera's picture, and what is drawn over it. */
abstract class CameraActivity : CrewActivity() {
    private val picture: CameraView by lazy { findViewById(R.id.picture) }
    private val tones: ToneGenerator? by lazy { tones() }

    /** Reads a frame; on the camera's thread. */
    protected abstract fun onFrame(frame: Frame)

    /** Whether the camera is wanted now. */
    protected abstract val wantsCamera: Boolean

    private val isAllowed: Boolean
        get() = checkSelfPermission(Manifest.permission.CAMERA) == PackageManager.PERMISSION_GRANTED

    override fun onResume() {
        super.onResume()
        window.addFlags(WindowManager.LayoutParams.FLAG_KEEP_SCREEN_ON)
        if (isAllowed) camera() else requestPermissions(arrayOf(Manifest.permission.CAMERA), 0)
    }

    override fun onPause() {
        picture.close()
        super.onPause()
    }

    override fun onDestroy() {
        tones?.release()
        super.onDestroy()
    }

    override fun onRequestPermissionsResult(request: Int, asked: Array<out String>, answers: IntArray) {
        super.onRequestPermissionsResult(request, asked, answers)
        // Of a question that was interrupted there is no answer.
        when (answers.firstOrNull()) {
            PackageManager.PERMISSION_GRANTED -> camera()
            PackageManager.PERMISSION_DENIED -> failed(CameraFault.NOT_ALLOWED)
        }
    }

    /** Opens or closes the camera, as it is wanted. */
    protected fun camera() {
        if (!wantsCamera) return picture.close()
        if (isAllowed) picture.open(::failed, ::onFrame)
    }

    protected fun light(isOn: Boolean): Unit = picture.light(isOn)

    /** Draws and sounds what a frame showed. */
    protected fun show(sighted: List<Sighted>) {
        val overlay = findViewById<OverlayView>(R.id.overlay)
        overlay.show(sighted, picture.finder)
        when (soundOf(sighted)) {
            Sound.YES -> tones?.startTone(ToneGenerator.TONE_PROP_BEEP, YES_MILLIS)
            Sound.NO -> tones?.startTone(ToneGenerator.TONE_PROP_NACK, NO_MILLIS)
            null -> return
        }
        overlay.performHapticFeedback(HapticFeedbackConstants.LONG_PRESS)
    }

    private fun failed(fault: CameraFault) {
        val said = when (fault) {
            CameraFault.NOT_ALLOWED -> R.string.camera_not_allowed
            CameraFault.NO_CAMERA -> R.string.camera_none
            CameraFault.UNAVAILABLE -> R.string.camera_unavailable
        }
        say(getText(said))
    }

    /** Some phones have no sound to give. */
    private fun tones(): ToneGenerator? = try {
        ToneGenerator(AudioManager.STREAM_NOTIFICATION, ToneGenerator.MAX_VOLUME)
    } catch (_: RuntimeException) {
        null
    }

    /** A frame that does not fit its buffer says something about the phone, and not about the box. */
    protected fun reading(read: () -> Unit) {
        try {
            read()
        } catch (failure: CrewException) {
            later { say(texts.of(failure)) }
        } catch (_: IllegalStateException) {
            // The session was closed with the screen while this frame was on its way.
        }
    }

    private companion object {
        const val YES_MILLIS = 80
        const val NO_MILLIS = 400
    }
}
