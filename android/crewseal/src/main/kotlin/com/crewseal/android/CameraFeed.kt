package com.crewseal.android

import android.Manifest
import android.annotation.SuppressLint
import android.content.Context
import android.content.pm.PackageManager
import android.graphics.ImageFormat
import android.graphics.SurfaceTexture
import android.hardware.camera2.CameraAccessException
import android.hardware.camera2.CameraCaptureSession
import android.hardware.camera2.CameraCharacteristics
import android.hardware.camera2.CameraDevice
import android.hardware.camera2.CameraManager
import android.hardware.camera2.CameraMetadata
import android.hardware.camera2.CaptureRequest
import android.media.Image
import android.media.ImageReader
import android.os.Handler
import android.os.HandlerThread
import android.view.Surface
import com.crewseal.Frame
import kotlin.concurrent.thread

/** Why there are no pictures. */
public enum class CameraFault {
    /** The person did not allow it, or a rule of the company forbids it. */
    NOT_ALLOWED,

    /** There is no camera at the back that gives pictures of a kind that can be read. */
    NO_CAMERA,

    /** Another app has it, or it failed: try again. */
    UNAVAILABLE
}

/**
 * The back camera: shows what it sees on a surface and gives each frame to `onFrame`, on a thread of its
 * own, one at a time. While one is being read the camera goes on, and of the frames that came meanwhile
 * the newest is next.
 *
 * @param onFrame reads a frame, which is the camera's again when it returns. An exception that it throws
 * is the app's fault and ends the app, as on any thread
 * @param onFault is told, on the camera's thread, why there are no more pictures; the feed is closed then
 */
public class CameraFeed(
    context: Context,
    private val onFrame: (Frame) -> Unit,
    private val onFault: (CameraFault) -> Unit
) : AutoCloseable {
    private val context = context.applicationContext
    private val cameras = context.getSystemService(CameraManager::class.java)
    private val frames = Newest<Image>()

    // What follows belongs to the camera's thread.
    private val cameraThread = HandlerThread("crewseal-camera").apply { start() }
    private val handler = Handler(cameraThread.looper)
    private var reader: ImageReader? = null
    private var camera: CameraDevice? = null
    private var session: CameraCaptureSession? = null
    private var request: CaptureRequest.Builder? = null
    private var preview: Surface? = null
    private var isClosed = false

    /** What the camera is like; null if there is none at the back that serves. */
    public val view: View? = try {
        found()
    } catch (_: CameraAccessException) {
        null
    }

    /** How far a frame must be turned to be upright; set it when the screen is turned. */
    @Volatile
    public var rotationDegrees: Int = view?.sensorOrientation ?: 0

    /** A camera: its frames' size as the sensor gives them, and how the sensor is built in. */
    public class View internal constructor(
        internal val id: String,
        public val width: Int,
        public val height: Int,
        public val sensorOrientation: Int,
        public val hasTorch: Boolean,
        internal val follows: Boolean
    )

    /** Opens the camera and shows its pictures on a texture. */
    public fun start(texture: SurfaceTexture) {
        handler.post { open(texture) }
    }

    /** The light beside the lens. */
    public fun light(isOn: Boolean) {
        handler.post {
            val mode = if (isOn) CameraMetadata.FLASH_MODE_TORCH else CameraMetadata.FLASH_MODE_OFF
            request?.set(CaptureRequest.FLASH_MODE, mode)
            repeatRequest()
        }
    }

    /** Gives the camera back. Frames that wait are dropped. */
    override fun close() {
        handler.post {
            frames.close()
            release()
        }
    }

    /** Reads frames until the feed is closed. Only then may their memory go, of which one is being read. */
    private fun read(reader: ImageReader) {
        reader.use {
            while (true) {
                frames.take()?.use { image -> onFrame(frame(image)) } ?: return
            }
        }
    }

    private fun frame(image: Image): Frame {
        val luma = image.planes[0]
        return Frame.luma(
            luma.buffer,
            image.width,
            image.height,
            luma.rowStride,
            luma.pixelStride,
            rotationDegrees
        )
    }

    private fun found(): View? = cameras.cameraIdList.firstNotNullOfOrNull { id ->
        val camera = cameras.getCameraCharacteristics(id)
        val isAtTheBack = camera[CameraCharacteristics.LENS_FACING] == CameraMetadata.LENS_FACING_BACK
        val sizes = camera[CameraCharacteristics.SCALER_STREAM_CONFIGURATION_MAP]
            ?.getOutputSizes(ImageFormat.YUV_420_888).orEmpty().map { it.width to it.height }
        val size = chosenSize(sizes)
        if (!isAtTheBack || size == null) return@firstNotNullOfOrNull null
        val focus = camera[CameraCharacteristics.CONTROL_AF_AVAILABLE_MODES] ?: IntArray(0)
        View(
            id,
            size.first,
            size.second,
            camera[CameraCharacteristics.SENSOR_ORIENTATION] ?: 0,
            camera[CameraCharacteristics.FLASH_INFO_AVAILABLE] == true,
            CameraMetadata.CONTROL_AF_MODE_CONTINUOUS_PICTURE in focus
        )
    }

    // Whether it is allowed is asked right before.
    @SuppressLint("MissingPermission")
    private fun open(texture: SurfaceTexture) {
        if (isClosed) return
        val allowed = context.checkSelfPermission(Manifest.permission.CAMERA)
        val view = view
        if (allowed != PackageManager.PERMISSION_GRANTED) return fail(CameraFault.NOT_ALLOWED)
        if (view == null) return fail(CameraFault.NO_CAMERA)
        texture.setDefaultBufferSize(view.width, view.height)
        preview = Surface(texture)
        val reader = ImageReader.newInstance(view.width, view.height, ImageFormat.YUV_420_888, HELD)
        reader.setOnImageAvailableListener(::newest, handler)
        thread(name = "crewseal-frames", isDaemon = true) { read(reader) }
        this.reader = reader
        trying { cameras.openCamera(view.id, Opened(), handler) }
    }

    private fun newest(reader: ImageReader) {
        if (!isClosed) reader.acquireLatestImage()?.let(frames::offer)
    }

    private inner class Opened : CameraDevice.StateCallback() {
        override fun onOpened(opened: CameraDevice) {
            camera = opened
            if (isClosed) release() else trying { capture(opened) }
        }

        override fun onDisconnected(opened: CameraDevice) {
            camera = opened
            fail(CameraFault.UNAVAILABLE)
        }

        override fun onError(opened: CameraDevice, code: Int) {
            camera = opened
            val isForbidden = code == ERROR_CAMERA_DISABLED
            fail(if (isForbidden) CameraFault.NOT_ALLOWED else CameraFault.UNAVAILABLE)
        }
    }

    private fun capture(camera: CameraDevice) {
        val targets = listOfNotNull(preview, reader?.surface)
        request = camera.createCaptureRequest(CameraDevice.TEMPLATE_PREVIEW).apply {
            targets.forEach(::addTarget)
            if (view?.follows == true) {
                set(CaptureRequest.CONTROL_AF_MODE, CameraMetadata.CONTROL_AF_MODE_CONTINUOUS_PICTURE)
            }
        }
        val configured = object : CameraCaptureSession.StateCallback() {
            override fun onConfigured(configured: CameraCaptureSession) {
                session = configured
                repeatRequest()
            }

            override fun onConfigureFailed(configured: CameraCaptureSession) = fail(CameraFault.UNAVAILABLE)
        }
        @Suppress("DEPRECATION") // Its successor is not on Android 8.
        camera.createCaptureSession(targets, configured, handler)
    }

    private fun repeatRequest() {
        val (session, request) = (session ?: return) to (request ?: return)
        trying { session.setRepeatingRequest(request.build(), null, handler) }
    }

    /** The system may take the camera away between any two lines. */
    private fun trying(work: () -> Unit) {
        try {
            work()
        } catch (_: CameraAccessException) {
            fail(CameraFault.UNAVAILABLE)
        } catch (_: IllegalStateException) {
            fail(CameraFault.UNAVAILABLE)
        } catch (_: SecurityException) {
            fail(CameraFault.NOT_ALLOWED)
        }
    }

    private fun fail(fault: CameraFault) {
        if (isClosed) return release()
        frames.close()
        release()
        onFault(fault)
    }

    private fun release() {
        isClosed = true
        camera?.close()
        camera = null
        session = null
        request = null
        // The thread that reads closes it.
        reader?.setOnImageAvailableListener(null, null)
        reader = null
        preview?.release()
        preview = null
        // What is under way still ends; nothing new comes.
        cameraThread.quitSafely()
    }

    private companion object {
        /** One is being read, one waits, and the system wants two more to pass over old ones. */
        const val HELD = 4
    }
}
