import Crewseal
import Foundation
import PaperPhone

/// A directory for one test, gone when the test is over.
final class Directory: Sendable {
    let url: URL

    init() throws {
        let temporary = FileManager.default.temporaryDirectory
        url = temporary.appendingPathComponent("crewseal-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
    }

    deinit {
        try? FileManager.default.removeItem(at: url)
    }

    func path(_ name: String) -> String {
        url.appendingPathComponent(name).path
    }

    func contents(_ name: String) throws -> Data {
        try Data(contentsOf: url.appendingPathComponent(name))
    }

    func text(_ name: String) throws -> String {
        String(decoding: try contents(name), as: UTF8.self)
    }
}

/// A real HQ in a process of its own, with one job, dispatched as a person would.
final class Headquarters {
    /// Boxes that were labelled before the crew came.
    static let boxes = 4
    /// Labels of the roll that are on no box yet.
    static let blank = 4

    struct Failed: Error {
        let said: String
    }

    let job: JobId
    /// The texts of the labels that HQ minted: the boxes of the job first, then blank ones.
    let labels: [String]
    private let directory: Directory
    private let server: Process
    private let url: String
    private var invitations = 0

    init(_ directory: Directory) throws {
        self.directory = directory
        server = Process()
        server.executableURL = URL(fileURLWithPath: Self.binary)
        server.arguments = ["serve", "--data", "hq", "--listen", "127.0.0.1:0"]
        server.currentDirectoryURL = directory.url
        server.standardError = try Self.log(directory)
        let said = Pipe()
        server.standardOutput = said
        try server.run()
        url = try Self.line(said.fileHandleForReading)

        let count = Self.boxes + Self.blank
        try Self.run(directory, "labels", "--data", "hq", "--count", "\(count)", "--out", "labels.txt")
        labels = try directory.text("labels.txt").split(separator: "\n").map(String.init)
        job = try Self.openJob(directory, labels.prefix(Self.boxes), seconds: 86400)
    }

    /// Opens a job with these boxes that ends in so many seconds.
    static func openJob(
        _ directory: Directory, _ labelled: some Sequence<String>, seconds: TimeInterval
    ) throws -> JobId {
        let plan = """
            {"title": "Household move 1", "customer": "Customer 1", "origin": "5 Example Street",
             "destination": "12 Sample Road", "boxes": \(boxes + blank),
             "labelled": [\(labelled.map { "\"\($0)\"" }.joined(separator: ", "))],
             "opens_at": "\(time(-3600))", "closes_at": "\(time(seconds))"}
            """
        try Data(plan.utf8).write(to: directory.url.appendingPathComponent("plan.json"))
        return try run(directory, "job", "--data", "hq", "--plan", "plan.json")
    }

    deinit {
        // Foundation reaps it; to wait here would keep a thread from other tests.
        kill(server.processIdentifier, SIGKILL)
    }

    /// What a new phone enrols with.
    func invitation(
        role: String, pseudonym: String, at other: String? = nil, of another: JobId? = nil
    ) throws -> Data {
        let file = "\(invitations).invitation"
        invitations += 1
        try Self.run(
            directory, "invite", "--data", "hq", "--role", role, "--pseudonym", pseudonym,
            "--job", another ?? job, "--url", other ?? url, "--out", file
        )
        return try directory.contents(file)
    }

    /// Exports the record and lets HQ's binary verify it: the exit status and what it says.
    func verdict() throws -> (status: Int32, said: String) {
        try Self.run(directory, "export", "--data", "hq", "--job", job, "--out", "custody.crewseal")
        return try Self.call(directory, "verify", "custody.crewseal")
    }

    /// Runs a command of HQ's: its exit status, and what it says.
    static func call(_ directory: Directory, _ arguments: String...) throws -> (status: Int32, said: String) {
        try call(directory, arguments)
    }

    private static func call(_ directory: Directory, _ arguments: [String]) throws -> (status: Int32, said: String) {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: binary)
        process.arguments = arguments
        process.currentDirectoryURL = directory.url
        process.standardError = try log(directory)
        let pipe = Pipe()
        process.standardOutput = pipe
        try process.run()
        let said = String(decoding: try pipe.fileHandleForReading.readToEnd() ?? Data(), as: UTF8.self)
        process.waitUntilExit()
        return (process.terminationStatus, said.trimmingCharacters(in: .whitespacesAndNewlines))
    }

    @discardableResult
    private static func run(_ directory: Directory, _ arguments: String...) throws -> String {
        let (status, said) = try call(directory, arguments)
        guard status == 0 else {
            throw Failed(said: "\(arguments[0]) answers \(status): \(try directory.text("hq.log"))")
        }
        return said
    }

    private static func log(_ directory: Directory) throws -> FileHandle {
        let path = directory.path("hq.log")
        if !FileManager.default.fileExists(atPath: path) {
            try Data().write(to: URL(fileURLWithPath: path))
        }
        let log = try FileHandle(forWritingTo: URL(fileURLWithPath: path))
        try log.seekToEnd()
        return log
    }

    private static func line(_ from: FileHandle) throws -> String {
        var line = Data()
        while true {
            let more = from.availableData
            guard !more.isEmpty else { throw Failed(said: "HQ did not start") }
            line.append(more)
            if let end = line.firstIndex(of: UInt8(ascii: "\n")) {
                return String(decoding: line[..<end], as: UTF8.self)
            }
        }
    }

    private static func time(_ seconds: TimeInterval) -> String {
        ISO8601DateFormatter().string(from: Date().addingTimeInterval(seconds))
    }

    /// The one that cargo built, or `CREWSEAL_HQ`.
    private static let binary: String = {
        if let binary = ProcessInfo.processInfo.environment["CREWSEAL_HQ"] { return binary }
        var checkout = URL(fileURLWithPath: #filePath)
        for _ in 0..<5 { checkout.deleteLastPathComponent() }
        return checkout.appendingPathComponent("target/debug/crewseal-hq").path
    }()
}

/// A phone that is enrolled and has its job.
func phone(_ directory: Directory, _ name: String, _ invitation: Data) async throws -> Crew {
    let crew = try await Crew.open(directory: directory.path(name), vault: PaperVault(), clock: SystemClock())
    try await crew.enrol(invitation: invitation)
    try await crew.fetch()
    return crew
}

extension Sighting {
    /// The label, if it is a box of this job for the first time.
    var new: Label? {
        if case .new(let label) = self { label } else { nil }
    }

    /// The label, if it is on no box yet.
    var blank: Label? {
        if case .blank(let label) = self { label } else { nil }
    }
}
