import Foundation

// The generated code counts bytes in 32 bits, and would end the process at 2 GiB. It asks these
// first, so that the core refuses what is larger, as it refuses much smaller things.

/// The most bytes that can be counted.
let countableBytes = Int(Int32.max)

/// The bytes, or of too many such a part as is no text and no list.
func countable(
    _ bytes: UnsafeBufferPointer<UInt8>,
    most: Int = countableBytes
) -> UnsafeBufferPointer<UInt8> {
    bytes.count <= most ? bytes : UnsafeBufferPointer(notCountable)
}

/// The text, or the beginning of one that is too long: longer than anything that the core takes.
func countable(_ text: String, most: Int = countableBytes) -> String {
    guard text.utf8.count > most else { return text }
    return String(decoding: text.utf8.prefix(min(most, 1 << 20)), as: UTF8.self)
}

/// How many bytes there are, or a number that the core refuses.
func countable(_ bytes: Data, most: Int = countableBytes) -> Int32 {
    bytes.count <= most ? Int32(clamping: bytes.count) : -1
}

/// A byte that is in no UTF-8, and the beginning of no list.
private nonisolated(unsafe) let notCountable: UnsafeMutableBufferPointer<UInt8> = {
    let byte = UnsafeMutableBufferPointer<UInt8>.allocate(capacity: 1)
    byte.initialize(repeating: 0xff)
    return byte
}()
