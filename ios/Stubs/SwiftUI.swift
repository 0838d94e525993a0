// Stubs: declarations only, of what ios/Sources uses. See ios/README.md.
@_exported import Foundation
import UIKit

public protocol ObservableObject: AnyObject {}
@propertyWrapper public struct Published<Value> {
    public init(wrappedValue: Value) { self.wrappedValue = wrappedValue }
    public var wrappedValue: Value
}
@propertyWrapper public struct Binding<Value> {
    public init() {}
    public var wrappedValue: Value { get { fatalError() } nonmutating set {} }
}
@MainActor @propertyWrapper public struct State<Value> {
    public init(wrappedValue: Value) {}
    public var wrappedValue: Value { get { fatalError() } nonmutating set {} }
    public var projectedValue: Binding<Value> { fatalError() }
}
extension State where Value: ExpressibleByNilLiteral {
    public init() {}
}
@MainActor @propertyWrapper public struct StateObject<Object: ObservableObject> {
    public init(wrappedValue: @autoclosure @escaping () -> Object) {}
    public var wrappedValue: Object { fatalError() }
}
@MainActor @propertyWrapper public struct ObservedObject<Object: ObservableObject> {
    public init(wrappedValue: Object) { self.wrappedValue = wrappedValue }
    public var wrappedValue: Object
}

@MainActor @preconcurrency public protocol View {
    associatedtype Body: View
    @ViewBuilder var body: Body { get }
}
extension Never: View { public var body: Never { fatalError() } }
public protocol Leaf: View where Body == Never {}
extension Leaf { public var body: Never { fatalError() } }
public struct Many: Leaf {}
public struct Modified: Leaf {}
extension Optional: View where Wrapped: View { public var body: Never { fatalError() } }
@resultBuilder public struct ViewBuilder {
    public static func buildExpression<V: View>(_ view: V) -> V { view }
    public static func buildBlock<V: View>(_ view: V) -> V { view }
    public static func buildBlock() -> Many { Many() }
    public static func buildBlock<each V: View>(_ views: repeat each V) -> Many { Many() }
    public static func buildOptional<V: View>(_ view: V?) -> V? { view }
    public static func buildEither<V: View>(first: V) -> Many { Many() }
    public static func buildEither<V: View>(second: V) -> Many { Many() }
}

public struct Color: Leaf, Sendable {
    public static let black = Self(), blue = Self(), gray = Self(), green = Self(), orange = Self()
    public static let red = Self(), secondary = Self(), white = Self()
}
public struct Font: Sendable {
    public static let headline = Self(), largeTitle = Self(), title = Self(), title2 = Self(), title3 = Self()
}
public struct Alignment: Sendable { public static let center = Self() }
public struct HorizontalAlignment: Sendable { public static let center = Self(), leading = Self() }
public struct Edge: Sendable {
    public struct Set: Sendable { public static let all = Self(), horizontal = Self() }
}
public struct Text: Leaf { public init<S: StringProtocol>(_ text: S) {} }
public struct Image: Leaf {
    public enum Interpolation: Sendable { case none }
    public init(systemName: String) {}
    public init(uiImage: UIImage) {}
    public func interpolation(_ interpolation: Interpolation) -> Image { self }
    public func resizable() -> Image { self }
}
public struct Label: Leaf { public init<S: StringProtocol>(_ text: S, systemImage: String) {} }
public struct ProgressView: Leaf { public init() {} }
public struct Button: Leaf {
    public init<L: View>(action: @escaping @MainActor () -> Void, @ViewBuilder label: () -> L) {}
}
public struct Toggle: Leaf {
    public init<L: View>(isOn: Binding<Bool>, @ViewBuilder label: () -> L) {}
}
public struct VStack: Leaf {
    public init<V: View>(alignment: HorizontalAlignment = .center, spacing: CGFloat? = nil, @ViewBuilder content: () -> V) {}
}
public struct HStack: Leaf { public init<V: View>(@ViewBuilder content: () -> V) {} }
public struct ZStack: Leaf { public init<V: View>(@ViewBuilder content: () -> V) {} }
public struct Group: Leaf { public init<V: View>(@ViewBuilder content: () -> V) {} }
public struct ScrollView: Leaf { public init<V: View>(@ViewBuilder content: () -> V) {} }
public struct TabView: Leaf { public init<V: View>(@ViewBuilder content: () -> V) {} }
public struct NavigationStack: Leaf { public init<V: View>(@ViewBuilder root: () -> V) {} }
public struct NavigationLink: Leaf {
    public init<D: View, L: View>(@ViewBuilder destination: () -> D, @ViewBuilder label: () -> L) {}
}
public struct List: Leaf {
    public init<Data: RandomAccessCollection, ID: Hashable, V: View>(
        _ data: Data, id: KeyPath<Data.Element, ID>, @ViewBuilder row: @escaping (Data.Element) -> V
    ) {}
}
public struct ForEach: Leaf {
    public init<Data: RandomAccessCollection, ID: Hashable, V: View>(
        _ data: Data, id: KeyPath<Data.Element, ID>, @ViewBuilder content: @escaping (Data.Element) -> V
    ) {}
}
@MainActor public struct GeometryProxy { public var size: CGSize { fatalError() } }
public struct GeometryReader: Leaf {
    public init<V: View>(@ViewBuilder content: @escaping (GeometryProxy) -> V) {}
}
public struct Path: Leaf {
    public init(_ draw: (inout Path) -> Void) {}
    public mutating func addLines(_ points: [CGPoint]) {}
    public mutating func closeSubpath() {}
    public func stroke(_ color: Color, lineWidth: CGFloat) -> Modified { fatalError() }
}
public struct UIViewRepresentableContext<Representable>: Sendable {}
public protocol UIViewRepresentable: Leaf {
    associatedtype UIViewType: UIView
    typealias Context = UIViewRepresentableContext<Self>
    func makeUIView(context: Context) -> UIViewType
    func updateUIView(_ view: UIViewType, context: Context)
}
public protocol PrimitiveButtonStyle {}
public struct BorderedProminentButtonStyle: PrimitiveButtonStyle {}
extension PrimitiveButtonStyle where Self == BorderedProminentButtonStyle {
    public static var borderedProminent: Self { fatalError() }
}
@MainActor @preconcurrency public protocol Scene {}
public struct WindowGroup: Scene { public init<V: View>(@ViewBuilder content: () -> V) {} }
@MainActor @preconcurrency public protocol App {
    associatedtype Body: Scene
    var body: Body { get }
    init()
}
extension App { public static func main() {} }

extension View {
    public func font(_ font: Font?) -> Modified { fatalError() }
    public func frame(
        minWidth: CGFloat? = nil, maxWidth: CGFloat? = nil, minHeight: CGFloat? = nil, maxHeight: CGFloat? = nil
    ) -> Modified { fatalError() }
    public func padding(_ edges: Edge.Set = .all) -> Modified { fatalError() }
    public func background<V: View>(_ view: V) -> Modified { fatalError() }
    public func foregroundColor(_ color: Color?) -> Modified { fatalError() }
    public func scaledToFit() -> Modified { fatalError() }
    public func clipped() -> Modified { fatalError() }
    public func position(_ point: CGPoint) -> Modified { fatalError() }
    public func navigationTitle<S: StringProtocol>(_ title: S) -> Modified { fatalError() }
    public func buttonStyle<S: PrimitiveButtonStyle>(_ style: S) -> Modified { fatalError() }
    public func tabItem<V: View>(@ViewBuilder _ label: () -> V) -> Modified { fatalError() }
    public func task(_ work: @escaping @MainActor @Sendable () async -> Void) -> Modified { fatalError() }
    public func task<ID: Equatable>(id: ID, _ work: @escaping @MainActor @Sendable () async -> Void) -> Modified { fatalError() }
    public func refreshable(action: @escaping @MainActor @Sendable () async -> Void) -> Modified { fatalError() }
    public func onDisappear(perform work: (@MainActor () -> Void)? = nil) -> Modified { fatalError() }
    public func onOpenURL(perform work: @escaping @MainActor (URL) -> Void) -> Modified { fatalError() }
    public func sheet<V: View>(isPresented: Binding<Bool>, @ViewBuilder content: @escaping () -> V) -> Modified { fatalError() }
}
