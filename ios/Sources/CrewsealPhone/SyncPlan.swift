import Crewseal

/// When to deliver to HQ the next time.
public struct SyncPlan: Sendable, Equatable {
    /// The shortest wait after a failure, a minute, and the longest, an hour, in milliseconds.
    static let shortest: UInt64 = 60_000
    static let longest: UInt64 = 3_600_000
    /// With nothing to deliver, HQ is asked for news every four hours.
    static let news: UInt64 = 14_400_000

    private var failures: UInt32 = 0

    public init() {}

    /// What to do next.
    public enum Next: Sendable, Equatable {
        /// Sync again in so many milliseconds.
        case after(UInt64)
        /// Not by itself: a person has to do something first.
        case whenAsked
    }

    /// A sync is over, and so many entries wait still.
    public mutating func delivered(waiting: UInt64) -> Next {
        failures = 0
        return .after(waiting > 0 ? Self.shortest : Self.news)
    }

    /// A sync failed. HQ's own word about when to try again is kept; without one each failure
    /// doubles the wait.
    public mutating func failed(_ error: CrewError) -> Next {
        guard error.advice() == .tryLater || error == .KeysLocked || error == .CaptivePortal else {
            return .whenAsked
        }
        let doubled = Self.shortest << UInt64(min(failures, 6))
        failures = min(failures + 1, 6)
        let wait = min(doubled, Self.longest)
        return switch error {
        case .Offline(let millis?), .HqBusy(let millis?), .AnswerCutOff(let millis?):
            .after(max(millis, Self.shortest))
        // The app was given too little time by the system: soon again.
        case .CallCancelled, .Suspended: .after(Self.shortest)
        default: .after(wait)
        }
    }
}
