import Foundation

/// The texts of all coded values, in English and Chinese: what `textKey()` gives the keys of.
public enum CrewsealTexts {
    public static func text(_ key: String) -> String {
        Bundle.module.localizedString(forKey: key, value: nil, table: "Crewseal")
    }
}
