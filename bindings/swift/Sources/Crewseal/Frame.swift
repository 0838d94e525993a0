import Foundation

#if canImport(CoreVideo)
    import CoreVideo
#endif

/// A picture of the camera, lent to the core for the length of one call.
///
/// The pixels are read where they lie, and never copied. What makes a frame keeps them
/// there: a `CVPixelBuffer` is held by it, and locked while it is read; `Data` belongs to
/// it; a pointer is lent to a closure, which the frame cannot leave, as it cannot be
/// copied.
public struct Frame: ~Copyable {
    /// Where the pixels are.
    enum Pixels {
        case data(Data)
        case lent(UnsafeRawBufferPointer)
        #if canImport(CoreVideo)
            case buffer(CVPixelBuffer, isPlanar: Bool)
        #endif

        /// The pixels as the core takes them: `Data` that owns nothing of them. Here and
        /// not in `Frame`, where the compiler of Swift 6.0 crashes as it optimizes.
        func lend<Answer>(_ look: (Data) throws -> Answer) throws -> Answer {
            switch self {
            case .data(let data):
                // A part of another `Data` begins elsewhere than at 0, which is as well.
                return try data.withUnsafeBytes { try Self.lend($0, look) }
            case .lent(let pointer):
                return try Self.lend(pointer, look)
            #if canImport(CoreVideo)
                case .buffer(let buffer, let isPlanar):
                    guard CVPixelBufferLockBaseAddress(buffer, .readOnly) == kCVReturnSuccess else {
                        throw CrewError.NotAFrame(reason: "the pixel buffer cannot be read")
                    }
                    defer { CVPixelBufferUnlockBaseAddress(buffer, .readOnly) }
                    let start =
                        isPlanar
                        ? CVPixelBufferGetBaseAddressOfPlane(buffer, 0)
                        : CVPixelBufferGetBaseAddress(buffer)
                    let size =
                        isPlanar
                        ? CVPixelBufferGetBytesPerRowOfPlane(buffer, 0)
                            * CVPixelBufferGetHeightOfPlane(buffer, 0)
                        : CVPixelBufferGetBytesPerRow(buffer) * CVPixelBufferGetHeight(buffer)
                    return try Self.lend(UnsafeRawBufferPointer(start: start, count: size), look)
            #endif
            }
        }

        private static func lend<Answer>(
            _ pixels: UnsafeRawBufferPointer,
            _ look: (Data) throws -> Answer
        ) throws -> Answer {
            // The generated code counts bytes in 32 bits, and ends the process at more.
            guard pixels.count <= Int(Int32.max) else {
                throw CrewError.NotAFrame(reason: "more than 2 GiB of pixels")
            }
            guard let start = pixels.baseAddress, pixels.count > 0 else { return try look(Data()) }
            // The core only reads, and the pointer goes no further than this call.
            let bytes = UnsafeMutableRawPointer(mutating: start)
            return try look(Data(bytesNoCopy: bytes, count: pixels.count, deallocator: .none))
        }
    }

    let pixels: Pixels
    let format: FrameFormat

    private init(_ pixels: Pixels, _ whole: FrameFormat, _ region: Region?) {
        self.pixels = pixels
        format = region.map { whole.cropped(region: $0) } ?? whole
    }

    /// A plane of 8-bit luma.
    ///
    /// - Parameters:
    ///   - plane: its bytes; the last row may be shorter than its stride
    ///   - rowStride: bytes from the start of a row to the start of the next
    ///   - pixelStride: bytes from a pixel to the next
    ///   - rotationDegrees: how far to turn it clockwise until it is upright: 0, 90, 180, 270
    ///   - region: which part of the upright picture to look at; all of it if none is given
    /// - Throws: `CrewError.NotAFrame` if a number is negative
    public static func luma(
        _ plane: Data,
        width: Int,
        height: Int,
        rowStride: Int,
        pixelStride: Int = 1,
        rotationDegrees: Int = 0,
        region: Region? = nil
    ) throws -> Frame {
        let format = try luma(width, height, rowStride, pixelStride, rotationDegrees)
        return Frame(.data(plane), format, region)
    }

    /// Four bytes a pixel, blue first: `32BGRA`.
    ///
    /// - Throws: `CrewError.NotAFrame` if a number is negative
    public static func bgra(
        _ pixels: Data,
        width: Int,
        height: Int,
        rowStride: Int,
        rotationDegrees: Int = 0,
        region: Region? = nil
    ) throws -> Frame {
        Frame(.data(pixels), try bgra(width, height, rowStride, rotationDegrees), region)
    }

    /// Lends a plane of 8-bit luma at a place in memory to a closure. The pointer must hold
    /// until the closure returns, as inside `withUnsafeBytes`; the frame ends with it.
    ///
    /// - Throws: `CrewError.NotAFrame` if a number is negative, and what the closure throws
    public static func withLuma<Answer>(
        at plane: UnsafeRawBufferPointer,
        width: Int,
        height: Int,
        rowStride: Int,
        pixelStride: Int = 1,
        rotationDegrees: Int = 0,
        region: Region? = nil,
        _ look: (borrowing Frame) throws -> Answer
    ) throws -> Answer {
        let format = try luma(width, height, rowStride, pixelStride, rotationDegrees)
        return try look(Frame(.lent(plane), format, region))
    }

    #if canImport(CoreVideo)
        /// What `AVCaptureVideoDataOutput` delivers, with the strides that the buffer says:
        /// `420v`, `420f`, one plane of luma, or `32BGRA`.
        ///
        /// - Throws: `CrewError.NotAFrame` if its pixels are of another kind
        public static func of(
            _ buffer: CVPixelBuffer,
            rotationDegrees: Int = 0,
            region: Region? = nil
        ) throws -> Frame {
            let (width, height) = (CVPixelBufferGetWidth(buffer), CVPixelBufferGetHeight(buffer))
            let isPlanar = CVPixelBufferIsPlanar(buffer)
            let stride =
                isPlanar
                ? CVPixelBufferGetBytesPerRowOfPlane(buffer, 0)
                : CVPixelBufferGetBytesPerRow(buffer)
            let format: FrameFormat
            switch CVPixelBufferGetPixelFormatType(buffer) {
            case kCVPixelFormatType_420YpCbCr8BiPlanarVideoRange,
                kCVPixelFormatType_420YpCbCr8BiPlanarFullRange,
                kCVPixelFormatType_OneComponent8:
                format = try luma(width, height, stride, 1, rotationDegrees)
            case kCVPixelFormatType_32BGRA:
                format = try bgra(width, height, stride, rotationDegrees)
            default:
                throw CrewError.NotAFrame(reason: "a pixel buffer of a kind that is not read")
            }
            return Frame(.buffer(buffer, isPlanar: isPlanar), format, region)
        }
    #endif

    /// Reads every QR code in it, ours or not, with every effort: for what another phone
    /// shows. For boxes there is `ScanSession.sight`. Takes up to a few tenths of a second:
    /// call it from the camera's thread.
    ///
    /// - Parameter budgetMillis: ends the reading after so many milliseconds, with what was
    ///   found by then
    /// - Throws: `CrewError.NotAFrame` if its numbers do not fit its pixels
    public borrowing func read(budgetMillis: Int? = nil) throws -> [Reading] {
        let (format, budget) = (format, try Self.budget(budgetMillis))
        return try pixels.lend { try readFrame(buffer: $0, format: format, budgetMillis: budget) }
    }

    private static func luma(
        _ width: Int,
        _ height: Int,
        _ rowStride: Int,
        _ pixelStride: Int,
        _ rotationDegrees: Int
    ) throws -> FrameFormat {
        .luma(
            width: try count(width, "width"),
            height: try count(height, "height"),
            rowStride: try count(rowStride, "rowStride"),
            pixelStride: try count(pixelStride, "pixelStride"),
            rotationDegrees: try turn(rotationDegrees)
        )
    }

    private static func bgra(
        _ width: Int,
        _ height: Int,
        _ rowStride: Int,
        _ rotationDegrees: Int
    ) throws -> FrameFormat {
        .bgra(
            width: try count(width, "width"),
            height: try count(height, "height"),
            rowStride: try count(rowStride, "rowStride"),
            rotationDegrees: try turn(rotationDegrees)
        )
    }

    private static func turn(_ rotationDegrees: Int) throws -> Int32 {
        guard let degrees = Int32(exactly: rotationDegrees) else {
            throw CrewError.NotAFrame(reason: "rotationDegrees is none of 0, 90, 180, 270")
        }
        return degrees
    }

    /// How long a reading may take, as the core takes it: as many milliseconds as no frame
    /// takes, if there is no limit.
    static func budget(_ millis: Int?) throws -> UInt32 {
        try millis.map { try count($0, "budgetMillis") } ?? UInt32.max
    }

    private static func count(_ value: Int, _ name: String) throws -> UInt32 {
        guard let count = UInt32(exactly: value) else {
            throw CrewError.NotAFrame(reason: "\(name) is \(value < 0 ? "negative" : "too large")")
        }
        return count
    }
}

extension ScanSession {
    /// Takes note of every code in a picture, and says of each what it is and where. Call it
    /// with every picture of the camera, from the camera's thread, one at a time; it takes no
    /// longer than `budgetMillis`.
    ///
    /// - Throws: `CrewError.NotAFrame` if the picture's numbers do not fit its pixels
    public func sight(_ frame: borrowing Frame, budgetMillis: Int? = nil) throws -> [Sighted] {
        let (format, budget) = (frame.format, try Frame.budget(budgetMillis))
        return try frame.pixels.lend {
            try sightFrame(buffer: $0, format: format, budgetMillis: budget)
        }
    }
}
