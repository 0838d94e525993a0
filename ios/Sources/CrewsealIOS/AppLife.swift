import CrewsealPhone
import Foundation
import UIKit

/// Closes the store when the app leaves the screen, before the system suspends the app, and
/// opens it when it comes back. Keep one for as long as the phone is open.
@MainActor
public final class AppLife {
    private let wakefulness: Wakefulness
    private let vault: SecureEnclaveVault?
    private var tokens: [any NSObjectProtocol] = []

    /// - Parameter vault: whose window of presence ends when the app leaves the screen
    public init(_ wakefulness: Wakefulness, vault: SecureEnclaveVault? = nil) {
        self.wakefulness = wakefulness
        self.vault = vault
        let center = NotificationCenter.default
        tokens = [
            center.addObserver(
                forName: UIApplication.didEnterBackgroundNotification, object: nil, queue: .main
            ) { [weak self] _ in MainActor.assumeIsolated { self?.left() } },
            center.addObserver(
                forName: UIApplication.willEnterForegroundNotification, object: nil, queue: .main
            ) { [weak self] _ in MainActor.assumeIsolated { self?.came() } },
        ]
    }

    /// Stops watching.
    public func end() {
        tokens.forEach(NotificationCenter.default.removeObserver)
        tokens = []
    }

    /// The system gives time until the store is closed, and is told when it is.
    private func left() {
        vault?.forgetPresence()
        let time = Time(name: "crewseal.suspend")
        Task {
            // A store that does not close is tried again the next time.
            try? await wakefulness.end(.screen)
            time.end()
        }
    }

    private func came() {
        // What fails here fails again, and is shown, where the store is used.
        Task { try? await wakefulness.need(.screen) }
    }
}

/// Time in the background that the system lends, given back once.
@MainActor
private final class Time {
    private var id = UIBackgroundTaskIdentifier.invalid

    init(name: String) {
        id = UIApplication.shared.beginBackgroundTask(withName: name) { [weak self] in
            MainActor.assumeIsolated { self?.end() }
        }
    }

    func end() {
        guard id != .invalid else { return }
        UIApplication.shared.endBackgroundTask(id)
        id = .invalid
    }
}
