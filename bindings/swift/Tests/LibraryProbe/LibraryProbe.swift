import Crewseal
import Foundation
import PaperPhone

/// Says what the library is like that this process finds: when it is asked, and when a phone is
/// opened all the same.
@main
struct LibraryProbe {
    static func main() async {
        let directory = FileManager.default.temporaryDirectory
            .appendingPathComponent("crewseal-\(UUID().uuidString)")
        say { try Library.check() }
        let failure: (any Error)?
        do {
            _ = try await Crew.open(
                directory: directory.path, vault: PaperVault(), clock: SystemClock()
            )
            failure = nil
        } catch {
            failure = error
        }
        say { if let failure { throw failure } }
        try? FileManager.default.removeItem(at: directory)
    }

    private static func say(_ what: () throws -> Void) {
        do {
            try what()
            print("fits")
        } catch {
            print(error)
        }
    }
}
