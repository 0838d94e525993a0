//! A day as it should be, and what its evidence comes to.

use std::collections::BTreeSet;

use crewseal_custody::signed::Signed;
use crewseal_custody::{Custody, Event, EventId, EventKind, Evidence, FaultKind, Holder, Outcome};
use crewseal_label::Token;
use fixtures::paper::{self};

/// A day as it should be: the mover labels and takes over, hands to the
/// driver, who loads and delivers; the supervisor signs off.
pub struct Day {
    pub events: Vec<Signed<Event>>,
    pub phones: [paper::Phone; 3],
}

pub fn day() -> Day {
    let (mut mover, mut driver, mut supervisor) =
        (paper::mover(), paper::driver(), paper::supervisor());
    let all = || paper::boxes((0..10).chain([100, 101]));
    let commission = mover.does(EventKind::Commission, paper::boxes([100, 101]));
    let take_over = mover.does(EventKind::TakeOver, all());
    let offer = mover.offers(driver.device(), all());
    driver.claims = mover.claims;
    let accept = driver.answers(EventKind::Accept, offer.id(), all());
    let load = driver.does(EventKind::Load, all());
    driver.claims += 3_600;
    let deliver = driver.does(EventKind::Deliver, all());
    supervisor.claims = driver.claims;
    let sign_off = supervisor.answers(EventKind::SignOff, deliver.id(), all());
    let events = vec![commission, take_over, offer, accept, load, deliver, sign_off];
    Day { events, phones: [mover, driver, supervisor] }
}

pub fn known<'e>(events: impl IntoIterator<Item = &'e Signed<Event>>) -> Evidence {
    let (mover, driver, supervisor) = (paper::mover(), paper::driver(), paper::supervisor());
    let mut evidence = paper::evidence(&[&mover, &driver, &supervisor]);
    evidence.events.extend(events.into_iter().map(|event| (event.id(), event.clone())));
    evidence
}

pub fn receipted(evidence: &mut Evidence, event: &Signed<Event>, outcome: Outcome, at: u64) {
    evidence.places.insert(event.id(), paper::place(event, outcome, at));
}

pub fn kinds(custody: &Custody) -> Vec<FaultKind> {
    custody.faults.iter().map(|fault| fault.kind).collect()
}

pub fn fault(custody: &Custody, kind: FaultKind) -> (BTreeSet<EventId>, BTreeSet<Token>) {
    let found = custody.faults.iter().find(|fault| fault.kind == kind);
    found.map(|fault| (fault.events.clone(), fault.boxes.clone())).unwrap_or_default()
}

pub fn holder(custody: &Custody, number: u16) -> Holder {
    custody.holders[&paper::token(number)]
}
