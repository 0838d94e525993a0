//! All English that the `verify` command and the report speak, in one room, so
//! that another language needs one more room and no second look at the rest.
//!
//! Every match is complete on purpose: a new kind of event, finding or fault
//! does not compile until somebody has found words for it.

pub mod page;

use crewseal_custody::cbor::CborError;
use crewseal_custody::roll::RollError;
use crewseal_custody::rules::Rule;
use crewseal_custody::signed::SignedError;
use crewseal_custody::{
    DeviceId, Dispute, FaultKind, FindingKind, Kind, Outcome, Protection, RecordError, Refusal,
    Refused, Role, Section,
};

use crate::evidence::verdict::{Contents, Key, Open, Remark};

/// The customer, as a holder of boxes.
pub const CUSTOMER: &str = "the customer";

/// The verdict on a record in which all is well.
pub const HOLDS: &str = "This record holds: every signature fits, and nothing is open.";

/// The verdict on a record of which every signature holds.
pub const HOLDS_WITH_OPEN_MATTERS: &str =
    "This record holds: every signature fits. What the events leave open stands below.";

/// The verdict on a record that was altered or is incomplete.
pub const DOES_NOT_HOLD: &str = "This record DOES NOT HOLD. Do not rely on it.";

/// Over the parts that do not hold.
pub const FLAWS: &str = "What does not hold:";

/// Over findings and faults.
pub const OPEN: &str = "What is open:";

/// Over findings and faults, when parts do not hold.
pub const OPEN_IN_REST: &str = "What is open, by those parts that do hold:";

/// Over HQ's answers that are more than "stored".
pub const REMARKS: &str = "What HQ remarked when it received an event:";

/// What was done, as it follows a box: "loaded".
#[must_use]
pub const fn kind(kind: Kind) -> &'static str {
    match kind {
        Kind::Commission => "labelled",
        Kind::TakeOver => "taken over from the customer",
        Kind::Load => "loaded",
        Kind::Store => "put into the warehouse",
        Kind::Count => "counted",
        Kind::Offer => "offered",
        Kind::Accept => "accepted",
        Kind::Deliver => "delivered to the customer",
        Kind::SignOff => "signed off",
        Kind::Pack => "packed",
        Kind::Seal => "sealed",
        Kind::Depart => "sent on its way",
        Kind::Arrive => "arrived",
        Kind::Unload => "unloaded",
        Kind::Unpack => "unpacked",
        Kind::CollectForDestruction => "collected to be destroyed",
        Kind::Destroy => "destroyed",
        Kind::Ack => "acceptance acknowledged",
        Kind::Withdraw => "offer taken back",
        Kind::Release => "confirmed by the customer's code",
        Kind::Resume => "store restored",
    }
}

/// What destroyed boxes are with.
pub const NOBODY: &str = "nobody: destroyed";

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

/// A fault in a few words, for a heading.
#[must_use]
pub const fn fault(fault: &FaultKind) -> &'static str {
    match fault {
        FaultKind::Gap { .. } => "events missing",
        FaultKind::Fork => "two events under one number",
        FaultKind::BrokenChain => "chain of events broken",
        FaultKind::Undeclared => "store restored without saying so",
        FaultKind::UnknownBoxes => "boxes of an unknown list",
        FaultKind::NotTheHolder => "acted on boxes of another holder",
        FaultKind::NoSuchOffer => "accepted without an offer",
        FaultKind::NotAccepted => "offered, not accepted",
        FaultKind::NotOffered => "accepted, never offered",
        FaultKind::UnknownAnchor => "names a tick that HQ never signed",
        FaultKind::Broken(rule) => broken(*rule),
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
const fn broken(rule: Rule) -> &'static str {
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

/// What a broken rule means, in one sentence.
const fn broken_meaning(rule: Rule) -> &'static str {
    match rule {
        Rule::Credential => {
            "The whole proven time of the event lies outside the time for which HQ vouched for \
             the device."
        }
        Rule::Revocation => {
            "The whole proven time of the event lies after HQ took its word for the device back."
        }
        Rule::Role => {
            "The role does not allow this: only movers, drivers, warehouses and contractors hold \
             boxes, only supervisors sign off."
        }
        Rule::Training => {
            "HQ's credential names no training of the carrier's, or the whole proven time of the \
             event lies after it ran out."
        }
        Rule::Nda => {
            "Whoever takes or opens boxes with papers or devices must have signed an agreement on \
             secrecy; HQ's credential names none that held then."
        }
        Rule::Classes => {
            "The boxes are of a class that HQ's credential does not let the carrier take."
        }
        Rule::Licence => "HQ's credential names no licence of the carrier's for this act.",
        Rule::OwnSignOff => "A sign-off is another person's word; here it is the same person's.",
        Rule::SecondPerson => {
            "Where boxes with papers, devices or valuables are taken over, collected or \
             delivered, a second person signs too: a receiver in a handoff, or a supervisor. \
             Nobody did."
        }
        Rule::Supervisor => {
            "A supervisor must sign off what is destroyed, and what is found missing, damaged or \
             with a broken seal among boxes with papers, devices or valuables. None did."
        }
    }
}

/// What a fault means, in one sentence. `who` names a device.
#[must_use]
pub fn fault_meaning(fault: &FaultKind, who: impl Fn(&DeviceId) -> String) -> String {
    let meaning = match fault {
        FaultKind::Gap { device, generation, from, to } => {
            let last = to.saturating_sub(1);
            let which = if *from == last {
                format!("Event {from} of {} is", who(device))
            } else {
                format!("Events {from} to {last} of {} are", who(device))
            };
            let restored = if *generation > 1 {
                format!(" (store generation {generation})")
            } else {
                String::new()
            };
            return format!("{which} not in the record{restored}, and HQ holds no receipt.");
        }
        FaultKind::Fork => {
            "A device numbers its events one by one; here two different events bear one number."
        }
        FaultKind::BrokenChain => "The event does not name the same device's event before it.",
        FaultKind::Undeclared => {
            "A device whose store was restored says so in the first event of its new numbers, and \
             nowhere else. Here it did not."
        }
        FaultKind::UnknownBoxes => {
            "The event names boxes by a list that is not in the record, so nobody can tell which."
        }
        FaultKind::NotTheHolder => "Somebody else had these boxes at that point; nothing moved.",
        FaultKind::NoSuchOffer => "There is no offer to this device that the acceptance answers.",
        FaultKind::NotAccepted => {
            "The giver signed for handing these over and the receiver did not sign for having \
             them: the giver still has them."
        }
        FaultKind::NotOffered => {
            "The receiver signed for boxes that the giver never signed away: they still count as \
             the giver's."
        }
        FaultKind::UnknownAnchor => {
            "The event says it was made after a tick of HQ's clock that HQ did not sign, so its \
             time has no proven beginning."
        }
        FaultKind::Broken(rule) => broken_meaning(*rule),
        FaultKind::NotProvable(Rule::SecondPerson | Rule::Supervisor) => {
            "Supervisors signed off several events at once, and the record does not show whether \
             this is one of them. That accuses nobody; the sign-off's proof would show it."
        }
        FaultKind::NotProvable(_) => {
            "A part of the time in which the act may have been done lies outside. That accuses \
             nobody: the act may have been in order."
        }
        FaultKind::RevocationsMissing => {
            "HQ's own clock, as these events name it, tells of more revoked devices than the list \
             in the record. Ask HQ for the newest one."
        }
        FaultKind::ClockDisagrees => {
            "The phone's clock and HQ's differ by more than two minutes. That accuses nobody; the \
             proven time counts."
        }
        FaultKind::NotDelivered => {
            "Somebody signed for having these boxes, and no delivery names them."
        }
        FaultKind::OfferedTwice => {
            "The giver offered boxes again while an earlier offer of them was open."
        }
        FaultKind::AcceptedTwice => {
            "The receiver signed two acceptances of one offer. The first one counts."
        }
        FaultKind::WrongOpening => {
            "The acceptance does not open what its sender bound himself to before he saw the \
             offer, so he may have chosen which boxes he checked by hand."
        }
        FaultKind::AbandonedOffers => {
            "Many offers of the same boxes to one device came to nothing. Somebody may have been trying which boxes \
             would be checked by hand."
        }
        FaultKind::Contradiction => {
            "The giver signed that he saw the acceptance of his offer, and that he took the same \
             offer back."
        }
        FaultKind::WrongRelease => {
            "The release does not verify under any key that HQ made of the customer's codes for \
             such an act."
        }
        FaultKind::ReleasedTwice => {
            "Each of the customer's codes confirms one act. Here one was used for two, so it \
             confirms neither."
        }
        FaultKind::SignOffRefused => {
            "Somebody claimed a supervisor's sign-off with a code of which HQ says that it is none \
             of a supervisor's, or was used before. It does not count."
        }
        FaultKind::NotConfirmed => {
            "The customer has a code for such an act. He did not use it, and the act does not say \
             that he was absent or refused."
        }
    };
    meaning.to_owned()
}

/// What became of an event at HQ.
#[must_use]
pub fn outcome(outcome: &Outcome) -> String {
    match outcome {
        Outcome::Stored => "stored".to_owned(),
        Outcome::StoredAfterGap(from) => format!("stored; events from {from} on were missing"),
        Outcome::StoredInDispute(dispute) => format!("stored, though {}", self::dispute(*dispute)),
        Outcome::Refused(refusal) => format!("refused: {}", self::refusal(*refusal)),
    }
}

/// What a stored event contradicts.
#[must_use]
pub const fn dispute(dispute: Dispute) -> &'static str {
    match dispute {
        Dispute::Fork => "another event of the device bears the same number",
        Dispute::BrokenChain => "it does not follow the device's event before it",
        Dispute::UnknownBoxes => "it names boxes by a list that HQ did not issue",
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

/// A part of a record, counted from 1.
#[must_use]
pub fn section(section: &Section) -> String {
    let (name, place) = match section {
        Section::Whole => return "the record".to_owned(),
        Section::Credential(place) => ("credential", place),
        Section::Tick(place) => ("tick", place),
        Section::Manifest(place) => ("manifest version", place),
        Section::Roll(place) => ("roll", place),
        Section::Event(place) => ("event", place),
        Section::Receipt(place) => ("receipt", place),
        Section::Classes => return "the list of boxes that are not ordinary".to_owned(),
        Section::Revocations => return "the list of revoked devices".to_owned(),
        Section::Inclusion(place) => ("proof of a sign-off", place),
        Section::Confirmation(place) => ("HQ's word on a sign-off", place),
    };
    format!("{name} {}", place.saturating_add(1))
}

/// What is wrong with a part of a record.
#[must_use]
pub fn record_error(error: &RecordError) -> String {
    match error {
        RecordError::TooLarge => "too large to be a custody record".to_owned(),
        RecordError::Signed(error) => signed_error(error),
        RecordError::OtherHq => "signed by another HQ than the one expected".to_owned(),
        RecordError::Event(Refused::UnknownDevice) => {
            "no credential in the record vouches for the device that it names".to_owned()
        }
        RecordError::Event(Refused::Signed(error)) => signed_error(error),
        RecordError::Roll(RollError::Head(error)) => format!("its head: {}", signed_error(error)),
        RecordError::Roll(RollError::List) => "its labels are not those that HQ signed".to_owned(),
        RecordError::Manifest(error) => {
            format!("version {} does not follow the version before", error.number)
        }
        RecordError::Boxes(_) => "names boxes that the record does not have".to_owned(),
        RecordError::Repeated => "stands in the record twice".to_owned(),
        RecordError::OtherJob => "belongs to another job".to_owned(),
        RecordError::OtherOrigin => "belongs to another log".to_owned(),
        RecordError::OtherNumbers => {
            "names its event's device or numbers otherwise than the event does".to_owned()
        }
        RecordError::NoProof => "does not prove that its event was signed off".to_owned(),
    }
}

fn signed_error(error: &SignedError) -> String {
    match error {
        SignedError::Envelope => "not a signed message".to_owned(),
        SignedError::Payload(CborError::Malformed { position }) => {
            format!("the signed message is unreadable from byte {position} on")
        }
        SignedError::Payload(CborError::NotCanonical { position }) => {
            format!("the signed message is not in its one canonical form from byte {position} on")
        }
        SignedError::Payload(CborError::Version { found }) => {
            format!("a message of format {found}; a newer version of this program may read it")
        }
        SignedError::Signature => "the signature does not fit".to_owned(),
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

/// A text from inside a record with nothing in it that steers a terminal or
/// turns the direction of writing: whoever made the record may be no friend.
#[must_use]
pub fn printable(text: &str) -> String {
    let steers = |c: &char| {
        c.is_control()
            || matches!(c, '\u{200B}'..='\u{200F}' | '\u{2028}'..='\u{202E}' | '\u{2066}'..='\u{2069}')
    };
    text.chars().filter(|c| !steers(c)).collect()
}

/// A number of things: `1 box`, `42 boxes`.
#[must_use]
pub fn count(number: usize, one: &str, many: &str) -> String {
    format!("{number} {}", if number == 1 { one } else { many })
}

/// A number of boxes.
#[must_use]
pub fn boxes(number: usize) -> String {
    count(number, "box", "boxes")
}

/// A code that is no label.
pub const NOT_OURS: &str = "not ours";

/// A number of codes.
#[must_use]
pub fn codes(number: usize) -> String {
    count(number, "code", "codes")
}

/// Several names, joined.
#[must_use]
pub fn list(names: impl IntoIterator<Item = String>) -> String {
    let mut names: Vec<String> = names.into_iter().collect();
    match names.pop() {
        None => "none".to_owned(),
        Some(last) if names.is_empty() => last,
        Some(last) => format!("{} and {last}", names.join(", ")),
    }
}

/// The first letter large, for a heading or the start of a sentence.
#[must_use]
pub fn sentence(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map_or_else(String::new, |first| {
        let mut sentence: String = first.to_uppercase().collect();
        sentence.push_str(chars.as_str());
        sentence
    })
}

/// A time in full: `2026-03-14 09:12 UTC`.
#[must_use]
pub fn time(at: u64) -> String {
    format_time(at, "%Y-%m-%d %H:%M UTC")
}

/// A time where a column says that it is UTC: `14 Mar 09:12`, on one line.
#[must_use]
pub fn day_and_time(at: u64) -> String {
    format_time(at, "%-d\u{a0}%b\u{a0}%H:%M")
}

/// The time of two on one day said once: `14 Mar 09:12 – 10:30`.
#[must_use]
pub fn span(from: u64, to: u64) -> String {
    let day = |at| format_time(at, "%F");
    if from / 60 == to / 60 {
        day_and_time(from)
    } else if day(from) == day(to) {
        let clock = |at| format_time(at, "%H:%M");
        // The word joiner keeps a line from ending at the dash.
        format!(
            "{} {}\u{a0}–\u{2060}\u{a0}{}",
            format_time(from, "%-d\u{a0}%b"),
            clock(from),
            clock(to)
        )
    } else {
        format!("{} – {}", day_and_time(from), day_and_time(to))
    }
}

/// When something happened, as far as HQ's clock proves it.
#[must_use]
pub fn proven(not_before: Option<u64>, not_after: Option<u64>) -> String {
    match (not_before, not_after) {
        (Some(from), Some(to)) => span(from, to),
        (Some(from), None) => format!("after {}", day_and_time(from)),
        (None, Some(to)) => format!("before {}", day_and_time(to)),
        (None, None) => "not bounded".to_owned(),
    }
}

fn format_time(at: u64, format: &str) -> String {
    let seconds = i64::try_from(at).ok();
    let time = seconds.and_then(|seconds| jiff::Timestamp::from_second(seconds).ok());
    time.map_or_else(
        || format!("second {at} of no calendar"),
        |time| time.strftime(format).to_string(),
    )
}

/// What a record holds, in the `verify` command's text.
#[must_use]
pub fn contents(contents: &Contents) -> String {
    let Contents { headline, job, origin, exported_at, events, devices, boxes, .. } = contents;
    let mut text = format!(
        "{headline}.\n\n\
         Job       {job}, exported by {origin} on {}\n\
         Contents  {}, signed by {}, about {}",
        time(*exported_at),
        count(*events, "event", "events"),
        count(*devices, "device", "devices"),
        self::boxes(*boxes),
    );
    if let Some(sign_offs) = sign_offs(contents) {
        text.push_str("\nSign-offs ");
        text.push_str(&sign_offs);
    }
    text
}

/// How many events a supervisor signed off, and how; none if there are none.
fn sign_offs(contents: &Contents) -> Option<String> {
    let said = [
        (contents.signed_off, "by a supervisor on his own phone"),
        (contents.confirmed, "by his code on another's phone, confirmed by HQ"),
        (contents.claimed, "claimed with a code on another's phone, HQ to confirm"),
    ];
    let said = said.into_iter().filter(|(events, _)| *events > 0);
    let said: Vec<String> =
        said.map(|(events, how)| format!("{} {how}", count(events, "event", "events"))).collect();
    (!said.is_empty()).then(|| said.join("; "))
}

/// HQ's key and what the reader is to do with its fingerprint.
#[must_use]
pub fn hq_key(key: &Key) -> String {
    let (first, second) = key.fingerprint.split_at(key.fingerprint.len() / 2);
    let advice = if key.known {
        "This is the key that you named."
    } else {
        "Compare it with the fingerprint that HQ gave you by another way. Until then this\n\
         shows only that the record agrees with itself."
    };
    format!("HQ's key  {}\n          {}\n{advice}", first.trim(), second.trim())
}

/// A finding or fault as one entry of the `verify` command's text.
#[must_use]
pub fn open(open: &Open) -> String {
    let mut text = sentence(&open.what);
    if !open.boxes.is_empty() {
        text.push_str(": ");
        text.push_str(&named_boxes(open.boxes.clone()));
    }
    text.push_str(".\n    ");
    if let Some(meaning) = &open.meaning {
        text.push_str(meaning);
        text.push_str("\n    ");
    }
    text.push_str(&signed_by(open.by.clone(), open.claimed_at));
    if !open.held_by.is_empty() {
        text.push_str(&format!(" Until then with {}.", list(open.held_by.clone())));
    }
    let noun = if open.events.len() == 1 { "event" } else { "events" };
    text.push_str(&format!("\n    Proved by {noun} {}.", list(open.events.clone())));
    text
}

/// Boxes by their call-outs: `box 7Q4X`.
#[must_use]
pub fn named_boxes(call_outs: Vec<String>) -> String {
    let noun = if call_outs.len() == 1 { "box" } else { "boxes" };
    format!("{noun} {}", list(call_outs))
}

/// Who signed something and when, by his own clock.
#[must_use]
pub fn signed_by(carriers: Vec<String>, claimed_at: Option<u64>) -> String {
    match (carriers.is_empty(), claimed_at) {
        (true, _) => "Shown by HQ's receipts.".to_owned(),
        (false, None) => format!("Signed by {}.", list(carriers)),
        (false, Some(at)) => format!("Signed by {} at {}.", list(carriers), time(at)),
    }
}

/// HQ's remark on an event.
#[must_use]
pub fn remark(remark: &Remark) -> String {
    format!("event {}: {}", remark.event, remark.outcome)
}

/// Whether all signatures of a record hold, in a few words.
#[must_use]
pub fn signatures(broken: usize) -> String {
    if broken == 0 {
        "every signature verified".to_owned()
    } else {
        format!("{} not hold", count(broken, "part of the record does", "parts of the record do"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MARCH_14: u64 = 1_773_479_520;

    #[test]
    fn times_read_as_people_write_them() {
        assert_eq!(time(MARCH_14), "2026-03-14 09:12 UTC");
        let on_page = |text: String| text.replace('\u{a0}', " ").replace('\u{2060}', "");
        assert_eq!(on_page(day_and_time(MARCH_14)), "14 Mar 09:12");
        assert_eq!(on_page(span(MARCH_14, MARCH_14 + 4680)), "14 Mar 09:12 – 10:30");
        let next_day = span(MARCH_14, MARCH_14 + 86_400);
        assert_eq!(on_page(next_day), "14 Mar 09:12 – 15 Mar 09:12");
        assert_eq!(on_page(span(MARCH_14, MARCH_14 + 20)), "14 Mar 09:12");
        assert_eq!(proven(None, None), "not bounded");
        assert_eq!(time(u64::MAX), "second 18446744073709551615 of no calendar");
    }

    #[test]
    fn a_record_cannot_steer_the_reader_s_terminal() {
        assert_eq!(carrier("Mover\u{1b}[2J 17\u{202e}", Role::Mover), "Mover[2J 17");
        assert_eq!(carrier("Team Blue", Role::Contractor), "Team Blue (contractor)");
    }

    #[test]
    fn numbers_and_lists_agree_with_their_nouns() {
        assert_eq!(boxes(1), "1 box");
        assert_eq!(boxes(0), "0 boxes");
        assert_eq!(list(["a", "b", "c"].map(str::to_owned)), "a, b and c");
        assert_eq!(sentence("missing"), "Missing");
    }

    #[test]
    fn a_gap_says_which_events_and_whose() {
        let device = DeviceId([7; 16]);
        let gap = |from, to| FaultKind::Gap { device, generation: 1, from, to };
        let say = |gap| fault_meaning(&gap, |_| "Driver 4".to_owned());
        assert!(say(gap(3, 4)).starts_with("Event 3 of Driver 4 is not in the record"));
        assert!(say(gap(3, 6)).starts_with("Events 3 to 5 of Driver 4 are not in the record"));
    }
}
