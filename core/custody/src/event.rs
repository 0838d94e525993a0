//! Events: one act of one device, signed.
//!
//! One act is one event and one signature, however many boxes. An event names
//! the event of its device before it, so a device's events form a chain in
//! which nothing can be left out unseen; it names a tick of HQ, so it cannot be
//! older than that; and it carries salt, so its id, which stands in clear on
//! envelopes and receipts, tells nothing about it.

use std::collections::BTreeSet;
use std::ops::RangeInclusive;

use minicbor::encode::Write;
use minicbor::{Decode, Decoder, Encode, Encoder, decode, encode};

use crate::cbor::Versions;
use crate::signed::{Digest, Message, Namespace};
use crate::{
    BootId, BoxList, Commitment, DeviceId, EventId, EventKind, FindingKind, JobId, OneTimeCode,
    Protection, ReleaseProof, Salt, Statement,
};

/// One finding, on some of the boxes.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(array)]
pub struct Finding {
    /// What is wrong.
    #[n(0)]
    pub kind: FindingKind,
    /// With which boxes.
    #[n(1)]
    pub boxes: BoxList,
    /// The salted digest of a photo that shows it.
    #[n(2)]
    pub photo: Option<Digest>,
}

/// The newest tick that the device held: number and random bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Encode, Decode)]
#[cbor(array)]
pub struct Anchor {
    /// The tick's number.
    #[n(0)]
    pub number: u64,
    /// The tick's random bytes.
    #[n(1)]
    pub nonce: Salt,
}

/// How long ago, by the device's monotonic clock, the anchor arrived.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Encode, Decode)]
#[cbor(array)]
pub struct Since {
    /// The boot in which the clock runs.
    #[n(0)]
    pub boot: BootId,
    /// Milliseconds since the anchor arrived; since the boot, if the anchor is
    /// from an earlier one.
    #[n(1)]
    pub millis: u64,
}

/// How long an offer may be answered, by each phone's own monotonic clock, in
/// milliseconds: long enough to scan a van, short enough that nobody answers
/// yesterday's.
pub const LAPSE: u64 = 30 * 60 * 1_000;

/// Whether the boxes that were drawn were checked by hand, as their receiver says. In
/// signed bytes it is a boolean.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SpotCheck {
    /// He looked at each of them.
    Done,
    /// He did not.
    NotDone,
}

impl<C> Encode<C> for SpotCheck {
    fn encode<W: Write>(
        &self,
        e: &mut Encoder<W>,
        _: &mut C,
    ) -> Result<(), encode::Error<W::Error>> {
        e.bool(*self == Self::Done)?.ok()
    }
}

impl<'b, C> Decode<'b, C> for SpotCheck {
    fn decode(d: &mut Decoder<'b>, _: &mut C) -> Result<Self, decode::Error> {
        Ok(if d.bool()? { Self::Done } else { Self::NotDone })
    }
}

/// Where the device says it was: a claim.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Encode, Decode)]
#[cbor(array)]
pub struct Place {
    /// Degrees north, times 100,000.
    #[n(0)]
    pub latitude: i32,
    /// Degrees east, times 100,000.
    #[n(1)]
    pub longitude: i32,
    /// Within how many metres.
    #[n(2)]
    pub precision: u32,
}

/// What a person did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Act {
    /// What.
    pub kind: EventKind,
    /// In which job.
    pub job: JobId,
    /// With which boxes.
    pub boxes: BoxList,
    /// What was not as it should be.
    pub findings: Vec<Finding>,
    /// Where.
    pub place: Option<Place>,
    /// Digests of photos and drawn signatures.
    pub attachments: Vec<Digest>,
    /// The device that an offer is for.
    pub to: Option<DeviceId>,
    /// The event that is answered: by an acceptance its offer, by a sign-off
    /// what was seen.
    pub about: Option<EventId>,
    /// What is said of persons or contents, which travels beside the event.
    pub statement: Option<Statement>,
}

impl Act {
    /// An act of which there is nothing more to say.
    #[must_use]
    pub const fn new(kind: EventKind, job: JobId, boxes: BoxList) -> Self {
        Self {
            kind,
            job,
            boxes,
            findings: Vec::new(),
            place: None,
            attachments: Vec::new(),
            to: None,
            about: None,
            statement: None,
        }
    }

    /// One that answers an event or is about one, and touches no box.
    #[must_use]
    pub fn about(kind: EventKind, job: JobId, event: EventId) -> Self {
        Self { about: Some(event), ..Self::new(kind, job, BoxList::default()) }
    }

    /// That a device's store was restored or lost.
    #[must_use]
    pub fn resume() -> Self {
        Self::new(EventKind::Resume, JobId::NONE, BoxList::default())
    }

    /// That a device knows these terms of a job from here on, by their ids.
    #[must_use]
    pub fn informed(job: JobId, terms: Vec<Digest>) -> Self {
        let informed = Self::new(EventKind::Informed, job, BoxList::default());
        Self { attachments: terms, ..informed }
    }
}

/// An event's place in its device's chain.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Link {
    /// The device.
    pub device: DeviceId,
    /// 1, and one more each time the device's store was found restored.
    pub generation: u32,
    /// The number in the generation, from 1.
    pub sequence: u64,
    /// The device's event before.
    pub previous: Option<EventId>,
}

/// When, as far as the device can say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Moment {
    /// The phone's clock, in seconds since 1970-01-01 UTC: a claim.
    pub claimed_at: u64,
    /// By the phone's monotonic clock.
    pub since: Since,
    /// After which tick.
    pub anchor: Anchor,
}

/// The formats of events.
pub type EventVersion = Versions<1, 2>;

/// One act of one device. Which of its fields must, may and may not be there depends on its
/// kind: [`EventKind::row`].
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct Event {
    /// Format version: 2, and 1 in queues that were sealed before.
    #[n(0)]
    pub version: EventVersion,
    /// What was done.
    #[n(1)]
    pub kind: EventKind,
    /// By which device.
    #[n(2)]
    pub device: DeviceId,
    /// 1, and one more each time the device's store was found restored.
    #[n(3)]
    pub generation: u32,
    /// The number in the generation, from 1.
    #[n(4)]
    pub sequence: u64,
    /// The device's event before.
    #[n(5)]
    pub previous: Option<EventId>,
    /// In which job; [`JobId::NONE`] for none, which the row of its kind must allow.
    #[n(6)]
    pub job: JobId,
    /// With which boxes.
    #[n(7)]
    pub boxes: BoxList,
    /// What was not as it should be.
    #[n(8)]
    #[cbor(skip_if = "Vec::is_empty")]
    pub findings: Vec<Finding>,
    /// The phone's clock, in seconds since 1970-01-01 UTC: a claim.
    #[n(9)]
    pub claimed_at: u64,
    /// The phone's monotonic clock.
    #[n(10)]
    pub since: Since,
    /// After which tick.
    #[n(11)]
    pub anchor: Anchor,
    /// Where: a claim.
    #[n(12)]
    pub place: Option<Place>,
    /// Digests of photos and drawn signatures.
    #[n(13)]
    #[cbor(skip_if = "Vec::is_empty")]
    pub attachments: Vec<Digest>,
    /// Random.
    #[n(14)]
    pub salt: Salt,
    /// Which of the device's keys signs.
    #[n(15)]
    pub protection: Protection,
    /// The device that an offer is for.
    #[n(16)]
    pub to: Option<DeviceId>,
    /// The event that is answered.
    #[n(17)]
    pub about: Option<EventId>,
    /// In an offer: what its receiver bound himself to before he saw it.
    #[n(18)]
    pub commitment: Option<Commitment>,
    /// In an acceptance: what the commitment was to.
    #[n(19)]
    pub opening: Option<Salt>,
    /// In an acceptance: whether the boxes that were drawn were checked by hand.
    #[n(20)]
    pub spot_check: Option<SpotCheck>,
    /// In a release: that the customer gave his code for what it is about.
    #[n(21)]
    pub proof: Option<ReleaseProof>,
    /// In a sign-off of several events: the root over their ids, of
    /// [`Batch`](crate::Batch). `about` is then the newest of them.
    #[n(22)]
    pub root: Option<Digest>,
    /// In a sign-off on another's phone: the supervisor's code, which HQ confirms.
    #[n(23)]
    pub code: Option<OneTimeCode>,
    /// The [digest](Statement::digest) of what is said of persons or contents, which travels
    /// beside the event and can be erased.
    #[n(24)]
    pub statement: Option<Digest>,
}

impl Message for Event {
    const NAMESPACE: Namespace = Namespace::Event;
    const VERSIONS: RangeInclusive<u64> = EventVersion::KNOWN;
}

impl Event {
    /// The event of this act, ready to be signed.
    #[must_use]
    pub fn new(link: Link, moment: Moment, salt: Salt, act: Act) -> Self {
        Self {
            version: EventVersion::default(),
            kind: act.kind,
            device: link.device,
            generation: link.generation,
            sequence: link.sequence,
            previous: link.previous,
            job: act.job,
            boxes: act.boxes,
            findings: act.findings,
            claimed_at: moment.claimed_at,
            since: moment.since,
            anchor: moment.anchor,
            place: act.place,
            attachments: act.attachments,
            salt,
            protection: act.kind.row().key,
            to: act.to,
            about: act.about,
            commitment: None,
            opening: None,
            spot_check: None,
            proof: None,
            root: None,
            code: None,
            statement: act.statement.as_ref().map(Statement::digest),
        }
    }

    /// Whether this event follows those that stand in the place before it: one, or more
    /// after a fork. Where none is known, only the first event of a device can be wrong,
    /// by naming one before it.
    #[must_use]
    pub fn follows(&self, before: &BTreeSet<EventId>) -> bool {
        if before.is_empty() {
            self.sequence > 1 || self.generation > 1 || self.previous.is_none()
        } else {
            self.previous.is_some_and(|previous| before.contains(&previous))
        }
    }
}
