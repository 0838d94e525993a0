import Crewseal
import Foundation
import PaperPhone
import Synchronization
import Testing

/// What apps are told without asking, by the one thread that tells it.
@Suite(.serialized, .timeLimit(.minutes(2)))
struct ObserverTests {
    let directory = try! Directory()

    private enum Notice: Sendable, Equatable {
        case count(Count)
        case progress(SyncProgress)
        case alarm(Alarm)
    }

    /// Passes on what it is told, and does something of its own after it.
    private final class Told: Observer {
        let notices: AsyncStream<Notice>
        let threads = Mutex(Set<UInt>())
        private let told: AsyncStream<Notice>.Continuation
        private let after: @Sendable () throws -> Void

        init(after: @escaping @Sendable () throws -> Void = {}) {
            (notices, told) = AsyncStream.makeStream()
            self.after = after
        }

        func tallyChanged(job: JobId, count: Count) throws { try tell(.count(count)) }
        func syncProgressed(progress: SyncProgress) throws { try tell(.progress(progress)) }
        func alarmed(alarm: Alarm) throws { try tell(.alarm(alarm)) }

        private func tell(_ notice: Notice) throws {
            _ = threads.withLock { $0.insert(pthread_self()) }
            told.yield(notice)
            try after()
        }
    }

    private func enrolled() async throws -> (Crew, Headquarters) {
        let hq = try Headquarters(directory)
        let crew = try await phone(directory, "phone", hq.invitation(role: "mover", pseudonym: "Mover 17"))
        return (crew, hq)
    }

    @Test("counts and the progress of a sync are told")
    func told() async throws {
        let (crew, hq) = try await enrolled()
        let told = Told()
        try crew.observe(observer: told)
        var notices = told.notices.makeAsyncIterator()
        let session = try await crew.beginScan(job: hq.job)
        var boxes: [Label] = []
        for text in hq.labels.prefix(Headquarters.boxes) {
            try boxes.append(#require(session.typed(text: text).new))
            #expect(await notices.next() == .count(session.count()))
        }
        _ = try await crew.record(act: .takeOver, job: hq.job, boxes: boxes)
        // The act, and the terms before it.
        #expect(try await crew.sync().receipted == 2)
        let progress = SyncProgress(waiting: 2, receipted: 2, parked: 0, unanswered: 0)
        #expect(await notices.next() == .progress(progress))
    }

    @Test("ten thousand callbacks come from one thread")
    func oneThread() async throws {
        let (crew, hq) = try await enrolled()
        let told = Told()
        try crew.observe(observer: told)
        var notices = told.notices.makeAsyncIterator()
        let session = try await crew.beginScan(job: hq.job)
        for number in 0..<10_000 {
            if number % 2 == 0 {
                _ = session.typed(text: hq.labels[0])
            } else {
                _ = session.undoLast()
            }
            _ = await notices.next()
        }
        #expect(told.threads.withLock { $0.count } == 1)
    }

    @Test("an observer that throws is told the next, and may call the core")
    func throwing() async throws {
        struct Unforeseen: Error {}
        let (crew, hq) = try await enrolled()
        let told = Told { [weak crew] in
            _ = crew?.deviceId()
            throw Unforeseen()
        }
        try crew.observe(observer: told)
        var notices = told.notices.makeAsyncIterator()
        let session = try await crew.beginScan(job: hq.job)
        for text in hq.labels.prefix(3) {
            _ = session.typed(text: text)
            #expect(await notices.next() == .count(session.count()))
        }
    }

    @Test("an observer that hangs holds up nothing, and hears the last of all that happened")
    func hanging() async throws {
        let (crew, hq) = try await enrolled()
        let goOn = DispatchSemaphore(value: 0)
        let isOver = Mutex(false)
        let told = Told { if !isOver.withLock({ $0 }) { goOn.wait() } }
        try crew.observe(observer: told)
        var notices = told.notices.makeAsyncIterator()
        let session = try await crew.beginScan(job: hq.job)
        let first = try #require(session.typed(text: hq.labels[0]).new)
        #expect(await notices.next() == .count(session.count()))
        _ = session.typed(text: hq.labels[1])
        for _ in 0..<100 {
            _ = session.undoLast()
            _ = session.typed(text: hq.labels[1])
        }
        _ = try await crew.record(act: .takeOver, job: hq.job, boxes: [first])
        isOver.withLock { $0 = true }
        goOn.signal()
        #expect(await notices.next() == .count(Count(seen: 2, expected: 4)))
    }

    @Test("keys that are gone are an alarm")
    func alarm() async throws {
        let vault = PaperVault()
        let crew = try await Crew.open(directory: directory.path("phone"), vault: vault, clock: SystemClock())
        let told = Told()
        try crew.observe(observer: told)
        var notices = told.notices.makeAsyncIterator()
        vault.fail(with: KeyVaultError.KeyGone)
        await #expect(throws: CrewError.KeysGone) { try await crew.rotateKeys() }
        #expect(await notices.next() == .alarm(.keysGone))
    }
}
