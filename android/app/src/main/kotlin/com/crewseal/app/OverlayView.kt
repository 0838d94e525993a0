package com.crewseal.app

import android.content.Context
import android.graphics.Canvas
import android.graphics.Paint
import android.graphics.Path
import android.util.AttributeSet
import android.view.View
import com.crewseal.Sighted
import com.crewseal.android.Viewfinder

/** Draws round every code in view what it is, over the camera's picture. */
class OverlayView(context: Context, attributes: AttributeSet?) : View(context, attributes) {
    private val density = resources.displayMetrics.density
    private val line = Paint(Paint.ANTI_ALIAS_FLAG).apply {
        style = Paint.Style.STROKE
        strokeWidth = 4 * density
        strokeJoin = Paint.Join.ROUND
    }
    private val words = Paint(Paint.ANTI_ALIAS_FLAG).apply {
        textSize = 20 * density
        isFakeBoldText = true
        setShadowLayer(4 * density, 0f, 0f, 0xFF000000.toInt())
    }
    private val path = Path()
    private var sighted: List<Sighted> = emptyList()
    private var finder: Viewfinder? = null

    fun show(sighted: List<Sighted>, finder: Viewfinder?) {
        this.sighted = sighted
        this.finder = finder
        invalidate()
    }

    override fun onDraw(canvas: Canvas) {
        val finder = finder ?: return
        for (one in sighted) {
            val outline = finder.outline(one.corners)
            val color = context.getColor(colorOf(markOf(one.sighting)))
            line.color = color
            words.color = color
            path.rewind()
            outline.forEachIndexed { at, (x, y) -> if (at == 0) path.moveTo(x, y) else path.lineTo(x, y) }
            path.close()
            canvas.drawPath(path, line)
            val left = outline.minOf { it.x }
            val top = outline.minOf { it.y }
            canvas.drawText(callOutOf(one.sighting), left, top - 6 * density, words)
        }
    }

    private fun colorOf(mark: Mark): Int = when (mark) {
        Mark.COUNTED -> R.color.counted
        Mark.COUNTED_BEFORE -> R.color.counted_before
        Mark.BLANK -> R.color.blank
        Mark.FOREIGN -> R.color.foreign
        Mark.OTHER -> R.color.other
    }
}
