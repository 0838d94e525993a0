// Stubs: declarations only, of what ios/Sources uses. See ios/README.md.
import Foundation

public class BGTaskRequest {
    public var earliestBeginDate: Date? { get { fatalError() } set {} }
}
public class BGAppRefreshTaskRequest: BGTaskRequest {
    public init(identifier: String) {}
}
public class BGTask {
    public var expirationHandler: (() -> Void)? { get { fatalError() } set {} }
    public func setTaskCompleted(success: Bool) {}
}
public final class BGTaskScheduler: Sendable {
    public static var shared: BGTaskScheduler { fatalError() }
    @discardableResult
    public func register(
        forTaskWithIdentifier id: String, using queue: DispatchQueue?, launchHandler: @escaping (BGTask) -> Void
    ) -> Bool { fatalError() }
    public func submit(_ request: BGTaskRequest) throws {}
}
