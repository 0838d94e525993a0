import Crewseal
import Foundation
import Network

/// What connects the phone, as the system says.
public final class PhoneNetwork: NetworkState, @unchecked Sendable {
    private let monitor = NWPathMonitor()

    public init() {
        monitor.start(queue: DispatchQueue(label: "com.crewseal.network"))
    }

    deinit {
        monitor.cancel()
    }

    public func connection() throws -> Connection {
        let path = monitor.currentPath
        switch path.status {
        case .satisfied: return path.isExpensive || path.isConstrained ? .metered : .unmetered
        case .unsatisfied: return .offline
        // Before the system has said anything, and where trying would make a connection.
        default: throw NetworkError.Unknown
        }
    }
}
