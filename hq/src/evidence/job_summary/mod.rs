//! The summary of a job: what the signatures of a record come to, in the terms
//! in which people ask. How many boxes arrived, what was found wrong, who
//! handed what to whom.
//!
//! The `verify` command and the report both speak from it, so they cannot tell
//! two stories. Everything in it comes from events whose signatures hold.

mod matters;
mod route;
mod whereabouts;

use std::collections::{BTreeMap, BTreeSet};

use crewseal_custody::{
    Custody, DeviceId, EventId, FaultKind, FindingKind, Holder, Outcome, Reading,
};
use crewseal_label::Token;
use matters::matters;
pub use matters::{Matter, MatterKind};
use route::route;
pub use route::{Handoff, SignedBy, Station};
pub use whereabouts::Whereabouts;
use whereabouts::whereabouts;

use super::severity::Severity;
use super::wording;

/// The summary of one record.
pub struct JobSummary<'r> {
    /// The record.
    pub reading: &'r Reading,
    /// Who holds what, and what the events contradict.
    pub custody: Custody,
    /// The job's boxes: all that an event acted on or a manifest lists.
    pub boxes: BTreeMap<Token, Whereabouts>,
    /// What is to be looked into: serious first, then in order of time.
    pub matters: Vec<Matter>,
    /// The way of the boxes, holder by holder.
    pub route: Vec<Station>,
    call_outs: BTreeMap<Token, String>,
}

impl<'r> JobSummary<'r> {
    /// The summary of a record that was read.
    #[must_use]
    pub fn of(reading: &'r Reading) -> Self {
        let custody = reading.evidence.verify();
        let boxes = whereabouts(reading, &custody);
        let named = boxes.keys().chain(custody.steps.keys());
        let call_outs = call_outs(named.copied().collect());
        let order = reading.evidence.in_order();
        let matters = matters(reading, &custody, &order);
        let route = route(reading, &custody, &order);
        Self { reading, custody, boxes, matters, route, call_outs }
    }

    /// The boxes that the crew took over.
    #[must_use]
    pub fn taken(&self) -> usize {
        self.boxes.values().filter(|place| **place != Whereabouts::NeverTaken).count()
    }

    /// The boxes that were taken over and delivered.
    #[must_use]
    pub fn delivered(&self) -> usize {
        self.boxes.values().filter(|place| **place == Whereabouts::Delivered).count()
    }

    /// How it stands, in one sentence.
    #[must_use]
    pub fn headline(&self) -> String {
        let arrived = wording::arrived(self.taken(), self.delivered());
        let open = self.open();
        let open = if open.is_empty() { String::new() } else { format!("; {}", open.join(", ")) };
        format!("{arrived}{open}; {}", wording::signatures(self.reading.errors.len()))
    }

    /// The serious matters by number and name: `1 missing`. A box that turned
    /// up again is not missing.
    fn open(&self) -> Vec<String> {
        let mut boxes: BTreeMap<MatterKind, BTreeSet<Token>> = BTreeMap::new();
        let (mut faults, mut rules) = (0, 0);
        for matter in self.matters.iter().filter(|m| m.kind.severity() == Severity::Serious) {
            match matter.kind {
                MatterKind::Finding(_) | MatterKind::Fault(FaultKind::NotDelivered) => {
                    boxes.entry(matter.kind).or_default().extend(&matter.boxes);
                }
                MatterKind::Fault(FaultKind::Broken(_)) => rules += 1,
                MatterKind::Fault(_) => faults += 1,
            }
        }
        if let Some(missing) = boxes.get_mut(&MatterKind::Finding(FindingKind::Missing)) {
            missing.retain(|token| self.boxes.get(token) != Some(&Whereabouts::Delivered));
        }
        let counted = boxes.iter().filter(|(_, boxes)| !boxes.is_empty());
        let mut open: Vec<String> =
            counted.map(|(what, boxes)| format!("{} {}", boxes.len(), what.name())).collect();
        if faults > 0 {
            open.push(wording::contradictions(faults));
        }
        if rules > 0 {
            open.push(wording::broken_rules(rules));
        }
        open
    }

    /// The devices that signed an event.
    #[must_use]
    pub fn devices(&self) -> BTreeSet<DeviceId> {
        self.reading.evidence.events.values().map(|event| event.device).collect()
    }

    /// What crews call a box by: the last four characters of its label. Where
    /// two boxes share those, they are numbered; a label is never told in full.
    #[must_use]
    pub fn call_out(&self, token: &Token) -> &str {
        self.call_outs.get(token).map_or("", String::as_str)
    }

    /// The call-outs of boxes, in their order on paper.
    #[must_use]
    pub fn call_outs<'b>(&self, boxes: impl IntoIterator<Item = &'b Token>) -> Vec<&str> {
        let mut names: Vec<&str> = boxes.into_iter().map(|token| self.call_out(token)).collect();
        names.sort_unstable();
        names
    }

    /// Who carries a device: pseudonym and role, by HQ's credential.
    #[must_use]
    pub fn carrier(&self, device: &DeviceId) -> String {
        self.reading.evidence.credentials.get(device).map_or_else(
            || wording::unknown_device(device),
            |credential| wording::carrier(&credential.pseudonym, credential.role),
        )
    }

    /// Who holds.
    #[must_use]
    pub fn holder(&self, holder: &Holder) -> String {
        match holder {
            Holder::Customer => wording::CUSTOMER.to_owned(),
            Holder::Device(device) => self.carrier(device),
            Holder::InDoubt { giver, receiver } => {
                wording::one_of(&self.carrier(giver), &self.carrier(receiver))
            }
            Holder::Destroyed => wording::NOBODY.to_owned(),
        }
    }

    /// HQ's answers that are more than a plain "stored".
    pub fn remarks(&self) -> impl Iterator<Item = (EventId, &Outcome)> {
        let places = self.reading.evidence.places.iter();
        places
            .filter(|(_, place)| place.logged.outcome != Outcome::Stored)
            .map(|(event, place)| (*event, &place.logged.outcome))
    }
}

fn call_outs(boxes: BTreeSet<Token>) -> BTreeMap<Token, String> {
    let mut seen: BTreeMap<String, usize> = BTreeMap::new();
    let mut names = BTreeMap::new();
    for token in boxes {
        let last_four = token.to_groups().pop().unwrap_or_default();
        let number = seen.entry(last_four.clone()).or_default();
        *number += 1;
        let name = if *number == 1 { last_four } else { format!("{last_four} ({number})") };
        names.insert(token, name);
    }
    names
}
