// Stubs: declarations only, of what ios/Sources uses. See ios/README.md.
// What Apple's Foundation has and Linux's has not. ios/check imports it everywhere.
import Foundation

extension URL {
    public func startAccessingSecurityScopedResource() -> Bool { fatalError() }
    public func stopAccessingSecurityScopedResource() {}
}
