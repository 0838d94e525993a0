//! What may be done with boxes, what may be found wrong, and who else must sign.

use std::collections::{BTreeMap, BTreeSet};

use crewseal::{ActRequest, Found};
use crewseal_custody::personal::Personal;
use crewseal_custody::{Body, EventKind, Note};
use crewseal_label::Token;
use zeroize::Zeroizing;

use crate::label::tokens;
use crate::{CrewError, Label};

/// What was done with boxes. Labelling, offering and accepting have functions
/// of their own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, uniffi::Enum)]
pub enum Act {
    /// The crew took them over at the customer's door.
    TakeOver,
    /// They went onto a vehicle.
    Load,
    /// They were put into a warehouse.
    Store,
    /// They were counted where they stand.
    Count,
    /// They were handed to the customer.
    Deliver,
    /// A supervisor signs off what he saw.
    SignOff,
    /// Goods went into them.
    Pack,
    /// They, or the vehicle, were closed with a seal.
    Seal,
    /// The vehicle left with them.
    Depart,
    /// The vehicle came.
    Arrive,
    /// They went off a vehicle.
    Unload,
    /// They were opened and emptied at the customer's.
    Unpack,
    /// They were collected to be destroyed.
    CollectForDestruction,
    /// They were destroyed with what was in them.
    Destroy,
    /// They went back to the customer on the way: not accepted for the move, taken along,
    /// carried by himself.
    HandBack,
    /// Their labels are on no box any more.
    VoidLabel,
}

/// Whose signature an act needs besides its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, uniffi::Enum)]
pub enum Countersign {
    /// A second person's: who takes the boxes on in a handoff, or a supervisor who
    /// signs it off.
    SecondPerson,
    /// A supervisor's, who signs it off.
    Supervisor,
}

/// What is not as it should be, and with which boxes.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct Finding {
    /// What is wrong.
    pub kind: FindingKind,
    /// With which boxes.
    pub boxes: Vec<Label>,
    /// What is to be seen of it, in words. It goes to HQ sealed, apart from what is signed
    /// for good, so that it can be erased; no command does yet. All notes of an act have at
    /// most 2,000 bytes; those on findings of one kind become one.
    #[uniffi(default = None)]
    pub note: Option<String>,
}

/// What is not as it should be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, uniffi::Enum)]
pub enum FindingKind {
    /// Expected, and not here.
    Missing,
    /// Here, and of no list of this job.
    NotOurs,
    /// The box or what can be seen of it is damaged.
    Damaged,
    /// The seal is broken or another one.
    SealBroken,
    /// The label cannot be read by machine; its text was typed.
    LabelTyped,
    /// A new label was stuck over one that could not be read.
    LabelReplaced,
    /// What was counted is another number than what was said.
    CountDiffers,
    /// The person who should confirm was not there.
    Absent,
    /// The person who should confirm would not.
    Refused,
    /// The phone's clock disagrees with the other side's.
    ClockDisagrees,
}

pub(crate) fn found(findings: &[Finding]) -> Result<Vec<Found>, CrewError> {
    findings.iter().map(|finding| Ok((finding.kind.into(), tokens(&finding.boxes)?))).collect()
}

/// The request of an act with what was found, and its notes.
pub(crate) fn request(
    act: Act,
    boxes: BTreeSet<Token>,
    findings: Vec<Finding>,
) -> Result<ActRequest, CrewError> {
    let found = found(&findings)?;
    let mut noted: BTreeMap<crewseal_custody::FindingKind, Vec<String>> = BTreeMap::new();
    for Finding { kind, note, .. } in findings {
        noted.entry(kind.into()).or_default().extend(note);
    }
    noted.retain(|_, notes| !notes.is_empty());
    let note = |(finding, notes): (_, Vec<String>)| {
        let notes = Zeroizing::new(notes);
        Note { finding, text: Personal::new(notes.join("\n")) }
    };
    let said = (!noted.is_empty()).then(|| Body::Notes(noted.into_iter().map(note).collect()));
    Ok(ActRequest { findings: found, said, ..ActRequest::new(act.into(), boxes) })
}

impl From<Act> for EventKind {
    fn from(act: Act) -> Self {
        match act {
            Act::TakeOver => Self::TakeOver,
            Act::Load => Self::Load,
            Act::Store => Self::Store,
            Act::Count => Self::Count,
            Act::Deliver => Self::Deliver,
            Act::SignOff => Self::SignOff,
            Act::Pack => Self::Pack,
            Act::Seal => Self::Seal,
            Act::Depart => Self::Depart,
            Act::Arrive => Self::Arrive,
            Act::Unload => Self::Unload,
            Act::Unpack => Self::Unpack,
            Act::CollectForDestruction => Self::CollectForDestruction,
            Act::Destroy => Self::Destroy,
            Act::HandBack => Self::HandBack,
            Act::VoidLabel => Self::VoidLabel,
        }
    }
}

impl From<crewseal_custody::FindingKind> for FindingKind {
    fn from(kind: crewseal_custody::FindingKind) -> Self {
        use crewseal_custody::FindingKind as Core;
        match kind {
            Core::Missing => Self::Missing,
            Core::NotOurs => Self::NotOurs,
            Core::Damaged => Self::Damaged,
            Core::SealBroken => Self::SealBroken,
            Core::LabelTyped => Self::LabelTyped,
            Core::LabelReplaced => Self::LabelReplaced,
            Core::CountDiffers => Self::CountDiffers,
            Core::Absent => Self::Absent,
            Core::Refused => Self::Refused,
            Core::ClockDisagrees => Self::ClockDisagrees,
        }
    }
}

impl From<FindingKind> for crewseal_custody::FindingKind {
    fn from(kind: FindingKind) -> Self {
        match kind {
            FindingKind::Missing => Self::Missing,
            FindingKind::NotOurs => Self::NotOurs,
            FindingKind::Damaged => Self::Damaged,
            FindingKind::SealBroken => Self::SealBroken,
            FindingKind::LabelTyped => Self::LabelTyped,
            FindingKind::LabelReplaced => Self::LabelReplaced,
            FindingKind::CountDiffers => Self::CountDiffers,
            FindingKind::Absent => Self::Absent,
            FindingKind::Refused => Self::Refused,
            FindingKind::ClockDisagrees => Self::ClockDisagrees,
        }
    }
}
