import SwiftUI

/// The crew's app. Show it in a `WindowGroup`.
public struct RootView: View {
    @ObservedObject private var model: CrewModel

    public init(model: CrewModel) {
        self.model = model
    }

    public var body: some View {
        VStack(spacing: 0) {
            if let alarm = model.alarm {
                Button {
                    model.alarm = nil
                } label: {
                    Label(alarm, systemImage: "exclamationmark.triangle.fill")
                        .font(.headline)
                        .frame(maxWidth: .infinity, minHeight: 64)
                }
                .background(Color.red)
                .foregroundColor(.white)
            }
            if let problem = model.problem {
                Text(problem)
                    .font(.headline)
                    .frame(maxWidth: .infinity)
                    .padding()
                    .background(Color.orange)
                    .foregroundColor(.black)
            }
            if let invited = model.invited {
                InvitedView(model: model, fingerprint: invited.fingerprint)
            } else if let code = model.recoveryCode {
                RecoveryView(model: model, code: code)
            } else {
                phase
            }
        }
        .task { await model.open() }
        .onOpenURL { invitation in Task { await model.read(invitation) } }
    }

    @ViewBuilder private var phase: some View {
        switch model.phase {
        case .opening: ProgressView()
        case .failed:
            BigButton(text: .app("again"), symbol: "arrow.clockwise") { await model.open() }
        case .notEnrolled:
            Text(String.app("enrol.how")).font(.title2).padding()
        case .ready: screens
        }
    }

    private var screens: some View {
        TabView {
            JobsView(model: model).tabItem { Label(String.app("jobs"), systemImage: "shippingbox") }
            ReceiveView(model: model).tabItem { Label(String.app("receive"), systemImage: "arrow.down.circle") }
            OutboxView(model: model).tabItem { Label(String.app("outbox"), systemImage: "tray.and.arrow.up") }
        }
    }
}

/// A button for a hand in a glove: as wide as the screen, and 64 points high.
struct BigButton: View {
    let text: String
    let symbol: String
    let action: @MainActor () async -> Void

    var body: some View {
        Button {
            Task { await action() }
        } label: {
            Label(text, systemImage: symbol)
                .font(.title2)
                .frame(maxWidth: .infinity, minHeight: 64)
        }
        .buttonStyle(.borderedProminent)
        .padding(.horizontal)
    }
}
