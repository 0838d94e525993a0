import CoreImage
import Crewseal
import CrewsealIOS
import CrewsealPhone
import SwiftUI
import UIKit

/// The giver's side: reads who receives, shows the offer, reads the answer, shows that he saw it.
struct GiveView: View {
    let model: CrewModel
    let job: JobId
    let boxes: [Crewseal.Label]
    @State private var shown: Shown?
    @State private var isOver = false

    var body: some View {
        VStack(spacing: 16) {
            Text(isOver ? String.app("handoff.over") : String.app("handoff.read")).font(.title2)
            if let shown { CodeView(shown: shown) }
            if !isOver { MessageReader(model: model) { await read($0, $1) } }
        }
        .padding()
    }

    private func read(_ purpose: Purpose, _ message: Data) async {
        await model.attempt {
            guard let crew = model.crew else { return }
            switch purpose {
            case .hello:
                let offer = try await crew.offer(job: job, boxes: boxes, hello: message)
                shown = try Shown(.offer, offer)
            case .accept:
                let acceptance = try await crew.readAcceptance(shown: message)
                shown = try Shown(.ack, acceptance.ack)
                isOver = true
                try await model.refresh()
            default: break
            }
        }
    }
}

/// The receiver's side: shows who he is, reads the offer, scans the boxes, shows his answer.
struct ReceiveView: View {
    let model: CrewModel
    @State private var shown: Shown?
    @State private var offer: Offer?
    @State private var isChecked = false
    @State private var isOver = false
    @StateObject private var scan = Scan()

    var body: some View {
        VStack(spacing: 16) {
            if let offer {
                Text(offer.giver().pseudonym + ": " + String(offer.boxes().count) + " " + .app("boxes")).font(.title2)
                Text(fourWords(offer: offer.id(), language: language).joined(separator: " ")).font(.title3)
            }
            if let shown { CodeView(shown: shown) }
            if isOver {
                Text(String.app("handoff.over")).font(.title)
            } else if let offer, shown == nil {
                Toggle(isOn: $isChecked) {
                    Text(String.app("handoff.check") + " " + offer.check().map(\.callOut).joined(separator: ", "))
                }
                .frame(minHeight: 64)
                CameraView(scan: scan)
                Text("\(scan.count.seen)").font(.largeTitle)
                BigButton(text: .app("accept"), symbol: "checkmark") { await accept(offer) }
            } else if shown == nil {
                BigButton(text: .app("receive"), symbol: "arrow.down.circle") { await begin() }
            } else {
                MessageReader(model: model) { await read($0, $1) }
            }
        }
        .padding()
        .onDisappear { scan.stop() }
    }

    private var language: Language {
        Locale.preferredLanguages.first?.hasPrefix("zh") == true ? .chinese : .english
    }

    private func begin() async {
        await model.attempt {
            guard let crew = model.crew else { return }
            shown = try Shown(.hello, try await crew.hello(introduction: .included))
        }
    }

    private func read(_ purpose: Purpose, _ message: Data) async {
        await model.attempt {
            guard let crew = model.crew else { return }
            switch purpose {
            case .offer:
                let read = try await crew.readOffer(shown: message)
                offer = read
                shown = nil
                try await scan.start(crew.beginScan(job: read.job()))
            case .ack:
                _ = try await crew.readAck(shown: message)
                (shown, isOver) = (nil, true)
                try await model.refresh()
            case .withdraw:
                _ = try await crew.readWithdraw(shown: message)
                (shown, offer) = (nil, nil)
            default: break
            }
        }
    }

    private func accept(_ offer: Offer) async {
        await model.attempt {
            guard let crew = model.crew else { return }
            scan.stop()
            let check: SpotCheck = isChecked ? .done : .notDone
            let accepted = try await crew.accept(offer: offer, scanned: scan.seen, check: check)
            shown = try Shown(.accept, accepted)
        }
    }
}

/// A message as QR codes.
struct Shown: Identifiable {
    let id = UUID()
    let show: Show

    init(_ purpose: Purpose, _ message: Data) throws {
        show = try Show.of(purpose: purpose, message: message)
    }
}

/// One code that stands still, or several in turn, five a second.
struct CodeView: View {
    let shown: Shown
    @State private var picture: UIImage?

    var body: some View {
        Group {
            if let picture {
                // White around it in the dark as well: a camera looks for it.
                Image(uiImage: picture).interpolation(.none).resizable().scaledToFit().padding().background(Color.white)
            }
        }
        .task(id: shown.id) {
            repeat {
                picture = Self.draw(shown.show.nextText())
                try? await Task.sleep(nanoseconds: 200_000_000)
            } while !Task.isCancelled && !shown.show.isOne()
        }
    }

    private static func draw(_ text: String) -> UIImage? {
        let filter = CIFilter(name: "CIQRCodeGenerator")
        filter?.setValue(Data(text.utf8), forKey: "inputMessage")
        filter?.setValue("M", forKey: "inputCorrectionLevel")
        guard let code = filter?.outputImage else { return nil }
        return CIContext().createCGImage(code, from: code.extent).map { UIImage(cgImage: $0) }
    }
}

/// The camera on another phone's screen, until a message is whole.
struct MessageReader: View {
    let model: CrewModel
    let whole: @MainActor (Purpose, Data) async -> Void
    @State private var camera: Camera?

    var body: some View {
        Group {
            if let camera { Preview(session: camera.session) }
        }
        .frame(maxHeight: 300)
        .task { await read() }
        .onDisappear { camera?.stop() }
    }

    private func read() async {
        let collector = Collector()
        let (messages, found) = AsyncStream<(Purpose, Data)>.makeStream()
        let camera = Camera { frame in
            for reading in (try? frame.read(budgetMillis: 150)) ?? [] {
                switch collector.add(text: reading.text) {
                case .whole(let purpose, let message): found.yield((purpose, message))
                case .nothing(.anotherMessage): collector.reset()
                default: break
                }
            }
        }
        self.camera = camera
        await model.attempt { try await camera.start() }
        var last: Data?
        for await (purpose, message) in messages where message != last {
            last = message
            await whole(purpose, message)
        }
    }
}
