package com.crewseal

import java.nio.Buffer
import java.nio.ByteBuffer

/**
 * A picture of the camera, lent to the core for the length of one call.
 *
 * The functions that make one know how the platform's buffers lie, so that nothing has to be
 * remembered: that the core reads a direct buffer from its start whatever its position is, that
 * the last row of a plane may be shorter than its stride, that a plane's pixels may have gaps.
 * A direct buffer is read where it lies; one on the heap is copied once.
 *
 * The buffer must stay as it is until [ScanSession.sight] or [read] returns: close the
 * platform's image after that.
 */
public class Frame private constructor(private val buffer: ByteBuffer, private val shape: Shape) {
    public companion object {
        /**
         * Plane 0 of a `YUV_420_888` image, with the strides that the plane says.
         *
         * @param plane the luma, from its position to its limit
         * @param rotationDegrees how far to turn it clockwise until it is upright: 0, 90, 180, 270
         * @param region which part of the upright picture to look at; all of it if none is given
         */
        @JvmStatic
        @JvmOverloads
        public fun luma(
            plane: ByteBuffer,
            width: Int,
            height: Int,
            rowStride: Int,
            pixelStride: Int = 1,
            rotationDegrees: Int = 0,
            region: Region? = null
        ): Frame {
            val pixels = count("pixelStride", pixelStride)
            return of(plane, pixels, width, height, rowStride, rotationDegrees, region)
        }

        /** One buffer with the luma first: `NV21`, `NV12` or `I420`. */
        @JvmStatic
        @JvmOverloads
        public fun nv21(
            buffer: ByteBuffer,
            width: Int,
            height: Int,
            rowStride: Int = width,
            rotationDegrees: Int = 0,
            region: Region? = null
        ): Frame {
            return of(buffer, null, width, height, rowStride, rotationDegrees, region)
        }

        private fun of(
            buffer: ByteBuffer,
            pixelStride: UInt?,
            width: Int,
            height: Int,
            rowStride: Int,
            rotationDegrees: Int,
            region: Region?
        ): Frame {
            val shape = Shape(
                count("width", width),
                count("height", height),
                count("rowStride", rowStride),
                pixelStride,
                rotationDegrees,
                region
            )
            return Frame(fromItsStart(buffer), shape)
        }

        /** What the core can read: direct, and beginning where the picture begins. */
        private fun fromItsStart(buffer: ByteBuffer): ByteBuffer {
            if (buffer.isDirect) return buffer.slice()
            val copy = ByteBuffer.allocateDirect(buffer.remaining())
            copy.put(buffer.duplicate())
            // As a Buffer: ByteBuffer has no flip of its own on Android 8.
            (copy as Buffer).flip()
            return copy
        }

        private fun count(name: String, value: Int): UInt {
            require(value >= 0) { "$name is negative" }
            return value.toUInt()
        }

        /** As the core takes it: as many as no frame takes, if there is no limit. */
        internal fun budget(millis: Int?): UInt = millis?.let { count("budgetMillis", it) } ?: UInt.MAX_VALUE
    }

    /** Lends what the core wants for one call. */
    internal inline fun <Answer> lend(look: (ByteBuffer, FrameFormat) -> Answer): Answer =
        look(buffer, formatOf(shape))

    /**
     * Reads every QR code in it, ours or not, with every effort: for what another phone shows.
     * For boxes there is [ScanSession.sight]. Takes up to a few tenths of a second.
     *
     * @param budgetMillis ends the reading after so many milliseconds, with what was found by then
     * @throws CrewException.NotAFrame if its numbers do not fit its buffer
     */
    @JvmOverloads
    public fun read(budgetMillis: Int? = null): List<Reading> {
        val budget = budget(budgetMillis)
        return lend { buffer, format -> readFrame(buffer, format, budget) }
    }
}

/** How a picture lies in its buffer; without a pixel stride it is one of `NV21` and its like. */
internal data class Shape(
    val width: UInt,
    val height: UInt,
    val rowStride: UInt,
    val pixelStride: UInt?,
    val rotationDegrees: Int,
    val region: Region?
) {
    fun format(): FrameFormat {
        val whole = if (pixelStride == null) {
            FrameFormat.nv21(width, height, rowStride, rotationDegrees)
        } else {
            FrameFormat.luma(width, height, rowStride, pixelStride, rotationDegrees)
        }
        return if (region == null) whole else whole.use { it.cropped(region) }
    }
}

private val lastFormat = ThreadLocal<Pair<Shape, FrameFormat>>()

/** A camera's pictures are alike until the phone is turned, so the last format of a thread is kept. */
internal fun formatOf(shape: Shape): FrameFormat {
    val last = lastFormat.get()
    if (last?.first == shape) return last.second
    val format = shape.format()
    lastFormat.set(shape to format)
    last?.second?.close()
    return format
}

/**
 * Takes note of every code in a picture, and says of each what it is and where. Call it with every
 * picture of the camera, from the camera's thread, one at a time; it takes no longer than
 * [budgetMillis].
 *
 * @throws CrewException.NotAFrame if the picture's numbers do not fit its buffer
 */
public fun ScanSession.sight(frame: Frame, budgetMillis: Int? = null): List<Sighted> {
    val budget = Frame.budget(budgetMillis)
    return frame.lend { buffer, format -> sightFrame(buffer, format, budget) }
}
