//! A record: its parts, and what is wrong with them.

use crewseal_custody::cbor::CborError;
use crewseal_custody::roll::RollError;
use crewseal_custody::signed::SignedError;
use crewseal_custody::{RecordError, Refused, Section, StatementError};

use super::grammar::count;

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
        Section::Restore(place) => ("restore of the log", place),
        Section::Classes => return "the list of boxes that are not ordinary".to_owned(),
        Section::Revocations => return "the list of revoked devices".to_owned(),
        Section::Inclusion(place) => ("proof of a sign-off", place),
        Section::Confirmation(place) => ("HQ's word on a sign-off", place),
        Section::Statement(place) => ("statement", place),
    };
    format!("{name} {}", place.saturating_add(1))
}

/// What is wrong with a part of a record.
#[must_use]
pub fn record_error(error: &RecordError) -> String {
    match error {
        RecordError::TooLarge => "too large to be a custody record".to_owned(),
        RecordError::Signed(error) => signed_error(error),
        RecordError::KeyLists(error) => error.to_string(),
        RecordError::OtherHq => "signed by another HQ than the one expected".to_owned(),
        RecordError::Receipt(error) => error.to_string(),
        RecordError::Unreadable(error) => error.to_string(),
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
        RecordError::OtherCarrier => "names another carrier for the keys of a device".to_owned(),
        RecordError::Voucher => {
            "says that its carrier vouches for the device, and what it shows for that is not his"
                .to_owned()
        }
        RecordError::OtherJob => "belongs to another job".to_owned(),
        RecordError::OtherOrigin => "belongs to another log".to_owned(),
        RecordError::OtherNumbers => {
            "names its event's device or numbers otherwise than the event does".to_owned()
        }
        RecordError::Statement(StatementError::OtherDigest) => {
            "is named by no event in the record".to_owned()
        }
        RecordError::Statement(_) => "is not a statement, though an event names it".to_owned(),
        RecordError::BeforeItsTick | RecordError::LostReplicated => error.to_string(),
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

/// Whether all signatures of a record hold, in a few words.
#[must_use]
pub fn signatures(flaws: usize) -> String {
    if flaws == 0 {
        "every signature verified".to_owned()
    } else {
        format!("{} not hold", count(flaws, "part of the record does", "parts of the record do"))
    }
}
