import Crewseal
import CrewsealPhone
import Foundation
import LocalAuthentication
import Security

/// The phone's keys in the Secure Enclave, and its high-water mark in the keychain.
///
/// * The act key signs once the phone was unlocked after its start, without asking anyone.
/// * The handoff key wants the person there: a face, a finger or the passcode, once in a
///   window. It outlives a new face or finger.
/// * A wrapping key opens the store as the act key signs. It is a key of the Secure Enclave,
///   to which the store's key is encrypted, so it cannot be had without this very phone.
///
/// None of them is in any backup or on another device. The keychain outlives the app: who
/// installs it again opens it with `Crew.startOver`, if its store is gone.
public final class SecureEnclaveVault: KeyVault, @unchecked Sendable {
    private static let actName = "com.crewseal.act"
    private static let handoffName = "com.crewseal.handoff"
    private static let markName = "com.crewseal.mark"
    private static let algorithm = SecKeyAlgorithm.eciesEncryptionCofactorVariableIVX963SHA256AESGCM

    private let reason: String
    private let clock: any Clock
    private let appAttest: AppAttest?

    /// Held while the person is asked: who signs meanwhile waits for the answer and uses it.
    private let asking = NSLock()
    /// What changes is behind this one, which is never held while the person is asked.
    private let lock = NSLock()
    private var presence: Presence
    private var context: LAContext?

    /// - Parameters:
    ///   - reason: what the person reads when he is asked, as "Confirm the handoff"
    ///   - presenceMillis: for how long one confirmation holds, at most 5 minutes; 0 asks
    ///     every time
    ///   - clock: the phone's
    ///   - appAttest: asks Apple to attest the keys; nil does not
    public init(
        reason: String,
        presenceMillis: UInt64 = 60_000,
        clock: any Clock = PhoneClock(),
        appAttest: AppAttest? = AppAttest()
    ) {
        self.reason = reason
        self.clock = clock
        self.appAttest = appAttest
        presence = Presence(windowMillis: presenceMillis)
    }

    /// Ends the window, and the question if one is on the screen: the next handoff asks. Call
    /// it when the app leaves the screen.
    public func forgetPresence() {
        lock.withLock { forget() }
    }

    public func publicKeys() throws -> PublicKeys {
        PublicKeys(
            act: try point(try key(Self.actName) ?? make(Self.actName, flags: .privateKeyUsage)),
            handoff: try point(
                try key(Self.handoffName)
                    ?? make(Self.handoffName, flags: [.privateKeyUsage, .userPresence])
            )
        )
    }

    public func sign(protection: Protection, message: Data) throws -> Data {
        switch protection {
        case .act:
            guard let key = try key(Self.actName) else { throw KeyVaultError.KeyGone }
            return try sign(message, with: key)
        case .handoff:
            return try asking.withLock { try signPresent(message) }
        }
    }

    public func attestation() throws -> Data? {
        let keys = try publicKeys()
        return appAttest?.attestation(of: keys.act + keys.handoff)
    }

    public func wrap(key plain: Data) throws -> Data {
        let keys = try wrappingKeys()
        let number = keys.newest ?? 1
        let name = WrappingKeys.name(number)
        let key = try key(name) ?? make(name, flags: .privateKeyUsage)
        guard let publicKey = SecKeyCopyPublicKey(key) else { throw KeyVaultError.Hardware }
        var error: Unmanaged<CFError>?
        guard
            let sealed = SecKeyCreateEncryptedData(publicKey, Self.algorithm, plain as CFData, &error)
        else { throw Self.failure(error) }
        return Data(WrappingKeys.wrapped([UInt8](sealed as Data), with: number))
    }

    public func unwrap(wrapped: Data) throws -> Data {
        guard
            let (number, sealed) = WrappingKeys.parts([UInt8](wrapped)),
            let key = try key(WrappingKeys.name(number))
        else { throw KeyVaultError.KeyGone }
        var error: Unmanaged<CFError>?
        guard
            let plain = SecKeyCreateDecryptedData(key, Self.algorithm, Data(sealed) as CFData, &error)
        else { throw Self.failure(error) }
        return plain as Data
    }

    public func beginRotation() throws {
        guard let number = try wrappingKeys().next else { return }
        _ = try make(WrappingKeys.name(number), flags: .privateKeyUsage)
    }

    public func isRotating() throws -> Bool {
        try wrappingKeys().isRotating
    }

    public func finishRotation() throws {
        for number in try wrappingKeys().old {
            try delete(Self.keyQuery(WrappingKeys.name(number)))
        }
    }

    public func erase() throws {
        forgetPresence()
        let wrapping = try wrappingKeys().numbers.map(WrappingKeys.name)
        for name in [Self.actName, Self.handoffName] + wrapping {
            try delete(Self.keyQuery(name))
        }
        try delete(Self.markQuery)
    }

    public func mark() throws -> HighWaterMark? {
        var query = Self.markQuery
        query[kSecReturnData] = true
        guard let found = try copy(query) else { return nil }
        guard let data = found as? Data, let mark = MarkBytes.mark([UInt8](data)) else {
            throw KeyVaultError.Hardware
        }
        return mark
    }

    public func raiseMark(mark: HighWaterMark) throws {
        let value: [CFString: Any] = [kSecValueData: Data(MarkBytes.of(mark))]
        var status = SecItemUpdate(Self.markQuery as CFDictionary, value as CFDictionary)
        if status == errSecItemNotFound {
            var item = Self.markQuery.merging(value) { _, new in new }
            item[kSecAttrAccessible] = kSecAttrAccessibleAfterFirstUnlockThisDeviceOnly
            status = SecItemAdd(item as CFDictionary, nil)
        }
        guard status == errSecSuccess else { throw KeychainFailure.error(status: status) }
    }

    /// Signs with the handoff key, and asks the person if it is time.
    private func signPresent(_ message: Data) throws -> Data {
        let now = try clock.sinceBoot().millis
        let (context, isAsked) = lock.withLock { () -> (LAContext, Bool) in
            if let held = self.context, !presence.mustAsk(at: now) { return (held, false) }
            forget()
            let context = LAContext()
            context.localizedReason = reason
            self.context = context
            return (context, true)
        }
        guard let key = try key(Self.handoffName, context: context) else { throw KeyVaultError.KeyGone }
        do {
            let signature = try sign(message, with: key)
            let confirmedAt = try clock.sinceBoot().millis
            lock.withLock {
                // Not if the app left the screen meanwhile.
                if isAsked, self.context === context { presence.confirmed(at: confirmedAt) }
            }
            return signature
        } catch {
            forgetPresence()
            throw error
        }
    }

    private func forget() {
        presence.forget()
        context?.invalidate()
        context = nil
    }

    private func sign(_ message: Data, with key: SecKey) throws -> Data {
        var error: Unmanaged<CFError>?
        let signature = SecKeyCreateSignature(
            key, .ecdsaSignatureMessageX962SHA256, message as CFData, &error
        )
        guard let signature else { throw Self.failure(error) }
        return signature as Data
    }

    /// 0x04, x, y.
    private func point(_ key: SecKey) throws -> Data {
        var error: Unmanaged<CFError>?
        guard let publicKey = SecKeyCopyPublicKey(key) else { throw KeyVaultError.Hardware }
        guard let point = SecKeyCopyExternalRepresentation(publicKey, &error) else {
            throw Self.failure(error)
        }
        return point as Data
    }

    private func make(_ name: String, flags: SecAccessControlCreateFlags) throws -> SecKey {
        var error: Unmanaged<CFError>?
        let access = SecAccessControlCreateWithFlags(
            nil, kSecAttrAccessibleAfterFirstUnlockThisDeviceOnly, flags, &error
        )
        guard let access else { throw Self.failure(error) }
        let properties: [CFString: Any] = [
            kSecAttrIsPermanent: true,
            kSecAttrApplicationTag: Data(name.utf8),
            kSecAttrAccessControl: access,
        ]
        let attributes: [CFString: Any] = [
            kSecAttrKeyType: kSecAttrKeyTypeECSECPrimeRandom,
            kSecAttrKeySizeInBits: 256,
            kSecAttrTokenID: kSecAttrTokenIDSecureEnclave,
            kSecPrivateKeyAttrs: properties,
        ]
        guard let key = SecKeyCreateRandomKey(attributes as CFDictionary, &error) else {
            throw Self.failure(error)
        }
        return key
    }

    private func key(_ name: String, context: LAContext? = nil) throws -> SecKey? {
        var query = Self.keyQuery(name)
        query[kSecReturnRef] = true
        if let context { query[kSecUseAuthenticationContext] = context }
        guard let found = try copy(query) else { return nil }
        // The keychain gives nothing else for this query.
        return (found as! SecKey)
    }

    private func wrappingKeys() throws -> WrappingKeys {
        let query: [CFString: Any] = [
            kSecClass: kSecClassKey,
            kSecAttrTokenID: kSecAttrTokenIDSecureEnclave,
            kSecMatchLimit: kSecMatchLimitAll,
            kSecReturnAttributes: true,
        ]
        let found = try copy(query) as? [[CFString: Any]] ?? []
        let names = found.compactMap { attributes -> String? in
            guard let tag = attributes[kSecAttrApplicationTag] as? Data else { return nil }
            return String(decoding: tag, as: UTF8.self)
        }
        return WrappingKeys(names: names)
    }

    private static func keyQuery(_ name: String) -> [CFString: Any] {
        [
            kSecClass: kSecClassKey,
            kSecAttrApplicationTag: Data(name.utf8),
            kSecAttrTokenID: kSecAttrTokenIDSecureEnclave,
        ]
    }

    private static var markQuery: [CFString: Any] {
        [kSecClass: kSecClassGenericPassword, kSecAttrService: markName]
    }

    /// What the keychain has; nothing, if it has none.
    private func copy(_ query: [CFString: Any]) throws -> CFTypeRef? {
        var found: CFTypeRef?
        let status = SecItemCopyMatching(query as CFDictionary, &found)
        if status == errSecItemNotFound { return nil }
        guard status == errSecSuccess else { throw KeychainFailure.error(status: status) }
        return found
    }

    private func delete(_ query: [CFString: Any]) throws {
        let status = SecItemDelete(query as CFDictionary)
        guard status == errSecSuccess || status == errSecItemNotFound else {
            throw KeychainFailure.error(status: status)
        }
    }

    private static func failure(_ error: Unmanaged<CFError>?) -> KeyVaultError {
        guard let error = error?.takeRetainedValue() else { return .Hardware }
        return KeychainFailure.error(
            domain: CFErrorGetDomain(error) as String, code: CFErrorGetCode(error)
        )
    }
}
