/// Which of the wrapping keys in the keychain is for what. Each has a number in its name, and
/// the highest is the newest.
public struct WrappingKeys: Sendable, Equatable {
    /// What the names begin with.
    public static let prefix = "com.crewseal.wrapping."

    /// The numbers, from the oldest.
    public let numbers: [UInt32]

    /// - Parameter names: names of keys; those of other keys are passed over
    public init(names: [String]) {
        let numbers = names.compactMap { name -> UInt32? in
            guard name.hasPrefix(Self.prefix) else { return nil }
            return UInt32(name.dropFirst(Self.prefix.count))
        }
        self.numbers = Set(numbers).sorted()
    }

    /// The name of a key.
    public static func name(_ number: UInt32) -> String {
        prefix + String(number)
    }

    /// With which to wrap; none if there is no key yet.
    public var newest: UInt32? { numbers.last }

    /// Whether a rotation was begun and is not finished.
    public var isRotating: Bool { numbers.count > 1 }

    /// The number for a new key; none in a rotation, which has its new key, or if numbers have
    /// run out.
    public var next: UInt32? {
        guard !isRotating else { return nil }
        guard let newest else { return 1 }
        return newest == .max ? nil : newest + 1
    }

    /// What the end of a rotation deletes.
    public var old: [UInt32] { numbers.dropLast() }

    /// What is stored: the number of the key that wrapped, and what it made.
    public static func wrapped(_ sealed: [UInt8], with number: UInt32) -> [UInt8] {
        (0..<4).map { UInt8(truncatingIfNeeded: number >> (24 - 8 * $0)) } + sealed
    }

    /// The parts of what is stored; nothing of what cannot be one.
    public static func parts(_ wrapped: [UInt8]) -> (number: UInt32, sealed: [UInt8])? {
        guard wrapped.count > 4 else { return nil }
        let number = wrapped.prefix(4).reduce(UInt32(0)) { $0 << 8 | UInt32($1) }
        return (number, Array(wrapped.dropFirst(4)))
    }
}
