import CrewApp
import SwiftUI

@main
struct CrewsealApp: App {
    private let model = CrewModel()

    var body: some Scene {
        WindowGroup { RootView(model: model) }
    }
}
