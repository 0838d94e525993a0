import Crewseal
import Foundation
import PaperPhone
import Testing

/// The whole moving day from Swift: two phones in one process, and a real HQ.
@Suite(.serialized, .timeLimit(.minutes(2)))
struct MovingDayTests {
    let directory = try! Directory()

    @Test("boxes go from the door to a driver and to the door again")
    func day() async throws {
        let hq = try Headquarters(directory)
        let mover = try await phone(directory, "mover", hq.invitation(role: "mover", pseudonym: "Mover 17"))
        let driver = try await phone(directory, "driver", hq.invitation(role: "driver", pseudonym: "Driver 4"))
        // Each knows the other from the roster that comes with the job.
        _ = try await mover.fetch()
        _ = try await driver.fetch()

        let jobs = try await mover.jobs()
        #expect(jobs.map(\.id) == [hq.job])
        #expect(jobs.first?.title == "Household move 1")

        let taken = try await takeOver(mover, hq)
        #expect(taken.count == Headquarters.boxes + 2)

        let hello = try await driver.hello(introduction: .omitted)
        let shown = try await mover.offer(job: hq.job, boxes: taken, hello: hello)
        let offer = try await driver.readOffer(shown: shown)
        #expect(offer.giver().pseudonym == "Mover 17")
        #expect(Set(offer.boxes()) == Set(taken))
        #expect(fourWords(offer: offer.id(), language: .english).count == 4)
        let accepted = try await driver.accept(offer: offer, scanned: taken, check: .done)
        let acceptance = try await mover.readAcceptance(shown: accepted)
        #expect(Set(acceptance.passing) == Set(taken))
        _ = try await driver.readAck(shown: acceptance.ack)

        _ = try await driver.record(act: .load, job: hq.job, boxes: taken)
        let broken = Finding(kind: .damaged, boxes: [taken[0]])
        _ = try await driver.record(act: .deliver, job: hq.job, boxes: taken, findings: [broken])

        for phone in [mover, driver] {
            #expect(try await phone.outbox().waiting > 0)
            let delivered = try await phone.sync()
            #expect(delivered.parked + delivered.unanswered == 0)
            #expect(try await phone.outbox().waiting == 0)
        }
        let (status, said) = try hq.verdict()
        // 1: every signature holds, and something is open, the damaged box.
        #expect(status == 1, "\(said)")
        #expect(said.contains("All 6 boxes delivered; 1 damaged"), "\(said)")
        #expect(said.contains("Signed by Driver 4"), "\(said)")
    }

    /// Scans what is in the room, sticks two labels on boxes without one, and takes it all over.
    private func takeOver(_ mover: Crew, _ hq: Headquarters) async throws -> [Label] {
        let session = try await mover.beginScan(job: hq.job)
        for text in hq.labels.prefix(Headquarters.boxes) {
            #expect(session.typed(text: text).new != nil)
        }
        if case .again = session.typed(text: hq.labels[0].lowercased()) {} else { Issue.record("not again") }
        for text in hq.labels.dropFirst(Headquarters.boxes).prefix(2) {
            let label = try #require(session.typed(text: text).blank)
            #expect(try session.commission(label: label) == .fromRoll)
        }
        if case .notOurs = session.typed(text: "a parcel's code") {} else { Issue.record("a parcel is ours") }
        #expect(session.count() == Count(seen: 6, expected: 6))
        _ = try await mover.commission(job: hq.job, boxes: session.commissioned())
        _ = try await mover.recordScanned(act: .takeOver, session: session)
        return session.seen()
    }

    @Test("an error says what to do")
    func advice() async throws {
        let crew = try await Crew.open(directory: directory.path("phone"), vault: PaperVault(), clock: SystemClock())
        await #expect(throws: CrewError.NotEnrolled) { try await crew.fetch() }
        #expect(CrewError.NotEnrolled.advice() == .enrol)
        await #expect(throws: CrewError.Invitation) { try await crew.enrol(invitation: Data(count: 7)) }
        await #expect(throws: CrewError.Invitation) { try await crew.enrol(invitation: Data(count: 1 << 22)) }
    }

    @Test("a message goes from one screen to another phone's camera, piece by piece")
    func screens() throws {
        let message = Data((0..<900).map { UInt8(truncatingIfNeeded: $0 &* 7) })
        let show = try Show.of(purpose: .offer, message: message)
        let collector = Collector()
        for _ in 0..<200 {
            if case .whole(let purpose, let collected) = collector.add(text: show.nextText()) {
                #expect(purpose == .offer)
                #expect(collected == message)
                return
            }
        }
        Issue.record("never whole")
    }
}
