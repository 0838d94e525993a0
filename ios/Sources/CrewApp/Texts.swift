import Crewseal
import CrewsealIOS
import CrewsealPhone
import Foundation

extension String {
    /// A text of the app's own.
    static func app(_ key: String) -> String {
        Bundle.module.localizedString(forKey: key, value: nil, table: "App")
    }

    /// What happened, and what to do.
    static func error(_ text: ErrorText) -> String {
        CrewsealTexts.text(text.what) + "\n" + CrewsealTexts.text(text.advice)
    }
}
