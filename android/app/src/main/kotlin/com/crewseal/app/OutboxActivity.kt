package com.crewseal.app

import android.os.Bundle
import android.widget.ArrayAdapter
import android.widget.Button
import android.widget.ListView
import android.widget.TextView
import com.crewseal.android.Phone

/** What waits for HQ, what HQ refused, and what could not be sent. */
class OutboxActivity : CrewActivity() {
    override fun onCreate(state: Bundle?) {
        super.onCreate(state)
        setContentView(R.layout.outbox)
        findViewById<Button>(R.id.deliver).setOnClickListener { deliver() }
    }

    override fun onResume() {
        super.onResume()
        show()
    }

    private fun show() = act { crew ->
        val status = crew.outbox()
        val connection = Phone.of(this).connectivity.connection()
        findViewById<TextView>(R.id.connection).text = texts.of(connection.textKey())
        findViewById<TextView>(R.id.waiting).text = getString(R.string.waiting, status.waiting.toLong())
        if (status.damaged > 0uL) say(getString(R.string.damaged, status.damaged.toLong()))
        val parked = status.parked.map { texts.of(it.refusal.textKey()) }
        val setAside = status.setAside.map { texts.of(it.why.textKey()) }
        findViewById<ListView>(R.id.parked).adapter = ArrayAdapter(this, R.layout.row, parked + setAside)
    }

    private fun deliver() = act { crew ->
        val delivered = crew.sync()
        say(getString(R.string.delivered, delivered.receipted.toLong()))
        show()
    }
}
