import CrewApp
import SwiftUI

@main
struct CrewsealApp: App {
    var body: some Scene {
        WindowGroup { RootView() }
    }
}
