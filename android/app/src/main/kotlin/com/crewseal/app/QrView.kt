package com.crewseal.app

import android.content.Context
import android.graphics.Canvas
import android.graphics.Color
import android.graphics.Paint
import android.util.AttributeSet
import android.view.View
import com.crewseal.QrCode

/** Draws a QR code as large as there is room: dark on light, whatever the theme is. */
class QrView(context: Context, attributes: AttributeSet?) : View(context, attributes) {
    private val dark = Paint().apply { color = Color.BLACK }
    private var code: QrCode? = null

    fun show(code: QrCode?) {
        this.code = code
        visibility = if (code == null) GONE else VISIBLE
        invalidate()
    }

    override fun onDraw(canvas: Canvas) {
        val code = code ?: return
        canvas.drawColor(Color.WHITE)
        val grid = grid(code.size.toInt(), width, height) ?: return
        for (row in 0 until grid.size) {
            for (column in 0 until grid.size) {
                if (code.modules[row * grid.size + column] != DARK) continue
                val (left, top) = grid.left + column * grid.module to grid.top + row * grid.module
                val (right, bottom) = left + grid.module to top + grid.module
                canvas.drawRect(left.toFloat(), top.toFloat(), right.toFloat(), bottom.toFloat(), dark)
            }
        }
    }

    private companion object {
        const val DARK: Byte = 1
    }
}

/** Where a code's modules are in a view: whole pixels, as a camera dislikes edges in between. */
data class Grid(val size: Int, val module: Int, val left: Int, val top: Int)

/** The largest grid with four light modules on each side; none where not even that fits. */
fun grid(size: Int, width: Int, height: Int): Grid? {
    val module = minOf(width, height) / (size + 2 * QUIET)
    if (module < 1) return null
    return Grid(size, module, (width - size * module) / 2, (height - size * module) / 2)
}

private const val QUIET = 4
