import CryptoKit
import DeviceCheck
import Foundation

/// Asks Apple to attest that this is the app as it was published, on a real phone.
///
/// The attestation's client data hash is SHA-256 of the two public keys, one after the other,
/// so it holds for them and no others. It takes a network; without one there is none, and
/// HQ decides what that is worth.
public final class AppAttest: Sendable {
    private let timeout: DispatchTimeInterval

    /// - Parameter timeout: how long to wait for Apple
    public init(timeout: DispatchTimeInterval = .seconds(20)) {
        self.timeout = timeout
    }

    /// The attestation object, in Apple's form; nil if there is none to be had. It blocks: the
    /// core asks from a thread of its own.
    func attestation(of keys: Data) -> Data? {
        let service = DCAppAttestService.shared
        guard service.isSupported else { return nil }
        let hash = Data(SHA256.hash(data: keys))
        let answer = Answer()
        service.generateKey { name, _ in
            guard let name else { return answer.give(nil) }
            service.attestKey(name, clientDataHash: hash) { object, _ in answer.give(object) }
        }
        return answer.wait(timeout)
    }

    /// What one thread waits for and another gives.
    private final class Answer: @unchecked Sendable {
        private let lock = NSLock()
        private let isGiven = DispatchSemaphore(value: 0)
        private var object: Data?

        func give(_ object: Data?) {
            lock.withLock { self.object = object }
            isGiven.signal()
        }

        func wait(_ timeout: DispatchTimeInterval) -> Data? {
            _ = isGiven.wait(timeout: .now() + timeout)
            return lock.withLock { object }
        }
    }
}
