@testable import Crewseal
import Foundation
import Testing

/// Camera frames: what a buffer may be, and that nothing is left behind of it.
@Suite(.serialized, .timeLimit(.minutes(2)))
struct FrameTests {
    let directory: Directory
    let picture: Picture

    init() throws {
        directory = try Directory()
        picture = try Picture(directory)
    }

    @discardableResult
    func reads(_ frame: borrowing Frame, as expected: String? = nil) throws -> String {
        let readings = try frame.read()
        #expect(readings.count == 1)
        let text = try #require(readings.first).text
        #expect(text.utf8.count == 29)
        #expect(text == expected ?? text)
        return text
    }

    @Test("a plane is read with its strides, whatever it is a part of")
    func strides() throws {
        let (width, height) = (picture.width, picture.height)
        let text = try reads(.luma(picture.plane(), width: width, height: height, rowStride: width))
        let stride = 2 * width + 5
        try reads(
            .luma(
                picture.plane(rowStride: stride, pixelStride: 2), width: width, height: height,
                rowStride: stride, pixelStride: 2
            ),
            as: text
        )
        try reads(
            .luma(picture.plane(), width: width, height: height, rowStride: width, rotationDegrees: 90),
            as: text
        )
        let bgra = Data(picture.plane().flatMap { [$0, $0, $0, 255] })
        try reads(.bgra(bgra, width: width, height: height, rowStride: 4 * width), as: text)

        // A slice, whose indices do not begin at 0.
        let behind = Data(repeating: 0, count: 1000) + picture.plane()
        try reads(.luma(behind[1000...], width: width, height: height, rowStride: width), as: text)
    }

    @Test("a pointer is lent for as long as its closure runs, and read where it lies")
    func pointers() throws {
        let (width, height) = (picture.width, picture.height)
        try picture.plane().withUnsafeBytes { plane in
            try Frame.withLuma(at: plane, width: width, height: height, rowStride: width) { frame in
                _ = try reads(frame)
                try frame.pixels.lend { lent in
                    lent.withUnsafeBytes { #expect($0.baseAddress == plane.baseAddress) }
                }
            }
        }
    }

    /// What it throws is `NotAFrame`.
    private func isRefused(_ work: () throws -> Void) -> Bool {
        do {
            try work()
            return false
        } catch CrewError.NotAFrame {
            return true
        } catch {
            return false
        }
    }

    private func refused(
        _ plane: Data, _ width: Int, _ height: Int, _ stride: Int, pixel: Int = 1,
        degrees: Int = 0, region: Region? = nil, from line: Int = #line
    ) {
        let isRefused = isRefused {
            let frame = try Frame.luma(
                plane, width: width, height: height, rowStride: stride, pixelStride: pixel,
                rotationDegrees: degrees, region: region
            )
            _ = try frame.read()
        }
        #expect(isRefused, "line \(line)")
    }

    @Test("numbers that do not fit are refused, and end nothing")
    func misfits() throws {
        let plane = picture.plane()
        let (width, height) = (picture.width, picture.height)
        refused(plane, width, height, width - 1)
        refused(plane, width, height + 1, width)
        refused(plane, 0, 0, 0)
        refused(plane, -1, height, width)
        refused(plane, width, height, -1)
        refused(plane, width, height, width, pixel: -1)
        refused(plane, width, height, width, pixel: 0)
        refused(plane, .max, .max, .max)
        refused(plane, Int(UInt32.max), Int(UInt32.max), Int(UInt32.max))
        refused(plane, width, height, width, degrees: 45)
        refused(plane, width, height, width, degrees: .min)
        refused(plane, width, height, width, region: Region(left: 0, top: 0, width: 9999, height: 1))
        refused(Data(), width, height, width)
        let isLate = isRefused {
            let frame = try Frame.luma(plane, width: width, height: height, rowStride: width)
            _ = try frame.read(budgetMillis: -1)
        }
        #expect(isLate)
        let isNowhere = isRefused {
            let nowhere = UnsafeRawBufferPointer(start: nil, count: 0)
            try Frame.withLuma(at: nowhere, width: 1, height: 1, rowStride: 1) { _ = try $0.read() }
        }
        #expect(isNowhere)
    }

    @Test("a buffer of more than 2 GiB is refused")
    func huge() throws {
        // Never touched, so it takes no memory.
        let size = Int(Int32.max) + 1
        let flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE
        let pages = try #require(mmap(nil, size, PROT_READ, flags, -1, 0))
        defer { munmap(pages, size) }
        let isHuge = isRefused {
            let buffer = UnsafeRawBufferPointer(start: pages, count: size)
            try Frame.withLuma(at: buffer, width: 1, height: 1, rowStride: 1) { _ = try $0.read() }
        }
        #expect(isHuge)
    }

    @Test("ten thousand frames leave no memory behind")
    func memory() async throws {
        let hq = try Headquarters(directory)
        let crew = try await phone(directory, "phone", hq.invitation(role: "mover", pseudonym: "Mover 17"))
        let session = try await crew.beginScan(job: hq.job)
        let plane = picture.plane()
        func frames(_ count: Int) throws -> [Sighted] {
            var last: [Sighted] = []
            for _ in 0..<count {
                let frame = try Frame.luma(
                    plane, width: picture.width, height: picture.height, rowStride: picture.width
                )
                last = try session.sight(frame)
            }
            return last
        }
        _ = try frames(2_000)
        let before = try residentKib()
        let last = try frames(8_000)
        let grown = try residentKib() - before
        #expect(last.count == 1)
        if case .unknownLabel = last.first?.sighting {} else { Issue.record("\(last)") }
        #expect(grown < 4_096, "grew by \(grown) KiB")
    }

    private func residentKib() throws -> Int {
        let status = try String(contentsOfFile: "/proc/self/status", encoding: .utf8)
        let line = try #require(status.split(separator: "\n").first { $0.hasPrefix("VmRSS") })
        return try #require(Int(line.filter(\.isNumber)))
    }
}

/// The first label of a sheet of HQ's, as a camera would see it.
struct Picture {
    let width = 330
    let height = 300
    private let dark: Set<Int>

    /// Draws what HQ's SVG says: runs of modules, ten pixels each.
    init(_ directory: Directory) throws {
        _ = try Headquarters.call(directory, "labels", "--count", "1", "--out", "label.svg")
        let code = try #require(directory.text("label.svg").firstMatch(of: /<path transform=[^>]* d="([^"]*)"/))
        var dark: Set<Int> = []
        for run in code.1.matches(of: /M(\d+) (\d+)h(\d+)v1h-\d+z/) {
            let (x, y, length) = try (
                #require(Int(run.1)), #require(Int(run.2)), #require(Int(run.3))
            )
            for pixelY in 0..<10 {
                for pixelX in 0..<10 * length {
                    dark.insert((20 + 10 * y + pixelY) * width + 40 + 10 * x + pixelX)
                }
            }
        }
        self.dark = dark
    }

    func plane(rowStride: Int? = nil, pixelStride: Int = 1) -> Data {
        let rowStride = rowStride ?? width
        var plane = Data(repeating: 7, count: rowStride * height)
        for y in 0..<height {
            for x in 0..<width {
                plane[y * rowStride + x * pixelStride] = dark.contains(y * width + x) ? 20 : 230
            }
        }
        return plane
    }
}
