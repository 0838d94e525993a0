// Stubs: declarations only, of what ios/Sources uses. See ios/README.md.
import Foundation

public struct SHA256Digest: Sequence {
    public func makeIterator() -> [UInt8].Iterator { fatalError() }
}
public struct SHA256 {
    public static func hash(data: Data) -> SHA256Digest { fatalError() }
}
