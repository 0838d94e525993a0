//! What a crew's device asks a supervisor to sign off.

use std::collections::BTreeSet;

use minicbor::{Decode, Encode};

use crate::cbor::Version;
use crate::signed::{Digest, Message, Namespace};
use crate::{Batch, DeviceId, EventId, EventKind, FindingKind, JobId, MOST_SIGNED_OFF, Salt};

/// One act, in short.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(array)]
pub struct SignOffEntry {
    /// The event.
    #[n(0)]
    pub event: EventId,
    /// What was done.
    #[n(1)]
    pub kind: EventKind,
    /// With how many boxes.
    #[n(2)]
    pub boxes: u32,
    /// What was found, and with how many boxes.
    #[n(3)]
    pub findings: Vec<(FindingKind, u32)>,
}

/// What a crew's device asks a supervisor to sign off: one act, or all that it did
/// in a job since the last time.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct SignOffRequest {
    /// Format version.
    #[n(0)]
    pub version: Version<1>,
    /// The crew's device.
    #[n(1)]
    pub device: DeviceId,
    /// The job.
    #[n(2)]
    pub job: JobId,
    /// The acts in the order of the device's numbers.
    #[n(3)]
    pub entries: Vec<SignOffEntry>,
    /// Random.
    #[n(4)]
    pub salt: Salt,
}

impl Message for SignOffRequest {
    const NAMESPACE: Namespace = Namespace::SignOffRequest;
}

/// What a sign-off's event says that it is of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Subject {
    /// The one act, or the newest of several.
    pub about: EventId,
    /// Of several, the root of their [`Batch`].
    pub root: Option<Digest>,
}

impl Subject {
    /// Of these acts; none of no acts, of too many, or if one stands there twice.
    #[must_use]
    pub fn of(entries: &[SignOffEntry]) -> Option<Self> {
        let about = entries.last()?.event;
        let events: BTreeSet<EventId> = entries.iter().map(|entry| entry.event).collect();
        if entries.len() > MOST_SIGNED_OFF || events.len() != entries.len() {
            return None;
        }
        let root = if entries.len() == 1 { None } else { Some(Batch::of(&events)?.root()) };
        Some(Self { about, root })
    }
}
