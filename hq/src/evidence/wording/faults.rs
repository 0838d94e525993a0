//! Faults by their names, for a heading.

use crewseal_custody::FaultKind;
use crewseal_custody::rules::Rule;

/// A fault in a few words, for a heading.
#[must_use]
pub const fn fault(fault: &FaultKind) -> &'static str {
    match fault {
        FaultKind::Gap { .. } => "events missing",
        FaultKind::Fork => "two events under one number",
        FaultKind::BrokenChain => "chain of events broken",
        FaultKind::Undeclared => "store restored without saying so",
        FaultKind::IllFormed(_) => "an event without the form of its kind",
        FaultKind::UnknownBoxes => "boxes of an unknown list",
        FaultKind::NotTheHolder => "acted on boxes of another holder",
        FaultKind::NoSuchOffer => "accepted without an offer",
        FaultKind::NotAccepted => "offered, not accepted",
        FaultKind::NotOffered => "accepted, never offered",
        FaultKind::UnknownAnchor => "names a tick that HQ never signed",
        FaultKind::Broken(rule) => broken_rule_name(*rule),
        FaultKind::NotProvable(rule) => not_provable(*rule),
        FaultKind::RevocationsMissing => "newer revocations withheld",
        FaultKind::ClockDisagrees => "clock disagrees",
        FaultKind::NotDelivered => "not delivered",
        FaultKind::OfferedTwice => "offered while already offered",
        FaultKind::AcceptedTwice => "accepted a second time",
        FaultKind::WrongOpening => "spot check may have been chosen",
        FaultKind::AbandonedOffers => "many offers came to nothing",
        FaultKind::Contradiction => "acknowledged and taken back",
        FaultKind::WrongRelease => "release by no code of this act",
        FaultKind::ReleasedTwice => "one code for two acts",
        FaultKind::NotConfirmed => "not confirmed by the customer",
        FaultKind::SignOffRefused => "sign-off refused by HQ",
    }
}

/// A broken rule in a few words.
const fn broken_rule_name(rule: Rule) -> &'static str {
    match rule {
        Rule::Credential => "outside the time HQ vouched for",
        Rule::Revocation => "by a revoked device",
        Rule::Role => "not this role's to do",
        Rule::Training => "without valid training",
        Rule::Nda => "without a valid agreement on secrecy",
        Rule::Classes => "of a class not allowed",
        Rule::Licence => "without a licence",
        Rule::OwnSignOff => "signed off by whoever did it",
        Rule::SecondPerson => "signed by one person only",
        Rule::Supervisor => "not signed off by a supervisor",
    }
}

/// The same of a rule that may have been kept.
const fn not_provable(rule: Rule) -> &'static str {
    match rule {
        Rule::Credential => "perhaps outside the time HQ vouched for",
        Rule::Revocation => "perhaps by a revoked device",
        Rule::Training => "perhaps without valid training",
        Rule::Nda => "perhaps without a valid agreement on secrecy",
        Rule::SecondPerson => "perhaps signed by one person only",
        Rule::Supervisor => "perhaps not signed off by a supervisor",
        Rule::Role | Rule::Classes | Rule::Licence | Rule::OwnSignOff => "perhaps not allowed",
    }
}
