import Foundation

/// Where the store lies: in the app's own directory, in no backup, and readable once the
/// phone was unlocked after its start, as the keys are.
public enum StoreDirectory {
    /// Makes it if there is none, and returns its path.
    ///
    /// - Throws: what the file system says
    public static func make(_ name: String = "crewseal") throws -> String {
        let files = FileManager.default
        let support = try files.url(
            for: .applicationSupportDirectory, in: .userDomainMask, appropriateFor: nil, create: true
        )
        var directory = support.appendingPathComponent(name, isDirectory: true)
        // Files that are made in it inherit this.
        let protection: [FileAttributeKey: Any] = [
            .protectionKey: FileProtectionType.completeUntilFirstUserAuthentication
        ]
        try files.createDirectory(at: directory, withIntermediateDirectories: true, attributes: protection)
        try files.setAttributes(protection, ofItemAtPath: directory.path)
        var values = URLResourceValues()
        values.isExcludedFromBackup = true
        try directory.setResourceValues(values)
        return directory.path
    }
}
