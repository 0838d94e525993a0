//! The way of the boxes, holder by holder.

use std::collections::{BTreeMap, BTreeSet};

use crewseal_custody::signed::Signed;
use crewseal_custody::{Custody, Event, EventId, EventKind, Holder, Reading};

/// A holder on the way of the boxes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Station {
    /// Who.
    pub holder: Holder,
    /// What he did with boxes meanwhile: the kind, how many, when by his clock.
    pub acts: Vec<(EventKind, usize, u64)>,
    /// To whom they went on.
    pub onward: Option<Handoff>,
}

/// Boxes that passed from one holder to the next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Handoff {
    /// To whom.
    pub to: Holder,
    /// The first and the last time, by the clocks of those who signed.
    pub claimed: (u64, u64),
    /// How many boxes passed.
    pub boxes: usize,
    /// Who signed.
    pub signed: SignedBy,
    /// The events that prove it.
    pub events: Vec<EventId>,
}

/// Whose signatures a handoff bears.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SignedBy {
    /// Giver and receiver, each for the boxes that he scanned.
    Both,
    /// The crew, and the customer confirmed it with a code.
    CrewAndCustomer,
    /// The crew alone: the customer has no app to sign with.
    Crew,
    /// The giver alone: nobody accepted.
    Giver,
}

/// How many boxes passed from whom to whom with an event.
type Moves = BTreeMap<(Holder, Holder), usize>;

/// The way of the boxes. `order` has the record's events, causes first.
pub(super) fn route(
    reading: &Reading,
    custody: &Custody,
    order: &[&Signed<Event>],
) -> Vec<Station> {
    let mut moves = moves(custody);
    let answered: BTreeSet<EventId> =
        order.iter().filter(|e| e.kind == EventKind::Accept).filter_map(|e| e.about).collect();
    let mut route = vec![Station::new(Holder::Customer)];
    for event in order {
        for ((from, to), boxes) in moves.remove(&event.id()).unwrap_or_default() {
            pass_on(&mut route, from, signed_handoff(reading, custody, event, (to, boxes)));
        }
        match event.kind {
            EventKind::Offer if !answered.contains(&event.id()) => {
                let from = Holder::Device(event.device);
                if let Some(handoff) = open_offer(reading, event) {
                    pass_on(&mut route, from, handoff);
                }
            }
            EventKind::Commission
            | EventKind::Pack
            | EventKind::Seal
            | EventKind::Load
            | EventKind::Depart
            | EventKind::Arrive
            | EventKind::Store
            | EventKind::Count
            | EventKind::Unload
            | EventKind::Unpack
            | EventKind::Destroy
            | EventKind::Found
            | EventKind::VoidLabel
            | EventKind::SignOff => note_act(&mut route, reading, event),
            EventKind::TakeOver
            | EventKind::CollectForDestruction
            | EventKind::Offer
            | EventKind::Accept
            | EventKind::Ack
            | EventKind::Withdraw
            | EventKind::Release
            | EventKind::Resume
            | EventKind::Informed
            | EventKind::HandBack
            | EventKind::Deliver => {}
        }
    }
    route
}

/// With which event boxes went from one holder to another.
fn moves(custody: &Custody) -> BTreeMap<EventId, Moves> {
    let mut moves: BTreeMap<EventId, Moves> = BTreeMap::new();
    for steps in custody.steps.values() {
        let mut from = Holder::Customer;
        for step in steps {
            // An offer alone is no station on the way.
            let is_in_doubt = matches!(step.holder, Holder::InDoubt { .. });
            if step.holder != from && !is_in_doubt {
                let moved = moves.entry(step.event).or_default();
                *moved.entry((from, step.holder)).or_default() += 1;
                from = step.holder;
            }
        }
    }
    moves
}

/// The handoff that this event made: to whom, of how many boxes.
fn signed_handoff(
    reading: &Reading,
    custody: &Custody,
    event: &Signed<Event>,
    (to, boxes): (Holder, usize),
) -> Handoff {
    let offer = (event.kind == EventKind::Accept).then_some(event.about).flatten();
    let offered_at = offer.and_then(|id| reading.evidence.events.get(&id));
    Handoff {
        to,
        claimed: (offered_at.map_or(event.claimed_at, |o| o.claimed_at), event.claimed_at),
        boxes,
        signed: match offer {
            Some(_) => SignedBy::Both,
            None if custody.confirmed.contains(&event.id()) => SignedBy::CrewAndCustomer,
            None => SignedBy::Crew,
        },
        events: offer.into_iter().chain([event.id()]).collect(),
    }
}

/// The handoff that an offer without an answer would have made.
fn open_offer(reading: &Reading, offer: &Signed<Event>) -> Option<Handoff> {
    Some(Handoff {
        to: Holder::Device(offer.to?),
        claimed: (offer.claimed_at, offer.claimed_at),
        boxes: boxes_of(reading, offer),
        signed: SignedBy::Giver,
        events: vec![offer.id()],
    })
}

/// Adds what was done with boxes at the newest station of whoever did it.
fn note_act(route: &mut [Station], reading: &Reading, event: &Signed<Event>) {
    // A sign-off is about the boxes of the event that it signs off.
    let signed_off = event.about.filter(|_| event.kind == EventKind::SignOff);
    let seen = signed_off.and_then(|id| reading.evidence.events.get(&id)).unwrap_or(event);
    let me = Holder::Device(event.device);
    let at = route.iter().rposition(|station| station.holder == me);
    let at = at.unwrap_or(route.len().saturating_sub(1));
    if let Some(station) = route.get_mut(at) {
        station.acts.push((event.kind, boxes_of(reading, seen), event.claimed_at));
    }
}

/// How many boxes an event acted on, as far as the record can tell.
fn boxes_of(reading: &Reading, event: &Event) -> usize {
    reading.evidence.lists.resolve(&event.boxes).map_or(0, |boxes| boxes.len())
}

/// Adds a handoff to the route: to the one just before it if it goes the same
/// way, from the last station if that is where it starts, else as a branch.
fn pass_on(route: &mut Vec<Station>, from: Holder, handoff: Handoff) {
    if let [.., before, _] = route.as_mut_slice()
        && before.holder == from
        && let Some(same) = &mut before.onward
        && (same.to, same.signed) == (handoff.to, handoff.signed)
    {
        same.boxes += handoff.boxes;
        same.claimed.1 = same.claimed.1.max(handoff.claimed.1);
        same.events.extend(handoff.events);
        return;
    }
    let to = handoff.to;
    match route.last_mut() {
        Some(last) if last.holder == from => last.onward = Some(handoff),
        _ => route.push(Station { onward: Some(handoff), ..Station::new(from) }),
    }
    route.push(Station::new(to));
}

impl Station {
    const fn new(holder: Holder) -> Self {
        Self { holder, acts: Vec::new(), onward: None }
    }
}
