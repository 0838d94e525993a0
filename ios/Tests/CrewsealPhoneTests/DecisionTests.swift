import Crewseal
import Foundation
import Synchronization
import Testing

@testable import CrewsealPhone

@Suite(.timeLimit(.minutes(1)))
struct DecisionTests {
    @Test("of the pictures that come meanwhile the newest is looked at")
    func newest() {
        let frames = NewestFrame<Int>()
        #expect(frames.made(1) == 1)
        #expect(frames.made(2) == nil)
        #expect(frames.made(3) == nil)
        #expect(frames.made(4) == nil)
        #expect(frames.looked() == 4)
        #expect(frames.made(5) == nil)
        #expect(frames.looked() == 5)
        #expect(frames.looked() == nil)
        #expect(frames.made(6) == 6)
        #expect(frames.lost == 2)
    }

    @Test("a picture that is passed over is let go at once")
    func letGo() {
        final class Buffer {}
        let frames = NewestFrame<Buffer>()
        _ = frames.made(Buffer())
        weak var passedOver: Buffer?
        do {
            let buffer = Buffer()
            passedOver = buffer
            _ = frames.made(buffer)
        }
        #expect(passedOver != nil)
        _ = frames.made(Buffer())
        #expect(passedOver == nil)
    }

    @Test("a camera's thread and a reader's thread never look at two at once")
    func twoThreads() {
        let frames = NewestFrame<Int>()
        let looking = Mutex(0)
        let looked = Mutex<[Int]>([])
        DispatchQueue.concurrentPerform(iterations: 2_000) { number in
            var next = frames.made(number)
            while let picture = next {
                #expect(looking.withLock { $0 += 1; return $0 } == 1)
                looked.withLock { $0.append(picture) }
                looking.withLock { $0 -= 1 }
                next = frames.looked()
            }
        }
        let (seen, lost) = (looked.withLock { $0 }, frames.lost)
        #expect(Set(seen).count == seen.count)
        #expect(seen.count + lost == 2_000)
    }

    @Test("a person is asked once a window, and the window does not grow")
    func presence() {
        var presence = Presence(windowMillis: 60_000)
        #expect(presence.mustAsk(at: 5))
        presence.confirmed(at: 1_000)
        #expect(!presence.mustAsk(at: 1_000))
        #expect(!presence.mustAsk(at: 60_999))
        #expect(presence.mustAsk(at: 61_000))
        // A clock that went back was set, or the phone was started again.
        #expect(presence.mustAsk(at: 999))
        presence.forget()
        #expect(presence.mustAsk(at: 1_001))
        var never = Presence(windowMillis: 0)
        never.confirmed(at: 7)
        #expect(never.mustAsk(at: 7))
        #expect(Presence(windowMillis: .max).windowMillis == 300_000)
    }

    @Test("what Apple's errors mean for the keys")
    func failures() {
        let (keychain, presence, token) = (
            KeychainFailure.keychain, KeychainFailure.presence, KeychainFailure.token
        )
        let expected: [(String, Int, KeyVaultError)] = [
            (keychain, -25308, .Locked), (presence, -1004, .Locked),
            (keychain, -128, .Cancelled), (keychain, -25293, .Cancelled),
            (presence, -1, .Cancelled), (presence, -2, .Cancelled), (presence, -3, .Cancelled),
            (presence, -4, .Cancelled), (presence, -9, .Cancelled), (token, -4, .Cancelled),
            (keychain, -25300, .KeyGone), (token, -6, .KeyGone),
            // A biometry that is locked out, a passcode that was taken away: not for good.
            (presence, -8, .Hardware), (presence, -5, .Hardware), (keychain, -50, .Hardware),
            (keychain, -25291, .Hardware), (token, -2, .Hardware), ("anything", -6, .Hardware),
            ("", 0, .Hardware), (keychain, .min, .Hardware), (keychain, .max, .Hardware),
        ]
        for (domain, code, error) in expected {
            #expect(KeychainFailure.error(domain: domain, code: code) == error, "\(domain) \(code)")
        }
        #expect(KeychainFailure.error(status: -25308) == .Locked)
    }

    @Test("wrapping keys are told apart by their numbers")
    func wrapping() throws {
        func keys(_ names: String...) -> WrappingKeys { WrappingKeys(names: names) }
        let none = keys("com.crewseal.act", "com.crewseal.wrapping.", "com.crewseal.wrapping.-1", "")
        #expect(none.numbers.isEmpty && none.newest == nil && none.next == 1 && !none.isRotating)
        let one = keys("com.crewseal.act", WrappingKeys.name(7))
        #expect(one.newest == 7 && one.next == 8 && !one.isRotating && one.old.isEmpty)
        let two = keys(WrappingKeys.name(10), WrappingKeys.name(9))
        #expect(two.newest == 10 && two.next == nil && two.isRotating && two.old == [9])
        #expect(keys(WrappingKeys.name(.max)).next == nil)
        let wrapped = WrappingKeys.wrapped([1, 2], with: 0x0102_0304)
        #expect(wrapped == [1, 2, 3, 4, 1, 2])
        let parts = try #require(WrappingKeys.parts(wrapped))
        #expect(parts.number == 0x0102_0304 && parts.sealed == [1, 2])
        #expect(WrappingKeys.parts([0, 0, 0, 1]) == nil && WrappingKeys.parts([]) == nil)
    }

    @Test("the mark comes back as it was kept")
    func mark() {
        let mark = HighWaterMark(generation: 0x0102_0304, sequence: 0x0506_0708_090A_0B0C)
        #expect(MarkBytes.of(mark) == Array(1...12))
        #expect(MarkBytes.mark(Array(1...12)) == mark)
        let highest = HighWaterMark(generation: .max, sequence: .max)
        #expect(MarkBytes.mark(MarkBytes.of(highest)) == highest)
        #expect(MarkBytes.mark([]) == nil && MarkBytes.mark(Array(repeating: 0, count: 13)) == nil)
    }

    @Test("syncs are tried again later and later, as HQ asks, or not by themselves")
    func plan() {
        var plan = SyncPlan()
        #expect(plan.delivered(waiting: 0) == .after(14_400_000))
        #expect(plan.delivered(waiting: 3) == .after(60_000))
        let offline = CrewError.Offline(againAfterMillis: nil)
        let waits = (0..<8).map { _ in plan.failed(offline) }
        #expect(waits == [1, 2, 4, 8, 16, 32, 60, 60].map { SyncPlan.Next.after($0 * 60_000) })
        #expect(plan.failed(.HqBusy(againAfterMillis: 7_200_000)) == .after(7_200_000))
        #expect(plan.failed(.HqBusy(againAfterMillis: 0)) == .after(60_000))
        #expect(plan.failed(.CallCancelled) == .after(60_000))
        #expect(plan.failed(.KeysLocked) != .whenAsked)
        #expect(plan.failed(.KeysBusy) != .whenAsked)
        #expect(plan.failed(.CaptivePortal) != .whenAsked)
        for error: CrewError in [.NotEnrolled, .NotAdmitted, .AppTooOld, .WrongCertificate, .StoreDamaged, .KeysGone] {
            #expect(plan.failed(error) == .whenAsked, "\(error)")
        }
        #expect(plan.delivered(waiting: 0) == .after(14_400_000))
        #expect(plan.failed(offline) == .after(60_000))
    }

    @Test("an error has a text, and what a person did himself has none")
    func texts() throws {
        struct Unforeseen: Error {}
        let locked = try #require(ErrorText(CrewError.KeysLocked))
        #expect(locked.what == "error_keys_locked" && locked.advice == "advice_ask_user")
        #expect(ErrorText(CrewError.Cancelled) == nil && ErrorText(CrewError.CallCancelled) == nil)
        #expect(ErrorText(Unforeseen()) == ErrorText(CrewError.Fault))
    }

    @Test("places in the picture are where the screen shows them")
    func overlay() throws {
        // Twice as high as wide, on a square: the middle half is seen.
        let overlay = try #require(Overlay(picture: (1080, 2160), screen: (540, 540)))
        #expect(overlay.place(Point(x: 0, y: 540)) == (0, 0))
        #expect(overlay.place(Point(x: 1080, y: 1620)) == (540, 540))
        #expect(overlay.place(Point(x: 540, y: 1080)) == (270, 270))
        #expect(overlay.place(Point(x: 0, y: 0)) == (0, -270))
        #expect(Overlay(picture: (0, 1), screen: (1, 1)) == nil)
        #expect(Overlay(picture: (1, 1), screen: (1, 0)) == nil)
        let marks = [Mark.counted, .blank, .foreign, .undone].map(\.symbol)
        #expect(Set(marks).count == marks.count)
        #expect(Mark(.notOurs(fault: .check)) == .foreign)
    }
}

/// The texts, in the files that the app takes them from.
struct TextTests {
    private let sources: URL

    init() {
        var ios = URL(fileURLWithPath: #filePath)
        for _ in 0..<3 { ios.deleteLastPathComponent() }
        sources = ios.appendingPathComponent("Sources")
    }

    private func keys(_ file: String) throws -> [String] {
        let text = try String(contentsOf: sources.appendingPathComponent(file), encoding: .utf8)
        return text.matches(of: /(?m)^"([^"]+)" = ".+";$/).map { String($0.1) }
    }

    @Test("both languages have every key, once", arguments: ["CrewApp", "CrewsealIOS"])
    func languages(_ target: String) throws {
        let name = target == "CrewApp" ? "App.strings" : "Crewseal.strings"
        let english = try keys("\(target)/Resources/en.lproj/\(name)")
        let chinese = try keys("\(target)/Resources/zh-Hans.lproj/\(name)")
        #expect(english.count > 10 && english.sorted() == chinese.sorted())
        #expect(Set(english).count == english.count)
    }

    @Test("the app asks for no text that there is not, and has none that it does not ask for")
    func used() throws {
        var asked: Set<String> = []
        let app = sources.appendingPathComponent("CrewApp")
        for file in try FileManager.default.contentsOfDirectory(atPath: app.path) where file.hasSuffix(".swift") {
            let source = try String(contentsOf: app.appendingPathComponent(file), encoding: .utf8)
            for match in source.matches(of: /\.app\("([^"]+)"\)/) { asked.insert(String(match.1)) }
        }
        let written = Set(try keys("CrewApp/Resources/en.lproj/App.strings"))
        #expect(asked == written, "\(asked.symmetricDifference(written))")
    }

    @Test("every error has a text and an advice")
    func errors() throws {
        let keys = Set(try keys("CrewsealIOS/Resources/en.lproj/Crewseal.strings"))
        let errors: [CrewError] = [
            .NotEnrolled, .KeysGone, .StoreFull, .Fault, .Offline(againAfterMillis: nil), .Stranger,
            .NotALabel(fault: .check), .StoreInUse, .WrongCertificate, .HqRefused(status: 500),
        ]
        for error in errors {
            let text = try #require(ErrorText(error))
            #expect(keys.contains(text.what) && keys.contains(text.advice), "\(error)")
        }
    }
}
