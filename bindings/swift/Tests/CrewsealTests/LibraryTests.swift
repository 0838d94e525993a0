import Foundation
import PaperPhone
import Testing

@testable import Crewseal

/// A library of another version, and arguments of more bytes than the generated code counts.
@Suite(.serialized, .timeLimit(.minutes(2)))
struct LibraryTests {
    private let directory: Directory

    init() throws {
        directory = try Directory()
    }

    /// What a process says that finds this library before any other.
    private func said(of library: Data) throws -> [String] {
        try library.write(to: directory.url.appendingPathComponent("libcrewseal_ffi.so"))
        let probe = Process()
        // Beside the tests, where all of the package is built.
        probe.executableURL = try URL(fileURLWithPath: #require(CommandLine.arguments.first))
            .deletingLastPathComponent().appendingPathComponent("LibraryProbe")
        probe.environment = ["LD_LIBRARY_PATH": directory.url.path]
        let output = Pipe()
        probe.standardOutput = output
        try probe.run()
        let said = try output.fileHandleForReading.readToEnd() ?? Data()
        probe.waitUntilExit()
        #expect(probe.terminationReason == .exit && probe.terminationStatus == 0)
        return String(decoding: said, as: UTF8.self).split(separator: "\n").map(String.init)
    }

    private func library() throws -> Data {
        let path = try #require(ProcessInfo.processInfo.environment["LD_LIBRARY_PATH"])
        return try Data(contentsOf: URL(fileURLWithPath: path + "/libcrewseal_ffi.so"))
    }

    @Test("the library of the same version fits")
    func sameVersion() throws {
        #expect(try said(of: library()) == ["fits", "fits"])
    }

    @Test("a library with another checksum is of another version, and ends nothing")
    func otherVersion() throws {
        // What the generated code expects of one function, as the library's code returns it.
        let function = "uniffi_crewseal_ffi_checksum_func_read_frame() != "
        let code = try String(contentsOf: Self.generated, encoding: .utf8)
        let number = try #require(code.range(of: function).map { code[$0.upperBound...] })
        let checksum = try #require(UInt16(number.prefix { $0.isNumber }))
        #if arch(x86_64)
            // mov ax, checksum; the same in eax
            let move = Data([0xb8, UInt8(truncatingIfNeeded: checksum), UInt8(checksum >> 8)])
            let instructions = [Data([0x66]) + move, move + Data([0, 0])]
        #else
            #error("say here how this processor returns a number")
        #endif
        var library = try library()
        var changed = 0
        for instruction in instructions {
            var from = library.startIndex
            while let found = library.range(of: instruction, in: from..<library.endIndex) {
                let number = try #require(library.range(of: move, in: found)).lowerBound + 1
                library[number] ^= 1
                (from, changed) = (found.upperBound, changed + 1)
            }
        }
        try #require(changed > 0, "the checksum is not in the library's code")
        #expect(try said(of: library) == ["otherVersion", "otherVersion"])
    }

    private static let generated = URL(fileURLWithPath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
        .appendingPathComponent("Sources/Crewseal/Generated.swift")

    @Test("2 GiB and more are refused, and end nothing")
    func huge() async throws {
        let crew = try await Crew.open(
            directory: directory.path("phone"), vault: PaperVault(), clock: SystemClock()
        )
        // A file of holes, of which nothing is read.
        let path = directory.path("huge")
        try #require(FileManager.default.createFile(atPath: path, contents: nil))
        try #require(truncate(path, off_t(1 << 31)) == 0)
        let huge = try Data(contentsOf: URL(fileURLWithPath: path), options: .alwaysMapped)
        try #require(huge.count == 1 << 31)
        await #expect(throws: (any Error).self) { try await crew.enrol(invitation: huge) }
        await #expect(throws: (any Error).self) { _ = try await crew.readOffer(shown: huge) }
        let format = FrameFormat.luma(width: 1 << 15, height: 1 << 15, rowStride: 1 << 16)
        #expect(throws: (any Error).self) { _ = try readFrame(buffer: huge, format: format) }
        #expect(try await crew.outbox().waiting == 0)
    }

    @Test("what is too long is counted as something that the core refuses")
    func countableParts() {
        let text = "aé" + String(repeating: "字", count: 10)
        #expect(countable(text, most: 33) == text)
        #expect(countable(text, most: 32).utf8.count > 30)
        #expect(countable(text, most: 32).hasPrefix("aé字"))
        #expect(countable(Data(count: 9), most: 9) == 9)
        #expect(countable(Data(count: 10), most: 9) == -1)
        Array(text.utf8).withUnsafeBufferPointer { bytes in
            #expect(Array(countable(bytes, most: 33)) == Array(text.utf8))
            #expect(Array(countable(bytes, most: 32)) == [0xff])
        }
    }
}
