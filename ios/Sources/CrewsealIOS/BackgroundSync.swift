import BackgroundTasks
import Crewseal
import CrewsealPhone
import Foundation

/// Delivers to HQ, acts and then photos, while the app is not on the screen, when the system
/// allows it.
///
/// The task's id must stand under `BGTaskSchedulerPermittedIdentifiers` in Info.plist, and
/// `fetch` under `UIBackgroundModes`.
public final class BackgroundSync: @unchecked Sendable {
    /// The task's id.
    public static let id = "com.crewseal.sync"

    private let open: @Sendable () async throws -> (Crew, Wakefulness)
    // Plans are made one after the other.
    private let lock = NSLock()
    private var plan = SyncPlan()

    /// - Parameter open: gives the phone, opened if the system started the app for this
    public init(open: @escaping @Sendable () async throws -> (Crew, Wakefulness)) {
        self.open = open
    }

    /// Call it once, before the app has finished launching.
    public func register() {
        BGTaskScheduler.shared.register(forTaskWithIdentifier: Self.id, using: nil) { task in
            self.run(task)
        }
    }

    /// Syncs now, and plans the next time.
    ///
    /// - Throws: `CrewError`; the next time is planned in any case
    @discardableResult
    public func sync() async throws -> Delivered {
        do {
            let (crew, wakefulness) = try await open()
            let delivered = try await Self.deliver(crew, wakefulness)
            let next = lock.withLock { plan.delivered(waiting: delivered.waiting) }
            schedule(next)
            return delivered.delivered
        } catch {
            let next = lock.withLock { plan.failed(error as? CrewError ?? .Fault) }
            schedule(next)
            throw error
        }
    }

    /// The store is open for as long as this takes, and closed after it, whatever comes of it.
    private static func deliver(
        _ crew: Crew, _ wakefulness: Wakefulness
    ) async throws -> (delivered: Delivered, waiting: UInt64) {
        let synced: Result<(Delivered, UInt64), any Error>
        do {
            try await wakefulness.need(.sync)
            // A phone that was wiped can send what waits, and fetch nothing: so that comes first.
            let delivered = try await crew.sync()
            let photos = try await sendPhotos(crew)
            try await crew.fetch()
            synced = .success((delivered, try await crew.outbox().waiting + photos))
        } catch {
            synced = .failure(error)
        }
        try await wakefulness.end(.sync)
        return try synced.get()
    }

    /// How many HQ did not take yet. On a network that costs by the byte they wait for another.
    private static func sendPhotos(_ crew: Crew) async throws -> UInt64 {
        do {
            return try await crew.upload().unanswered
        } catch CrewError.Metered {
            return 0
        }
    }

    private func run(_ task: BGTask) {
        let task = Running(task: task)
        let syncing = Task {
            let isDone = (try? await sync()) != nil
            task.task.setTaskCompleted(success: isDone)
        }
        // The call is given up, the store closed, and then the task ends.
        task.task.expirationHandler = { syncing.cancel() }
    }

    /// The system's task, which is used from one place at a time.
    private struct Running: @unchecked Sendable {
        let task: BGTask
    }

    private func schedule(_ next: SyncPlan.Next) {
        guard case .after(let millis) = next else { return }
        let request = BGAppRefreshTaskRequest(identifier: Self.id)
        request.earliestBeginDate = Date(timeIntervalSinceNow: Double(millis) / 1000)
        // It fails in the simulator, and where the person has turned it off: then the app
        // syncs when it is on the screen.
        try? BGTaskScheduler.shared.submit(request)
    }
}
