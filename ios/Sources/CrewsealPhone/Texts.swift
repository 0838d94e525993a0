import Crewseal

/// Which text a person is shown for an error: what happened, and what to do.
public struct ErrorText: Equatable, Sendable {
    /// The key of what happened, in `Crewseal.strings`.
    public let what: String
    /// The key of what to do, in `Crewseal.strings`.
    public let advice: String

    /// Nothing for what a person knows, as he or the app gave it up himself.
    public init?(_ error: any Error) {
        let error = error as? CrewError ?? .Fault
        switch error {
        case .Cancelled, .CallCancelled: return nil
        default:
            what = error.textKey()
            advice = error.advice().textKey()
        }
    }
}
