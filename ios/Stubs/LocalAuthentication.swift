// Stubs: declarations only, of what ios/Sources uses. See ios/README.md.
import Foundation

public class LAContext {
    public init() {}
    public var localizedReason: String { get { fatalError() } set {} }
    public func invalidate() {}
}
