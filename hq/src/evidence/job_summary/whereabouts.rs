//! Where each box of the job is.

use std::collections::BTreeMap;

use crewseal_custody::{Custody, DeviceId, FindingKind, Holder, Manifest, Reading};
use crewseal_label::Token;

/// Where a box is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Whereabouts {
    /// Nobody of the crew took it over.
    NeverTaken,
    /// The carrier of this device signed last for having it.
    With(DeviceId),
    /// One of these two: offered, and no answer is known.
    InDoubt(DeviceId, DeviceId),
    /// It was taken over and the customer has it again.
    Delivered,
    /// It was destroyed.
    Destroyed,
}

/// Where the job's boxes are, by what was signed of them.
pub(super) fn whereabouts(reading: &Reading, custody: &Custody) -> BTreeMap<Token, Whereabouts> {
    let mut boxes: BTreeMap<Token, Whereabouts> = BTreeMap::new();
    let versions = reading.record.manifests.iter();
    for version in versions.filter_map(|v| reading.hq.open::<Manifest>(v).ok()) {
        boxes.extend(version.added().map(|token| (token, Whereabouts::NeverTaken)));
    }
    for (token, steps) in &custody.steps {
        // A box that somebody only found to be of another job is none of this.
        if steps.iter().all(|step| step.findings.contains(&FindingKind::NotOurs)) {
            continue;
        }
        let taken = steps.iter().any(|step| step.holder != Holder::Customer);
        let place = match custody.holders.get(token) {
            Some(Holder::Device(device)) => Whereabouts::With(*device),
            Some(Holder::InDoubt { giver, receiver }) => Whereabouts::InDoubt(*giver, *receiver),
            Some(Holder::Destroyed) => Whereabouts::Destroyed,
            _ if taken => Whereabouts::Delivered,
            _ => Whereabouts::NeverTaken,
        };
        boxes.insert(*token, place);
    }
    boxes
}
