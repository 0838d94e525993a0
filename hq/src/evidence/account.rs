//! The account of a job: what the signatures of a record come to, in the terms
//! in which people ask. How many boxes arrived, what was found wrong, who
//! handed what to whom.
//!
//! The `verify` command and the report both speak from it, so they cannot tell
//! two stories. Everything in it comes from events whose signatures hold.

use std::collections::{BTreeMap, BTreeSet};

use crewseal_custody::signed::Signed;
use crewseal_custody::{
    Custody, DeviceId, Event, EventId, FaultKind, FindingKind, Holder, Kind, Manifest, Outcome,
    Reading, Step,
};
use crewseal_label::Token;

use crate::evidence::words;

/// The account of one record.
pub struct Account<'r> {
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

/// What a matter is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum What {
    /// Somebody found it and signed for it.
    Finding(FindingKind),
    /// The events show it.
    Fault(FaultKind),
}

/// How much a matter asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Weight {
    /// Somebody should look into it.
    Serious,
    /// To be known; it accuses nobody.
    Neutral,
}

/// Something that a person should know of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Matter {
    /// What it is.
    pub what: What,
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

/// A holder on the way of the boxes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Station {
    /// Who.
    pub holder: Holder,
    /// What he did with boxes meanwhile: the kind, how many, when by his clock.
    pub acts: Vec<(Kind, usize, u64)>,
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

impl What {
    /// In a few words.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Finding(kind) => words::finding(*kind),
            Self::Fault(kind) => words::fault(kind),
        }
    }

    /// How much it asks for.
    #[must_use]
    pub const fn weight(&self) -> Weight {
        match self {
            Self::Finding(FindingKind::LabelTyped)
            | Self::Fault(FaultKind::ClockDisagrees | FaultKind::NotProvable(_)) => Weight::Neutral,
            _ => Weight::Serious,
        }
    }
}

impl<'r> Account<'r> {
    /// The account of a record that was read.
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
        let (taken, delivered) = (self.taken(), self.delivered());
        let arrived = match (taken, delivered) {
            (0, _) => "No box taken over yet".to_owned(),
            (_, 0) => format!("None of {} delivered yet", words::boxes(taken)),
            _ if taken == delivered => format!("All {} delivered", words::boxes(taken)),
            _ => format!("{delivered} of {} delivered", words::boxes(taken)),
        };
        let open = self.open();
        let open = if open.is_empty() { String::new() } else { format!("; {}", open.join(", ")) };
        format!("{arrived}{open}; {}", words::signatures(self.reading.errors.len()))
    }

    /// The serious matters by number and name: `1 missing`. A box that turned
    /// up again is not missing.
    fn open(&self) -> Vec<String> {
        let mut boxes: BTreeMap<What, BTreeSet<Token>> = BTreeMap::new();
        let (mut faults, mut rules) = (0, 0);
        for matter in self.matters.iter().filter(|m| m.what.weight() == Weight::Serious) {
            match matter.what {
                What::Finding(_) | What::Fault(FaultKind::NotDelivered) => {
                    boxes.entry(matter.what).or_default().extend(&matter.boxes);
                }
                What::Fault(FaultKind::Broken(_)) => rules += 1,
                What::Fault(_) => faults += 1,
            }
        }
        if let Some(missing) = boxes.get_mut(&What::Finding(FindingKind::Missing)) {
            missing.retain(|token| self.boxes.get(token) != Some(&Whereabouts::Delivered));
        }
        let counted = boxes.iter().filter(|(_, boxes)| !boxes.is_empty());
        let mut open: Vec<String> =
            counted.map(|(what, boxes)| format!("{} {}", boxes.len(), what.name())).collect();
        if faults > 0 {
            open.push(words::count(faults, "contradiction", "contradictions"));
        }
        if rules > 0 {
            open.push(words::count(rules, "rule broken", "rules broken"));
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
            || words::unknown_device(device),
            |credential| words::carrier(&credential.pseudonym, credential.role),
        )
    }

    /// Who holds.
    #[must_use]
    pub fn holder(&self, holder: &Holder) -> String {
        match holder {
            Holder::Customer => words::CUSTOMER.to_owned(),
            Holder::Device(device) => self.carrier(device),
            Holder::InDoubt { giver, receiver } => {
                words::one_of(&self.carrier(giver), &self.carrier(receiver))
            }
            Holder::Destroyed => words::NOBODY.to_owned(),
        }
    }

    /// HQ's answers that are more than a plain "stored".
    pub fn remarks(&self) -> impl Iterator<Item = (EventId, &Outcome)> {
        let receipts = self.reading.evidence.receipts.values();
        receipts
            .filter(|receipt| receipt.outcome != Outcome::Stored)
            .map(|receipt| (receipt.event, &receipt.outcome))
    }
}

fn whereabouts(reading: &Reading, custody: &Custody) -> BTreeMap<Token, Whereabouts> {
    let mut boxes: BTreeMap<Token, Whereabouts> = BTreeMap::new();
    let versions = reading.record.manifests.iter();
    for version in versions.filter_map(|v| Signed::<Manifest>::open(v, &reading.record.hq).ok()) {
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

fn held_before(steps: &BTreeMap<Token, Vec<Step>>, token: &Token, event: &EventId) -> Holder {
    let steps = steps.get(token).map(Vec::as_slice).unwrap_or_default();
    let before = steps.iter().take_while(|step| step.event != *event).last();
    before.map_or(Holder::Customer, |step| step.holder)
}

fn matters(reading: &Reading, custody: &Custody, order: &[&Signed<Event>]) -> Vec<Matter> {
    let mut matters = Vec::new();
    for event in order {
        for finding in &event.findings {
            let boxes = reading.evidence.lists.resolve(&finding.boxes).unwrap_or_default();
            let held = boxes.iter().map(|token| held_before(&custody.steps, token, &event.id()));
            matters.push(Matter {
                what: What::Finding(finding.kind),
                held_by: held.collect(),
                boxes,
                events: BTreeSet::from([event.id()]),
                devices: BTreeSet::from([event.device]),
                claimed_at: Some(event.claimed_at),
            });
        }
    }
    for fault in &custody.faults {
        let events: Vec<_> =
            order.iter().filter(|event| fault.events.contains(&event.id())).collect();
        let mut boxes = fault.boxes.clone();
        if fault.kind == FaultKind::NotDelivered {
            // What the delivery itself reports missing has been told already.
            let told = matters.iter().filter(|matter: &&Matter| {
                matter.what == What::Finding(FindingKind::Missing)
                    && matter.events.is_subset(&fault.events)
            });
            let told: BTreeSet<Token> = told.flat_map(|matter| &matter.boxes).copied().collect();
            boxes.retain(|token| !told.contains(token));
            if boxes.is_empty() {
                continue;
            }
        }
        let held_by = match (fault.kind, events.last()) {
            // Whoever has them now.
            (FaultKind::NotDelivered, _) | (_, None) => {
                boxes.iter().filter_map(|token| custody.holders.get(token).copied()).collect()
            }
            (_, Some(last)) => {
                boxes.iter().map(|token| held_before(&custody.steps, token, &last.id())).collect()
            }
        };
        matters.push(Matter {
            what: What::Fault(fault.kind),
            boxes,
            events: fault.events.clone(),
            devices: events.iter().map(|event| event.device).collect(),
            claimed_at: events.iter().map(|event| event.claimed_at).min(),
            held_by,
        });
    }
    matters.sort_by_key(|matter| (matter.what.weight(), matter.claimed_at));
    matters
}

fn route(reading: &Reading, custody: &Custody, order: &[&Signed<Event>]) -> Vec<Station> {
    let mut moves: BTreeMap<EventId, BTreeMap<(Holder, Holder), usize>> = BTreeMap::new();
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
    let answered: BTreeSet<EventId> =
        order.iter().filter(|e| e.kind == Kind::Accept).filter_map(|e| e.about).collect();
    let mut route = vec![Station::new(Holder::Customer)];
    for event in order {
        for ((from, to), boxes) in moves.remove(&event.id()).unwrap_or_default() {
            let offer = (event.kind == Kind::Accept).then_some(event.about).flatten();
            let offered_at = offer.and_then(|id| reading.evidence.events.get(&id));
            let handoff = Handoff {
                to,
                claimed: (offered_at.map_or(event.claimed_at, |o| o.claimed_at), event.claimed_at),
                boxes,
                signed: match offer {
                    Some(_) => SignedBy::Both,
                    None if custody.confirmed.contains(&event.id()) => SignedBy::CrewAndCustomer,
                    None => SignedBy::Crew,
                },
                events: offer.into_iter().chain([event.id()]).collect(),
            };
            pass_on(&mut route, from, handoff);
        }
        // A sign-off is about the boxes of the event that it signs off.
        let signed_off = event.about.filter(|_| event.kind == Kind::SignOff);
        let seen = signed_off.and_then(|id| reading.evidence.events.get(&id)).unwrap_or(event);
        let boxes = reading.evidence.lists.resolve(&seen.boxes).map_or(0, |boxes| boxes.len());
        match event.kind {
            Kind::Offer if !answered.contains(&event.id()) => {
                if let Some(to) = event.to {
                    let handoff = Handoff {
                        to: Holder::Device(to),
                        claimed: (event.claimed_at, event.claimed_at),
                        boxes,
                        signed: SignedBy::Giver,
                        events: vec![event.id()],
                    };
                    pass_on(&mut route, Holder::Device(event.device), handoff);
                }
            }
            Kind::Commission
            | Kind::Pack
            | Kind::Seal
            | Kind::Load
            | Kind::Depart
            | Kind::Arrive
            | Kind::Store
            | Kind::Count
            | Kind::Unload
            | Kind::Unpack
            | Kind::Destroy
            | Kind::SignOff => {
                let me = Holder::Device(event.device);
                let at = route.iter().rposition(|station| station.holder == me);
                let at = at.unwrap_or(route.len().saturating_sub(1));
                if let Some(station) = route.get_mut(at) {
                    station.acts.push((event.kind, boxes, event.claimed_at));
                }
            }
            Kind::TakeOver
            | Kind::CollectForDestruction
            | Kind::Offer
            | Kind::Accept
            | Kind::Ack
            | Kind::Withdraw
            | Kind::Release
            | Kind::Resume
            | Kind::Deliver => {}
        }
    }
    route
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
