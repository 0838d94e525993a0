// Stubs: declarations only, of what ios/Sources uses. See ios/README.md.
// What Apple's Foundation has and Linux's has not. ios/check imports it everywhere.
import Foundation

extension FileAttributeKey {
    public static var protectionKey: FileAttributeKey { fatalError() }
}
public struct FileProtectionType: Sendable {
    public static let completeUntilFirstUserAuthentication = Self()
}
extension URL {
    public func startAccessingSecurityScopedResource() -> Bool { fatalError() }
    public func stopAccessingSecurityScopedResource() {}
}
