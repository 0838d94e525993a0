import Crewseal
import CrewsealIOS
import SwiftUI

/// The jobs of today.
struct JobsView: View {
    @ObservedObject var model: CrewModel

    var body: some View {
        NavigationStack {
            List(model.jobs, id: \.id) { job in
                NavigationLink {
                    ScanView(model: model, job: job)
                } label: {
                    VStack(alignment: .leading, spacing: 4) {
                        Text(job.title).font(.title2)
                        Text(job.origin + " → " + job.destination)
                        Text(String(job.boxes) + " " + .app("boxes")).foregroundColor(.secondary)
                    }
                    .frame(minHeight: 64)
                }
            }
            .navigationTitle(String.app("jobs"))
            .refreshable { await model.sync() }
        }
    }
}

/// What waits for HQ.
struct OutboxView: View {
    @ObservedObject var model: CrewModel

    var body: some View {
        VStack(spacing: 16) {
            if let outbox = model.outbox {
                Text(String(outbox.waiting)).font(.largeTitle)
                Text(String.app("outbox.waiting"))
                ForEach(outbox.parked, id: \.event) { parked in
                    Label(CrewsealTexts.text(parked.refusal.textKey()), systemImage: "exclamationmark.triangle")
                }
                ForEach(outbox.setAside, id: \.event) { entry in
                    Label(CrewsealTexts.text(entry.why.textKey()), systemImage: "exclamationmark.triangle")
                }
                if outbox.damaged > 0 {
                    Label(String(outbox.damaged) + " " + .app("outbox.damaged"), systemImage: "bandage")
                }
            }
            if model.isSyncing {
                ProgressView()
            } else {
                BigButton(text: .app("outbox.sync"), symbol: "arrow.up") { await model.sync() }
            }
        }
        .task { await model.attempt { try await model.refresh() } }
    }
}
