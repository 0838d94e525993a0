//! What is to be looked into: findings that somebody signed, and faults that the events
//! show.

use std::collections::BTreeSet;

use crewseal_custody::signed::Signed;
use crewseal_custody::{
    Custody, DeviceId, Event, EventId, Fault, FaultKind, Finding, FindingKind, Holder, Reading,
};
use crewseal_label::Token;

use crate::evidence::severity::Severity;
use crate::evidence::wording;

/// What a matter is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum MatterKind {
    /// Somebody found it and signed for it.
    Finding(FindingKind),
    /// The events show it.
    Fault(FaultKind),
}

/// Something that a person should know of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Matter {
    /// What it is.
    pub kind: MatterKind,
    /// The boxes that it is about, where it is about boxes.
    pub boxes: BTreeSet<Token>,
    /// The events that prove it.
    pub events: BTreeSet<EventId>,
    /// The devices that signed those.
    pub devices: BTreeSet<DeviceId>,
    /// When, by the first of those devices' own clocks.
    pub claimed_at: Option<u64>,
    /// Who had the boxes until then.
    pub held_by: BTreeSet<Holder>,
}

impl MatterKind {
    /// In a few words.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Finding(kind) => wording::finding(*kind),
            Self::Fault(kind) => wording::fault(kind),
        }
    }

    /// How much it asks for.
    #[must_use]
    pub const fn severity(&self) -> Severity {
        match self {
            Self::Finding(FindingKind::LabelTyped)
            | Self::Fault(FaultKind::ClockDisagrees | FaultKind::NotProvable(_)) => {
                Severity::Neutral
            }
            _ => Severity::Serious,
        }
    }
}

/// What is to be looked into, serious first, then in order of time. `order` has the
/// record's events, causes first.
pub(super) fn matters(
    reading: &Reading,
    custody: &Custody,
    order: &[&Signed<Event>],
) -> Vec<Matter> {
    let mut matters = Vec::new();
    for event in order {
        matters
            .extend(event.findings.iter().map(|found| of_finding(reading, custody, event, found)));
    }
    let faults: Vec<Matter> = custody
        .faults
        .iter()
        .filter_map(|fault| of_fault(custody, order, fault, &matters))
        .collect();
    matters.extend(faults);
    matters.sort_by_key(|matter| (matter.kind.severity(), matter.claimed_at));
    matters
}

/// What somebody found when he signed this event.
fn of_finding(
    reading: &Reading,
    custody: &Custody,
    event: &Signed<Event>,
    finding: &Finding,
) -> Matter {
    let boxes = reading.evidence.lists.resolve(&finding.boxes).unwrap_or_default();
    let held = boxes.iter().map(|token| held_before(custody, token, &event.id()));
    Matter {
        kind: MatterKind::Finding(finding.kind),
        held_by: held.collect(),
        boxes,
        events: BTreeSet::from([event.id()]),
        devices: BTreeSet::from([event.device]),
        claimed_at: Some(event.claimed_at),
    }
}

/// What the events show, unless the findings have told it already.
fn of_fault(
    custody: &Custody,
    order: &[&Signed<Event>],
    fault: &Fault,
    findings: &[Matter],
) -> Option<Matter> {
    let mut boxes = fault.boxes.clone();
    if fault.kind == FaultKind::NotDelivered {
        // What the delivery itself reports missing has been told already.
        let told = findings.iter().filter(|matter| {
            matter.kind == MatterKind::Finding(FindingKind::Missing)
                && matter.events.is_subset(&fault.events)
        });
        let told: BTreeSet<Token> = told.flat_map(|matter| &matter.boxes).copied().collect();
        boxes.retain(|token| !told.contains(token));
        if boxes.is_empty() {
            return None;
        }
    }
    let events: Vec<_> = order.iter().filter(|event| fault.events.contains(&event.id())).collect();
    let held_by = match (fault.kind, events.last()) {
        // Whoever has them now.
        (FaultKind::NotDelivered, _) | (_, None) => {
            boxes.iter().filter_map(|token| custody.holders.get(token).copied()).collect()
        }
        (_, Some(last)) => {
            boxes.iter().map(|token| held_before(custody, token, &last.id())).collect()
        }
    };
    Some(Matter {
        kind: MatterKind::Fault(fault.kind),
        boxes,
        events: fault.events.clone(),
        devices: events.iter().map(|event| event.device).collect(),
        claimed_at: events.iter().map(|event| event.claimed_at).min(),
        held_by,
    })
}

/// Who had a box until this event.
fn held_before(custody: &Custody, token: &Token, event: &EventId) -> Holder {
    let steps = custody.steps.get(token).map(Vec::as_slice).unwrap_or_default();
    let before = steps.iter().take_while(|step| step.event != *event).last();
    before.map_or(Holder::Customer, |step| step.holder)
}
