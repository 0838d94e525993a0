import Crewseal

/// A phone that can be put to sleep: its store closed, its lock let go.
public protocol Sleeper: Sendable {
    func suspend() async throws
    func resume() async throws
}

extension Crew: Sleeper {}

/// What wants the store to be open.
public enum Reason: Hashable, Sendable {
    /// The app is on the screen.
    case screen
    /// The system lets the app sync in the background.
    case sync
}

/// Whether the store is open, and whether it should be.
struct Rest: Equatable {
    enum Step: Equatable {
        case suspend
        case resume
    }

    private(set) var isAwake: Bool
    private(set) var reasons: Set<Reason>

    init(awakeFor reasons: Set<Reason>) {
        isAwake = true
        self.reasons = reasons
    }

    mutating func need(_ reason: Reason) { reasons.insert(reason) }

    mutating func end(_ reason: Reason) { reasons.remove(reason) }

    /// What is to be done; nothing, if the store is as it should be.
    var step: Step? {
        switch (isAwake, reasons.isEmpty) {
        case (true, true): .suspend
        case (false, false): .resume
        default: nil
        }
    }

    mutating func done(_ step: Step) { isAwake = step == .resume }
}

/// Keeps the store open while anything wants it, and closed otherwise: iOS kills an app that
/// holds a lock when it is suspended (0xdead10cc).
///
/// One step is done at a time. Whoever comes meanwhile waits for it and looks again, so that
/// an app that comes back while its store is being closed finds it open.
public actor Wakefulness {
    private let phone: any Sleeper
    private var rest: Rest
    private var running: Task<Void, any Error>?

    /// - Parameter reasons: why the phone was opened
    public init(_ phone: any Sleeper, awakeFor reasons: Set<Reason>) {
        self.phone = phone
        rest = Rest(awakeFor: reasons)
    }

    /// Returns when the store is open, and keeps it so until `end`.
    ///
    /// - Throws: what `Crew.resume` throws; the next to need it tries again
    public func need(_ reason: Reason) async throws {
        rest.need(reason)
        try await settle()
    }

    /// Returns when the store is closed, if nothing else wants it open. Then the system may be
    /// told that it can suspend the app.
    public func end(_ reason: Reason) async throws {
        rest.end(reason)
        try await settle()
    }

    /// Whether the store is open now.
    public var isAwake: Bool { rest.isAwake }

    private func settle() async throws {
        while let step = rest.step {
            if let running {
                // Its own caller hears of its failure.
                _ = await running.result
                continue
            }
            let task = Task {
                defer { running = nil }
                switch step {
                case .suspend: try await suspend()
                case .resume: try await phone.resume()
                }
                rest.done(step)
            }
            running = task
            try await task.value
        }
        // A step that is not needed any more may be under way.
        if let running {
            _ = await running.result
            try await settle()
        }
    }

    /// A call that waits for a person or for the keys keeps the store open. It may still end in
    /// the time that the system lends, so this is tried again, which waits each time, until
    /// something wants the store to be open after all.
    private func suspend() async throws {
        while true {
            do {
                return try await phone.suspend()
            } catch CrewError.KeysBusy where rest.step == .suspend {
                continue
            }
        }
    }
}
