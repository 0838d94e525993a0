package com.crewseal.android

import android.content.Context
import android.net.ConnectivityManager
import android.net.NetworkCapabilities
import com.crewseal.Connection
import com.crewseal.NetworkException
import com.crewseal.NetworkState

/**
 * What a network is good for.
 *
 * One that the system has not validated counts all the same: behind a page that wants a login the core
 * says so, which helps more than "offline" does, and an HQ in the house may be reached without the
 * internet.
 */
internal fun connection(hasInternet: Boolean, isUnmetered: Boolean): Connection = when {
    !hasInternet -> Connection.OFFLINE
    isUnmetered -> Connection.UNMETERED
    else -> Connection.METERED
}

/** Reads the phone's connection from the system, as it is at the moment. */
public class Connectivity(context: Context) : NetworkState {
    private val networks = context.applicationContext.getSystemService(ConnectivityManager::class.java)

    override fun connection(): Connection {
        val capabilities = try {
            networks.activeNetwork?.let(networks::getNetworkCapabilities)
        } catch (_: SecurityException) {
            // Some phones throw this when an app asks too often.
            throw NetworkException.Unknown()
        }
        fun can(capability: Int) = capabilities?.hasCapability(capability) == true
        return connection(
            can(NetworkCapabilities.NET_CAPABILITY_INTERNET),
            can(NetworkCapabilities.NET_CAPABILITY_NOT_METERED)
        )
    }
}
