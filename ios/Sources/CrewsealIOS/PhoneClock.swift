import Crewseal
import CryptoKit
import Darwin
import Foundation

/// The phone's clocks: what it believes the time is, and how long it has been running, sleep
/// included.
public final class PhoneClock: Clock {
    public init() {}

    public func now() throws -> UInt64 {
        let seconds = Date().timeIntervalSince1970
        guard seconds >= 0 else { throw ClockError.Failed }
        return UInt64(seconds)
    }

    public func sinceBoot() throws -> SinceBoot {
        let nanoseconds = clock_gettime_nsec_np(CLOCK_MONOTONIC_RAW)
        guard nanoseconds > 0 else { throw ClockError.Failed }
        return SinceBoot(boot: try Self.boot.get(), millis: nanoseconds / 1_000_000)
    }

    /// The first four bytes of a digest of the id that the system draws at every start.
    private static let boot = Result<UInt32, any Error> {
        var size = 0
        let name = "kern.bootsessionuuid"
        guard sysctlbyname(name, nil, &size, nil, 0) == 0, size > 1 else { throw ClockError.Failed }
        var id = [UInt8](repeating: 0, count: size)
        guard sysctlbyname(name, &id, &size, nil, 0) == 0 else { throw ClockError.Failed }
        return SHA256.hash(data: Data(id.prefix(size))).prefix(4).reduce(0) { $0 << 8 | UInt32($1) }
    }
}
