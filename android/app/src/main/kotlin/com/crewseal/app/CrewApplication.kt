package com.crewseal.app

import android.app.Application
import com.crewseal.Label
import com.crewseal.android.Phone
import com.crewseal.android.SyncService

class CrewApplication : Application() {
    /** Scanned boxes on their way from one screen to the next: labels do not travel through the system. */
    var draft: List<Label> = emptyList()

    override fun onCreate() {
        super.onCreate()
        Phone.of(this)
        SyncService.schedule(this)
    }
}
