// Stubs: declarations only, of what ios/Sources uses. See ios/README.md.
@_exported import Foundation
import AVFoundation

public struct UIBackgroundTaskIdentifier: Equatable, Sendable {
    public static let invalid = Self()
}
@MainActor public final class UIApplication {
    public static var shared: UIApplication { fatalError() }
    public nonisolated static let didEnterBackgroundNotification = Notification.Name("")
    public nonisolated static let willEnterForegroundNotification = Notification.Name("")
    public func beginBackgroundTask(
        withName name: String?, expirationHandler: (@MainActor @Sendable () -> Void)?
    ) -> UIBackgroundTaskIdentifier { fatalError() }
    public func endBackgroundTask(_ id: UIBackgroundTaskIdentifier) {}
}
@MainActor open class CALayer { public init() {} }
@MainActor open class UIView {
    public init() {}
    open class var layerClass: AnyClass { fatalError() }
    public var layer: CALayer { fatalError() }
}
@MainActor public class AVCaptureVideoPreviewLayer: CALayer {
    public struct Gravity: Sendable { public static let resizeAspectFill = Self() }
    public var session: AVCaptureSession? { get { fatalError() } set {} }
    public var videoGravity: Gravity { get { fatalError() } set {} }
}
public final class CGImage: Sendable {}
public final class UIImage: Sendable {
    public init(cgImage: CGImage) {}
}
@MainActor public final class UINotificationFeedbackGenerator {
    public enum FeedbackType: Sendable { case success, warning, error }
    public init() {}
    public func notificationOccurred(_ type: FeedbackType) {}
}
