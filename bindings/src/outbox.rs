//! What passes between phone and HQ, in numbers and reasons.

use std::fmt;

use crewseal::outbox;
use crewseal::outbox::queue::{self, Status};
pub use crewseal::{Delivered, Fetched, HqContradiction};
use crewseal_custody::EventId;

use crate::id::RefusalId;

/// What came from HQ.
#[uniffi::remote(Record)]
pub struct Fetched {
    /// Jobs of this device.
    pub jobs: u64,
    /// Labels on the rolls that are here: its depot's, and those of a depot that the device
    /// was of before.
    pub labels: u64,
}

/// What a sync achieved.
#[uniffi::remote(Record)]
pub struct Delivered {
    /// Entries that HQ has, with a receipt that was verified. They do not wait any more.
    pub receipted: u64,
    /// Entries that HQ refused. They stay, and block nothing.
    pub parked: u64,
    /// Entries that HQ was sent and said nothing of. They wait. Where it says nothing again and
    /// again, tell HQ.
    pub unanswered: u64,
}

/// Evidence that HQ contradicted itself: two messages of it, such as two lists of revoked
/// devices or two heads of its log. Devices stand in them by their pseudonymous ids; a pack of
/// a job says who the customer is. Hand both to whoever settles it.
#[uniffi::remote(Record)]
pub struct HqContradiction {
    /// The message that this phone went on with.
    pub kept: Vec<u8>,
    /// The message that it refused.
    pub refused: Vec<u8>,
}

/// How the queue to HQ stands.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct OutboxStatus {
    /// Entries that wait for a receipt, with those that were set aside.
    pub waiting: u64,
    /// Entries that HQ refused.
    pub parked: Vec<Parked>,
    /// Of those that wait, the ones that could not be sent even alone. They block nothing,
    /// and are tried again when the app starts anew.
    pub set_aside: Vec<SetAside>,
    /// Entries that the disk damaged. They stay, to be salvaged, and block
    /// nothing.
    pub damaged: u64,
    /// Entries that HQ has, with a receipt that was verified, and that are kept until it has a
    /// copy of them. Nothing is to be done for them.
    pub kept: u64,
}

/// An entry that HQ refused. Printing it shows nothing of the note.
#[derive(Clone, PartialEq, Eq, uniffi::Record)]
#[uniffi::export(Debug)]
pub struct Parked {
    /// The event in it.
    pub event: EventId,
    /// Why HQ refused it.
    pub refusal: Refusal,
    /// Which refusal this is: a supervisor decides on one, and each needs another
    /// decision. None where the disk damaged what HQ said.
    pub refusal_id: Option<RefusalId>,
    /// Why the supervisor gave it up, in his words; none while nobody gave it up. They may
    /// be about people: show them to the crew, and store or send them nowhere.
    pub given_up: Option<String>,
}

impl fmt::Debug for Parked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let given_up = if self.given_up.is_some() { ", given up" } else { "" };
        write!(f, "Parked({}, {:?}{given_up})", self.event, self.refusal)
    }
}

/// An entry that could not be sent even alone, which is no word of HQ's on what is in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, uniffi::Record)]
pub struct SetAside {
    /// The event in it.
    pub event: EventId,
    /// Why.
    pub why: Undeliverable,
}

/// Why an entry cannot be sent even alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, uniffi::Enum)]
pub enum Undeliverable {
    /// HQ, or something before it, takes no request of this size.
    TooLarge,
    /// HQ does not put together what was sent.
    Differs,
}

/// What is to become of an entry that HQ refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, uniffi::Enum)]
pub enum Decision {
    /// It goes to HQ again, as it is: HQ mended what was wrong there.
    SendAgain,
    /// It is not sent any more. It stays where it is all the same.
    GiveUp,
}

/// Why HQ did not store an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, uniffi::Enum)]
pub enum Refusal {
    /// The envelope could not be opened.
    Unreadable,
    /// What was inside is no event.
    Malformed,
    /// An event of a kind that this HQ does not know yet.
    UnknownVersion,
    /// HQ knows no such device.
    UnknownDevice,
    /// The signature is not the device's.
    Signature,
    /// The envelope and the event in it contradict each other.
    Mislabelled,
}

impl From<Status> for OutboxStatus {
    fn from(status: Status) -> Self {
        let parked = status.parked.into_iter().map(Parked::from).collect();
        let set_aside: Vec<_> = status.set_aside.into_iter().map(SetAside::from).collect();
        // What was set aside is tried again, so to a crew it waits.
        let aside = u64::try_from(set_aside.len()).unwrap_or(u64::MAX);
        let waiting = status.waiting.saturating_add(aside);
        let (damaged, kept) = (status.damaged, status.kept);
        Self { waiting, parked, set_aside, damaged, kept }
    }
}

impl From<outbox::Parked> for Parked {
    fn from(parked: outbox::Parked) -> Self {
        Self {
            event: parked.event,
            refusal: parked.reason.into(),
            refusal_id: parked.refusal.map(RefusalId),
            given_up: parked.given_up.map(|note| note.reveal().to_owned()),
        }
    }
}

impl From<queue::SetAside> for SetAside {
    fn from(queue::SetAside { event, why }: queue::SetAside) -> Self {
        let why = match why {
            queue::Undeliverable::TooLarge => Undeliverable::TooLarge,
            queue::Undeliverable::Differs => Undeliverable::Differs,
        };
        Self { event, why }
    }
}

impl From<Decision> for crewseal_custody::resolution::Decision {
    fn from(decision: Decision) -> Self {
        match decision {
            Decision::SendAgain => Self::SendAgain,
            Decision::GiveUp => Self::GiveUp,
        }
    }
}

impl From<crewseal_custody::Refusal> for Refusal {
    fn from(refusal: crewseal_custody::Refusal) -> Self {
        match refusal {
            crewseal_custody::Refusal::Unreadable => Self::Unreadable,
            crewseal_custody::Refusal::Malformed => Self::Malformed,
            crewseal_custody::Refusal::UnknownVersion => Self::UnknownVersion,
            crewseal_custody::Refusal::UnknownDevice => Self::UnknownDevice,
            crewseal_custody::Refusal::Signature => Self::Signature,
            crewseal_custody::Refusal::Mislabelled => Self::Mislabelled,
        }
    }
}
