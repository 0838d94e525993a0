import Foundation

/// Which picture of the camera is looked at: one at a time, and after it the newest that came
/// meanwhile. Whatever came between is let go at once, so that the camera gets its buffers
/// back and the screen never shows what was long ago.
public final class NewestFrame<Picture>: @unchecked Sendable {
    // All that changes is behind the lock.
    private let lock = NSLock()
    private var isLooking = false
    private var waiting: Picture?
    private var letGo = 0

    public init() {}

    /// A picture that the camera made. It comes back if it is to be looked at now.
    public func made(_ picture: Picture) -> Picture? {
        lock.withLock {
            guard isLooking else {
                isLooking = true
                return picture
            }
            if waiting != nil { letGo += 1 }
            waiting = picture
            return nil
        }
    }

    /// The picture was looked at. What comes back is the next to look at.
    public func looked() -> Picture? {
        lock.withLock {
            let next = waiting
            waiting = nil
            isLooking = next != nil
            return next
        }
    }

    /// How many pictures nobody looked at.
    public var lost: Int {
        lock.withLock { letGo }
    }
}
