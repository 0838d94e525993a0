import Crewseal

/// Where a place in a picture is on a screen that the picture fills, its longer side cut off at
/// both ends.
public struct Overlay: Sendable, Equatable {
    private let scale: Double
    private let left: Double
    private let top: Double

    /// - Parameters:
    ///   - picture: width and height of the upright picture, in pixels
    ///   - screen: width and height of where it is shown, in points
    /// Nothing, if either has no size.
    public init?(picture: (width: Double, height: Double), screen: (width: Double, height: Double)) {
        guard picture.width > 0, picture.height > 0, screen.width > 0, screen.height > 0 else { return nil }
        scale = max(screen.width / picture.width, screen.height / picture.height)
        left = (screen.width - picture.width * scale) / 2
        top = (screen.height - picture.height * scale) / 2
    }

    /// In points from the screen's top left corner; it may lie outside.
    public func place(_ point: Point) -> (x: Double, y: Double) {
        (left + Double(point.x) * scale, top + Double(point.y) * scale)
    }

    /// A code's four corners, in turn.
    public func outline(_ corners: Corners) -> [(x: Double, y: Double)] {
        [corners.topLeft, corners.topRight, corners.bottomRight, corners.bottomLeft].map(place)
    }
}

/// What a sighting is to the person who scans: a colour and, as colours are not for everyone, a
/// sign.
public enum Mark: Sendable, Equatable {
    /// Counted, now or before.
    case counted
    /// On no box yet: it can be commissioned.
    case blank
    /// It does not belong here.
    case foreign
    /// Taken back.
    case undone

    public init(_ sighting: Sighting) {
        switch sighting {
        case .new, .again: self = .counted
        case .blank: self = .blank
        case .otherJob, .unknownLabel, .notOurs: self = .foreign
        case .undone: self = .undone
        }
    }

    /// The name of the sign, among Apple's symbols.
    public var symbol: String {
        switch self {
        case .counted: "checkmark.circle.fill"
        case .blank: "plus.circle.fill"
        case .foreign: "xmark.octagon.fill"
        case .undone: "arrow.uturn.backward.circle.fill"
        }
    }
}
