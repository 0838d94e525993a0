import Crewseal

/// The high-water mark as the keychain keeps it: 12 bytes, the generation and the sequence,
/// the highest byte first.
public enum MarkBytes {
    public static func of(_ mark: HighWaterMark) -> [UInt8] {
        (0..<4).map { UInt8(truncatingIfNeeded: mark.generation >> (24 - 8 * $0)) }
            + (0..<8).map { UInt8(truncatingIfNeeded: mark.sequence >> (56 - 8 * $0)) }
    }

    /// Nothing of what is not 12 bytes.
    public static func mark(_ bytes: [UInt8]) -> HighWaterMark? {
        guard bytes.count == 12 else { return nil }
        return HighWaterMark(
            generation: bytes[..<4].reduce(0) { $0 << 8 | UInt32($1) },
            sequence: bytes[4...].reduce(0) { $0 << 8 | UInt64($1) }
        )
    }
}
