import Crewseal
import Foundation
import PaperPhone
import Testing

/// What a person compares and notes when a phone is enrolled, and what HQ tells it later.
@Suite(.serialized, .timeLimit(.minutes(2)))
struct ToldTests {
    let directory = try! Directory()

    private func open() async throws -> Crew {
        try await Crew.open(directory: directory.path("phone"), vault: PaperVault(), clock: SystemClock())
    }

    @Test("the fingerprint is shown before, and the recovery code until it is noted")
    func enrolment() async throws {
        #expect(throws: CrewError.Invitation) { _ = try readInvitation(invitation: Data(count: 9)) }
        let hq = try Headquarters(directory)
        let invitation = try hq.invitation(role: "mover", pseudonym: "Mover 17")
        let preview = try readInvitation(invitation: invitation)
        let status = try Headquarters.call(directory, "status", "--data", "hq")
        #expect(status.said.contains("HQ \(preview.fingerprint)"))
        #expect(!preview.isForFurtherPhone)
        let crew = try await open()
        try await crew.enrol(invitation: invitation)
        #expect(try await crew.recoveryCode()?.split(separator: "-").count == 7)
        try await crew.recoveryCodeNoted()
        #expect(try await crew.recoveryCode() == nil)
    }

    @Test("a job that ended is named until it is forgotten")
    func ended() async throws {
        let hq = try Headquarters(directory)
        let brief = try Headquarters.openJob(directory, [], seconds: 8)
        let crew = try await open()
        try await crew.enrol(invitation: hq.invitation(role: "mover", pseudonym: "Mover 17", of: brief))
        #expect(try await crew.fetch().jobs == 1)
        #expect(try await crew.endedJobs().isEmpty)
        while try await crew.endedJobs().isEmpty {
            try await Task.sleep(for: .milliseconds(200))
            try await crew.fetch()
        }
        #expect(try await crew.endedJobs() == [brief])
        _ = try await crew.forget(job: brief)
        #expect(try await crew.endedJobs().isEmpty)
        #expect(try await crew.contradictions().isEmpty)
        #expect(try await crew.outbox().setAside.isEmpty)
    }
}
