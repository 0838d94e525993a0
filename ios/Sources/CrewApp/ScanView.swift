import AVFoundation
import Crewseal
import CrewsealIOS
import CrewsealPhone
import SwiftUI
import UIKit

/// The camera with what it sees marked on it, the tally, and what to do with the boxes.
struct ScanView: View {
    let model: CrewModel
    let job: JobPack
    @StateObject private var scan = Scan()
    @State private var isGiving = false

    private static let acts: [(act: Act, symbol: String)] = [
        (.takeOver, "door.left.hand.open"), (.load, "truck.box"), (.count, "number"), (.deliver, "checkmark.seal"),
    ]

    var body: some View {
        VStack(spacing: 8) {
            CameraView(scan: scan)
            HStack {
                Text("\(scan.count.seen) / \(scan.count.expected)").font(.largeTitle)
                Button { scan.undo() } label: {
                    Label(String.app("scan.undo"), systemImage: "arrow.uturn.backward").frame(minHeight: 64)
                }
            }
            if let blank = scan.blank {
                BigButton(text: .app("scan.commission") + " " + blank.callOut, symbol: "plus.circle") {
                    await model.attempt { try scan.commission() }
                }
            }
            ScrollView {
                ForEach(Self.acts, id: \.act) { item in
                    BigButton(text: CrewsealTexts.text(item.act.textKey()), symbol: item.symbol) {
                        await record(item.act)
                    }
                }
                BigButton(text: .app("give"), symbol: "arrow.up.circle") { isGiving = true }
            }
            .frame(maxHeight: 240)
        }
        .navigationTitle(job.title)
        .task { await begin() }
        .onDisappear { scan.stop() }
        .sheet(isPresented: $isGiving) { GiveView(model: model, job: job.id, boxes: scan.seen) }
    }

    private func begin() async {
        await model.attempt {
            guard let crew = model.crew else { return }
            try await scan.start(crew.beginScan(job: job.id))
        }
    }

    private func record(_ act: Act) async {
        await model.attempt {
            guard let crew = model.crew, let session = scan.session else { return }
            let new = scan.commissioned
            if !new.isEmpty { _ = try await crew.commission(job: job.id, boxes: new) }
            _ = try await crew.recordScanned(act: act, session: session)
            // It knows the lists as they were when it began.
            try await scan.start(crew.beginScan(job: job.id))
            try await model.refresh()
        }
    }
}

/// A scan, as the screen shows it.
@MainActor
final class Scan: ObservableObject {
    @Published private(set) var sighted: [Sighted] = []
    @Published private(set) var count = Count(seen: 0, expected: 0)
    @Published private(set) var camera: Camera?
    /// A label of the roll that is on no box as far as anybody knows: ask.
    @Published private(set) var blank: Crewseal.Label?
    private(set) var session: ScanSession?

    var seen: [Crewseal.Label] { session?.seen() ?? [] }
    var commissioned: [Crewseal.Label] { session?.commissioned() ?? [] }

    func start(_ session: ScanSession) async throws {
        stop()
        self.session = session
        let camera = Camera { [weak self] frame in
            // The wrong kind of buffer is a fault that shows at once, in the first picture.
            guard let sighted = try? session.sight(frame, budgetMillis: 60) else { return }
            let count = session.count()
            Task { @MainActor in self?.show(sighted, count) }
        }
        self.camera = camera
        count = session.count()
        try await camera.start()
    }

    func stop() {
        camera?.stop()
        camera = nil
    }

    func undo() {
        _ = session?.undoLast()
        if let session { count = session.count() }
    }

    /// The crew has just stuck it on a box.
    func commission() throws {
        guard let session, let label = blank else { return }
        blank = nil
        _ = try session.commission(label: label)
        count = session.count()
    }

    private func show(_ sighted: [Sighted], _ count: Count) {
        for code in sighted where code.isEntering {
            let feedback = UINotificationFeedbackGenerator()
            feedback.notificationOccurred(Mark(code.sighting) == .foreign ? .error : .success)
        }
        for code in sighted where code.isEntering {
            if case .blank(let label) = code.sighting { blank = label }
        }
        self.sighted = sighted
        self.count = count
    }
}

/// The camera's picture, and the codes in it outlined.
struct CameraView: View {
    @ObservedObject var scan: Scan

    var body: some View {
        GeometryReader { area in
            ZStack {
                if let camera = scan.camera { Preview(session: camera.session) }
                // The upright picture of a sensor that gives 1920 by 1080.
                let screen = (width: Double(area.size.width), height: Double(area.size.height))
                if let overlay = Overlay(picture: (1080, 1920), screen: screen) {
                    ForEach(scan.sighted.indices, id: \.self) { index in
                        outline(overlay, scan.sighted[index])
                    }
                }
            }
        }
        .clipped()
    }

    private func outline(_ overlay: Overlay, _ code: Sighted) -> some View {
        let corners = overlay.outline(code.corners).map { CGPoint(x: $0.x, y: $0.y) }
        let mark = Mark(code.sighting)
        return ZStack {
            Path { path in
                path.addLines(corners)
                path.closeSubpath()
            }
            .stroke(Self.color(mark), lineWidth: 4)
            Image(systemName: mark.symbol).foregroundColor(Self.color(mark)).position(corners[0])
        }
    }

    private static func color(_ mark: Mark) -> Color {
        switch mark {
        case .counted: .green
        case .blank: .blue
        case .foreign: .red
        case .undone: .gray
        }
    }
}

/// AVFoundation's own view of the camera.
struct Preview: UIViewRepresentable {
    let session: AVCaptureSession

    final class PreviewView: UIView {
        override class var layerClass: AnyClass { AVCaptureVideoPreviewLayer.self }
    }

    func makeUIView(context: Context) -> PreviewView {
        let view = PreviewView()
        if let layer = view.layer as? AVCaptureVideoPreviewLayer {
            layer.session = session
            layer.videoGravity = .resizeAspectFill
        }
        return view
    }

    func updateUIView(_ view: PreviewView, context: Context) {
        (view.layer as? AVCaptureVideoPreviewLayer)?.session = session
    }
}
