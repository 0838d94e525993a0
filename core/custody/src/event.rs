//! Events: one act of one device, signed.
//!
//! One act is one event and one signature, however many boxes. An event names
//! the event of its device before it, so a device's events form a chain in
//! which nothing can be left out unseen; it names a tick of HQ, so it cannot be
//! older than that; and it carries salt, so its id, which stands in clear on
//! envelopes and receipts, tells nothing about it.

use minicbor::{Decode, Encode};

use super::{
    BootId, BoxList, Commitment, DeviceId, JobId, OneTimeCode, Protection, ReleaseProof, Salt,
};
use crate::cbor::Version;
use crate::signed::{Digest, Message, Namespace};

/// An event's id: the digest of its payload.
pub type EventId = Digest;

/// What was done, in the steps of EPCIS 2.0's core business vocabulary.
///
/// The numbers stand in signed bytes and never change their meaning.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Encode, Decode)]
#[cbor(index_only)]
pub enum Kind {
    /// Labels were stuck on boxes (commissioning, active).
    #[n(1)]
    Commission,
    /// The crew took boxes over at the customer's door (accepting, in_transit).
    #[n(2)]
    TakeOver,
    /// Boxes went onto a vehicle (loading, in_transit).
    #[n(3)]
    Load,
    /// Boxes were put into a warehouse (storing, in_progress).
    #[n(4)]
    Store,
    /// Boxes were counted where they stand (cycle_counting).
    #[n(5)]
    Count,
    /// The holder offers boxes to one other device (accepting).
    #[n(6)]
    Offer,
    /// That device accepts the boxes that it scanned itself (accepting,
    /// in_transit).
    #[n(7)]
    Accept,
    /// Boxes were handed to the customer (unloading, completeness_verified or,
    /// with findings, non_conformant).
    #[n(8)]
    Deliver,
    /// A supervisor signs off an event that he saw, or several at once.
    #[n(9)]
    SignOff,
    /// Goods went into a box (packing, in_progress).
    #[n(10)]
    Pack,
    /// A box or a vehicle was closed with a seal (packing, container_closed).
    #[n(11)]
    Seal,
    /// The vehicle left with the boxes (departing, in_transit).
    #[n(12)]
    Depart,
    /// The vehicle came (arriving, in_progress).
    #[n(13)]
    Arrive,
    /// Boxes went off a vehicle (unloading, in_progress).
    #[n(14)]
    Unload,
    /// Boxes were opened and emptied at the customer's (unpacking, inactive).
    #[n(15)]
    Unpack,
    /// Boxes were collected to be destroyed (collecting, in_progress).
    #[n(16)]
    CollectForDestruction,
    /// Boxes were destroyed with what was in them (destroying, destroyed).
    #[n(17)]
    Destroy,
    /// The giver has seen the acceptance of his offer (accepting, in_transit).
    #[n(18)]
    Ack,
    /// The giver takes an offer back that nobody answered.
    #[n(19)]
    Withdraw,
    /// The customer's release code confirms a statement (accepting).
    #[n(20)]
    Release,
    /// The device's store was restored or lost; its chain goes on in a new
    /// generation, whose first event this is. Of no job.
    #[n(21)]
    Resume,
}

/// What is not as it should be. The numbers stand in signed bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Encode, Decode)]
#[cbor(index_only)]
pub enum FindingKind {
    /// Expected, and not here.
    #[n(1)]
    Missing,
    /// Here, and of no list of this job.
    #[n(2)]
    NotOurs,
    /// The box or what can be seen of it is damaged.
    #[n(3)]
    Damaged,
    /// The seal is broken or another one.
    #[n(4)]
    SealBroken,
    /// The label cannot be read by machine; its text was typed.
    #[n(5)]
    LabelTyped,
    /// A new label was stuck over one that could not be read.
    #[n(6)]
    LabelReplaced,
    /// What was counted is another number than what was said.
    #[n(7)]
    CountDiffers,
    /// The person who should confirm was not there.
    #[n(8)]
    Absent,
    /// The person who should confirm would not.
    #[n(9)]
    Refused,
    /// The phone's clock disagrees with the other side's.
    #[n(10)]
    ClockDisagrees,
}

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
    pub kind: Kind,
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
}

impl Act {
    /// An act of a job, with no boxes and nothing else yet.
    #[must_use]
    pub fn new(kind: Kind, job: JobId) -> Self {
        Self {
            kind,
            job,
            boxes: BoxList::default(),
            findings: Vec::new(),
            place: None,
            attachments: Vec::new(),
            to: None,
            about: None,
        }
    }

    /// That a device's store was restored or lost.
    #[must_use]
    pub fn resume() -> Self {
        Self::new(Kind::Resume, JobId::NONE)
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

/// One act of one device.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct Event {
    /// Format version.
    #[n(0)]
    pub version: Version<1>,
    /// What was done.
    #[n(1)]
    pub kind: Kind,
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
    /// In which job; [`JobId::NONE`] for a resume.
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
    pub is_checked: Option<bool>,
    /// In a release: that the customer gave his code for what it is about.
    #[n(21)]
    pub proof: Option<ReleaseProof>,
    /// In a sign-off of several events: the root over their ids, of
    /// [`Batch`](super::Batch). `about` is then the newest of them.
    #[n(22)]
    pub root: Option<Digest>,
    /// In a sign-off on another's phone: the supervisor's code, which HQ confirms.
    #[n(23)]
    pub code: Option<OneTimeCode>,
}

impl Message for Event {
    const NAMESPACE: Namespace = Namespace::Event;
}

impl Event {
    /// The event of this act, ready to be signed.
    #[must_use]
    pub fn new(link: Link, moment: Moment, salt: Salt, act: Act) -> Self {
        Self {
            version: Version,
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
            protection: act.kind.protection(),
            to: act.to,
            about: act.about,
            commitment: None,
            opening: None,
            is_checked: None,
            proof: None,
            root: None,
            code: None,
        }
    }
}

impl Kind {
    /// Which key must sign this kind: where responsibility passes from one
    /// person to another, a person must be present. Taking an offer back passes
    /// nothing, and the app may do it when nobody is there.
    #[must_use]
    pub const fn protection(self) -> Protection {
        match self {
            Self::Offer | Self::Accept | Self::Ack | Self::SignOff => Protection::Handoff,
            _ => Protection::Act,
        }
    }
}
