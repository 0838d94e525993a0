import Crewseal
import Foundation
import PaperPhone
import Testing

/// Calls that talk to HQ: given up from outside, and not begun without a network.
@Suite(.serialized, .timeLimit(.minutes(2)))
struct HqCallsTests {
    let directory = try! Directory()

    private func open(_ network: NetworkState? = nil) async throws -> Crew {
        try await Crew.open(
            directory: directory.path("phone"), vault: PaperVault(), clock: SystemClock(), network: network
        )
    }

    @Test("a cancelled task gives up its call that waits for HQ")
    func cancelled() async throws {
        let silent = try SilentServer()
        let hq = try Headquarters(directory)
        let nowhere = try hq.invitation(role: "mover", pseudonym: "Mover 17", at: silent.url)
        let crew = try await open()
        let enrolling = Task { try await crew.enrol(invitation: nowhere) }
        // The core is connected and waits for an answer that never comes.
        await silent.accepted()
        let start = ContinuousClock.now
        enrolling.cancel()
        await #expect(throws: CrewError.CallCancelled) { try await enrolling.value }
        #expect(start.duration(to: .now) < .seconds(2))
        // The phone is as it was.
        #expect(try await crew.isEnrolled() == false)
        try await crew.enrol(invitation: hq.invitation(role: "mover", pseudonym: "Mover 17"))
        #expect(try await crew.isEnrolled())
    }

    @Test("a task that is cancelled already does not ask HQ at all")
    func cancelledBefore() async throws {
        let silent = try SilentServer()
        let hq = try Headquarters(directory)
        let nowhere = try hq.invitation(role: "mover", pseudonym: "Mover 17", at: silent.url)
        let crew = try await open()
        let enrolling = Task {
            withUnsafeCurrentTask { $0?.cancel() }
            try await crew.enrol(invitation: nowhere)
        }
        await #expect(throws: CrewError.CallCancelled) { try await enrolling.value }
        #expect(!silent.isAsked)
    }

    @Test("nothing is lost by giving up")
    func nothingLost() async throws {
        let hq = try Headquarters(directory)
        let crew = try await phone(directory, "phone", hq.invitation(role: "mover", pseudonym: "Mover 17"))
        let session = try await crew.beginScan(job: hq.job)
        let boxes = hq.labels.prefix(2).compactMap { session.typed(text: $0).new }
        _ = try await crew.record(act: .takeOver, job: hq.job, boxes: boxes)
        for _ in 0..<20 { _ = try await crew.record(act: .count, job: hq.job, boxes: boxes) }
        let token = CancelToken()
        token.cancel()
        token.cancel()
        await #expect(throws: CrewError.CallCancelled) { try await crew.sync(cancel: token) }
        await #expect(throws: CrewError.CallCancelled) { try await crew.fetch(cancel: token) }
        // The acts, and the terms before the first of them.
        #expect(try await crew.outbox().waiting == 22)
        // Given up anywhere on its way.
        for millis in [0, 1, 2, 4, 8, 16] {
            let syncing = Task { try await crew.sync() }
            try await Task.sleep(for: .milliseconds(millis))
            syncing.cancel()
            if case .failure(let error) = await syncing.result {
                #expect(error as? CrewError == .CallCancelled)
            }
        }
        try await crew.sync()
        #expect(try await crew.outbox().waiting == 0)
        let (status, said) = try hq.verdict()
        #expect(status < 2, "\(said)")
    }

    @Test("without a network nothing is tried, and one that cannot say what it is is tried")
    func network() async throws {
        struct Unforeseen: Error {}
        let silent = try SilentServer()
        let hq = try Headquarters(directory)
        let nowhere = try hq.invitation(role: "mover", pseudonym: "Mover 17", at: silent.url)
        do {
            let crew = try await open(Network { .offline })
            await #expect(throws: CrewError.Offline(againAfterMillis: nil)) {
                try await crew.enrol(invitation: nowhere)
            }
            #expect(!silent.isAsked)
        }
        for network in [
            Network { throw NetworkError.Unknown }, Network { throw Unforeseen() }, Network { .metered },
        ] {
            let crew = try await open(network)
            try await crew.enrol(invitation: hq.invitation(role: "mover", pseudonym: "Mover 17"))
            #expect(try await crew.fetch().jobs == 1)
        }
    }

    private final class Network: NetworkState {
        private let answer: @Sendable () throws -> Connection

        init(_ answer: @escaping @Sendable () throws -> Connection) {
            self.answer = answer
        }

        func connection() throws -> Connection {
            try answer()
        }
    }
}

/// It takes connections and says nothing.
final class SilentServer: Sendable {
    private let listening: Int32
    private let port: UInt16

    init() throws {
        listening = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        var size = socklen_t(MemoryLayout<sockaddr_in>.size)
        let socket = listening
        let isBound = withUnsafeMutablePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(socket, $0, size) == 0 && listen(socket, 4) == 0 && getsockname(socket, $0, &size) == 0
            }
        }
        try #require(isBound)
        port = UInt16(bigEndian: address.sin_port)
    }

    deinit {
        close(listening)
    }

    var url: String { "https://localhost:\(port)" }

    /// Whether anybody is connected, or was.
    var isAsked: Bool {
        var polled = pollfd(fd: listening, events: Int16(POLLIN), revents: 0)
        return poll(&polled, 1, 0) > 0
    }

    /// Waits for somebody to connect, who is then held.
    func accepted() async {
        await withCheckedContinuation { continuation in
            DispatchQueue.global().async { [listening] in
                _ = accept(listening, nil, nil)
                continuation.resume()
            }
        }
    }
}
