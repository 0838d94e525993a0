//! Outcome: what HQ says of a verified event that it stores.

use std::collections::BTreeSet;

use crewseal_custody::{Dispute, Event, EventId, Outcome};

/// What HQ knows around the place that an event takes in its device's chain.
#[derive(Debug, Default)]
pub(super) struct Surroundings {
    /// Another event stands in this very place.
    pub(super) taken: bool,
    /// The events in the place before; more than one after a fork.
    pub(super) before: BTreeSet<EventId>,
    /// Up to this number none of the generation is missing.
    pub(super) complete_to: u64,
    /// HQ issued what the event names its boxes by.
    pub(super) boxes_known: bool,
}

/// What is said of a verified event. What has not the form of its kind says nothing, so
/// nothing else is asked of it. A contradiction goes before a gap, for the gap may still be
/// filled.
pub(super) fn judge(event: &Event, around: &Surroundings) -> Outcome {
    if event.check_form().is_err() {
        Outcome::StoredInDispute(Dispute::IllFormed)
    } else if around.taken {
        Outcome::StoredInDispute(Dispute::Fork)
    } else if !event.follows(&around.before) {
        Outcome::StoredInDispute(Dispute::BrokenChain)
    } else if !around.boxes_known {
        Outcome::StoredInDispute(Dispute::UnknownBoxes)
    } else if event.sequence > around.complete_to.saturating_add(1) {
        Outcome::StoredAfterGap(around.complete_to.saturating_add(1))
    } else {
        Outcome::Stored
    }
}
