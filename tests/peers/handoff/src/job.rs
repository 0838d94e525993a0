//! What verification costs over the bare signatures in it, and how it grows.

use std::time::Duration;

use crewseal_custody::cbor;
use crewseal_custody::signed::{Signed, Unverified};
use crewseal_custody::{
    Act, BoxList, Commitment, Credential, DeviceId, Event, EventId, EventKind, Evidence, Holder,
    Lists, Manifests, Outcome, Record, Salt, SpotCheck, admit,
};
use crewseal_label::Token;

use crate::clock::{alternate, time};
use crate::costs::{Bare, Operations};
use fixtures::paper::{self, MORNING, Phone};

/// Events of the job.
pub const EVENTS: usize = 40;
/// Its boxes.
const BOXES: u16 = 500;
/// Boxes of a round of 40 events where there are very many.
const A_ROUND: u16 = 10;
/// How many events are few, and how many are many.
pub const FEW: usize = 10_000;
pub const MANY: usize = 100_000;

/// What was measured of a job.
pub struct Job {
    pub bytes: usize,
    pub operations: Operations,
    /// Lines of all boxes' histories.
    pub steps: usize,
    pub ours: Duration,
    pub bare: Duration,
    /// Of `ours`, what comes after the signatures: who holds what.
    pub decided: Duration,
}

/// What was measured of very many events; times are of one.
pub struct Scaling {
    pub few: Duration,
    pub many: Duration,
    pub few_decided: Duration,
    pub many_decided: Duration,
    /// The most memory that this process ever had, in MiB; none where the system
    /// does not say.
    pub peak: Option<u64>,
}

/// Three phones and their common clock, and what they signed.
struct Story {
    mover: Phone,
    driver: Phone,
    keeper: Phone,
    now: u64,
    /// Seconds from one event to the next.
    step: u64,
    events: Vec<Signed<Event>>,
}

impl Story {
    fn new(step: u64) -> Self {
        let (mover, driver, keeper) = (paper::mover(), paper::driver(), paper::keeper());
        Self { mover, driver, keeper, now: MORNING, step, events: Vec::new() }
    }

    fn phone(&mut self, who: Who) -> &mut Phone {
        let now = self.now;
        let phone = match who {
            Who::Mover => &mut self.mover,
            Who::Driver => &mut self.driver,
            Who::Keeper => &mut self.keeper,
        };
        phone.claims = now;
        phone.tick = (now - MORNING) / 600 + 1;
        phone
    }

    fn does(&mut self, who: Who, kind: EventKind, boxes: &BoxList) {
        let event = self.phone(who).does(kind, boxes.clone());
        self.keep(event);
    }

    fn keep(&mut self, event: Signed<Event>) -> EventId {
        let id = event.id();
        self.events.push(event);
        self.now += self.step;
        id
    }

    fn hands_over(&mut self, from: Who, to: Who, boxes: &BoxList) {
        let opening = Salt([0x0e; 16]);
        let to_device = self.phone(to).device();
        let act = Act { to: Some(to_device), ..paper::act(EventKind::Offer, boxes.clone()) };
        let commitment = Some(Commitment::to(&opening, &to_device));
        let offer = self.signs(from, act, |event| Event { commitment, ..event });
        let act = Act { about: Some(offer), ..paper::act(EventKind::Accept, boxes.clone()) };
        let accept = self.signs(to, act, |event| Event {
            opening: Some(opening),
            spot_check: Some(SpotCheck::Done),
            ..event
        });
        let act = Act { about: Some(accept), ..paper::act(EventKind::Ack, BoxList::default()) };
        self.signs(from, act, |event| event);
    }

    fn signs(&mut self, who: Who, act: Act, finish: impl FnOnce(Event) -> Event) -> EventId {
        let phone = self.phone(who);
        let event = finish(phone.writes(act));
        phone.link.previous = Some(paper::id_of(&event));
        let event = phone.key(event.protection).sign(event);
        self.keep(event)
    }

    /// Forty events from sticking labels to delivery, in which `all` boxes are
    /// handled in the portions that a crew carries: five where each box is
    /// touched, all at once where a vehicle moves.
    fn forty(&mut self, all: &BoxList, portions: &[BoxList; 5]) {
        use EventKind::{Arrive, Commission, Count, Deliver, Depart, Load, Pack, TakeOver, Unload};
        use Who::{Driver, Keeper, Mover};
        let before = self.events.len();
        let each = |story: &mut Self, who, kind| {
            portions.iter().for_each(|boxes| story.does(who, kind, boxes));
        };
        each(self, Mover, Commission);
        each(self, Mover, Pack);
        each(self, Mover, TakeOver);
        self.hands_over(Mover, Driver, all);
        each(self, Driver, Load);
        self.does(Driver, Depart, all);
        self.does(Driver, Arrive, all);
        each(self, Driver, Unload);
        self.hands_over(Driver, Keeper, all);
        self.does(Keeper, EventKind::Store, all);
        self.does(Keeper, Count, all);
        each(self, Keeper, Deliver);
        assert_eq!(self.events.len() - before, EVENTS);
    }
}

#[derive(Clone, Copy)]
enum Who {
    Mover,
    Driver,
    Keeper,
}

/// The boxes of numbers, whole and in five portions.
fn lists_of(lists: &Lists, tokens: &[Token]) -> (BoxList, [BoxList; 5]) {
    let name = |tokens: &[Token]| {
        lists.name(&tokens.iter().copied().collect()).expect("few enough for a list")
    };
    let portion = tokens.len() / 5;
    (name(tokens), std::array::from_fn(|at| name(&tokens[at * portion..][..portion])))
}

fn manifest_of(tokens: &[Token]) -> (Manifests, Lists) {
    let mut manifests = Manifests::default();
    manifests.push(paper::hq().sign(paper::manifest(1, None, tokens))).expect("a first version");
    let mut lists = Lists::new();
    lists.add_manifests(manifests.clone());
    (manifests, lists)
}

/// A job from its record's bytes, against its bare verifications.
pub fn measure(rounds: usize) -> Job {
    let (bytes, verifications) = record();
    let operations = Operations { signings: 0, verifications };
    let hq = paper::hq_keys().identity();
    let bare = Bare::new();
    let reading = Record::read(&bytes, Some(&hq)).expect("our own record");
    let custody = reading.evidence.verify();
    assert!(reading.errors.is_empty() && custody.faults.is_empty(), "{:?}", custody.faults);
    assert!(custody.holders.values().all(|holder| *holder == Holder::Customer));
    assert_eq!(custody.holders.len(), usize::from(BOXES));
    let [ours, decided, bare] = alternate(
        rounds,
        [
            &mut || {
                time(|| {
                    let reading = Record::read(&bytes, Some(&hq)).expect("our own record");
                    let custody = reading.evidence.verify();
                    (reading, custody)
                })
                .0
            },
            &mut || time(|| reading.evidence.verify()).0,
            &mut || time(|| bare.run(operations)).0,
        ],
    );
    let steps = custody.steps.values().map(Vec::len).sum();
    Job { bytes: bytes.len(), operations, steps, ours, bare, decided }
}

/// The job's record, and how many signatures are in it.
fn record() -> (Vec<u8>, usize) {
    let hq = paper::hq();
    let tokens = paper::tokens(0..BOXES);
    let (manifests, lists) = manifest_of(&tokens);
    let mut story = Story::new(300);
    let (all, portions) = lists_of(&lists, &tokens);
    story.forty(&all, &portions);
    let ticks: std::collections::BTreeSet<u64> =
        story.events.iter().map(|event| event.anchor.number).collect();
    let phones = [&story.mover, &story.driver, &story.keeper];
    let ticks: Vec<_> = ticks.iter().map(|number| hq.sign(paper::tick(*number))).collect();
    let logged: Vec<_> = story
        .events
        .iter()
        .map(|event| (event, paper::logged(event, Outcome::Stored, event.claimed_at + 30)))
        .collect();
    let receipt = paper::receipt(&ticks, &logged);
    let record = Record {
        at: MORNING + 40_000,
        credentials: phones
            .map(|phone| hq.sign(phone.credential()).as_bytes().to_vec().into())
            .to_vec(),
        ticks: ticks.iter().map(|tick| tick.as_bytes().to_vec().into()).collect(),
        manifests: manifests.versions().iter().map(|one| one.as_bytes().to_vec().into()).collect(),
        events: story.events.iter().map(|event| event.as_bytes().to_vec().into()).collect(),
        receipts: vec![cbor::to_vec(&receipt).into()],
        ..paper::record()
    };
    // The record, the key list, and the checkpoint of all receipts.
    let verifications = 3
        + record.credentials.len()
        + record.ticks.len()
        + record.manifests.len()
        + record.events.len();
    (hq.sign(record).as_bytes().to_vec(), verifications)
}

/// Very many events of one job, in rounds of 40 on ten boxes each.
struct Crowd {
    events: Vec<Vec<u8>>,
    evidence: Evidence,
}

impl Crowd {
    fn new(count: usize) -> Self {
        let hq = paper::hq();
        let rounds = count / EVENTS;
        let boxes = u16::try_from(rounds * usize::from(A_ROUND)).expect("so many labels there are");
        let tokens = paper::tokens(0..boxes);
        let (_, lists) = manifest_of(&tokens);
        let mut story = Story::new(6);
        let mut events = Vec::with_capacity(count);
        for tokens in tokens.chunks_exact(usize::from(A_ROUND)) {
            let (all, portions) = lists_of(&lists, tokens);
            story.forty(&all, &portions);
            events.extend(story.events.drain(..).map(|event| event.as_bytes().to_vec()));
        }
        let last = story.mover.tick.max(story.driver.tick).max(story.keeper.tick);
        let phones = [&story.mover, &story.driver, &story.keeper];
        let credentials = phones.map(|phone| {
            let valid_to = story.now + 86_400;
            hq.sign(Credential { valid_to, ..phone.credential() })
        });
        let evidence = Evidence {
            credentials: credentials.into_iter().collect(),
            ticks: (1..=last).map(|number| (number, hq.sign(paper::tick(number)))).collect(),
            lists,
            ..Evidence::default()
        };
        Self { events, evidence }
    }

    /// All of it, and how much of it came after the signatures.
    fn verify(&self) -> (Duration, Duration) {
        let mut evidence = Evidence {
            credentials: self.evidence.credentials.clone(),
            ticks: self.evidence.ticks.clone(),
            lists: self.evidence.lists.clone(),
            ..Evidence::default()
        };
        let (read, ()) = time(|| {
            for bytes in &self.events {
                let event = Unverified::<Event>::parse(bytes).expect("an event");
                let of = |device: &DeviceId| evidence.credentials.get(device).map(|one| &**one);
                let event = admit(event, of).expect("it was signed with that key");
                evidence.events.insert(event.id(), event);
            }
        });
        let (decided, custody) = time(|| evidence.verify());
        assert_eq!(evidence.events.len(), self.events.len());
        assert!(custody.faults.is_empty(), "{:?}", custody.faults.first());
        assert!(custody.holders.values().all(|holder| *holder == Holder::Customer));
        (read + decided, decided)
    }
}

/// 10,000 and 100,000 events.
pub fn scaling() -> Scaling {
    let (few, many) = (Crowd::new(FEW), Crowd::new(MANY));
    let mut least = [(Duration::MAX, Duration::MAX); 2];
    for _ in 0..2 {
        // So that both are looked at for as long.
        for (crowd, at, times) in [(&few, 0, MANY / FEW / 2), (&many, 1, 1)] {
            for _ in 0..times {
                let (all, decided) = crowd.verify();
                let least: &mut (Duration, Duration) = &mut least[at];
                *least = (least.0.min(all), least.1.min(decided));
            }
        }
    }
    let each = |time: Duration, count: usize| time / u32::try_from(count).unwrap_or(u32::MAX);
    Scaling {
        few: each(least[0].0, FEW),
        many: each(least[1].0, MANY),
        few_decided: each(least[0].1, FEW),
        many_decided: each(least[1].1, MANY),
        peak: peak(),
    }
}

fn peak() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    line.trim().strip_suffix("kB")?.trim().parse::<u64>().ok().map(|kilobytes| kilobytes / 1024)
}
