// Stubs: declarations only, of what ios/Sources uses. See ios/README.md.
import Foundation

public final class DCAppAttestService: Sendable {
    public static var shared: DCAppAttestService { fatalError() }
    public var isSupported: Bool { fatalError() }
    public func generateKey(completionHandler: @escaping @Sendable (String?, (any Error)?) -> Void) {}
    public func attestKey(
        _ keyId: String, clientDataHash: Data, completionHandler: @escaping @Sendable (Data?, (any Error)?) -> Void
    ) {}
}
