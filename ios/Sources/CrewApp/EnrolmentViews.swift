import SwiftUI

/// Whose invitation it is: a person compares it with what HQ shows.
struct InvitedView: View {
    @ObservedObject var model: CrewModel
    let fingerprint: String

    var body: some View {
        VStack(spacing: 16) {
            Text(String.app("enrol.compare")).font(.title2)
            Text(fingerprint).font(.largeTitle)
            BigButton(text: .app("enrol.same"), symbol: "checkmark") { await model.enrol() }
            BigButton(text: .app("enrol.other"), symbol: "xmark") { model.refuse() }
        }
        .padding()
    }
}

/// The recovery code, for the carrier's paper.
struct RecoveryView: View {
    @ObservedObject var model: CrewModel
    let code: String

    var body: some View {
        VStack(spacing: 16) {
            Text(String.app("recovery.why")).font(.title2)
            Text(code).font(.largeTitle)
            BigButton(text: .app("recovery.noted"), symbol: "checkmark") {
                await model.recoveryCodeSeen(isNoted: true)
            }
            BigButton(text: .app("recovery.later"), symbol: "clock") {
                await model.recoveryCodeSeen(isNoted: false)
            }
        }
        .padding()
    }
}
