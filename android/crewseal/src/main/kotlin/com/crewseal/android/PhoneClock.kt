package com.crewseal.android

import android.content.ContentResolver
import android.content.Context
import android.os.SystemClock
import android.provider.Settings
import com.crewseal.Clock
import com.crewseal.ClockException
import com.crewseal.SinceBoot
import java.io.File
import java.io.IOException
import java.nio.ByteBuffer
import java.security.SecureRandom

/** The phone's clocks. Times since the start compare within one start only, which has a random number. */
public class PhoneClock internal constructor(
    file: File,
    private val bootCount: () -> Int?,
    private val millisSinceBoot: () -> Long
) : Clock {
    public constructor(context: Context) : this(
        File(context.noBackupFilesDir, "crewseal-keys/boot"),
        { bootCount(context.applicationContext.contentResolver) },
        SystemClock::elapsedRealtime
    )

    private val file = DurableFile(file)

    /** The number of this start: a process does not outlive one. */
    private var boot: UInt? = null

    override fun now(): ULong = (System.currentTimeMillis() / 1000).coerceAtLeast(0).toULong()

    override fun sinceBoot(): SinceBoot = SinceBoot(bootNumber(), millisSinceBoot().toULong())

    @Synchronized
    private fun bootNumber(): UInt {
        boot?.let { return it }
        val count = bootCount() ?: throw ClockException.Failed()
        try {
            return (kept(count) ?: drawn(count)).also { boot = it }
        } catch (_: IOException) {
            throw ClockException.Failed()
        }
    }

    /** The number that was drawn in this start of the phone, by an earlier process. */
    private fun kept(count: Int): UInt? {
        // A file that is damaged was drawn in some other start, as far as anybody can tell.
        val bytes = try {
            file.read()
        } catch (_: IOException) {
            null
        }
        if (bytes == null || bytes.size != SIZE) return null
        val kept = ByteBuffer.wrap(bytes)
        return if (kept.int == count) kept.int.toUInt() else null
    }

    private fun drawn(count: Int): UInt {
        val number = SecureRandom().nextInt()
        file.write(ByteBuffer.allocate(SIZE).putInt(count).putInt(number).array())
        return number.toUInt()
    }

    private companion object {
        const val SIZE = 2 * Int.SIZE_BYTES

        /** How often the phone was started; null where the system does not say. */
        fun bootCount(settings: ContentResolver): Int? =
            Settings.Global.getInt(settings, Settings.Global.BOOT_COUNT, -1).takeIf { it >= 0 }
    }
}
