//! Verification: from a set of signed events to who holds what, and what is
//! wrong. A pure function of the set: the order in which events arrived does
//! not matter, and everyone who has the same set gets the same answer.
//!
//! Custody moves by signatures against interest: whoever signs for having taken
//! a box has it. An offer says that it is passing; as long as nobody signed for
//! it and the giver has not taken the offer back, the box is in doubt between
//! the two, which is a value and no fault.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::rc::Rc;

use crewseal_label::Token;

use crate::log::Checkpoint;
use crate::logged::{Logged, Restore};
use crate::rules::{self, Broken, Countersignature, Countersigned, Interval, Person, Rule};
use crate::signed::{Digest, Signed, SignedError, Unverified};
use crate::{
    BoxClass, BoxList, Classes, Commitment, Confirmation, Credential, Credentials, DeviceId, Event,
    EventId, EventKind, Finding, FindingKind, FormError, Inclusion, LAPSE, Lists, Onward,
    ReleaseKey, Revocations, Role, Says, SignOff, Statement, Tick,
};

/// Everything known of a job whose signatures hold.
#[derive(Default)]
pub struct Evidence {
    /// Devices that HQ vouches for, or did.
    pub credentials: Credentials,
    /// HQ's clock, by number.
    pub ticks: BTreeMap<u64, Signed<Tick>>,
    /// Manifests and rolls.
    pub lists: Lists,
    /// Events, by id.
    pub events: BTreeMap<EventId, Signed<Event>>,
    /// What devices signed that has not the form of its kind, by id. It says nothing of
    /// boxes, and its number is taken.
    pub ill_formed: BTreeMap<EventId, Signed<Event>>,
    /// Where events stand in HQ's log, and what HQ says of each. One of which only this is
    /// known exists.
    pub places: BTreeMap<EventId, LogPlace>,
    /// Where ticks stand in HQ's log, by number: of which log, and at which place.
    pub tick_places: BTreeMap<u64, (u32, u64)>,
    /// The checkpoints that these places are proven under, by log.
    pub checkpoints: BTreeMap<u32, Checkpoint>,
    /// How one log goes on from the one before, whose end HQ lost.
    pub restores: Vec<Restore>,
    /// What the customer can release with a code, by number.
    pub release_keys: BTreeMap<u8, ReleaseKey>,
    /// The boxes that are not ordinary.
    pub classes: Classes,
    /// The devices that HQ revoked.
    pub revocations: Option<Signed<Revocations>>,
    /// That events are among those of a sign-off of several, by sign-off and event.
    pub inclusions: BTreeMap<(EventId, EventId), Inclusion>,
    /// What HQ says of sign-offs that were claimed with a code, by sign-off.
    pub confirmations: BTreeMap<EventId, Signed<Confirmation>>,
    /// What events say of persons or contents, by the digest that they name.
    pub statements: BTreeMap<Digest, Statement>,
}

/// An event's place in HQ's log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LogPlace {
    /// Which log, by its generation.
    pub log: u32,
    /// The place in it, from 0.
    pub index: u64,
    /// What HQ says of the event.
    pub logged: Logged,
}

/// Whether an event is what a device signed that HQ vouches for, and has the form of its
/// kind.
///
/// # Errors
/// [`Inadmissible`].
pub fn admit<'c>(
    event: Unverified<Event>,
    credential: impl FnOnce(&DeviceId) -> Option<&'c Credential>,
) -> Result<Signed<Event>, Inadmissible> {
    let event = attribute(event, credential)?;
    event.check_form()?;
    Ok(event)
}

/// Whether a device signed this that HQ vouches for, whatever its form. What has not the
/// form of its kind says nothing of boxes and is held against whoever signed it.
///
/// # Errors
/// [`Refused`].
pub fn attribute<'c>(
    event: Unverified<Event>,
    credential: impl FnOnce(&DeviceId) -> Option<&'c Credential>,
) -> Result<Signed<Event>, Refused> {
    let claims = event.claims();
    let credential = credential(&claims.device).ok_or(Refused::UnknownDevice)?;
    let key = *credential.key(claims.protection);
    event.verify(&key).map_err(Refused::Signed)
}

/// Why an event is no known device's. HQ does not store it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// HQ vouches for no such device.
    #[error("no credential for the device that it names")]
    UnknownDevice,
    /// The message or its signature.
    #[error("{0}")]
    Signed(SignedError),
}

/// Why a phone does not go on with an event of another's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Inadmissible {
    /// It is no known device's.
    #[error("{0}")]
    Refused(#[from] Refused),
    /// The device signed it, and it has not the form of its kind.
    #[error("{0}")]
    Form(#[from] FormError),
}

/// Who has a box.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Holder {
    /// The customer.
    Customer,
    /// The carrier of a device.
    Device(DeviceId),
    /// One of two: offered, and nothing known of an answer; or taken back by the
    /// one and accepted by the other.
    InDoubt {
        /// Who offered it.
        giver: DeviceId,
        /// To whom.
        receiver: DeviceId,
    },
    /// Nobody any more: it was destroyed.
    Destroyed,
}

impl Holder {
    /// Whether it may be this device's carrier.
    #[must_use]
    pub fn may_be(self, device: DeviceId) -> bool {
        match self {
            Self::Device(holder) => holder == device,
            Self::InDoubt { giver, receiver } => giver == device || receiver == device,
            Self::Customer | Self::Destroyed => false,
        }
    }
}

/// One step of a box.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// The event that proves it.
    pub event: EventId,
    /// What was done.
    pub kind: EventKind,
    /// By whom.
    pub device: DeviceId,
    /// When, by the device's own clock: a claim.
    pub claimed_at: u64,
    /// Not before this time of HQ, in seconds since 1970-01-01 UTC.
    pub not_before: Option<u64>,
    /// Not after this time of HQ, when it had the event.
    pub not_after: Option<u64>,
    /// Who has the box after it.
    pub holder: Holder,
    /// What was found wrong with this box.
    pub findings: Vec<FindingKind>,
}

/// What the events contradict, or what is still open, and what proves it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Fault {
    /// What.
    pub kind: FaultKind,
    /// The events that prove it.
    pub events: BTreeSet<EventId>,
    /// The boxes that it is about, where it is about boxes.
    pub boxes: BTreeSet<Token>,
}

/// What is wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum FaultKind {
    /// A device's events from one number to before another are missing.
    Gap {
        /// The device.
        device: DeviceId,
        /// Its generation.
        generation: u32,
        /// The first number missing.
        from: u64,
        /// The first number that is there again.
        to: u64,
    },
    /// Two events of a device bear one number.
    Fork,
    /// An event does not name its device's event before it.
    BrokenChain,
    /// A device signed an event that has not the form of its kind.
    IllFormed(FormError),
    /// A generation of a device begins with another event than the one that says
    /// that its store was restored, or such an event stands elsewhere.
    Undeclared,
    /// An event's boxes cannot be told from the lists.
    UnknownBoxes,
    /// Somebody acted on boxes that another had.
    NotTheHolder,
    /// An acceptance of no offer to this device.
    NoSuchOffer,
    /// Offered and not accepted: the giver still has them.
    NotAccepted,
    /// Accepted though never offered: the giver still has them.
    NotOffered,
    /// The act names a tick that HQ never signed.
    UnknownAnchor,
    /// The act breaks a rule.
    Broken(Rule),
    /// Whether the act keeps a rule cannot be proven: a part of the time in which it
    /// may have been done lies outside, or a sign-off of several events at once may
    /// be of it. Neutral, not an accusation.
    NotProvable(Rule),
    /// A tick of HQ's tells of more revocations than the list that is here.
    RevocationsMissing,
    /// The device's clock disagrees with HQ's. Neutral, not an accusation.
    ClockDisagrees,
    /// Taken over, and not among what was delivered.
    NotDelivered,
    /// Offered again while an earlier offer of the same boxes was open.
    OfferedTwice,
    /// A second acceptance of one offer. The first one counts.
    AcceptedTwice,
    /// The acceptance does not open what its sender bound himself to, so he may
    /// have chosen the boxes that he checked by hand.
    WrongOpening,
    /// Many offers of the same boxes to the same device that lapsed or were taken back:
    /// somebody may have been trying which boxes would be checked by hand.
    AbandonedOffers,
    /// The giver acknowledged the acceptance of an offer and took it back.
    Contradiction,
    /// A release that no code of the customer's made for this act.
    WrongRelease,
    /// A code that was used for two acts. Neither counts.
    ReleasedTwice,
    /// The customer has a code for such an act, and neither did he use it nor does
    /// the act say that he was absent or refused.
    NotConfirmed,
    /// A sign-off that was claimed with a code of which HQ says that it is none of a
    /// supervisor's, or was used before.
    SignOffRefused,
}

/// What verification found.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Custody {
    /// Who has each box that an event names.
    pub holders: BTreeMap<Token, Holder>,
    /// What happened to each box, in order.
    pub steps: BTreeMap<Token, Vec<Step>>,
    /// The acts that the customer confirmed with a code.
    pub confirmed: BTreeSet<EventId>,
    /// The acts that a supervisor signed off, by which event and how.
    pub sign_offs: BTreeMap<EventId, BTreeMap<EventId, SignOff>>,
    /// What is wrong.
    pub faults: BTreeSet<Fault>,
}

/// Offers to one device that may come to nothing: phones fail and people turn
/// back.
const MOST_ABANDONED: usize = 3;

/// How far a phone's clock may be off before it is said, in seconds.
const CLOCK_TOLERANCE: u64 = 120;

impl Evidence {
    /// What a device signed, whatever its form.
    pub(crate) fn signed(&self, event: &EventId) -> Option<&Signed<Event>> {
        self.events.get(event).or_else(|| self.ill_formed.get(event))
    }

    /// Who holds what, and what is wrong.
    #[must_use]
    pub fn verify(&self) -> Custody {
        let mut custody = Custody::default();
        let order = self.in_order();
        let intervals = self.intervals(&order);
        let answers = Answers::of(&order);
        self.check_forms(&mut custody);
        self.check_chains(&mut custody);
        self.check_offers(&answers, &mut custody);
        self.check_releases(&mut custody);
        self.check_sign_offs(&mut custody);
        self.check_offered_twice(&mut custody);
        self.check_revocations(&mut custody);
        let mut ledger = Ledger::new(&self.lists);
        let mut countersignatures = Countersignatures::default();
        for event in &order {
            let interval = intervals.get(&event.id()).copied().unwrap_or_default();
            self.check_time(event, interval, &mut custody);
            self.apply(event, interval, &answers, &mut ledger, &mut custody);
            let boxes = self.classed(&event.boxes, &mut ledger);
            self.check_person(event, interval, &boxes, &mut custody);
            if event.kind == EventKind::SignOff {
                self.check_sign_off(event, interval, &mut countersignatures, &mut custody);
            }
            countersignatures.need(event, boxes, self.in_trouble(event, &mut ledger));
        }
        ledger.close(&mut custody);
        countersignatures.check(&mut custody);
        self.check_delivery(&order, &mut custody);
        custody
    }

    /// The events, causes first and a device's in the order of its numbers;
    /// where nothing orders two, by claimed time and then by id.
    ///
    /// Causes cannot run in a circle, as ids are digests. Numbers can contradict
    /// them if a device lies; then the numbers give way.
    #[must_use]
    pub fn in_order(&self) -> Vec<&Signed<Event>> {
        let before = self.before_by_number();
        let mut waiting: BTreeMap<EventId, Waits> = BTreeMap::new();
        let mut followers: BTreeMap<EventId, Vec<(&Signed<Event>, Waits)>> = BTreeMap::new();
        for (id, event) in &self.events {
            let waits = waiting.entry(*id).or_default();
            for cause in causes(event).filter(|cause| self.events.contains_key(cause)) {
                waits.causes += 1;
                followers.entry(cause).or_default().push((event, Waits { causes: 1, numbers: 0 }));
            }
            for number in before.get(id).into_iter().flatten() {
                waits.numbers += 1;
                followers
                    .entry(*number)
                    .or_default()
                    .push((event, Waits { causes: 0, numbers: 1 }));
            }
        }
        let (mut ready, mut held) = (BTreeMap::new(), BTreeMap::new());
        for (id, waits) in &waiting {
            let Some(event) = self.events.get(id).filter(|_| waits.causes == 0) else { continue };
            let place = if waits.numbers == 0 { &mut ready } else { &mut held };
            place.insert((event.claimed_at, *id), event);
        }
        let mut order = Vec::with_capacity(self.events.len());
        while let Some(((_, id), event)) = ready.pop_first().or_else(|| held.pop_first()) {
            waiting.remove(&id);
            order.push(event);
            for (follower, by) in followers.remove(&id).unwrap_or_default() {
                let Some(waits) = waiting.get_mut(&follower.id()) else { continue };
                waits.causes -= by.causes;
                waits.numbers -= by.numbers;
                let key = (follower.claimed_at, follower.id());
                match (waits.causes, waits.numbers) {
                    (0, 0) => {
                        held.remove(&key);
                        ready.insert(key, follower);
                    }
                    (0, _) => {
                        held.insert(key, follower);
                    }
                    _ => {}
                }
            }
        }
        order
    }

    /// For each event those of the same device that bear the number before it,
    /// among the events that are here: what lies between may be another job's.
    fn before_by_number(&self) -> BTreeMap<EventId, BTreeSet<EventId>> {
        let mut numbers: BTreeMap<DeviceId, BTreeMap<(u32, u64), BTreeSet<EventId>>> =
            BTreeMap::new();
        for event in self.events.values() {
            let chain = numbers.entry(event.device).or_default();
            chain.entry((event.generation, event.sequence)).or_default().insert(event.id());
        }
        let mut before = BTreeMap::new();
        for chain in numbers.values() {
            for (earlier, later) in chain.values().zip(chain.values().skip(1)) {
                before.extend(later.iter().map(|id| (*id, earlier.clone())));
            }
        }
        before
    }

    /// When each event was made, by HQ's clock: not before its own and its
    /// causes' ticks, not after the first receipt of it or of what it caused.
    fn intervals(&self, order: &[&Signed<Event>]) -> BTreeMap<EventId, Interval> {
        let mut intervals: BTreeMap<EventId, Interval> = BTreeMap::new();
        for event in order {
            let anchored = self.anchor_time(event);
            let caused = causes(event).filter_map(|cause| intervals.get(&cause)?.not_before);
            let not_before = caused.chain(anchored).max();
            let not_after = self.places.get(&event.id()).map(|place| place.logged.at);
            intervals.insert(event.id(), Interval { not_before, not_after });
        }
        for event in order.iter().rev() {
            let not_after = intervals.get(&event.id()).and_then(|interval| interval.not_after);
            for cause in causes(event) {
                if let (Some(cause), Some(latest)) = (intervals.get_mut(&cause), not_after) {
                    cause.not_after = Some(cause.not_after.map_or(latest, |own| own.min(latest)));
                }
            }
        }
        intervals
    }

    fn anchor_time(&self, event: &Event) -> Option<u64> {
        let tick = self.ticks.get(&event.anchor.number)?;
        (tick.nonce == event.anchor.nonce).then_some(tick.at)
    }

    fn check_forms(&self, custody: &mut Custody) {
        for (id, event) in &self.ill_formed {
            if let Err(error) = event.check_form() {
                custody.fault(FaultKind::IllFormed(error), [*id], []);
            }
        }
    }

    fn check_chains(&self, custody: &mut Custody) {
        let mut chains: BTreeMap<(DeviceId, u32), BTreeMap<u64, BTreeSet<EventId>>> =
            BTreeMap::new();
        let events = self.events.values().chain(self.ill_formed.values());
        let events = events.map(|e| (e.device, e.generation, e.sequence, e.id()));
        // A place in HQ's log shows that an event exists without showing the event:
        // what a device did in other jobs is no gap in this one. A refusal shows
        // nothing of the kind: anybody may send an envelope in a device's name.
        let placed = self.places.iter().map(|(id, LogPlace { logged, .. })| {
            (logged.device, logged.generation, logged.sequence, *id)
        });
        for (device, generation, sequence, id) in events.chain(placed) {
            let chain = chains.entry((device, generation)).or_default();
            chain.entry(sequence).or_default().insert(id);
        }
        for ((device, generation), chain) in &chains {
            let mut expected = 1;
            let nothing = BTreeSet::new();
            let mut before = &nothing;
            for (sequence, ids) in chain {
                if *sequence > expected {
                    let kind = FaultKind::Gap {
                        device: *device,
                        generation: *generation,
                        from: expected,
                        to: *sequence,
                    };
                    custody.fault(kind, ids.iter().copied(), []);
                    before = &nothing;
                }
                if ids.len() > 1 {
                    custody.fault(FaultKind::Fork, ids.iter().copied(), []);
                }
                for event in ids.iter().filter_map(|id| self.events.get(id)) {
                    // What lies between two generations is lost and said to be so.
                    let begins = *generation > 1 && *sequence == 1;
                    if begins != (event.kind == EventKind::Resume) {
                        custody.fault(FaultKind::Undeclared, [event.id()], []);
                    }
                    if !event.follows(before) {
                        custody.fault(FaultKind::BrokenChain, [event.id()], []);
                    }
                }
                expected = sequence.saturating_add(1);
                before = ids;
            }
        }
    }

    fn check_time(&self, event: &Signed<Event>, interval: Interval, custody: &mut Custody) {
        let id = event.id();
        if self.anchor_time(event).is_none() {
            custody.fault(FaultKind::UnknownAnchor, [id], []);
        }
        let early = interval
            .not_before
            .is_some_and(|earliest| event.claimed_at.saturating_add(CLOCK_TOLERANCE) < earliest);
        let late = interval
            .not_after
            .is_some_and(|latest| event.claimed_at > latest.saturating_add(CLOCK_TOLERANCE));
        if early || late {
            custody.fault(FaultKind::ClockDisagrees, [id], []);
        }
    }

    /// What this device's carrier breaks by doing this himself, by the credential of his
    /// whose time fits best; of several that fit as well, by the one that is kindest, for
    /// which of them he knew is not told here. Nothing of a device without a credential.
    fn breaks(
        &self,
        device: &DeviceId,
        kind: EventKind,
        classes: &BTreeSet<BoxClass>,
        interval: Interval,
    ) -> Option<Vec<Broken>> {
        let revoked_since = self.revocations.as_ref().and_then(|list| list.revoked_since(device));
        let judged = self.credentials.of(device).map(|credential| {
            rules::of_person(kind, classes, Person { credential, revoked_since }, interval)
        });
        let severity = |broken: &Vec<Broken>| {
            let of_time = broken.iter().find(|broken| broken.rule() == Rule::Credential);
            let proven = broken.iter().filter(|broken| matches!(broken, Broken::Proven(_)));
            let misfit = of_time.map_or(0, |broken| match broken {
                Broken::NotProvable(_) => 1,
                Broken::Proven(_) => 2,
            });
            (misfit, proven.count(), broken.len())
        };
        judged.min_by_key(severity)
    }

    /// What whoever acts breaks, and whoever offers to somebody who may not have
    /// the boxes. What a device says of itself is no act.
    fn check_person(
        &self,
        event: &Signed<Event>,
        interval: Interval,
        boxes: &Classes,
        custody: &mut Custody,
    ) {
        if !event.kind.row().is_act {
            return;
        }
        let classes = union(boxes);
        let mut broken: BTreeSet<Broken> = BTreeSet::new();
        if let Some(his) = self.breaks(&event.device, event.kind, &classes, interval) {
            // A claim of a sign-off is anybody's to make.
            let is_claim = event.code.is_some();
            broken.extend(his.into_iter().filter(|b| b.rule() != Rule::Role || !is_claim));
        }
        let receiver = event.to.filter(|_| event.kind == EventKind::Offer);
        let accepting = |device| self.breaks(&device, EventKind::Accept, &classes, interval);
        if let Some(his) = receiver.and_then(accepting) {
            // The giver reads role and classes in the credential; what ended meanwhile
            // he may not have known.
            broken
                .extend(his.into_iter().filter(|b| matches!(b.rule(), Rule::Role | Rule::Classes)));
        }
        for broken in broken {
            let about_boxes = matches!(broken.rule(), Rule::Nda | Rule::Classes);
            let boxes = boxes.keys().copied().filter(|_| about_boxes);
            custody.fault(broken.into(), [event.id()], boxes);
        }
    }

    fn check_sign_off(
        &self,
        event: &Signed<Event>,
        interval: Interval,
        countersignatures: &mut Countersignatures<'_>,
        custody: &mut Custody,
    ) {
        // Of a claim HQ says whose word it is, if it is anybody's.
        let signer = match (&event.code, self.confirmations.get(&event.id())) {
            (None, _) => Some(event.device),
            (Some(_), said) => said.and_then(|said| said.supervisor),
        };
        let about = event.about.and_then(|about| self.events.get(&about));
        if let Some(own) = about.filter(|about| Some(about.device) == signer) {
            custody.fault(FaultKind::Broken(Rule::OwnSignOff), [event.id(), own.id()], []);
        }
        let is_good = event.code.is_some()
            || self
                .breaks(&event.device, event.kind, &BTreeSet::new(), interval)
                .is_some_and(|broken| broken.iter().all(|b| matches!(b, Broken::NotProvable(_))));
        if !is_good {
            return;
        }
        let id = event.id();
        countersignatures.good.insert(id);
        let among = (id, Digest([0; 32]))..=(id, Digest([0xff; 32]));
        if event.root.is_some() && self.inclusions.range(among).next().is_none() {
            countersignatures.unproved.insert(event.device);
        }
    }

    /// Which events were signed off, and how.
    fn check_sign_offs(&self, custody: &mut Custody) {
        for event in self.events.values().filter(|event| event.kind == EventKind::SignOff) {
            let id = event.id();
            let how = match (&event.code, self.confirmations.get(&id)) {
                (None, _) => {
                    let credential = self.credentials.get(&event.device);
                    if credential.is_none_or(|credential| credential.role != Role::Supervisor) {
                        continue;
                    }
                    SignOff::Signed(event.device)
                }
                (Some(_), None) => SignOff::Claimed,
                (Some(_), Some(said)) => {
                    said.supervisor.map_or(SignOff::Refused, SignOff::Confirmed)
                }
            };
            if how == SignOff::Refused {
                custody.fault(FaultKind::SignOffRefused, [id], []);
            }
            let among = (id, Digest([0; 32]))..=(id, Digest([0xff; 32]));
            let proved = self.inclusions.range(among).filter(|((_, of), inclusion)| {
                event.root.is_some_and(|root| inclusion.proves(&root, of))
            });
            let one = event.about.filter(|_| event.root.is_none());
            for of in proved.map(|((_, of), _)| *of).chain(one) {
                custody.sign_offs.entry(of).or_default().insert(id, how);
            }
        }
    }

    /// HQ's clock tells how many devices were revoked: a list that has fewer is not
    /// the newest one that there was.
    fn check_revocations(&self, custody: &mut Custody) {
        let known = self.revocations.as_ref().map_or(0, |revocations| revocations.epoch);
        let newer: BTreeSet<u64> = self
            .ticks
            .values()
            .filter(|tick| tick.epoch.is_some_and(|epoch| epoch > known))
            .map(|tick| tick.number)
            .collect();
        let told: BTreeSet<EventId> = self
            .events
            .values()
            .filter(|event| newer.contains(&event.anchor.number))
            .filter(|event| self.anchor_time(event).is_some())
            .map(Signed::id)
            .collect();
        if !told.is_empty() {
            custody.fault(FaultKind::RevocationsMissing, told, []);
        }
    }

    /// The boxes of a list that are not ordinary.
    fn classed<'e>(&'e self, list: &'e BoxList, ledger: &mut Ledger<'e>) -> Classes {
        if self.classes.is_empty() {
            return Classes::new();
        }
        let named = ledger.places_of(list).unwrap_or_default();
        let is_named = |token: &Token| {
            let place = ledger.places.get(token);
            place.is_some_and(|place| named.binary_search(place).is_ok())
        };
        let classed = self.classes.iter().filter(|(token, _)| is_named(token));
        classed.map(|(token, classes)| (*token, classes.clone())).collect()
    }

    /// The boxes that are not ordinary and that an event finds in trouble.
    fn in_trouble<'e>(&'e self, event: &'e Event, ledger: &mut Ledger<'e>) -> Classes {
        let trouble = event.findings.iter().filter(|finding| rules::is_trouble(finding.kind));
        trouble.flat_map(|finding| self.classed(&finding.boxes, ledger)).collect()
    }

    fn apply<'e>(
        &'e self,
        event: &'e Signed<Event>,
        interval: Interval,
        answers: &Answers,
        ledger: &mut Ledger<'e>,
        custody: &mut Custody,
    ) {
        let id = event.id();
        let Some(boxes) = ledger.places_of(&event.boxes) else {
            custody.fault(FaultKind::UnknownBoxes, [id], []);
            return;
        };
        let mut found: BTreeMap<Place, Vec<FindingKind>> = BTreeMap::new();
        for finding in &event.findings {
            match ledger.places_of(&finding.boxes) {
                Some(boxes) => boxes
                    .iter()
                    .for_each(|place| found.entry(*place).or_default().push(finding.kind)),
                None => custody.fault(FaultKind::UnknownBoxes, [id], []),
            }
        }
        let moved = self.transfer(event, &boxes, answers, ledger, custody);
        let mut concerned: Vec<Place> = boxes.to_vec();
        concerned.extend(found.keys());
        concerned.extend(moved.iter().map(|(place, _)| *place));
        // These are three that are in order each: not the unstable one.
        concerned.sort();
        concerned.dedup();
        for (place, holder) in moved {
            ledger.pass(place, holder);
        }
        for place in concerned {
            ledger.note(place, |holder| Step {
                event: id,
                kind: event.kind,
                device: event.device,
                claimed_at: event.claimed_at,
                not_before: interval.not_before,
                not_after: interval.not_after,
                holder,
                findings: found.remove(&place).unwrap_or_default(),
            });
        }
    }

    /// Which boxes change hands by this event, and to whom.
    fn transfer<'e>(
        &'e self,
        event: &Signed<Event>,
        boxes: &[Place],
        answers: &Answers,
        ledger: &mut Ledger<'e>,
        custody: &mut Custody,
    ) -> Vec<(Place, Holder)> {
        let me = Holder::Device(event.device);
        if event.kind == EventKind::Accept {
            return self.accept(event, boxes, answers, ledger, custody);
        }
        if event.kind == EventKind::Withdraw {
            return self.withdraw(event, answers, ledger);
        }
        let to = match event.kind.row().says {
            Says::Has => me,
            Says::LetsGo(Onward::Receiver) => {
                event.to.map_or(me, |receiver| Holder::InDoubt { giver: event.device, receiver })
            }
            Says::LetsGo(Onward::Customer) => Holder::Customer,
            Says::LetsGo(Onward::Nowhere) => Holder::Destroyed,
            // What is done with a box where it stands says nothing of who has it.
            Says::Nothing => return Vec::new(),
        };
        let may = |place: &Place| {
            let holder = ledger.holder(*place);
            let is_customers = holder == Holder::Customer;
            if event.kind == EventKind::TakeOver {
                return is_customers;
            }
            let collects = event.kind == EventKind::CollectForDestruction;
            collects && is_customers || holder.may_be(event.device)
        };
        let (passing, strange): (Vec<Place>, Vec<Place>) = boxes.iter().copied().partition(may);
        custody.fault_on(FaultKind::NotTheHolder, [event.id()], ledger.tokens(&strange));
        passing.into_iter().map(|place| (place, to)).collect()
    }

    /// What an acceptance moves: what is on both lists.
    fn accept<'e>(
        &'e self,
        event: &Signed<Event>,
        boxes: &[Place],
        answers: &Answers,
        ledger: &mut Ledger<'e>,
        custody: &mut Custody,
    ) -> Vec<(Place, Holder)> {
        let Some(offer) = self.offer_to(event) else {
            custody.fault(FaultKind::NoSuchOffer, [event.id()], ledger.tokens(boxes));
            return Vec::new();
        };
        let both = [offer.id(), event.id()];
        let answer = answers.to(&offer.id());
        if answer.accepted != Some(event.id()) {
            let twice = answer.accepted.into_iter().chain([event.id()]);
            custody.fault(FaultKind::AcceptedTwice, twice, ledger.tokens(boxes));
            return Vec::new();
        }
        if let Some(commitment) = offer.commitment {
            let opens = event
                .opening
                .is_some_and(|opening| Commitment::to(&opening, &event.device) == commitment);
            if !opens {
                custody.fault(FaultKind::WrongOpening, both, []);
            }
        }
        let offered = ledger.places_of(&offer.boxes).unwrap_or_default();
        let is_in = |list: &[Place], place: &Place| list.binary_search(place).is_ok();
        let (common, not_accepted): (Vec<Place>, Vec<Place>) =
            offered.iter().copied().partition(|place| is_in(boxes, place));
        let not_offered = boxes.iter().filter(|place| !is_in(&offered, place));
        custody.fault_on(FaultKind::NotAccepted, both, ledger.tokens(&not_accepted));
        custody.fault_on(FaultKind::NotOffered, both, ledger.tokens(not_offered));
        // Taken back by the one and signed for by the other, neither of whom saw what
        // the other did: each says that he has it. It stays in doubt until one of them
        // acts on it, and nothing orders the two, so nothing moves here.
        if answer.withdrawn.is_some() && answer.acknowledged.is_none() {
            return Vec::new();
        }
        let (giver, me) = (Holder::Device(offer.device), Holder::Device(event.device));
        let in_doubt = Holder::InDoubt { giver: offer.device, receiver: event.device };
        let (passing, strange): (Vec<Place>, Vec<Place>) = common
            .into_iter()
            .partition(|place| [in_doubt, giver, me].contains(&ledger.holder(*place)));
        let kept = not_accepted
            .into_iter()
            .filter(|place| [in_doubt, giver].contains(&ledger.holder(*place)));
        let mut moved: Vec<(Place, Holder)> = kept.map(|place| (place, giver)).collect();
        moved.extend(passing.into_iter().map(|place| (place, me)));
        // Not of him alone who signed for what he was given.
        custody.fault_on(FaultKind::NotTheHolder, both, ledger.tokens(&strange));
        moved
    }

    /// What comes back to the giver who takes an offer back: what nobody accepted.
    fn withdraw<'e>(
        &'e self,
        event: &Signed<Event>,
        answers: &Answers,
        ledger: &mut Ledger<'e>,
    ) -> Vec<(Place, Holder)> {
        let offer = event.about.and_then(|offer| self.events.get(&offer));
        let Some(offer) = offer.filter(|offer| offer.device == event.device) else {
            return Vec::new();
        };
        let Some(receiver) = offer.to else { return Vec::new() };
        let accept = answers.to(&offer.id()).accepted.and_then(|accept| self.events.get(&accept));
        let accepted = match accept.map(|accept| ledger.places_of(&accept.boxes)) {
            // Of a list that cannot be told nothing is known to come back.
            Some(None) => return Vec::new(),
            Some(Some(accepted)) => accepted,
            None => Rc::default(),
        };
        let in_doubt = Holder::InDoubt { giver: offer.device, receiver };
        let offered = ledger.places_of(&offer.boxes).unwrap_or_default();
        offered
            .iter()
            .filter(|place| accepted.binary_search(place).is_err())
            .filter(|place| ledger.holder(**place) == in_doubt)
            .map(|place| (*place, Holder::Device(offer.device)))
            .collect()
    }

    /// Which acts the customer confirmed with a code, and which he should have.
    fn check_releases(&self, custody: &mut Custody) {
        let mut used: BTreeMap<u8, BTreeSet<(EventId, EventId)>> = BTreeMap::new();
        for event in self.events.values().filter(|event| event.kind == EventKind::Release) {
            let number = event.proof.and_then(|proof| {
                let act = self.events.get(&event.about?)?;
                let key = self.release_keys.get(&proof.number)?;
                let is_good =
                    act.job == event.job && key.authorises(event.job, act.kind, &act.id(), &proof);
                is_good.then_some((proof.number, act.id()))
            });
            match number {
                Some((number, act)) => {
                    used.entry(number).or_default().insert((act, event.id()));
                }
                None => custody.fault(FaultKind::WrongRelease, [event.id()], []),
            }
        }
        let mut confirmed: BTreeSet<EventId> = BTreeSet::new();
        for uses in used.values() {
            let acts: BTreeSet<EventId> = uses.iter().map(|(about, _)| *about).collect();
            if acts.len() == 1 {
                confirmed.extend(acts);
            } else {
                let releases = uses.iter().map(|(_, release)| *release);
                custody.fault(FaultKind::ReleasedTwice, releases, []);
            }
        }
        let kinds: BTreeSet<EventKind> = self.release_keys.values().map(|key| key.kind).collect();
        for event in self.events.values().filter(|event| kinds.contains(&event.kind)) {
            let says_why = |finding: &Finding| {
                matches!(finding.kind, FindingKind::Absent | FindingKind::Refused)
            };
            if !confirmed.contains(&event.id()) && !event.findings.iter().any(says_why) {
                custody.fault(FaultKind::NotConfirmed, [event.id()], []);
            }
        }
        custody.confirmed = confirmed;
    }

    /// What the answers to offers contradict, whatever the boxes.
    fn check_offers(&self, answers: &Answers, custody: &mut Custody) {
        let mut abandoned: BTreeMap<(DeviceId, DeviceId), Vec<&Signed<Event>>> = BTreeMap::new();
        let clocks = self.clocks();
        for event in self.events.values().filter(|event| event.kind == EventKind::Offer) {
            let answer = answers.to(&event.id());
            if let (Some(ack), Some(withdrawal)) = (answer.acknowledged, answer.withdrawn) {
                custody.fault(FaultKind::Contradiction, [event.id(), ack, withdrawal], []);
            }
            let Some(receiver) = event.to.filter(|_| answer.accepted.is_none()) else { continue };
            // An offer that is open may still be answered.
            if answer.withdrawn.is_some() || self.has_lapsed(event, &clocks) {
                abandoned.entry((event.device, receiver)).or_default().push(event);
            }
        }
        for offers in abandoned.into_values().filter(|offers| offers.len() > MOST_ABANDONED) {
            self.check_abandoned(&offers, custody);
        }
    }

    /// Of offers of one device to another that came to nothing: which boxes were in
    /// too many of them. Whoever wants another draw has to offer the same boxes again.
    fn check_abandoned(&self, offers: &[&Signed<Event>], custody: &mut Custody) {
        let mut offered: BTreeMap<Token, Vec<EventId>> = BTreeMap::new();
        for offer in offers {
            for token in self.lists.resolve(&offer.boxes).unwrap_or_default() {
                offered.entry(token).or_default().push(offer.id());
            }
        }
        offered.retain(|_, offers| offers.len() > MOST_ABANDONED);
        let events: BTreeSet<EventId> = offered.values().flatten().copied().collect();
        if !events.is_empty() {
            custody.fault(FaultKind::AbandonedOffers, events, offered.into_keys());
        }
    }

    /// How far each device's monotonic clock came, by device, boot and anchor.
    fn clocks(&self) -> BTreeMap<(DeviceId, [u8; 4], u64), u64> {
        let mut clocks = BTreeMap::new();
        for event in self.events.values() {
            let clock = (event.device, event.since.boot.0, event.anchor.number);
            let millis = clocks.entry(clock).or_default();
            *millis = event.since.millis.max(*millis);
        }
        clocks
    }

    /// Whether an offer's time is over for sure: by its device's own clock, at a later
    /// event of the same boot and anchor, or by HQ's, which had it so long ago.
    fn has_lapsed(
        &self,
        offer: &Signed<Event>,
        clocks: &BTreeMap<(DeviceId, [u8; 4], u64), u64>,
    ) -> bool {
        let clock = (offer.device, offer.since.boot.0, offer.anchor.number);
        let by_its_own = clocks
            .get(&clock)
            .is_some_and(|millis| *millis >= offer.since.millis.saturating_add(LAPSE));
        let newest = self.ticks.last_key_value().map(|(_, tick)| tick.at);
        let had = self.places.get(&offer.id()).map(|place| place.logged.at);
        let by_hqs = newest
            .zip(had)
            .is_some_and(|(newest, had)| newest >= had.saturating_add(LAPSE / 1_000));
        by_its_own || by_hqs
    }

    /// Two offers of one device that contradict each other: they have boxes in
    /// common, and nothing that it signed between them says that the first one was
    /// over. Where its numbers leave something out, that may have said so.
    fn check_offered_twice(&self, custody: &mut Custody) {
        let mut chains: BTreeMap<(DeviceId, u32, u64), Vec<&Signed<Event>>> = BTreeMap::new();
        for event in self.events.values() {
            let number = (event.device, event.generation, event.sequence);
            chains.entry(number).or_default().push(event);
        }
        let mut open: BTreeMap<EventId, BTreeSet<Token>> = BTreeMap::new();
        let mut next = None;
        for ((device, generation, sequence), events) in chains {
            if next != Some((device, generation, sequence)) {
                open.clear();
            }
            next = Some((device, generation, sequence.saturating_add(1)));
            for event in events {
                self.offered_again(event, &mut open, custody);
            }
        }
    }

    /// One event's step of [`Self::check_offered_twice`].
    fn offered_again(
        &self,
        event: &Signed<Event>,
        open: &mut BTreeMap<EventId, BTreeSet<Token>>,
        custody: &mut Custody,
    ) {
        let boxes = || self.lists.resolve(&event.boxes).unwrap_or_default();
        match event.kind {
            EventKind::Offer => {
                let boxes = boxes();
                for (earlier, offered) in &*open {
                    let both = [*earlier, event.id()];
                    custody.fault_on(FaultKind::OfferedTwice, both, offered & &boxes);
                }
                open.insert(event.id(), boxes);
            }
            EventKind::Withdraw => {
                event.about.and_then(|offer| open.remove(&offer));
            }
            EventKind::Ack => {
                match event.about.and_then(|accept| self.events.get(&accept)?.about) {
                    Some(offer) => {
                        open.remove(&offer);
                    }
                    // An answer that is not here may be to any of them.
                    None => open.clear(),
                }
            }
            // Whoever gets a box knows that it had gone on.
            EventKind::Accept | EventKind::TakeOver if !open.is_empty() => {
                let boxes = boxes();
                open.values_mut()
                    .for_each(|offered| offered.retain(|token| !boxes.contains(token)));
            }
            _ => {}
        }
    }

    fn offer_to(&self, accept: &Event) -> Option<&Signed<Event>> {
        let offer = self.events.get(&accept.about?)?;
        (offer.kind == EventKind::Offer && offer.to == Some(accept.device)).then_some(offer)
    }

    /// Once a crew has delivered, whatever it took over should be there.
    fn check_delivery(&self, order: &[&Signed<Event>], custody: &mut Custody) {
        let deliveries: BTreeSet<EventId> =
            order.iter().filter(|event| event.kind == EventKind::Deliver).map(|e| e.id()).collect();
        if deliveries.is_empty() {
            return;
        }
        let left = custody.holders.iter().filter(|(_, holder)| **holder != Holder::Customer);
        let boxes: BTreeSet<Token> = left.map(|(token, _)| *token).collect();
        custody.fault_on(FaultKind::NotDelivered, deliveries, boxes);
    }
}

/// Where a box stands in the ledger.
type Place = usize;

/// The boxes while event after event is applied to them.
///
/// A job has few lists and each is named by many events, so a list is resolved
/// once, to places; from there on nothing looks for a token.
struct Ledger<'e> {
    lists: &'e Lists,
    /// The places of each list in rising order; none if it names no boxes that
    /// are known here.
    resolved: BTreeMap<&'e BoxList, Option<Rc<[Place]>>>,
    places: HashMap<Token, Place>,
    boxes: Vec<Known>,
}

/// What is known of a box so far.
struct Known {
    token: Token,
    holder: Holder,
    steps: Vec<Step>,
}

impl<'e> Ledger<'e> {
    fn new(lists: &'e Lists) -> Self {
        let (resolved, places) = (BTreeMap::new(), HashMap::new());
        Self { lists, resolved, places, boxes: Vec::new() }
    }

    fn places_of(&mut self, list: &'e BoxList) -> Option<Rc<[Place]>> {
        if let Some(resolved) = self.resolved.get(list) {
            return resolved.clone();
        }
        let boxes = self.lists.resolve(list).ok();
        let resolved = boxes.map(|boxes| {
            let mut places: Vec<Place> = boxes.into_iter().map(|token| self.place(token)).collect();
            places.sort_unstable();
            Rc::from(places)
        });
        self.resolved.insert(list, resolved.clone());
        resolved
    }

    fn place(&mut self, token: Token) -> Place {
        *self.places.entry(token).or_insert_with(|| {
            self.boxes.push(Known { token, holder: Holder::Customer, steps: Vec::new() });
            self.boxes.len() - 1
        })
    }

    fn holder(&self, place: Place) -> Holder {
        self.boxes.get(place).map_or(Holder::Customer, |known| known.holder)
    }

    fn tokens<'p>(&self, places: impl IntoIterator<Item = &'p Place>) -> BTreeSet<Token> {
        let known = places.into_iter().filter_map(|place| self.boxes.get(*place));
        known.map(|known| known.token).collect()
    }

    fn pass(&mut self, place: Place, holder: Holder) {
        if let Some(known) = self.boxes.get_mut(place) {
            known.holder = holder;
        }
    }

    /// Adds a step, of who has the box now.
    fn note(&mut self, place: Place, step: impl FnOnce(Holder) -> Step) {
        if let Some(known) = self.boxes.get_mut(place) {
            known.steps.push(step(known.holder));
        }
    }

    /// Hands over what came of the boxes that events name.
    fn close(mut self, custody: &mut Custody) {
        self.boxes.retain(|known| !known.steps.is_empty());
        self.boxes.sort_unstable_by_key(|known| known.token);
        custody.holders = self.boxes.iter().map(|known| (known.token, known.holder)).collect();
        custody.steps = self.boxes.into_iter().map(|known| (known.token, known.steps)).collect();
    }
}

/// How one offer was answered.
#[derive(Debug, Clone, Copy, Default)]
struct Answer {
    /// By the acceptance that counts: of the receiver's the one with the lowest
    /// number.
    accepted: Option<EventId>,
    /// By the giver's acknowledgement of that acceptance.
    acknowledged: Option<EventId>,
    /// By the giver's taking it back.
    withdrawn: Option<EventId>,
}

/// How offers were answered.
struct Answers(BTreeMap<EventId, Answer>);

impl Answers {
    fn of(order: &[&Signed<Event>]) -> Self {
        let offers: BTreeMap<EventId, &Signed<Event>> = order
            .iter()
            .filter(|event| event.kind == EventKind::Offer)
            .map(|event| (event.id(), *event))
            .collect();
        let mut answers: BTreeMap<EventId, Answer> = BTreeMap::new();
        let mut first: BTreeMap<EventId, (u32, u64, EventId)> = BTreeMap::new();
        for event in order {
            let Some(offer) = event.about.and_then(|offer| offers.get(&offer)) else { continue };
            match event.kind {
                EventKind::Accept if offer.to == Some(event.device) => {
                    let this = (event.generation, event.sequence, event.id());
                    let first = first.entry(offer.id()).or_insert(this);
                    *first = this.min(*first);
                }
                EventKind::Withdraw if offer.device == event.device => {
                    answers.entry(offer.id()).or_default().withdrawn = Some(event.id());
                }
                _ => {}
            }
        }
        for (offer, (_, _, accept)) in first {
            answers.entry(offer).or_default().accepted = Some(accept);
        }
        let by_accept: BTreeMap<EventId, EventId> =
            answers.iter().filter_map(|(offer, answer)| Some((answer.accepted?, *offer))).collect();
        for event in order.iter().filter(|event| event.kind == EventKind::Ack) {
            let offer = event.about.and_then(|accept| by_accept.get(&accept));
            let is_the_givers = |offer: &&EventId| {
                offers.get(*offer).is_some_and(|offer| offer.device == event.device)
            };
            if let Some(offer) = offer.filter(is_the_givers) {
                answers.entry(*offer).or_default().acknowledged = Some(event.id());
            }
        }
        Self(answers)
    }

    fn to(&self, offer: &EventId) -> Answer {
        self.0.get(offer).copied().unwrap_or_default()
    }
}

/// Whose acts need another's signature, and who signed off.
#[derive(Default)]
struct Countersignatures<'e> {
    /// Each act that needs another's signature, the rule that says so, and the boxes
    /// for which.
    needed: Vec<(&'e Signed<Event>, Rule, BTreeSet<Token>)>,
    /// Sign-offs of those who may.
    good: BTreeSet<EventId>,
    /// Who signed off several events under a root, of which none is proved here.
    unproved: BTreeSet<DeviceId>,
}

impl<'e> Countersignatures<'e> {
    fn need(&mut self, event: &'e Signed<Event>, boxes: Classes, in_trouble: Classes) {
        let rule = rules::needs(event.kind, &union(&boxes), &union(&in_trouble));
        if let Some(rule) = rule {
            let of_trouble = rule == Rule::Supervisor && event.kind != EventKind::Destroy;
            let boxes = if of_trouble { in_trouble } else { boxes };
            self.needed.push((event, rule, boxes.into_keys().collect()));
        }
    }

    fn check(&self, custody: &mut Custody) {
        for (event, rule, boxes) in &self.needed {
            let (id, device) = (event.id(), event.device);
            let signed: Vec<SignOff> = custody
                .sign_offs
                .get(&id)
                .into_iter()
                .flatten()
                .filter(|(sign_off, _)| self.good.contains(sign_off))
                .map(|(_, how)| *how)
                .collect();
            let by_another = |how: &SignOff| match how {
                SignOff::Signed(by) | SignOff::Confirmed(by) => *by != device,
                SignOff::Claimed | SignOff::Refused => false,
            };
            let by_supervisor = if signed.iter().any(by_another) {
                Countersignature::Given
            } else if signed.contains(&SignOff::Claimed)
                || self.unproved.iter().any(|by| *by != device)
            {
                Countersignature::Perhaps
            } else {
                Countersignature::Missing
            };
            let by_receiver = if boxes.iter().all(|token| went_on(custody.steps.get(token), event))
            {
                Countersignature::Given
            } else {
                Countersignature::Missing
            };
            let countersigned = Countersigned { by_supervisor, by_receiver };
            if let Some(broken) = countersigned.breaks(*rule) {
                custody.fault(broken.into(), [id], boxes.iter().copied());
            }
        }
    }
}

/// Whether a box that somebody took went from him to another who signed for it.
fn went_on(steps: Option<&Vec<Step>>, taken: &Signed<Event>) -> bool {
    let takes = matches!(taken.kind, EventKind::TakeOver | EventKind::CollectForDestruction);
    let mut after = steps.into_iter().flatten().skip_while(|step| step.event != taken.id());
    let onward = after.find(|step| !step.holder.may_be(taken.device));
    takes && onward.is_some_and(|step| step.kind == EventKind::Accept)
}

/// The classes of all of them.
fn union(classes: &Classes) -> BTreeSet<BoxClass> {
    classes.values().flatten().copied().collect()
}

impl From<Broken> for FaultKind {
    fn from(broken: Broken) -> Self {
        match broken {
            Broken::Proven(rule) => Self::Broken(rule),
            Broken::NotProvable(rule) => Self::NotProvable(rule),
        }
    }
}

/// For how many events another has to wait.
#[derive(Debug, Clone, Copy, Default)]
struct Waits {
    causes: usize,
    numbers: usize,
}

fn causes(event: &Event) -> impl Iterator<Item = EventId> {
    event.previous.into_iter().chain(event.about)
}

impl Custody {
    fn fault(
        &mut self,
        kind: FaultKind,
        events: impl IntoIterator<Item = EventId>,
        boxes: impl IntoIterator<Item = Token>,
    ) {
        let (events, boxes) = (events.into_iter().collect(), boxes.into_iter().collect());
        self.faults.insert(Fault { kind, events, boxes });
    }

    /// A fault only if there are boxes that it is about.
    fn fault_on(
        &mut self,
        kind: FaultKind,
        events: impl IntoIterator<Item = EventId>,
        boxes: BTreeSet<Token>,
    ) {
        if !boxes.is_empty() {
            self.fault(kind, events, boxes);
        }
    }
}
