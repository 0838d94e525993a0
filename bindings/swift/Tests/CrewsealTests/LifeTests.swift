import Crewseal
import Foundation
import PaperPhone
import Synchronization
import Testing

/// What apps do to the core beside using it: let go, suspend, fail, and call from everywhere.
@Suite(.serialized, .timeLimit(.minutes(2)))
struct LifeTests {
    let directory = try! Directory()

    private func open(
        _ name: String = "phone", _ vault: KeyVault = PaperVault(), clock: Clock = SystemClock()
    ) async throws -> Crew {
        try await Crew.open(directory: directory.path(name), vault: vault, clock: clock)
    }

    @Test("with its last reference a phone lets go of its store")
    func release() async throws {
        let vault = PaperVault()
        for _ in 0..<20 {
            let crew = try await open("phone", vault)
            #expect(try await crew.outbox().waiting == 0)
        }
    }

    @Test("a store is open once")
    func once() async throws {
        let vault = PaperVault()
        let crew = try await open("phone", vault)
        await #expect(throws: CrewError.StoreInUse) { _ = try await open("phone", vault) }
        #expect(crew.deviceId().count > 0)
    }

    @Test("while it is suspended every call says so, and nobody's lock is in the way")
    func suspend() async throws {
        let vault = PaperVault()
        let crew = try await open("phone", vault)
        let device = crew.deviceId()
        try await crew.suspend()
        try await crew.suspend()
        await #expect(throws: CrewError.Suspended) { _ = try await crew.outbox() }
        await #expect(throws: CrewError.Suspended) { _ = try await crew.jobs() }
        await #expect(throws: CrewError.Suspended) { _ = try await crew.sync() }
        await #expect(throws: CrewError.Suspended) { try await crew.rotateKeys() }
        #expect(CrewError.Suspended.advice() == .tryLater)
        #expect(crew.deviceId() == device)
        // The lock went with it.
        do { _ = try await open("phone", vault).outbox() }
        try await crew.resume()
        try await crew.resume()
        #expect(try await crew.outbox().waiting == 0)
    }

    @Test("calls from many tasks at once all get their answer")
    func concurrency() async throws {
        let hq = try Headquarters(directory)
        let crew = try await phone(directory, "phone", hq.invitation(role: "mover", pseudonym: "Mover 17"))
        let job = hq.job
        let session = try await crew.beginScan(job: job)
        let boxes = hq.labels.prefix(Headquarters.boxes).compactMap { session.typed(text: $0).new }
        #expect(boxes.count == Headquarters.boxes)
        _ = try await crew.record(act: .takeOver, job: job, boxes: boxes)
        let events = try await withThrowingTaskGroup(of: EventId.self) { group in
            for number in 1...40 {
                group.addTask {
                    if number % 4 == 0 { _ = try await crew.outbox() }
                    return try await crew.record(act: .count, job: job, boxes: boxes)
                }
            }
            return try await group.reduce(into: Set()) { $0.insert($1) }
        }
        #expect(events.count == 40)
        // The acts, and the terms before the first of them.
        #expect(try await crew.outbox().waiting == 42)
        #expect(try await crew.sync().receipted == 42)
    }

    @Test("a session is used from many threads at once")
    func threads() async throws {
        let hq = try Headquarters(directory)
        let crew = try await phone(directory, "phone", hq.invitation(role: "mover", pseudonym: "Mover 17"))
        let session = try await crew.beginScan(job: hq.job)
        let texts = Array(hq.labels.prefix(Headquarters.boxes))
        let new = Mutex(0)
        DispatchQueue.concurrentPerform(iterations: 400) { number in
            if session.typed(text: texts[number % texts.count]).new != nil {
                new.withLock { $0 += 1 }
            }
            _ = session.count()
        }
        #expect(new.withLock { $0 } == Headquarters.boxes)
        #expect(session.count().seen == UInt64(Headquarters.boxes))
    }

    /// What nobody expected.
    private struct Unforeseen: Error {}

    @Test("every failure of the vault arrives as what it is")
    func failures() async throws {
        let vault = PaperVault()
        let failures: [(any Error, CrewError)] = [
            (KeyVaultError.Locked, .KeysLocked),
            (KeyVaultError.Cancelled, .Cancelled),
            (KeyVaultError.KeyGone, .KeysGone),
            (KeyVaultError.Hardware, .KeysFailed),
            (Unforeseen(), .KeysFailed),
            (CancellationError(), .KeysFailed),
            (ClockError.Failed, .KeysFailed),
        ]
        for (thrown, expected) in failures {
            vault.fail(with: thrown)
            await #expect(throws: expected) { _ = try await open("phone", vault) }
        }
        vault.fail(with: nil)
        let crew = try await open("phone", vault)
        // In the middle of its life as well.
        for (thrown, expected) in failures {
            vault.fail(with: thrown)
            await #expect(throws: expected) { try await crew.rotateKeys() }
        }
        vault.fail(with: nil)
        try await crew.rotateKeys()
        #expect(try await crew.outbox().waiting == 0)
    }

    @Test("a vault that answers nonsense is a failure of the hardware")
    func nonsense() async throws {
        for nonsense in [Data(), Data(count: 7), Data(count: 1 << 20)] {
            let vault = NonsenseVault(nonsense)
            await #expect(throws: CrewError.KeysFailed) { _ = try await open("phone", vault) }
        }
    }

    @Test("a vault that hangs holds up its own call and no other")
    func hanging() async throws {
        let vault = PaperVault()
        let answer = DispatchSemaphore(value: 0)
        let (asked, isAsked) = AsyncStream<Void>.makeStream()
        let hangs = Mutex(true)
        vault.before {
            isAsked.yield()
            if hangs.withLock({ $0 }) { answer.wait() }
        }
        let path = directory.path("phone")
        let opening = Task { try await Crew.open(directory: path, vault: vault, clock: SystemClock()) }
        for await _ in asked { break }
        // Another phone in the same process goes on.
        #expect(try await open("other").outbox().waiting == 0)
        hangs.withLock { $0 = false }
        answer.signal()
        #expect(try await opening.value.outbox().waiting == 0)
    }

    @Test("a clock that throws costs nothing")
    func clock() async throws {
        final class NoClock: Clock {
            func now() throws -> UInt64 { throw Unforeseen() }

            func sinceBoot() throws -> SinceBoot { throw ClockError.Failed }
        }
        #expect(try await open(clock: NoClock()).outbox().waiting == 0)
    }

    @Test("a vault may call the core from within a call")
    func reentrancy() async throws {
        let other = try await open("other")
        let vault = PaperVault()
        let calls = Mutex(0)
        vault.before {
            _ = other.deviceId()
            let isDone = DispatchSemaphore(value: 0)
            Task {
                _ = try await other.outbox()
                isDone.signal()
            }
            isDone.wait()
            calls.withLock { $0 += 1 }
        }
        let crew = try await open("phone", vault)
        vault.before {
            _ = crew.deviceId()
            calls.withLock { $0 += 1 }
        }
        try await crew.rotateKeys()
        #expect(calls.withLock { $0 } > 1)
        vault.before {}
    }

    /// What the phone answers to a vault that calls it, waits, and then goes on.
    private func answer(
        calling: @escaping @Sendable (Crew, @escaping @Sendable (Result<UInt64, any Error>) -> Void) -> Void
    ) async throws -> Result<UInt64, any Error>? {
        let vault = PaperVault()
        let crew = try await open("phone", vault)
        let answer = Mutex<Result<UInt64, any Error>?>(nil)
        vault.before {
            vault.before {}
            let isDone = DispatchSemaphore(value: 0)
            calling(crew) { result in
                answer.withLock { $0 = result }
                isDone.signal()
            }
            isDone.wait()
        }
        #expect(try await crew.handoffs().isEmpty)
        #expect(try await crew.outbox().waiting == 0)
        return answer.withLock { $0 }
    }

    @Test("a vault that waits for another thread that calls the phone holds it up for ten seconds")
    func waitingForAnotherThread() async throws {
        let answer = try await answer { crew, done in
            Task.detached {
                do { done(.success(try await crew.outbox().waiting)) } catch { done(.failure(error)) }
            }
        }
        #expect(throws: CrewError.KeysBusy) { try answer?.get() }
        #expect(CrewError.KeysBusy.advice() == .tryLater)
    }

    @Test("a vault that calls the phone on the thread that it is asked on is told so at once")
    func callingFromWithin() async throws {
        let answer = try await answer { crew, done in
            let thread = ThisThread()
            let result = Mutex<Result<UInt64, any Error>?>(nil)
            Task(executorPreference: thread) {
                do {
                    let waiting = try await crew.outbox().waiting
                    result.withLock { $0 = .success(waiting) }
                } catch {
                    result.withLock { $0 = .failure(error) }
                }
            }
            thread.run { result.withLock { $0 != nil } }
            result.withLock { $0 }.map(done)
        }
        #expect(throws: CrewError.FromWithin) { try answer?.get() }
        #expect(CrewError.FromWithin.advice() == .report)
    }

    @Test("what an HQ refused waits for its supervisor")
    func parked() async throws {
        let directories = try [Directory(), Directory()]
        let before = try Headquarters(directories[0])
        let now = try Headquarters(directories[1])
        let old = try await phone(directory, "phone", before.invitation(role: "mover", pseudonym: "Mover 17"))
        let event = try await old.record(act: .count, job: before.job, boxes: [])
        _ = try await old.logOut()
        // What was sealed to another HQ this one cannot read.
        let crew = try await open("phone")
        try await crew.enrol(invitation: now.invitation(role: "mover", pseudonym: "Mover 17"))
        let boss = try await phone(directory, "boss", now.invitation(role: "supervisor", pseudonym: "Supervisor 2"))
        _ = try await crew.fetch()
        // The act, and the terms before it.
        #expect(try await crew.sync().parked == 2)
        let first = try #require(try await crew.outbox().parked.last)
        #expect(first.event == event)
        #expect(first.refusal == .unreadable)
        let refusal = try #require(first.refusalId)
        let own = try await crew.decide(event: event, refusal: refusal, decision: .sendAgain, note: "")
        await #expect(throws: CrewError.Stranger) { try await crew.resolve(decision: own) }
        for bytes in [Data(), Data(repeating: 0xFF, count: 200)] {
            await #expect(throws: CrewError.self) { try await crew.resolve(decision: bytes) }
        }
        await #expect(throws: CrewError.NoteTooLong) {
            let note = String(repeating: "x", count: 501)
            _ = try await boss.decide(event: event, refusal: refusal, decision: .giveUp, note: note)
        }
        await #expect(throws: CrewError.NotAnId) {
            _ = try await boss.decide(event: event, refusal: "none", decision: .giveUp, note: "")
        }

        let again = try await boss.decide(
            event: event, refusal: refusal, decision: .sendAgain, note: "HQ has its key now")
        try await crew.resolve(decision: again)
        #expect(try await crew.outbox().waiting == 1)
        #expect(try await crew.sync().parked == 1)
        let second = try #require(try await crew.outbox().parked.last?.refusalId)
        let givenUp = try await boss.decide(
            event: event, refusal: second, decision: .giveUp, note: "Mrs Lin knows")
        try await crew.resolve(decision: givenUp)
        await #expect(throws: CrewError.NotForThisPhone) { try await crew.resolve(decision: givenUp) }
        let parked = try #require(try await crew.outbox().parked.last)
        #expect(parked.givenUp == "Mrs Lin knows")
        #expect(!String(describing: parked).contains("Lin"))
        #expect(Decision.giveUp.textKey() == "decision_give_up")
    }

    @Test("nothing, nonsense and far too much are answered with errors")
    func arguments() async throws {
        let hq = try Headquarters(directory)
        let crew = try await phone(directory, "phone", hq.invitation(role: "mover", pseudonym: "Mover 17"))
        let huge = String(repeating: "0", count: 1 << 22)
        for text in ["", "\0", "🚚", huge] {
            await #expect(throws: CrewError.self) { _ = try await crew.beginScan(job: text) }
            await #expect(throws: CrewError.self) { _ = try await crew.forget(job: text) }
            await #expect(throws: CrewError.self) { _ = try await crew.receipt(event: text) }
            await #expect(throws: CrewError.self) { _ = try await crew.withdraw(offer: text) }
            await #expect(throws: CrewError.self) {
                _ = try await crew.record(act: .count, job: hq.job, boxes: [Label(text: text, callOut: text)])
            }
            await #expect(throws: CrewError.self) {
                _ = try await crew.release(job: hq.job, act: .deliver, statement: text, code: text)
            }
            let session = try await crew.beginScan(job: hq.job)
            if case .notOurs = session.typed(text: text) {} else { Issue.record("\(text.count) is ours") }
            #expect(throws: CrewError.self) { try session.undo(label: Label(text: text, callOut: "")) }
            if case .nothing = Collector().add(text: text) {} else { Issue.record("\(text.count) is shown") }
        }
        for bytes in [Data(), Data(count: 1), Data(repeating: 0xFF, count: 1 << 22)] {
            await #expect(throws: CrewError.self) { try await crew.enrol(invitation: bytes) }
            await #expect(throws: CrewError.self) { _ = try await crew.readOffer(shown: bytes) }
            await #expect(throws: CrewError.self) { _ = try await crew.readAcceptance(shown: bytes) }
            await #expect(throws: CrewError.self) { _ = try await crew.readAck(shown: bytes) }
            await #expect(throws: CrewError.self) { _ = try await crew.readWithdraw(shown: bytes) }
            await #expect(throws: CrewError.self) {
                _ = try await crew.offer(job: hq.job, boxes: [], hello: bytes)
            }
        }
        #expect(throws: CrewError.TooMuch) { _ = try Show.of(purpose: .offer, message: Data(count: 1 << 22)) }
        for path in ["\0", "/proc/nowhere", huge] {
            await #expect(throws: CrewError.self) {
                _ = try await Crew.open(directory: path, vault: PaperVault(), clock: SystemClock())
            }
        }
        // After all that it is as it was.
        #expect(try await crew.jobs().count == 1)
        #expect(try await crew.outbox().waiting == 0)
    }

    @Test("ten thousand callbacks leave no thread behind")
    func callbacks() async throws {
        let hq = try Headquarters(directory)
        let crew = try await phone(directory, "phone", hq.invitation(role: "mover", pseudonym: "Mover 17"))
        // Each asks the clock, from a thread of the core.
        for _ in 0..<1_000 { _ = try await crew.jobs() }
        let before = try threadCount()
        for _ in 0..<10_000 { _ = try await crew.jobs() }
        let after = try threadCount()
        #expect(after <= before + 1, "\(before) threads became \(after)")
    }

    /// Threads of this process, Swift's and others.
    private func threadCount() throws -> Int {
        try FileManager.default.contentsOfDirectory(atPath: "/proc/self/task").count
    }
}

/// Runs tasks on the thread that waits for them.
private final class ThisThread: TaskExecutor {
    private let jobs = Mutex<[UnownedJob]>([])
    private let came = DispatchSemaphore(value: 0)

    func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        jobs.withLock { $0.append(job) }
        came.signal()
    }

    func run(until isDone: () -> Bool) {
        while !isDone() {
            came.wait()
            let job = jobs.withLock { $0.isEmpty ? nil : $0.removeFirst() }
            job?.runSynchronously(on: asUnownedTaskExecutor())
        }
    }
}

/// A vault that gives the same bytes for everything.
private final class NonsenseVault: KeyVault {
    private let nonsense: Data

    init(_ nonsense: Data) {
        self.nonsense = nonsense
    }

    func publicKeys() throws -> PublicKeys { PublicKeys(act: nonsense, handoff: nonsense) }
    func sign(protection: Protection, message: Data) throws -> Data { nonsense }
    func attestation() throws -> Data? { nonsense }
    func wrap(key: Data) throws -> Data { nonsense }
    func unwrap(wrapped: Data) throws -> Data { nonsense }
    func beginRotation() throws {}
    func isRotating() throws -> Bool { false }
    func finishRotation() throws {}
    func erase() throws {}
    func mark() throws -> HighWaterMark? { HighWaterMark(generation: .max, sequence: .max) }
    func raiseMark(mark: HighWaterMark) throws {}
}
