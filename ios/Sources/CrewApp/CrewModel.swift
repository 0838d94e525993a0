import Crewseal
import CrewsealIOS
import CrewsealPhone
import Foundation
import SwiftUI

/// The phone as the screens see it. Make it in the initialiser of the `App`: what the system
/// may start in the background must be registered before the app has launched.
@MainActor
public final class CrewModel: ObservableObject {
    enum Phase {
        case opening
        case notEnrolled
        case ready
        case failed
    }

    @Published private(set) var phase = Phase.opening
    @Published private(set) var jobs: [JobPack] = []
    @Published private(set) var outbox: OutboxStatus?
    @Published private(set) var isSyncing = false
    /// The invitation that was opened, until the person has compared its fingerprint.
    @Published private(set) var invited: Invited?
    /// For the carrier's paper; nothing once he has it there, or wants it later.
    @Published private(set) var recoveryCode: String?
    /// What a person should read; nothing while all is well.
    @Published var problem: String?
    /// What a person should have read, whoever called what it is about; it stays until then.
    @Published var alarm: String?

    private let opened: PhoneOpening
    private let background: BackgroundSync
    private var life: AppLife?
    private(set) var crew: Crew?

    public init() {
        let opened = PhoneOpening(reason: .app("presence.reason"))
        self.opened = opened
        background = BackgroundSync { try await opened.phone(for: .sync) }
        background.register()
    }

    /// Opens the phone, which takes a moment, or a minute before the first unlock.
    func open() async {
        await attempt {
            let (crew, wakefulness) = try await opened.phone(for: .screen)
            try await wakefulness.need(.screen)
            self.crew = crew
            try crew.observe(observer: Alarms { [weak self] alarm in
                Task { @MainActor in self?.alarm = CrewsealTexts.text(alarm.textKey()) }
            })
            life = AppLife(wakefulness, vault: opened.vault)
            phase = try await crew.isEnrolled() ? .ready : .notEnrolled
            if phase == .ready { recoveryCode = try await crew.recoveryCode() }
            try await refresh()
        }
        if phase == .opening { phase = .failed }
    }

    /// Reads an invitation that HQ sent as a file. Nothing is done by it yet.
    func read(_ invitation: URL) async {
        await attempt {
            let isOurs = invitation.startAccessingSecurityScopedResource()
            defer { if isOurs { invitation.stopAccessingSecurityScopedResource() } }
            let bytes = try Data(contentsOf: invitation)
            invited = Invited(bytes: bytes, fingerprint: try readInvitation(invitation: bytes).fingerprint)
        }
    }

    /// The fingerprint is another one than HQ's.
    func refuse() {
        invited = nil
    }

    /// The fingerprint is HQ's: enrols with it.
    func enrol() async {
        guard let crew, let invited else { return }
        self.invited = nil
        await attempt {
            try await crew.enrol(invitation: invited.bytes)
            phase = .ready
            recoveryCode = try await crew.recoveryCode()
            await sync()
        }
    }

    /// The carrier has his recovery code on paper; otherwise it comes again with the next start.
    func recoveryCodeSeen(isNoted: Bool) async {
        recoveryCode = nil
        if isNoted { await attempt { try await crew?.recoveryCodeNoted() } }
    }

    /// Delivers what waits, and fetches what is new.
    func sync() async {
        guard !isSyncing else { return }
        isSyncing = true
        defer { isSyncing = false }
        await attempt { _ = try await background.sync() }
        await attempt { try await refresh() }
    }

    /// Does something that may fail, and says so if it did.
    func attempt(_ work: () async throws -> Void) async {
        do {
            try await work()
            problem = nil
        } catch {
            problem = ErrorText(error).map(String.error)
        }
    }

    func refresh() async throws {
        guard let crew, phase == .ready else { return }
        jobs = try await crew.jobs()
        outbox = try await crew.outbox()
    }
}

/// An invitation, and whose it is.
struct Invited {
    let bytes: Data
    let fingerprint: String
}

/// Tells alarms, also those of a sync in the background.
private final class Alarms: Observer {
    private let tell: @Sendable (Alarm) -> Void

    init(_ tell: @escaping @Sendable (Alarm) -> Void) {
        self.tell = tell
    }

    func alarmed(alarm: Alarm) {
        tell(alarm)
    }

    func tallyChanged(job _: JobId, count _: Count) {}

    func syncProgressed(progress _: SyncProgress) {}
}

/// Opens the phone once, whoever asks for it first.
private actor PhoneOpening {
    nonisolated let vault: SecureEnclaveVault
    private var opening: Task<(Crew, Wakefulness), any Error>?

    init(reason: String) {
        vault = SecureEnclaveVault(reason: reason)
    }

    func phone(for reason: Reason) async throws -> (Crew, Wakefulness) {
        if let opening { return try await opening.value }
        let vault = vault
        let task = Task {
            let crew = try await Crew.open(
                directory: StoreDirectory.make(), vault: vault, clock: PhoneClock(), network: PhoneNetwork()
            )
            return (crew, Wakefulness(crew, awakeFor: [reason]))
        }
        opening = task
        do {
            return try await task.value
        } catch {
            // Before the first unlock it fails, and is tried again.
            opening = nil
            throw error
        }
    }
}
