//! The table of event kinds: one row for each. A kind that means more than a row can say is
//! named where that counts, and docs/architecture.md lists the places.
//!
//! A row says which fields an event of the kind must have, may have and may not have,
//! which of the device's keys signs it, what it says of its boxes, and what [`rules`]
//! ask of whoever does it. All ask the same table: a phone signs nothing of another form and
//! takes none from another phone, HQ stores it in dispute, and verification calls it a
//! fault. [`EventKind::row`] matches every kind: one without a row does not compile.
//!
//! [`rules`]: crate::rules

use minicbor::{Decode, Encode};

use crate::{Licence, Protection};

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
    /// The customer's release code confirms an act (accepting).
    #[n(20)]
    Release,
    /// The device's store was restored or lost; its chain goes on in a new
    /// generation, whose first event this is. Of no job.
    #[n(21)]
    Resume,
    /// The terms that the device knows from here on: its credential, the job's pack, the
    /// revocations. Its attachments are their ids.
    #[n(22)]
    Informed,
    /// Boxes went back to the customer before they were where they should go: not accepted
    /// for the move, taken along, carried by himself (accepting, in_progress).
    #[n(23)]
    HandBack,
    /// Boxes of no job that this phone knows turned up, and its carrier has them
    /// (inspecting, unknown).
    #[n(24)]
    Found,
    /// A label is on no box any more: it peeled off, was spoilt, or never was on one
    /// (decommissioning, inactive).
    #[n(25)]
    VoidLabel,
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

/// Whether an event of a kind has a field.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Presence {
    /// Always.
    Must,
    /// Where there is something to say.
    May,
    /// Never.
    MayNot,
}

/// What an event says of the boxes that it names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Says {
    /// That its carrier has them: it is against the signer's interest.
    Has,
    /// That its carrier had them and lets go of them.
    LetsGo(Onward),
    /// Nothing about who has them.
    Nothing,
}

/// Where boxes go that somebody lets go of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Onward {
    /// To the device that an offer is for, once its carrier accepts.
    Receiver,
    /// To the customer.
    Customer,
    /// Nowhere: they are no more.
    Nowhere,
}

/// How close an act comes to the boxes and what is in them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Contact {
    /// The boxes come to whoever does it.
    Takes,
    /// Whoever does it sees what is in them.
    Opens,
    /// The boxes are moved, closed or counted.
    Handles,
    /// Whoever does it saw what another did.
    Sees,
    /// None: it ends or confirms something that was begun.
    Nothing,
}

/// Who does such things at all.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DoneBy {
    /// Every role.
    Anybody,
    /// A role that holds boxes: every one but the supervisor.
    Carrier,
    /// The supervisor.
    Supervisor,
}

/// Whose signature an act needs besides its own, apart from what it finds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Needs {
    /// Nobody's.
    Nobody,
    /// A second person's, where one of the boxes is of a higher class.
    SecondPerson,
    /// A supervisor's.
    Supervisor,
}

/// All that holds for the events of one kind. What the fields are stands at
/// [`Event`](crate::Event); those that are not here are in every event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Row {
    /// The first format of events that has it.
    pub since: u8,
    /// Whether it is what a person did; else it is what a device says of itself.
    pub is_act: bool,
    /// Which key must sign: where responsibility passes from one person to another, a
    /// person must be present. Taking an offer back passes nothing, and the app may do
    /// it when nobody is there.
    pub key: Protection,
    /// What it says of its boxes.
    pub says: Says,
    /// How close it comes to them.
    pub contact: Contact,
    /// Who does it.
    pub done_by: DoneBy,
    /// It asks for one of these licences; for none if there are none here.
    pub licences: &'static [Licence],
    /// Who else signs.
    pub needs: Needs,
    /// Field 6. [`JobId::NONE`](crate::JobId::NONE) counts as none.
    pub job: Presence,
    /// Field 7. An empty list counts as none.
    pub boxes: Presence,
    /// Field 8.
    pub findings: Presence,
    /// Field 12.
    pub place: Presence,
    /// Field 13.
    pub attachments: Presence,
    /// Field 16.
    pub to: Presence,
    /// Field 17.
    pub about: Presence,
    /// Field 18.
    pub commitment: Presence,
    /// Field 19.
    pub opening: Presence,
    /// Field 20.
    pub spot_check: Presence,
    /// Field 21.
    pub proof: Presence,
    /// Field 22.
    pub root: Presence,
    /// Field 23.
    pub code: Presence,
    /// Field 24, which events have from format 2 on.
    pub statement: Presence,
}

/// An act with boxes by one who has them.
const ACT: Row = Row {
    since: 1,
    is_act: true,
    key: Protection::Act,
    says: Says::Has,
    contact: Contact::Handles,
    done_by: DoneBy::Carrier,
    licences: &[],
    needs: Needs::Nobody,
    job: Presence::Must,
    boxes: Presence::May,
    findings: Presence::May,
    place: Presence::May,
    attachments: Presence::May,
    to: Presence::MayNot,
    about: Presence::May,
    commitment: Presence::MayNot,
    opening: Presence::MayNot,
    spot_check: Presence::MayNot,
    proof: Presence::MayNot,
    root: Presence::MayNot,
    code: Presence::MayNot,
    statement: Presence::May,
};

/// One that says nothing of who has the boxes.
const WORK_ON_BOXES: Row = Row { says: Says::Nothing, done_by: DoneBy::Anybody, ..ACT };

/// One by which the customer gets boxes.
const CUSTOMER_GETS: Row =
    Row { says: Says::LetsGo(Onward::Customer), needs: Needs::SecondPerson, ..ACT };

/// An answer to another event, which names no boxes.
const ANSWER: Row = Row {
    says: Says::Nothing,
    contact: Contact::Nothing,
    done_by: DoneBy::Anybody,
    boxes: Presence::MayNot,
    findings: Presence::MayNot,
    place: Presence::MayNot,
    attachments: Presence::MayNot,
    about: Presence::Must,
    statement: Presence::MayNot,
    ..ACT
};

/// A supervisor's: its attachment is the request that he was shown. What boxes it names it
/// says nothing of.
const SIGN_OFF: Row = Row {
    key: Protection::Handoff,
    says: Says::Nothing,
    contact: Contact::Sees,
    done_by: DoneBy::Supervisor,
    about: Presence::Must,
    root: Presence::May,
    code: Presence::May,
    ..ACT
};

/// What a device says of itself, and answers nothing.
const OF_ITSELF: Row = Row { is_act: false, about: Presence::MayNot, ..ANSWER };

impl EventKind {
    /// The row of this kind.
    #[must_use]
    pub const fn row(self) -> Row {
        match self {
            Self::Commission | Self::Seal => WORK_ON_BOXES,
            Self::VoidLabel => Row { since: 2, boxes: Presence::Must, ..WORK_ON_BOXES },
            Self::Pack | Self::Unpack => Row { contact: Contact::Opens, ..WORK_ON_BOXES },
            Self::TakeOver | Self::CollectForDestruction => {
                Row { contact: Contact::Takes, needs: Needs::SecondPerson, ..ACT }
            }
            Self::Load | Self::Store | Self::Arrive | Self::Unload => ACT,
            Self::Depart => Row { licences: &[Licence::Driving, Licence::DrivingHeavy], ..ACT },
            Self::Count => Row { done_by: DoneBy::Anybody, ..ACT },
            Self::Found => Row {
                since: 2,
                done_by: DoneBy::Anybody,
                job: Presence::MayNot,
                boxes: Presence::Must,
                ..ACT
            },
            Self::Offer => Row {
                key: Protection::Handoff,
                says: Says::LetsGo(Onward::Receiver),
                to: Presence::Must,
                commitment: Presence::Must,
                ..ACT
            },
            Self::Accept => Row {
                key: Protection::Handoff,
                contact: Contact::Takes,
                about: Presence::Must,
                opening: Presence::Must,
                spot_check: Presence::Must,
                ..ACT
            },
            Self::Deliver => CUSTOMER_GETS,
            Self::HandBack => Row { since: 2, boxes: Presence::Must, ..CUSTOMER_GETS },
            Self::Destroy => Row {
                says: Says::LetsGo(Onward::Nowhere),
                contact: Contact::Opens,
                licences: &[Licence::ConfidentialDestruction],
                needs: Needs::Supervisor,
                ..ACT
            },
            Self::SignOff => SIGN_OFF,
            Self::Ack => Row { key: Protection::Handoff, ..ANSWER },
            Self::Withdraw => Row { says: Says::Has, ..ANSWER },
            Self::Release => Row { proof: Presence::Must, ..ANSWER },
            Self::Resume => Row { job: Presence::MayNot, ..OF_ITSELF },
            Self::Informed => {
                Row { since: 2, job: Presence::May, attachments: Presence::Must, ..OF_ITSELF }
            }
        }
    }
}
