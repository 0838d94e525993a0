// Stubs: declarations only, of what ios/Sources uses. See ios/README.md.
public struct clockid_t: Sendable {}
public let CLOCK_MONOTONIC_RAW = clockid_t()
public func clock_gettime_nsec_np(_ clock: clockid_t) -> UInt64 { fatalError() }
public func sysctlbyname(
    _ name: UnsafePointer<CChar>, _ old: UnsafeMutableRawPointer?, _ oldSize: UnsafeMutablePointer<Int>?,
    _ new: UnsafeMutableRawPointer?, _ newSize: Int
) -> Int32 { fatalError() }
