import Crewseal
import Foundation
import PaperPhone
import Synchronization

/// A vault that tells how long it took itself.
final class TimedVault: KeyVault {
    private let vault = PaperVault()
    private let spent = Atomic<UInt64>(0)

    var nanos: UInt64 { spent.load(ordering: .sequentiallyConsistent) }

    func publicKeys() throws -> PublicKeys { try timed { try vault.publicKeys() } }

    func sign(protection: Protection, message: Data) throws -> Data {
        try timed { try vault.sign(protection: protection, message: message) }
    }

    func attestation() throws -> Data? { try timed { try vault.attestation() } }
    func wrap(key: Data) throws -> Data { try timed { try vault.wrap(key: key) } }
    func unwrap(wrapped: Data) throws -> Data { try timed { try vault.unwrap(wrapped: wrapped) } }
    func beginRotation() throws { try timed { try vault.beginRotation() } }
    func isRotating() throws -> Bool { try timed { try vault.isRotating() } }
    func finishRotation() throws { try timed { try vault.finishRotation() } }
    func erase() throws { try timed { try vault.erase() } }
    func mark() throws -> HighWaterMark? { try timed { try vault.mark() } }
    func raiseMark(mark: HighWaterMark) throws { try timed { try vault.raiseMark(mark: mark) } }

    private func timed<Answer>(_ work: () throws -> Answer) rethrows -> Answer {
        let start = uptime()
        defer { spent.add(uptime() - start, ordering: .sequentiallyConsistent) }
        return try work()
    }
}

/// A vault that answers at once: it reads the public keys from a file, and signs only as long as
/// the process lives that made them. It wraps nothing.
final class KeptVault: KeyVault {
    private let maker: PaperVault?
    private let keys: PublicKeys

    /// The size of a public key.
    private static let key = 65

    init(_ directory: URL) throws {
        let file = directory.appendingPathComponent("public-keys")
        if let bytes = try? Data(contentsOf: file) {
            maker = nil
            keys = PublicKeys(act: bytes.prefix(Self.key), handoff: bytes.suffix(Self.key))
        } else {
            let made = PaperVault()
            maker = made
            keys = try made.publicKeys()
            try (keys.act + keys.handoff).write(to: file)
        }
    }

    func publicKeys() -> PublicKeys { keys }

    func sign(protection: Protection, message: Data) throws -> Data {
        guard let maker else { throw KeyVaultError.Hardware }
        return try maker.sign(protection: protection, message: message)
    }

    func attestation() -> Data? { nil }
    func wrap(key: Data) -> Data { key }
    func unwrap(wrapped: Data) -> Data { wrapped }
    func beginRotation() {}
    func isRotating() -> Bool { false }
    func finishRotation() {}
    func erase() throws { throw KeyVaultError.Hardware }
    func mark() -> HighWaterMark? { nil }
    func raiseMark(mark: HighWaterMark) {}
}
