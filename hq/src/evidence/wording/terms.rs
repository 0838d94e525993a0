//! Single things by their names: acts, findings, roles, holders, HQ's answers.

use crewseal_custody::{
    DeviceId, Dispute, EventKind, FindingKind, Outcome, Protection, Refusal, Role,
};

use super::grammar::printable;

/// The customer, as a holder of boxes.
pub const CUSTOMER: &str = "the customer";

/// What destroyed boxes are with.
pub const NOBODY: &str = "nobody: destroyed";

/// What was done, as it follows a box: "loaded".
#[must_use]
pub const fn kind(kind: EventKind) -> &'static str {
    match kind {
        EventKind::Commission => "labelled",
        EventKind::TakeOver => "taken over from the customer",
        EventKind::Load => "loaded",
        EventKind::Store => "put into the warehouse",
        EventKind::Count => "counted",
        EventKind::Offer => "offered",
        EventKind::Accept => "accepted",
        EventKind::Deliver => "delivered to the customer",
        EventKind::SignOff => "signed off",
        EventKind::Pack => "packed",
        EventKind::Seal => "sealed",
        EventKind::Depart => "sent on its way",
        EventKind::Arrive => "arrived",
        EventKind::Unload => "unloaded",
        EventKind::Unpack => "unpacked",
        EventKind::CollectForDestruction => "collected to be destroyed",
        EventKind::Destroy => "destroyed",
        EventKind::Ack => "acceptance acknowledged",
        EventKind::Withdraw => "offer taken back",
        EventKind::Release => "confirmed by the customer's code",
        EventKind::Resume => "store restored",
        EventKind::Informed => "terms learnt",
        EventKind::HandBack => "given back to the customer",
        EventKind::Found => "found",
        EventKind::VoidLabel => "label voided",
    }
}

/// Who may have a box: one of two.
#[must_use]
pub fn one_of(giver: &str, receiver: &str) -> String {
    format!("{giver} or {receiver}, in doubt")
}

/// What is not as it should be with a box.
#[must_use]
pub const fn finding(finding: FindingKind) -> &'static str {
    match finding {
        FindingKind::Missing => "missing",
        FindingKind::NotOurs => "not of this job",
        FindingKind::Damaged => "damaged",
        FindingKind::SealBroken => "seal broken",
        FindingKind::LabelTyped => "label typed by hand",
        FindingKind::LabelReplaced => "label replaced",
        FindingKind::CountDiffers => "count differs",
        FindingKind::Absent => "nobody there to confirm",
        FindingKind::Refused => "confirmation refused",
        FindingKind::ClockDisagrees => "clock disagrees",
    }
}

/// What a device's carrier does.
#[must_use]
pub const fn role(role: Role) -> &'static str {
    match role {
        Role::Mover => "mover",
        Role::Driver => "driver",
        Role::Warehouse => "warehouse",
        Role::Supervisor => "supervisor",
        Role::Contractor => "contractor",
    }
}

/// What stood before a signature.
#[must_use]
pub const fn protection(protection: Protection) -> &'static str {
    match protection {
        Protection::Act => "by the unlocked phone",
        Protection::Handoff => "by the person, at the phone",
    }
}

/// A carrier by pseudonym and role, `Mover 17 (mover)`; the role is left out
/// where the pseudonym begins with it.
#[must_use]
pub fn carrier(pseudonym: &str, role: Role) -> String {
    let pseudonym = printable(pseudonym);
    let role = self::role(role);
    if pseudonym.to_lowercase().starts_with(role) {
        pseudonym
    } else {
        format!("{pseudonym} ({role})")
    }
}

/// A device that HQ vouches for nowhere in the record.
#[must_use]
pub fn unknown_device(device: &DeviceId) -> String {
    format!("unknown device {device}")
}

/// What became of an event at HQ.
#[must_use]
pub fn outcome(outcome: &Outcome) -> String {
    match outcome {
        Outcome::Stored => "stored".to_owned(),
        Outcome::StoredAfterGap(from) => format!("stored; events from {from} on were missing"),
        Outcome::StoredInDispute(dispute) => format!("stored, though {}", self::dispute(*dispute)),
        Outcome::Erased => "of a job that was erased; nothing but its id is kept".to_owned(),
    }
}

/// What a stored event contradicts.
#[must_use]
pub const fn dispute(dispute: Dispute) -> &'static str {
    match dispute {
        Dispute::Fork => "another event of the device bears the same number",
        Dispute::BrokenChain => "it does not follow the device's event before it",
        Dispute::UnknownBoxes => "it names boxes by a list that HQ did not issue",
        Dispute::IllFormed => "it has not the form of its kind",
    }
}

/// Why HQ did not store an event.
#[must_use]
pub const fn refusal(refusal: Refusal) -> &'static str {
    match refusal {
        Refusal::Unreadable => "the envelope could not be opened",
        Refusal::Malformed => "what was inside is no event",
        Refusal::UnknownVersion => "an event of a newer format",
        Refusal::UnknownDevice => "HQ knows no such device",
        Refusal::Signature => "the signature is not the device's",
        Refusal::Mislabelled => "the envelope names another event than it holds",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_cannot_steer_the_reader_s_terminal() {
        assert_eq!(carrier("Mover\u{1b}[2J 17\u{202e}", Role::Mover), "Mover[2J 17");
        assert_eq!(carrier("Team Blue", Role::Contractor), "Team Blue (contractor)");
    }
}
