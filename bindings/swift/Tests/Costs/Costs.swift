import Crewseal
import Foundation
import PaperPhone

/// The program by which `tests/compare ffi` measures Swift: it does what the lines say that it
/// reads, and answers each with one. tests/ffi/src/subject.rs says which there are.
@main
struct Costs {
    struct Failed: Error {
        let what: String
    }

    private var phone: Phone?
    private var picture: Picture?

    static func main() async throws {
        let start = uptime()
        let arguments = CommandLine.arguments
        if arguments.count > 2, arguments[1] == "cold" {
            return try await coldOpen(URL(fileURLWithPath: arguments[2]), since: start)
        }
        var costs = Costs()
        while let line = readLine() {
            let words = line.split(separator: " ").map(String.init)
            say(try await costs.answer(words[0], Array(words.dropFirst())))
        }
    }

    private mutating func answer(_ what: String, _ with: [String]) async throws -> String {
        switch what {
        case "open":
            phone = try await Phone(at: with[0], invitation: URL(fileURLWithPath: with[1]))
        case "act":
            return String(try await open().act())
        case "picture":
            let luma = try Data(contentsOf: URL(fileURLWithPath: with[0]))
            picture = Picture(luma: luma, width: Int(with[1])!, height: Int(with[2])!)
        case "frame":
            guard let picture else { throw Failed(what: "there is no picture to look at") }
            return try open().frame(picture)
        case "callbacks":
            try open().callbacks(Int(with[0])!)
        case "cold":
            try await open().prepare(URL(fileURLWithPath: with[0]))
        default:
            throw Failed(what: "there is no \(what)")
        }
        return "ok"
    }

    private func open() throws -> Phone {
        guard let phone else { throw Failed(what: "no store is open") }
        return phone
    }

    /// The start is that of main, by when the system has loaded the library with the program.
    private static func coldOpen(_ directory: URL, since start: UInt64) async throws {
        let crew = try await Crew.open(
            directory: phonePath(directory), vault: try KeptVault(directory), clock: SystemClock()
        )
        say(String(uptime() - start))
        try await crew.suspend()
    }

    private static func say(_ answer: String) {
        FileHandle.standardOutput.write(Data("\(answer)\n".utf8))
    }
}

/// A plane of luma.
private struct Picture {
    let luma: Data
    let width: Int
    let height: Int
}

/// A phone that is enrolled, with the boxes of its one job taken over.
private struct Phone {
    let crew: Crew
    let vault = TimedVault()
    let session: ScanSession
    let job: JobId
    let boxes: [Label]

    init(at directory: String, invitation: URL) async throws {
        crew = try await Crew.open(directory: directory, vault: vault, clock: SystemClock())
        try await crew.enrol(invitation: Data(contentsOf: invitation))
        try await crew.fetch()
        guard let pack = try await crew.jobs().first else { throw Costs.Failed(what: "HQ sent no job") }
        job = pack.id
        session = try await crew.beginScan(job: job)
        boxes = session.missing()
        for box in boxes { _ = session.typed(text: box.text) }
        _ = try await crew.recordScanned(act: .takeOver, session: session)
    }

    func act() async throws -> UInt64 {
        let (start, spent) = (uptime(), vault.nanos)
        _ = try await crew.recordScanned(act: .count, session: session)
        return uptime() - start - (vault.nanos - spent)
    }

    func frame(_ picture: Picture) throws -> String {
        let start = uptime()
        let frame = try Frame.luma(
            picture.luma, width: picture.width, height: picture.height, rowStride: picture.width
        )
        let sighted = try session.sight(frame)
        return "\(uptime() - start) \(sighted.count)"
    }

    /// Sees a box and takes it back, and waits each time until it is told.
    func callbacks(_ number: Int) throws {
        let observer = Told()
        try crew.observe(observer: observer)
        for _ in 0..<number {
            if session.undoLast() == nil { _ = session.typed(text: boxes[0].text) }
            observer.told.wait()
        }
        try crew.observe(observer: nil)
    }

    /// The store as it is now, with 1,000 acts that wait, and the keys that open it.
    func prepare(_ directory: URL) async throws {
        try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
        let crew = try await Crew.open(
            directory: phonePath(directory), vault: try KeptVault(directory), clock: SystemClock()
        )
        let invitation = directory.deletingLastPathComponent().appendingPathComponent("cold-invitation")
        try await crew.enrol(invitation: Data(contentsOf: invitation))
        try await crew.fetch()
        _ = try await crew.record(act: .takeOver, job: job, boxes: boxes)
        for _ in 0..<999 { _ = try await crew.record(act: .count, job: job, boxes: boxes) }
        // The acts, and the terms before the first of them.
        guard try await crew.outbox().waiting == 1_001 else {
            throw Costs.Failed(what: "not 1,000 acts wait")
        }
        try await crew.suspend()
    }
}

private final class Told: Observer {
    let told = DispatchSemaphore(value: 0)

    func tallyChanged(job: JobId, count: Count) { told.signal() }
    func syncProgressed(progress: SyncProgress) {}
    func alarmed(alarm: Alarm) {}
}

private func phonePath(_ directory: URL) -> String {
    directory.appendingPathComponent("phone").path
}

func uptime() -> UInt64 {
    DispatchTime.now().uptimeNanoseconds
}
