import Crewseal
import Foundation
import Synchronization
import Testing

@testable import CrewsealPhone

/// The store is open when something wants it, and closed when the system may suspend the app.
@Suite(.timeLimit(.minutes(1)))
struct WakefulnessTests {
    /// A phone that notes what it was told, and can be held up or made to fail.
    private final class Notes: Sleeper {
        private struct State {
            var said: [String] = []
            var failures = 0
            var failure = CrewError.KeysLocked
            var held: CheckedContinuation<Void, Never>?
            var holds = false
        }

        private let state = Mutex(State())
        let began: AsyncStream<Void>
        private let begin: AsyncStream<Void>.Continuation

        init() {
            (began, begin) = AsyncStream.makeStream()
        }

        var said: [String] { state.withLock { $0.said } }

        func hold() { state.withLock { $0.holds = true } }

        func goOn() {
            let held = state.withLock {
                $0.holds = false
                return $0.held.take()
            }
            held?.resume()
        }

        func fail(times: Int, with failure: CrewError = .KeysLocked) {
            state.withLock { ($0.failures, $0.failure) = (times, failure) }
        }

        func suspend() async throws { try await note("suspend") }

        func resume() async throws { try await note("resume") }

        private func note(_ what: String) async throws {
            let (holds, failure) = state.withLock {
                let fails = $0.failures > 0
                if fails { $0.failures -= 1 } else { $0.said.append(what) }
                return ($0.holds, fails ? $0.failure : nil)
            }
            if holds {
                await withCheckedContinuation { continuation in
                    state.withLock { $0.held = continuation }
                    begin.yield()
                }
            }
            if let failure { throw failure }
        }
    }

    @Test("it sleeps when the last reason ends, and wakes with the first")
    func reasons() async throws {
        let notes = Notes()
        let wakefulness = Wakefulness(notes, awakeFor: [.screen])
        try await wakefulness.need(.screen)
        #expect(notes.said == [])
        try await wakefulness.need(.sync)
        try await wakefulness.end(.screen)
        #expect(notes.said == [])
        try await wakefulness.end(.sync)
        #expect(notes.said == ["suspend"])
        try await wakefulness.end(.sync)
        #expect(notes.said == ["suspend"])
        try await wakefulness.need(.screen)
        #expect(notes.said == ["suspend", "resume"])
        #expect(await wakefulness.isAwake)
    }

    @Test("whoever comes back while it falls asleep finds it awake")
    func comingBack() async throws {
        let notes = Notes()
        let wakefulness = Wakefulness(notes, awakeFor: [.screen])
        notes.hold()
        let leaving = Task { try await wakefulness.end(.screen) }
        for await _ in notes.began { break }
        let returning = Task {
            try await wakefulness.need(.screen)
            return notes.said
        }
        // However long it takes: nothing else happens before it is asleep.
        for _ in 0..<100 { await Task.yield() }
        #expect(notes.said == ["suspend"])
        notes.goOn()
        // It does not return before the store is open.
        #expect(try await returning.value == ["suspend", "resume"])
        try await leaving.value
        #expect(await wakefulness.isAwake)
    }

    @Test("whoever leaves while it wakes up leaves it asleep")
    func leavingAgain() async throws {
        let notes = Notes()
        let wakefulness = Wakefulness(notes, awakeFor: [])
        try await wakefulness.end(.screen)
        notes.hold()
        let coming = Task { try await wakefulness.need(.screen) }
        for await _ in notes.began { break }
        let leaving = Task { try await wakefulness.end(.screen) }
        for _ in 0..<100 { await Task.yield() }
        notes.goOn()
        try await leaving.value
        _ = await coming.result
        #expect(notes.said == ["suspend", "resume", "suspend"])
        #expect(await !wakefulness.isAwake)
    }

    @Test("a store that does not open says so, and the next to need it tries again")
    func failure() async throws {
        let notes = Notes()
        let wakefulness = Wakefulness(notes, awakeFor: [.screen])
        try await wakefulness.end(.screen)
        notes.fail(times: 1)
        await #expect(throws: CrewError.KeysLocked) { try await wakefulness.need(.screen) }
        #expect(await !wakefulness.isAwake)
        try await wakefulness.need(.screen)
        #expect(await wakefulness.isAwake)
    }

    @Test("a phone whose keys are busy sleeps as soon as they are free")
    func busy() async throws {
        let notes = Notes()
        let wakefulness = Wakefulness(notes, awakeFor: [.screen])
        notes.fail(times: 3, with: .KeysBusy)
        try await wakefulness.end(.screen)
        #expect(notes.said == ["suspend"])
        #expect(await !wakefulness.isAwake)
    }

    @Test("a phone whose keys are busy stays awake for whoever comes back")
    func busyAndBack() async throws {
        let notes = Notes()
        let wakefulness = Wakefulness(notes, awakeFor: [.screen])
        notes.fail(times: 1, with: .KeysBusy)
        notes.hold()
        let leaving = Task { try await wakefulness.end(.screen) }
        for await _ in notes.began { break }
        let returning = Task { try await wakefulness.need(.screen) }
        for _ in 0..<100 { await Task.yield() }
        notes.goOn()
        try await returning.value
        _ = await leaving.result
        #expect(await wakefulness.isAwake)
        #expect(notes.said.last != "suspend")
    }

    @Test("many come and go at once, and it ends as the last of them wants")
    func many() async throws {
        let notes = Notes()
        let wakefulness = Wakefulness(notes, awakeFor: [.screen])
        try await withThrowingTaskGroup(of: Void.self) { group in
            for number in 0..<200 {
                group.addTask {
                    let reason: Reason = number % 2 == 0 ? .screen : .sync
                    try await wakefulness.need(reason)
                    await Task.yield()
                    try await wakefulness.end(reason)
                }
            }
            try await group.waitForAll()
        }
        #expect(await !wakefulness.isAwake)
        let said = notes.said
        #expect(said.last == "suspend")
        // Never twice the same: nothing is closed or opened that was so before.
        #expect(zip(said, said.dropFirst()).allSatisfy { $0 != $1 })
    }

    @Test("a real phone sleeps without its lock and wakes with its store")
    func phone() async throws {
        let directory = FileManager.default.temporaryDirectory
            .appendingPathComponent("crewseal-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: directory) }
        let vault = GlassVault()
        let crew = try await Crew.open(directory: directory.path, vault: vault, clock: GlassClock())
        let wakefulness = Wakefulness(crew, awakeFor: [.screen])
        try await wakefulness.end(.screen)
        await #expect(throws: CrewError.Suspended) { _ = try await crew.outbox() }
        let other = try await Crew.open(directory: directory.path, vault: vault, clock: GlassClock())
        await #expect(throws: CrewError.StoreInUse) { try await wakefulness.need(.screen) }
        try await other.suspend()
        try await wakefulness.need(.screen)
        #expect(try await crew.outbox().waiting == 0)
    }
}

/// A vault for a store that is only opened and closed: it protects and signs nothing.
private final class GlassVault: KeyVault {
    // The base point of P-256 and its double: public keys of nobody.
    private static let act = Data([4] + bytes("6b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c2964fe342e2fe1a7f9b8ee7eb4a7c0f9e162bce33576b315ececbb6406837bf51f5"))
    private static let handoff = Data([4] + bytes("7cf27b188d034f7e8a52380304b51ac3c08969e277f21b35a60b48fc4766997807775510db8ed040293d9ac69f7430dbba7dade63ce982299e04b79d227873d1"))
    private let kept = Mutex<HighWaterMark?>(nil)

    private static func bytes(_ hex: String) -> [UInt8] {
        stride(from: 0, to: hex.utf8.count, by: 2).compactMap {
            let from = hex.index(hex.startIndex, offsetBy: $0)
            return UInt8(hex[from..<hex.index(from, offsetBy: 2)], radix: 16)
        }
    }

    func publicKeys() throws -> PublicKeys { PublicKeys(act: Self.act, handoff: Self.handoff) }
    func sign(protection: Protection, message: Data) throws -> Data { throw KeyVaultError.Hardware }
    func attestation() throws -> Data? { nil }
    func wrap(key: Data) throws -> Data { key }
    func unwrap(wrapped: Data) throws -> Data { wrapped }
    func beginRotation() throws {}
    func isRotating() throws -> Bool { false }
    func finishRotation() throws {}
    func erase() throws {}
    func mark() throws -> HighWaterMark? { kept.withLock { $0 } }
    func raiseMark(mark: HighWaterMark) throws { kept.withLock { $0 = mark } }
}

private final class GlassClock: Clock {
    func now() throws -> UInt64 { UInt64(Date().timeIntervalSince1970) }
    func sinceBoot() throws -> SinceBoot { SinceBoot(boot: 1, millis: 1) }
}
