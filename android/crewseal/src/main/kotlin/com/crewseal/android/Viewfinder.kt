package com.crewseal.android

import com.crewseal.Corners
import com.crewseal.Point
import kotlin.math.max
import kotlin.math.min

/** A place on the screen, in pixels of the view. */
public data class Place(val x: Float, val y: Float)

/**
 * How a camera's picture lies in the view that shows it, so that what is drawn over it fits.
 *
 * The core gives places of the upright picture. The picture is as wide as the sensor's is high while
 * the phone is held upright, it is scaled to the view, and where it does not fit either its edges are
 * cut off or the view's edges stay empty.
 *
 * @param bufferWidth the width of the picture as the sensor gives it
 * @param bufferHeight its height
 * @param rotationDegrees how far it must be turned clockwise to be upright: 0, 90, 180 or 270
 * @param fills whether the picture covers the whole view; otherwise the whole picture is shown
 */
public class Viewfinder(
    bufferWidth: Int,
    bufferHeight: Int,
    rotationDegrees: Int,
    private val viewWidth: Int,
    private val viewHeight: Int,
    fills: Boolean = true
) {
    private val isTurned = rotationDegrees % 180 != 0

    /** The width of the upright picture. */
    public val uprightWidth: Int = if (isTurned) bufferHeight else bufferWidth

    /** The height of the upright picture. */
    public val uprightHeight: Int = if (isTurned) bufferWidth else bufferHeight

    /** How many pixels of the view one of the picture takes. */
    public val scale: Float

    /** How far the picture's left edge is from the view's; negative if it is cut off. */
    public val left: Float

    /** How far the picture's upper edge is from the view's. */
    public val top: Float

    init {
        require(rotationDegrees in listOf(0, 90, 180, 270)) { "no quarter turn: $rotationDegrees" }
        require(bufferWidth > 0 && bufferHeight > 0) { "an empty picture" }
        require(viewWidth > 0 && viewHeight > 0) { "an empty view" }
        val across = viewWidth.toFloat() / uprightWidth
        val down = viewHeight.toFloat() / uprightHeight
        scale = if (fills) max(across, down) else min(across, down)
        left = (viewWidth - uprightWidth * scale) / 2
        top = (viewHeight - uprightHeight * scale) / 2
    }

    /** Where a place of the upright picture is in the view. */
    public fun place(point: Point): Place = Place(left + point.x * scale, top + point.y * scale)

    /**
     * A `TextureView` shows the picture upright for the phone's natural position, whatever the screen's
     * is, and stretched to the view. This takes both back.
     *
     * @param display how the screen is turned from its natural position, in degrees
     */
    public fun texture(display: Int): TextureFit {
        val isAcross = display % 180 != 0
        val naturalWidth = if (isAcross) uprightHeight else uprightWidth
        val naturalHeight = if (isAcross) uprightWidth else uprightHeight
        val (scaleX, scaleY) = naturalWidth * scale / viewWidth to naturalHeight * scale / viewHeight
        return TextureFit(scaleX, scaleY, -display.toFloat())
    }

    /** Where a code is in the view, as its corners go round. */
    public fun outline(corners: Corners): List<Place> =
        listOf(corners.topLeft, corners.topRight, corners.bottomRight, corners.bottomLeft).map(::place)
}

/**
 * How to bend what a `TextureView` shows into a [Viewfinder]: first scale, then turn, both about the
 * middle of the view.
 */
public data class TextureFit(val scaleX: Float, val scaleY: Float, val degrees: Float)

/**
 * How far a picture of the back camera must be turned clockwise to be upright.
 *
 * @param sensor how the sensor is built in: `SENSOR_ORIENTATION`
 * @param display how the screen is turned from its natural position, in degrees
 */
public fun uprightRotation(sensor: Int, display: Int): Int = Math.floorMod(sensor - display, 360)

/**
 * The size to ask the camera for: the largest that is no more than Full HD in either direction, of
 * which a label two metres away has pixels enough; if all are larger, the smallest.
 */
internal fun chosenSize(sizes: List<Pair<Int, Int>>): Pair<Int, Int>? {
    val pixels = compareBy<Pair<Int, Int>> { (width, height) -> width.toLong() * height }
    val fitting = sizes.filter { (width, height) -> max(width, height) <= 1920 && min(width, height) <= 1080 }
    return fitting.maxWithOrNull(pixels) ?: sizes.minWithOrNull(pixels)
}
