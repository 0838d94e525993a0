// Stubs: declarations only, of what ios/Sources uses. See ios/README.md.
import Foundation
import UIKit

public final class CIImage { public var extent: CGRect { fatalError() } }
public class CIFilter {
    public init?(name: String) {}
    public func setValue(_ value: Any?, forKey key: String) {}
    public var outputImage: CIImage? { fatalError() }
}
public final class CIContext {
    public init() {}
    public func createCGImage(_ image: CIImage, from area: CGRect) -> CGImage? { fatalError() }
}
