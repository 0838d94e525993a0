//! What passes between phone and HQ, in numbers and reasons.

use crewseal::custody::{self, EventId};
use crewseal::outbox::queue::Status;

/// What came from HQ.
#[derive(Debug, Clone, Copy, PartialEq, Eq, uniffi::Record)]
pub struct Fetched {
    /// Jobs of this device.
    pub jobs: u64,
    /// Labels on the depot's rolls.
    pub labels: u64,
}

/// What a sync achieved.
#[derive(Debug, Clone, Copy, PartialEq, Eq, uniffi::Record)]
pub struct Delivered {
    /// Entries that HQ has, with a receipt that was verified. They are gone
    /// here.
    pub receipted: u64,
    /// Entries that HQ refused. They stay, and block nothing.
    pub parked: u64,
    /// Entries without a valid answer. They wait.
    pub unanswered: u64,
}

/// How the queue to HQ stands.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct OutboxStatus {
    /// Entries that wait for a receipt.
    pub waiting: u64,
    /// Entries that HQ refused.
    pub parked: Vec<Parked>,
    /// Entries that the disk damaged. They stay, to be salvaged, and block
    /// nothing.
    pub damaged: u64,
}

/// An entry that HQ refused.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct Parked {
    /// The event in it.
    pub event: EventId,
    /// Why HQ refused it.
    pub refusal: Refusal,
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

impl From<crewseal::Fetched> for Fetched {
    fn from(fetched: crewseal::Fetched) -> Self {
        let number = |count| u64::try_from(count).unwrap_or(u64::MAX);
        Self { jobs: number(fetched.jobs), labels: number(fetched.labels) }
    }
}

impl From<crewseal::Delivered> for Delivered {
    fn from(delivered: crewseal::Delivered) -> Self {
        let crewseal::Delivered { receipted, parked, unanswered } = delivered;
        Self { receipted, parked, unanswered }
    }
}

impl From<Status> for OutboxStatus {
    fn from(status: Status) -> Self {
        let parked = status.parked.into_iter();
        let parked = parked.map(|one| Parked { event: one.event, refusal: one.reason.into() });
        Self { waiting: status.waiting, parked: parked.collect(), damaged: status.damaged }
    }
}

impl From<custody::Refusal> for Refusal {
    fn from(refusal: custody::Refusal) -> Self {
        match refusal {
            custody::Refusal::Unreadable => Self::Unreadable,
            custody::Refusal::Malformed => Self::Malformed,
            custody::Refusal::UnknownVersion => Self::UnknownVersion,
            custody::Refusal::UnknownDevice => Self::UnknownDevice,
            custody::Refusal::Signature => Self::Signature,
            custody::Refusal::Mislabelled => Self::Mislabelled,
        }
    }
}
