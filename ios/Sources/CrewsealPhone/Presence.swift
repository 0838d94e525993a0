/// When a person must show again that he is there: a handoff is often two signatures within a
/// minute, and one look at the phone is enough for them.
public struct Presence: Sendable, Equatable {
    /// The longest window that is allowed, 5 minutes.
    public static let longest: UInt64 = 300_000

    /// For how long one confirmation holds, in milliseconds; 0 asks every time.
    public let windowMillis: UInt64
    private var confirmedAt: UInt64?

    /// - Parameter windowMillis: more than `longest` is `longest`
    public init(windowMillis: UInt64) {
        self.windowMillis = min(windowMillis, Self.longest)
    }

    /// Whether the person must be asked for a signature now. Times are of a clock that does
    /// not stop while the phone sleeps; one that went back asks.
    public func mustAsk(at millis: UInt64) -> Bool {
        guard let confirmedAt, millis >= confirmedAt else { return true }
        return millis - confirmedAt >= windowMillis
    }

    /// The person was asked, and confirmed. A signature within the window does not prolong it.
    public mutating func confirmed(at millis: UInt64) {
        confirmedAt = millis
    }

    /// The next signature asks: the phone was locked, the app left, or the person said no.
    public mutating func forget() {
        confirmedAt = nil
    }
}
