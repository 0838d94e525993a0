import Crewseal

/// Why the keychain, the Secure Enclave or the person did not do what was asked, by the
/// domain and the code of Apple's error.
public enum KeychainFailure {
    /// The domain of `OSStatus`: `NSOSStatusErrorDomain`.
    public static let keychain = "NSOSStatusErrorDomain"
    /// The domain of `LAError`.
    public static let presence = "com.apple.LocalAuthentication"
    /// The domain of `TKError`, which the Secure Enclave's keys give.
    public static let token = "CryptoTokenKit"

    /// What the core is told. Whatever is not known here is a failure of this time: keys that
    /// are gone for good cost an enrolment, so that is said only of what means it.
    public static func error(domain: String, code: Int) -> KeyVaultError {
        switch (domain, code) {
        // errSecInteractionNotAllowed: locked, and not unlocked since the start.
        case (keychain, -25308): .Locked
        // errSecItemNotFound.
        case (keychain, -25300): .KeyGone
        // errSecUserCanceled, errSecAuthFailed.
        case (keychain, -128), (keychain, -25293): .Cancelled
        // authenticationFailed, userCancel, userFallback, systemCancel, appCancel.
        case (presence, -1), (presence, -2), (presence, -3), (presence, -4), (presence, -9): .Cancelled
        // notInteractive: nobody can be asked, as in the background.
        case (presence, -1004): .Locked
        // canceledByUser, authenticationFailed.
        case (token, -4), (token, -5): .Cancelled
        // objectNotFound.
        case (token, -6): .KeyGone
        default: .Hardware
        }
    }

    /// The same of an `OSStatus`.
    public static func error(status: Int32) -> KeyVaultError {
        error(domain: keychain, code: Int(status))
    }
}
