package com.crewseal.android

import com.crewseal.Corners
import com.crewseal.Point
import kotlin.math.cos
import kotlin.math.sin
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertNull
import org.junit.jupiter.api.Test
import org.junit.jupiter.api.assertThrows

class ViewfinderTest {
    private fun assertAt(x: Double, y: Double, place: Place) {
        assertEquals(x, place.x.toDouble(), 0.01)
        assertEquals(y, place.y.toDouble(), 0.01)
    }

    @Test
    fun `a picture that covers the view loses its edges`() {
        // 1080 x 1920 upright, in a view of half the height.
        val finder = Viewfinder(1920, 1080, 90, 1080, 960)
        assertEquals(1080 to 1920, finder.uprightWidth to finder.uprightHeight)
        assertAt(0.0, -480.0, finder.place(Point(0f, 0f)))
        assertAt(540.0, 480.0, finder.place(Point(540f, 960f)))
        assertAt(1080.0, 1440.0, finder.place(Point(1080f, 1920f)))
    }

    @Test
    fun `a picture that is shown whole leaves edges empty`() {
        val finder = Viewfinder(1920, 1080, 0, 1080, 960, fills = false)
        assertAt(0.0, 176.25, finder.place(Point(0f, 0f)))
        assertAt(1080.0, 783.75, finder.place(Point(1920f, 1080f)))
    }

    @Test
    fun `a code's outline goes round as its corners do`() {
        val finder = Viewfinder(200, 100, 180, 400, 200)
        val corners = Corners(Point(10f, 20f), Point(30f, 20f), Point(30f, 40f), Point(10f, 40f))
        val expected = listOf(Place(20f, 40f), Place(60f, 40f), Place(60f, 80f), Place(20f, 80f))
        assertEquals(expected, finder.outline(corners))
    }

    @Test
    fun `the sensor's and the screen's turn make the picture's`() {
        assertEquals(90, uprightRotation(sensor = 90, display = 0))
        assertEquals(0, uprightRotation(sensor = 90, display = 90))
        assertEquals(270, uprightRotation(sensor = 90, display = 180))
        assertEquals(180, uprightRotation(sensor = 90, display = 270))
        assertEquals(0, uprightRotation(sensor = 270, display = 270))
    }

    /**
     * What the camera sees at a place goes two ways onto the screen: as a picture, through the texture,
     * and as a code that was read, through the overlay. They must meet, however the phone is held.
     */
    @Test
    fun `the overlay lies where the picture is`() {
        val (width, height) = 1920 to 1080
        for (sensor in listOf(0, 90, 180, 270)) {
            for (display in listOf(0, 90, 180, 270)) {
                for (fills in listOf(true, false)) {
                    for ((viewWidth, viewHeight) in listOf(1080 to 2100, 2100 to 1080, 500 to 500)) {
                        val rotation = uprightRotation(sensor, display)
                        val finder = Viewfinder(width, height, rotation, viewWidth, viewHeight, fills)
                        for ((x, y) in listOf(0.0 to 0.0, 1920.0 to 0.0, 300.0 to 700.0)) {
                            val (uprightX, uprightY) = turned(x, y, width, height, rotation)
                            val overlay = finder.place(Point(uprightX.toFloat(), uprightY.toFloat()))
                            val (naturalX, naturalY) = turned(x, y, width, height, sensor)
                            val isAcross = sensor % 180 != 0
                            val across = viewWidth / (if (isAcross) height else width).toDouble()
                            val down = viewHeight / (if (isAcross) width else height).toDouble()
                            val fit = finder.texture(display)
                            val (shownX, shownY) =
                                fitted(naturalX * across, naturalY * down, viewWidth, viewHeight, fit)
                            assertEquals(shownX, overlay.x.toDouble(), 0.1, "$sensor $display $fills")
                            assertEquals(shownY, overlay.y.toDouble(), 0.1, "$sensor $display $fills")
                        }
                    }
                }
            }
        }
    }

    /** Where a place of a picture comes to be when the picture is turned clockwise. */
    private fun turned(x: Double, y: Double, width: Int, height: Int, degrees: Int) = when (degrees) {
        90 -> height - y to x
        180 -> width - x to height - y
        270 -> y to width - x
        else -> x to y
    }

    private fun fitted(x: Double, y: Double, width: Int, height: Int, fit: TextureFit): Pair<Double, Double> {
        val (right, below) = (x - width / 2.0) * fit.scaleX to (y - height / 2.0) * fit.scaleY
        val angle = Math.toRadians(fit.degrees.toDouble())
        val turnedX = right * cos(angle) - below * sin(angle)
        val turnedY = right * sin(angle) + below * cos(angle)
        return turnedX + width / 2.0 to turnedY + height / 2.0
    }

    @Test
    fun `what cannot be a picture is refused`() {
        assertThrows<IllegalArgumentException> { Viewfinder(0, 10, 0, 10, 10) }
        assertThrows<IllegalArgumentException> { Viewfinder(10, 10, 45, 10, 10) }
        assertThrows<IllegalArgumentException> { Viewfinder(10, 10, 0, 0, 10) }
    }

    @Test
    fun `the camera is asked for Full HD or what comes closest`() {
        val all = listOf(4032 to 3024, 640 to 480, 1920 to 1080, 1280 to 720, 1920 to 1440)
        assertEquals(1920 to 1080, chosenSize(all))
        assertEquals(1280 to 720, chosenSize(all - (1920 to 1080)))
        assertEquals(4032 to 3024, chosenSize(listOf(4032 to 3024, 8000 to 6000)))
        assertEquals(1080 to 1920, chosenSize(listOf(1080 to 1920, 1200 to 1920)))
        assertNull(chosenSize(emptyList()))
    }
}
