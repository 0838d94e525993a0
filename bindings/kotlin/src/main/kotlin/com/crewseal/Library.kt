package com.crewseal

import com.sun.jna.Callback
import com.sun.jna.CallbackThreadInitializer
import com.sun.jna.Native
import com.sun.jna.NativeLibrary

/**
 * The core's library, `libcrewseal_ffi.so`, which this code calls.
 *
 * Call [load] before anything else, at the start of the app. Without it everything works, but a
 * library that does not fit ends in some error of the linker wherever it is used first.
 */
public object Library {
    /**
     * Loads it, and says whether it is the one that this code was generated for. It may be called
     * again, from anywhere; it takes some tens of milliseconds the first time.
     *
     * @throws LibraryException if the app was put together wrongly: nothing else will work
     */
    @Throws(LibraryException::class)
    public fun load() {
        try {
            loaded()
        } catch (error: UnsatisfiedLinkError) {
            throw LibraryException.Missing(error)
        }
        try {
            uniffiEnsureInitialized()
        } catch (error: LinkageError) {
            // What UniFFI finds, or what the library lacks; after the first time only that it failed.
            throw LibraryException.OtherVersion(error)
        }
    }
}

private fun loaded(): NativeLibrary = NativeLibrary.getInstance(
    System.getProperty("uniffi.component.crewseal.libraryOverride") ?: "crewseal_ffi"
)

/**
 * What a function without arguments returns. The generated code calls so those that say of which
 * version the library is: each is called once, and to register it takes longer.
 */
internal fun calledByName(function: String): Int = loaded().getFunction(function).invokeInt(emptyArray())

/**
 * A thread of the core's that calls the app becomes one of Java's at its first call and stays one
 * until it ends. By default it would become one at every call, which costs more than the call. JNA
 * wants to know it before the callbacks are handed over, so the generated code calls this.
 */
internal fun keepThreads() {
    val keep = CallbackThreadInitializer(true, false, "crewseal")
    val calledByTheCore: List<Callback> = listOf(
        uniffiRustFutureContinuationCallbackImpl,
        uniffiCallbackInterfaceClock.now,
        uniffiCallbackInterfaceClock.sinceBoot,
        uniffiCallbackInterfaceClock.uniffiClone,
        uniffiCallbackInterfaceClock.uniffiFree,
        uniffiCallbackInterfaceKeyVault.publicKeys,
        uniffiCallbackInterfaceKeyVault.sign,
        uniffiCallbackInterfaceKeyVault.attestation,
        uniffiCallbackInterfaceKeyVault.wrap,
        uniffiCallbackInterfaceKeyVault.unwrap,
        uniffiCallbackInterfaceKeyVault.beginRotation,
        uniffiCallbackInterfaceKeyVault.isRotating,
        uniffiCallbackInterfaceKeyVault.finishRotation,
        uniffiCallbackInterfaceKeyVault.erase,
        uniffiCallbackInterfaceKeyVault.mark,
        uniffiCallbackInterfaceKeyVault.raiseMark,
        uniffiCallbackInterfaceKeyVault.uniffiClone,
        uniffiCallbackInterfaceKeyVault.uniffiFree,
        uniffiCallbackInterfaceNetworkState.connection,
        uniffiCallbackInterfaceNetworkState.uniffiClone,
        uniffiCallbackInterfaceNetworkState.uniffiFree,
        uniffiCallbackInterfaceObserver.tallyChanged,
        uniffiCallbackInterfaceObserver.syncProgressed,
        uniffiCallbackInterfaceObserver.alarmed,
        uniffiCallbackInterfaceObserver.uniffiClone,
        uniffiCallbackInterfaceObserver.uniffiFree
    )
    calledByTheCore.forEach { Native.setCallbackThreadInitializer(it, keep) }
}

/** The app was put together wrongly: it cannot use the core, whatever it tries. Report it. */
public sealed class LibraryException(message: String, cause: Throwable) : Exception(message, cause) {
    /** There is no library for this processor in the app. */
    public class Missing internal constructor(cause: Throwable) :
        LibraryException("libcrewseal_ffi is not in this app", cause)

    /** The library and the Kotlin in the app are of different versions. */
    public class OtherVersion internal constructor(cause: Throwable) :
        LibraryException("libcrewseal_ffi is of another version than the Kotlin that calls it", cause)
}
