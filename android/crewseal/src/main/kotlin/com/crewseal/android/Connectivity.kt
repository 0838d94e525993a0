package com.crewseal.android

import android.content.Context
import android.net.ConnectivityManager
import android.net.NetworkCapabilities

/** What network there is. */
public enum class Connection {
    /** None, or one that does not reach the internet. */
    OFFLINE,

    /** One that costs by what goes over it. */
    METERED,

    /** One that does not. */
    UNMETERED
}

/**
 * What a network is good for.
 *
 * A network that the system has not validated counts as none, as one behind a page that wants a login
 * does. Bluetooth or a VPN say for themselves what they are.
 */
internal fun connection(hasInternet: Boolean, isValidated: Boolean, isUnmetered: Boolean): Connection = when {
    !hasInternet || !isValidated -> Connection.OFFLINE
    isUnmetered -> Connection.UNMETERED
    else -> Connection.METERED
}

/** Reads the phone's connection from the system, as it is at the moment. */
public class Connectivity(context: Context) {
    private val networks = context.applicationContext.getSystemService(ConnectivityManager::class.java)

    /** How the phone is connected now. It may be called from any thread. */
    public fun now(): Connection {
        val capabilities = networks.activeNetwork?.let(networks::getNetworkCapabilities)
        fun can(capability: Int) = capabilities?.hasCapability(capability) == true
        return connection(
            can(NetworkCapabilities.NET_CAPABILITY_INTERNET),
            can(NetworkCapabilities.NET_CAPABILITY_VALIDATED),
            can(NetworkCapabilities.NET_CAPABILITY_NOT_METERED)
        )
    }
}
