/// The core's library, which this code calls and the app is linked with.
public enum Library {
    /// Says whether the library is the one that this code was generated for. Calls that throw
    /// say it, too; one that does not throw would end the process. Call it at the start of the
    /// app.
    ///
    /// - Throws: `LibraryError.otherVersion`: nothing else will work
    public static func check() throws {
        try uniffiEnsureCrewsealFfiInitialized()
    }
}

/// The app was put together wrongly: it cannot use the core, whatever it tries. Report it.
public enum LibraryError: Error {
    /// The library and the Swift in the app are of different versions.
    case otherVersion
}
