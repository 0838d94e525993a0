//! Kinds: what an event may say that was done, and what of it was not as it should be.

use minicbor::{Decode, Encode};

use crate::Protection;

/// What was done, in the steps of EPCIS 2.0's core business vocabulary.
///
/// The numbers stand in signed bytes and never change their meaning.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Encode, Decode)]
#[cbor(index_only)]
pub enum EventKind {
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

impl EventKind {
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
