import AVFoundation
import Crewseal
import CrewsealPhone
import Foundation

/// The camera at the back, and what is read in its pictures.
///
/// Pictures are read one at a time, off the main thread; after each the newest is next, and
/// what came between is let go. So at most two of the camera's buffers are ever held.
public final class Camera: NSObject, @unchecked Sendable {
    public enum Failure: Error {
        /// The person did not allow the camera: only he can, in Settings.
        case notAllowed
        /// There is no camera, or another app has it.
        case none
    }

    /// For a preview on the screen.
    public let session = AVCaptureSession()
    private let made = DispatchQueue(label: "com.crewseal.camera", qos: .userInitiated)
    private let read = DispatchQueue(label: "com.crewseal.reader", qos: .userInitiated)
    private let frames = NewestFrame<Picture>()
    private let look: @Sendable (borrowing Frame) -> Void

    /// A buffer of the camera's, which nothing writes to while it is held.
    private struct Picture: @unchecked Sendable {
        let buffer: CVPixelBuffer
    }

    /// - Parameter look: is called with each picture that is read, from one thread, one at a
    ///   time: `ScanSession.sight` belongs in it
    public init(look: @escaping @Sendable (borrowing Frame) -> Void) {
        self.look = look
    }

    /// Asks for the camera if need be, and starts it.
    public func start() async throws {
        guard await AVCaptureDevice.requestAccess(for: .video) else { throw Failure.notAllowed }
        try await withCheckedThrowingContinuation { (started: CheckedContinuation<Void, any Error>) in
            made.async { started.resume(with: Result { try self.run() }) }
        }
    }

    /// Stops it. It can be started again.
    public func stop() {
        made.async { self.session.stopRunning() }
    }

    private func run() throws {
        if session.inputs.isEmpty { try setUp() }
        session.startRunning()
    }

    private func setUp() throws {
        guard
            let camera = AVCaptureDevice.default(.builtInWideAngleCamera, for: .video, position: .back),
            let input = try? AVCaptureDeviceInput(device: camera)
        else { throw Failure.none }
        let output = AVCaptureVideoDataOutput()
        output.alwaysDiscardsLateVideoFrames = true
        output.videoSettings = [
            kCVPixelBufferPixelFormatTypeKey as String: kCVPixelFormatType_420YpCbCr8BiPlanarFullRange
        ]
        output.setSampleBufferDelegate(self, queue: made)
        session.beginConfiguration()
        defer { session.commitConfiguration() }
        session.sessionPreset = .hd1920x1080
        guard session.canAddInput(input), session.canAddOutput(output) else { throw Failure.none }
        session.addInput(input)
        session.addOutput(output)
    }

    private func lookAt(_ first: Picture) {
        var next: Picture? = first
        while let picture = next {
            // The sensor lies on its side in a phone that is held upright. A buffer of a kind
            // that is not read is passed over.
            if let frame = try? Frame.of(picture.buffer, rotationDegrees: 90) { look(frame) }
            next = frames.looked()
        }
    }
}

extension Camera: AVCaptureVideoDataOutputSampleBufferDelegate {
    public func captureOutput(
        _ output: AVCaptureOutput,
        didOutput sampleBuffer: CMSampleBuffer,
        from connection: AVCaptureConnection
    ) {
        guard let buffer = CMSampleBufferGetImageBuffer(sampleBuffer) else { return }
        guard let now = frames.made(Picture(buffer: buffer)) else { return }
        read.async { self.lookAt(now) }
    }
}
