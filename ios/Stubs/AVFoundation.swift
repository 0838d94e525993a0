// Stubs: declarations only, of what ios/Sources uses. See ios/README.md.
@_exported import CoreVideo
import Foundation

public class CMSampleBuffer {}
public func CMSampleBufferGetImageBuffer(_ buffer: CMSampleBuffer) -> CVPixelBuffer? { fatalError() }
public struct AVMediaType: Sendable { public static let video = Self() }
public class AVCaptureInput {}
public class AVCaptureOutput {}
public class AVCaptureConnection {}
public class AVCaptureDevice {
    public struct DeviceType: Sendable { public static let builtInWideAngleCamera = Self() }
    public enum Position: Sendable { case back }
    public static func requestAccess(for type: AVMediaType) async -> Bool { fatalError() }
    public static func `default`(_ type: DeviceType, for media: AVMediaType?, position: Position) -> AVCaptureDevice? { fatalError() }
}
public class AVCaptureDeviceInput: AVCaptureInput {
    public init(device: AVCaptureDevice) throws {}
}
public protocol AVCaptureVideoDataOutputSampleBufferDelegate: AnyObject {
    func captureOutput(_ output: AVCaptureOutput, didOutput sampleBuffer: CMSampleBuffer, from connection: AVCaptureConnection)
}
public class AVCaptureVideoDataOutput: AVCaptureOutput {
    public override init() {}
    public var alwaysDiscardsLateVideoFrames: Bool { get { fatalError() } set {} }
    public var videoSettings: [String: Any]! { get { fatalError() } set {} }
    public func setSampleBufferDelegate(_ delegate: (any AVCaptureVideoDataOutputSampleBufferDelegate)?, queue: DispatchQueue?) {}
}
public class AVCaptureSession: @unchecked Sendable {
    public struct Preset: Sendable { public static let hd1920x1080 = Self() }
    public init() {}
    public var inputs: [AVCaptureInput] { fatalError() }
    public var sessionPreset: Preset { get { fatalError() } set {} }
    public func beginConfiguration() {}
    public func commitConfiguration() {}
    public func canAddInput(_ input: AVCaptureInput) -> Bool { fatalError() }
    public func canAddOutput(_ output: AVCaptureOutput) -> Bool { fatalError() }
    public func addInput(_ input: AVCaptureInput) {}
    public func addOutput(_ output: AVCaptureOutput) {}
    public func startRunning() {}
    public func stopRunning() {}
}
