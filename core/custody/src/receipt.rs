//! HQ's answers: what became of an event, why it was refused, and the receipt for a photo.
//!
//! The receipt for an event is its place in HQ's log: [`log::Receipt`](crate::logged::Receipt).

use minicbor::{Decode, Encode};

use crate::cbor::Version;
use crate::hq_keys::HqMessage;
use crate::signed::{Digest, Message, Namespace};
use crate::{DeviceId, EventId};

/// That HQ did not store an event. It is no receipt: it never enters HQ's log, and the phone
/// keeps the entry, parked.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct Rejection {
    /// Format version.
    #[n(0)]
    pub version: Version<1>,
    /// The event, as its envelope names it.
    #[n(1)]
    pub event: EventId,
    /// The device that it came from, as its envelope says.
    #[n(2)]
    pub device: DeviceId,
    /// The device's generation.
    #[n(3)]
    pub generation: u32,
    /// The event's number in that generation.
    #[n(4)]
    pub sequence: u64,
    /// Why.
    #[n(5)]
    pub refusal: Refusal,
    /// HQ's time, in seconds since 1970-01-01 UTC.
    #[n(6)]
    pub at: u64,
    /// The name of HQ's log.
    #[n(7)]
    pub origin: String,
}

impl Message for Rejection {
    const NAMESPACE: Namespace = Namespace::Rejection;
}

impl HqMessage for Rejection {
    fn signed_at(&self) -> Option<u64> {
        Some(self.at)
    }
}

/// HQ's answer to an attachment of which it has every chunk, or a chunk that is none of
/// it. A phone deletes a photo only against one of these, verified.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct AttachmentReceipt {
    /// Format version.
    #[n(0)]
    pub version: Version<1>,
    /// The digest by which the event names it.
    #[n(1)]
    pub digest: Digest,
    /// The event.
    #[n(2)]
    pub event: EventId,
    /// What became of it.
    #[n(3)]
    pub outcome: AttachmentOutcome,
    /// HQ's time, in seconds since 1970-01-01 UTC.
    #[n(4)]
    pub at: u64,
    /// The name of HQ's log.
    #[n(5)]
    pub origin: String,
}

impl Message for AttachmentReceipt {
    const NAMESPACE: Namespace = Namespace::AttachmentReceipt;
}

impl HqMessage for AttachmentReceipt {
    fn signed_at(&self) -> Option<u64> {
        Some(self.at)
    }
}

/// What became of an attachment at HQ.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Encode, Decode)]
#[cbor(index_only)]
pub enum AttachmentOutcome {
    /// HQ has it all, and it is what the event names.
    #[n(0)]
    Stored,
    /// What was sent is not what was sealed for this event.
    #[n(1)]
    Altered,
}

/// What became of an event that HQ took in. A repeated event gets its first outcome.
///
/// What HQ can read and attribute to a known device is evidence and is stored, whatever
/// it says; everything else is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Encode, Decode)]
#[cbor(flat)]
pub enum Outcome {
    /// Verified and stored.
    #[n(0)]
    Stored,
    /// Verified and stored, though events of this device before it are missing
    /// at HQ, from this number on.
    #[n(1)]
    StoredAfterGap(#[n(0)] u64),
    /// The signature holds and it is stored, but it contradicts what is known.
    #[n(2)]
    StoredInDispute(#[n(0)] Dispute),
    /// Of a job that was erased: nothing of it is kept but its id.
    #[n(3)]
    Erased,
}

/// What a stored event contradicts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Encode, Decode)]
#[cbor(index_only)]
pub enum Dispute {
    /// Another event of this device bears the same number: a fork.
    #[n(1)]
    Fork,
    /// It does not follow the event of this device that it should.
    #[n(2)]
    BrokenChain,
    /// It names boxes by a list that HQ did not issue.
    #[n(3)]
    UnknownBoxes,
    /// It has not the form of its kind, and says nothing of boxes: a field is missing, or
    /// one is there that has no place in it.
    #[n(4)]
    IllFormed,
}

/// Why HQ did not store an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Encode, Decode)]
#[cbor(index_only)]
pub enum Refusal {
    /// The envelope could not be opened: damaged, sealed to another key, or its
    /// epoch's header never arrived.
    #[n(1)]
    Unreadable,
    /// What was inside is no event in canonical form.
    #[n(2)]
    Malformed,
    /// An event of a format that this HQ does not know.
    #[n(3)]
    UnknownVersion,
    /// HQ knows no such device.
    #[n(4)]
    UnknownDevice,
    /// The signature is not the device's.
    #[n(5)]
    Signature,
    /// The envelope names another event, device or number than the event does.
    #[n(6)]
    Mislabelled,
}

impl Refusal {
    const ALL: [Self; 6] = [
        Self::Unreadable,
        Self::Malformed,
        Self::UnknownVersion,
        Self::UnknownDevice,
        Self::Signature,
        Self::Mislabelled,
    ];

    /// The number that stands for it on the wire and on disk.
    #[must_use]
    pub const fn number(self) -> u8 {
        match self {
            Self::Unreadable => 1,
            Self::Malformed => 2,
            Self::UnknownVersion => 3,
            Self::UnknownDevice => 4,
            Self::Signature => 5,
            Self::Mislabelled => 6,
        }
    }

    /// The refusal of a number.
    #[must_use]
    pub fn from_number(number: u8) -> Option<Self> {
        Self::ALL.into_iter().find(|refusal| refusal.number() == number)
    }
}
