import Crewseal
import Foundation
import PaperCrypto
import Synchronization

/// Key hardware made of OpenSSL's cryptography: for tests, as it keeps nothing.
package final class PaperVault: KeyVault {
    private struct Keys {
        var act = Pair()
        var handoff = Pair()
        /// The newest wrapping key, and during a rotation the one before it.
        var wrapping = [random(32)]
        var mark: HighWaterMark?
    }

    private struct Behaviour {
        var failure: (any Error)?
        var before: @Sendable () -> Void = {}
    }

    private let keys = Mutex(Keys())
    private let behaviour = Mutex(Behaviour())

    package init() {}

    /// What it throws from now on, whatever it is asked; nothing, if this is nil.
    package func fail(with failure: (any Error)?) {
        behaviour.withLock { $0.failure = failure }
    }

    /// What it does from now on before it answers.
    package func before(_ work: @escaping @Sendable () -> Void) {
        behaviour.withLock { $0.before = work }
    }

    package func publicKeys() throws -> PublicKeys {
        try answer { PublicKeys(act: try $0.act.point(), handoff: try $0.handoff.point()) }
    }

    package func sign(protection: Protection, message: Data) throws -> Data {
        try answer { try (protection == .act ? $0.act : $0.handoff).sign(message) }
    }

    package func attestation() throws -> Data? {
        try answer { _ in nil }
    }

    package func wrap(key: Data) throws -> Data {
        try answer { keys in
            guard key.count == 32 else { throw KeyVaultError.Hardware }
            let nonce = random(12)
            var sealed = [UInt8](repeating: 0, count: 48)
            guard paper_seal(keys.wrapping[0], nonce, [UInt8](key), &sealed) == 1 else {
                throw KeyVaultError.Hardware
            }
            return Data(nonce + sealed)
        }
    }

    package func unwrap(wrapped: Data) throws -> Data {
        try answer { keys in
            let bytes = [UInt8](wrapped)
            guard bytes.count == 60 else { throw KeyVaultError.KeyGone }
            var plain = [UInt8](repeating: 0, count: 32)
            for key in keys.wrapping
            where paper_unseal(key, Array(bytes[..<12]), Array(bytes[12...]), &plain) == 1 {
                return Data(plain)
            }
            throw KeyVaultError.KeyGone
        }
    }

    package func beginRotation() throws {
        try answer { if $0.wrapping.count == 1 { $0.wrapping.insert(random(32), at: 0) } }
    }

    package func isRotating() throws -> Bool {
        try answer { $0.wrapping.count > 1 }
    }

    package func finishRotation() throws {
        try answer { $0.wrapping = [$0.wrapping[0]] }
    }

    package func erase() throws {
        try answer { $0 = Keys() }
    }

    package func mark() throws -> HighWaterMark? {
        try answer { $0.mark }
    }

    package func raiseMark(mark: HighWaterMark) throws {
        try answer { $0.mark = mark }
    }

    private func answer<Answer: Sendable>(_ work: (inout sending Keys) throws -> sending Answer) throws -> Answer {
        let (before, failure) = behaviour.withLock { ($0.before, $0.failure) }
        before()
        if let failure { throw failure }
        return try keys.withLock(work)
    }
}

/// A key pair of P-256.
private final class Pair: @unchecked Sendable {
    // OpenSSL's keys are only read once they are made.
    private let pair: UnsafeMutableRawPointer

    init() {
        pair = paper_pair()!
    }

    deinit {
        paper_pair_free(pair)
    }

    func point() throws -> Data {
        var point = [UInt8](repeating: 0, count: 65)
        guard paper_point(pair, &point) == 1 else { throw KeyVaultError.Hardware }
        return Data(point)
    }

    func sign(_ message: Data) throws -> Data {
        var signature = [UInt8](repeating: 0, count: 80)
        var size = signature.count
        let bytes = [UInt8](message)
        guard paper_sign(pair, bytes, bytes.count, &signature, &size) == 1 else {
            throw KeyVaultError.Hardware
        }
        return Data(signature[..<size])
    }
}

private func random(_ size: Int) -> [UInt8] {
    var random = SystemRandomNumberGenerator()
    return (0..<size).map { _ in UInt8.random(in: .min ... .max, using: &random) }
}

/// The computer's own clocks.
package final class SystemClock: Clock {
    private let boot = UInt32.random(in: .min ... .max)

    package init() {}

    package func now() throws -> UInt64 {
        UInt64(Date().timeIntervalSince1970)
    }

    package func sinceBoot() throws -> SinceBoot {
        SinceBoot(boot: boot, millis: DispatchTime.now().uptimeNanoseconds / 1_000_000)
    }
}
