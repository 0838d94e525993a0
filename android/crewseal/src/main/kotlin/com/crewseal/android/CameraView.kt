package com.crewseal.android

import android.content.Context
import android.graphics.Matrix
import android.graphics.SurfaceTexture
import android.hardware.display.DisplayManager
import android.util.AttributeSet
import android.view.Display
import android.view.TextureView
import com.crewseal.Frame

/**
 * Shows what the back camera sees and has its frames read. It fits the picture to itself, however the
 * phone is held, and lets go of the camera when it is not shown any more.
 */
public class CameraView @JvmOverloads constructor(context: Context, attributes: AttributeSet? = null) :
    TextureView(context, attributes),
    TextureView.SurfaceTextureListener {
    private class Wanted(val onFault: (CameraFault) -> Unit, val onFrame: (Frame) -> Unit)

    private var wanted: Wanted? = null
    private var feed: CameraFeed? = null

    /** How the picture lies in this view, for what is drawn over it; null while there is none. */
    public var finder: Viewfinder? = null
        private set

    init {
        surfaceTextureListener = this
    }

    /**
     * Opens the camera, now or as soon as there is something to show it on. It is open already: nothing
     * changes.
     *
     * @param onFault is told on the main thread why there are no pictures; open it again then
     * @param onFrame reads a frame, on the camera's thread
     * @see CameraFeed
     */
    public fun open(onFault: (CameraFault) -> Unit = {}, onFrame: (Frame) -> Unit) {
        if (wanted != null) return
        wanted = Wanted(onFault, onFrame)
        start()
    }

    /** Gives the camera back. Do it in `onPause` at the latest: other apps want it, too. */
    public fun close() {
        wanted = null
        stop()
    }

    /** The light beside the lens. */
    public fun light(isOn: Boolean) {
        feed?.light(isOn)
    }

    private fun start() {
        val (wanted, texture) = (wanted ?: return) to (surfaceTexture ?: return)
        if (feed != null) return
        val opened = CameraFeed(context, wanted.onFrame) { fault -> post { failed(wanted, fault) } }
        feed = opened
        opened.start(texture)
        fit()
    }

    private fun stop() {
        feed?.close()
        feed = null
        finder = null
    }

    private fun failed(of: Wanted, fault: CameraFault) {
        // It was closed meanwhile.
        if (wanted !== of) return
        close()
        of.onFault(fault)
    }

    private fun fit() {
        val feed = feed ?: return
        val camera = feed.view ?: return
        if (width == 0 || height == 0) return
        val turn = turnOfScreen()
        feed.rotationDegrees = uprightRotation(camera.sensorOrientation, turn)
        val finder = Viewfinder(camera.width, camera.height, feed.rotationDegrees, width, height)
        this.finder = finder
        val fit = finder.texture(turn)
        val matrix = Matrix()
        matrix.setScale(fit.scaleX, fit.scaleY, width / 2f, height / 2f)
        matrix.postRotate(fit.degrees, width / 2f, height / 2f)
        setTransform(matrix)
    }

    private fun turnOfScreen(): Int {
        val screens = context.getSystemService(DisplayManager::class.java)
        return QUARTER * (screens.getDisplay(Display.DEFAULT_DISPLAY)?.rotation ?: 0)
    }

    override fun onSurfaceTextureAvailable(texture: SurfaceTexture, width: Int, height: Int): Unit = start()

    override fun onSurfaceTextureSizeChanged(texture: SurfaceTexture, width: Int, height: Int): Unit = fit()

    override fun onSurfaceTextureDestroyed(texture: SurfaceTexture): Boolean {
        // What is wanted stays so: shown again, it goes on.
        stop()
        return true
    }

    override fun onSurfaceTextureUpdated(texture: SurfaceTexture): Unit = Unit

    private companion object {
        const val QUARTER = 90
    }
}
