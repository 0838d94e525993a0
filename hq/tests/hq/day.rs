//! A job to test with: HQ, devices and boxes whose events are really signed.

use std::collections::BTreeMap;

use crewseal_custody::cbor::{self, Version, Versions};
use crewseal_custody::logged::{ActKind, Logged, LoggedAct, ProvenEvent};
use crewseal_custody::roll::{Leaf, Roll, RollHead};
use crewseal_custody::signed::{Digest, Message, Namespace, PublicKey, Signed, SignedError};
use crewseal_custody::{
    Act, Anchor, BootId, BoxList, CarrierId, Commitment, Credential, DeviceId, Event, EventId,
    EventKind, Finding, FindingKind, HqKeys, JobId, Link, Lists, Manifest, Manifests, Moment,
    Outcome, Protection, Record, Role, Salt, Since, SpotCheck, Tick,
};
use crewseal_label::Token;
use fixtures::log::PaperLog;
use minicbor::bytes::ByteVec;
use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair};

/// What every receiver of the day bound himself to.
const OPENING: Salt = Salt([0x0e; 16]);

/// 2026-03-14 00:00 UTC.
pub const MIDNIGHT: u64 = 1_773_446_400;

/// The name of HQ's log.
pub const ORIGIN: &str = fixtures::paper::ORIGIN;

/// A time of that day.
pub const fn at(hour: u64, minute: u64) -> u64 {
    MIDNIGHT + hour * 3600 + minute * 60
}

/// A key pair in memory.
pub struct Key {
    pair: EcdsaKeyPair,
    pub public: PublicKey,
}

impl Key {
    pub fn new() -> Self {
        let (algorithm, random) = (&ECDSA_P256_SHA256_FIXED_SIGNING, SystemRandom::new());
        let pkcs8 = EcdsaKeyPair::generate_pkcs8(algorithm, &random).unwrap();
        let pair = EcdsaKeyPair::from_pkcs8(algorithm, pkcs8.as_ref(), &random).unwrap();
        let public = PublicKey(pair.public_key().as_ref().try_into().unwrap());
        Self { pair, public }
    }

    pub fn sign<T: Message>(&self, message: T) -> Signed<T> {
        let signed: Result<_, SignedError> = Signed::sign(message, &self.public, |bytes| {
            let signature = self.pair.sign(&SystemRandom::new(), bytes).unwrap();
            Ok(signature.as_ref().try_into().unwrap())
        });
        signed.unwrap()
    }
}

struct Device {
    act: Key,
    handoff: Key,
    id: DeviceId,
    sequence: u64,
    previous: Option<EventId>,
}

/// What an event says beyond its kind, its boxes and its time.
#[derive(Default)]
pub struct More {
    pub to: Option<usize>,
    pub about: Option<EventId>,
    pub findings: Vec<(FindingKind, Vec<usize>)>,
}

/// A job under way.
pub struct Day {
    pub hq: Key,
    pub job: JobId,
    pub labels: Vec<Token>,
    pub credentials: Vec<ByteVec>,
    pub ticks: Vec<Signed<Tick>>,
    pub manifests: Vec<ByteVec>,
    pub rolls: Vec<Roll>,
    pub events: Vec<Signed<Event>>,
    /// Where events stand in HQ's log, and what HQ says of them.
    pub placed: Vec<ProvenEvent>,
    log: PaperLog,
    logged_ticks: Vec<LoggedAct>,
    lists: Lists,
    devices: Vec<Device>,
}

impl Day {
    /// A job whose first `listed` boxes stand on a manifest and the next
    /// `on_roll` on a roll that holds as many labels of other jobs.
    pub fn new(listed: usize, on_roll: usize) -> Self {
        let hq = Key::new();
        let job = JobId([0x5a; 16]);
        let labels: Vec<Token> = (0..listed + 2 * on_roll).map(label).collect();
        let mut lists = Lists::new();
        let added: Vec<u8> = labels[..listed].iter().flat_map(|t| *t.as_bytes()).collect();
        let manifest =
            Manifest { version: Version, job, number: 1, previous: None, added: added.into() };
        let manifest = hq.sign(manifest);
        let mut manifests = Manifests::default();
        let bytes = manifest.as_bytes().to_vec().into();
        manifests.push(manifest).unwrap();
        lists.add_manifests(manifests);
        let mut rolls = Vec::new();
        if on_roll > 0 {
            let leaves: Vec<Leaf> = labels[listed..].iter().map(|t| Leaf::Token(*t)).collect();
            let roll = Roll::new(hq.sign(RollHead::over(&leaves).unwrap()), leaves).unwrap();
            lists.add_roll(roll.clone());
            rolls.push(roll.disclosing(|token| labels[..listed + on_roll].contains(token)));
        }
        Self {
            hq,
            job,
            labels,
            credentials: Vec::new(),
            ticks: Vec::new(),
            manifests: vec![bytes],
            rolls,
            events: Vec::new(),
            placed: Vec::new(),
            log: PaperLog::default(),
            logged_ticks: Vec::new(),
            lists,
            devices: Vec::new(),
        }
    }

    /// A device that HQ vouches for from 05:00 to 23:00.
    pub fn enrol(&mut self, pseudonym: &str, role: Role) -> usize {
        let (act, handoff) = (Key::new(), Key::new());
        let credential = Credential {
            version: Versions::NEWEST,
            act_key: act.public,
            handoff_key: handoff.public,
            pseudonym: pseudonym.to_owned(),
            role,
            valid_from: at(5, 0),
            valid_to: at(23, 0),
            carrier: CarrierId(DeviceId::of(&act.public, &handoff.public).0),
            qualifications: None,
            serial: 1,
            voucher: None,
        };
        let id = credential.device();
        self.credentials.push(self.hq.sign(credential).as_bytes().to_vec().into());
        self.devices.push(Device { act, handoff, id, sequence: 0, previous: None });
        self.devices.len() - 1
    }

    pub fn device(&self, who: usize) -> DeviceId {
        self.devices[who].id
    }

    /// HQ's clock, which events from now on name.
    pub fn tick(&mut self, at: u64) {
        let number = u64::try_from(self.ticks.len()).unwrap() + 1;
        let nonce = Salt(random(self.ticks.len(), "tick"));
        let head = Some(self.log.head());
        let tick = self.hq.sign(Tick {
            version: Tick::version_with(head.as_ref()),
            origin: ORIGIN.into(),
            number,
            at,
            nonce,
            log: head,
            epoch: None,
        });
        let place = self.log.push(tick.leaf());
        let (kind, message) = (ActKind::Tick, tick.id());
        self.logged_ticks.push(LoggedAct { place, kind, salt: nonce, message });
        self.ticks.push(tick);
    }

    /// An act that nobody has signed yet and that moves no chain on.
    pub fn unsigned(
        &self,
        who: usize,
        kind: EventKind,
        boxes: &[usize],
        at: u64,
        more: More,
    ) -> Event {
        let device = &self.devices[who];
        let findings = more.findings.iter().map(|(kind, boxes)| Finding {
            kind: *kind,
            boxes: self.list(boxes),
            photo: None,
        });
        let act = Act {
            findings: findings.collect(),
            to: more.to.map(|who| self.device(who)),
            about: more.about,
            ..Act::new(kind, self.job, self.list(boxes))
        };
        let link = Link {
            device: device.id,
            generation: 1,
            sequence: device.sequence + 1,
            previous: device.previous,
        };
        let tick = self.ticks.last().unwrap();
        let moment = Moment {
            claimed_at: at,
            since: Since { boot: BootId([1; 4]), millis: 1000 },
            anchor: Anchor { number: tick.number, nonce: tick.nonce },
        };
        let event = Event::new(link, moment, Salt(random(self.events.len(), "salt")), act);
        let receiver = event.to.filter(|_| kind == EventKind::Offer);
        let accepts = kind == EventKind::Accept;
        Event {
            commitment: receiver.map(|receiver| Commitment::to(&OPENING, &receiver)),
            opening: accepts.then_some(OPENING),
            spot_check: accepts.then_some(SpotCheck::Done),
            ..event
        }
    }

    /// An act, signed with whatever key its kind asks for.
    pub fn act(
        &mut self,
        who: usize,
        kind: EventKind,
        boxes: &[usize],
        at: u64,
        more: More,
    ) -> EventId {
        let event = self.unsigned(who, kind, boxes, at, more);
        let device = &mut self.devices[who];
        let key = match event.protection {
            Protection::Act => &device.act,
            Protection::Handoff => &device.handoff,
        };
        let signed = key.sign(event);
        (device.sequence, device.previous) = (signed.sequence, Some(signed.id()));
        let id = signed.id();
        self.events.push(signed);
        id
    }

    /// An act as it was signed, once more with another salt: a fork.
    pub fn fork(&mut self, who: usize) {
        let last = self.events.last().unwrap();
        let other = Event { salt: Salt([9; 16]), ..Event::clone(last) };
        self.events.push(self.devices[who].act.sign(other));
    }

    /// Offer and acceptance, three minutes apart.
    pub fn hand_over(&mut self, from: usize, to: usize, boxes: &[usize], at: u64) -> EventId {
        let offer = More { to: Some(to), ..More::default() };
        let offer = self.act(from, EventKind::Offer, boxes, at, offer);
        let accept = More { about: Some(offer), ..More::default() };
        self.act(to, EventKind::Accept, boxes, at + 180, accept)
    }

    /// HQ takes in whatever it does not have yet.
    pub fn sync(&mut self, at: u64) {
        for event in &self.events {
            if self.placed.iter().all(|placed| placed.id != event.id()) {
                let Event { device, generation, sequence, .. } = **event;
                let logged = Logged { device, generation, sequence, outcome: Outcome::Stored, at };
                self.placed.push(self.log.log(event, logged));
            }
        }
    }

    /// The receipt for all that was placed.
    fn receipts(&self) -> Vec<ByteVec> {
        if self.placed.is_empty() {
            return Vec::new();
        }
        let receipt = self.log.receipt(&self.placed, self.logged_ticks.clone(), at(20, 0));
        vec![cbor::to_vec(&receipt).into()]
    }

    /// HQ's keys: one, which signs everything.
    pub fn hq_keys(&self) -> HqKeys {
        fixtures::paper::keys_of(self.hq.public, ORIGIN)
    }

    /// The record, ready to be signed.
    pub fn record(&self) -> Record {
        Record {
            version: Version,
            job: self.job,
            origin: ORIGIN.into(),
            key_lists: self.hq_keys().lists().to_vec(),
            at: at(21, 0),
            credentials: self.credentials.clone(),
            ticks: bytes(&self.ticks),
            manifests: self.manifests.clone(),
            rolls: self.rolls.iter().map(Roll::to_wire).collect(),
            events: bytes(&self.events),
            receipts: self.receipts(),
            release_keys: Vec::new(),
            sensitive: BoxList::default(),
            classes: BTreeMap::new(),
            revocations: None,
            inclusions: Vec::new(),
            confirmations: Vec::new(),
            statements: Vec::new(),
            restores: Vec::new(),
        }
    }

    /// The exported file.
    pub fn export(&self) -> Vec<u8> {
        self.hq.sign(self.record()).as_bytes().to_vec()
    }

    pub fn list(&self, boxes: &[usize]) -> BoxList {
        self.lists.name(&boxes.iter().map(|at| self.labels[*at]).collect()).unwrap()
    }
}

fn bytes<T: Message>(messages: &[Signed<T>]) -> Vec<ByteVec> {
    messages.iter().map(|message| message.as_bytes().to_vec().into()).collect()
}

fn label(number: usize) -> Token {
    Token::from_bytes(random(number, "label"))
}

/// Bytes that look random and are the same in every run.
fn random(number: usize, what: &str) -> [u8; 16] {
    let Digest(digest) = Namespace::Event.digest(&[what.as_bytes(), &cbor::to_vec(&number)]);
    digest[..16].try_into().unwrap()
}

/// A whole day of 42 boxes: taken over, loaded, stored over noon, taken on by a
/// second crew, delivered with one box missing and one seal broken.
pub fn moving_day() -> Day {
    let mut day = Day::new(30, 12);
    let mover = day.enrol("Mover 17", Role::Mover);
    let driver = day.enrol("Driver 4", Role::Driver);
    let warehouse = day.enrol("Warehouse 2", Role::Warehouse);
    let second = day.enrol("Northside 3", Role::Contractor);
    let supervisor = day.enrol("Supervisor 1", Role::Supervisor);
    let all: Vec<usize> = (0..42).collect();
    let but_one: Vec<usize> = (0..42).filter(|at| *at != 17).collect();

    day.tick(at(6, 30));
    day.act(mover, EventKind::Commission, &all[30..], at(7, 40), More::default());
    day.act(mover, EventKind::TakeOver, &all, at(8, 5), More::default());
    day.hand_over(mover, driver, &all, at(8, 31));
    day.act(driver, EventKind::Load, &all, at(9, 12), More::default());
    day.sync(at(9, 30));
    day.tick(at(10, 0));
    let typed = More { findings: vec![(FindingKind::LabelTyped, vec![33])], ..More::default() };
    let offer = More { to: Some(warehouse), ..More::default() };
    let offer = day.act(driver, EventKind::Offer, &all, at(10, 48), offer);
    let accept = More { about: Some(offer), ..typed };
    day.act(warehouse, EventKind::Accept, &all, at(10, 52), accept);
    day.act(warehouse, EventKind::Store, &all, at(11, 20), More::default());
    day.sync(at(11, 35));
    day.tick(at(13, 0));
    day.act(warehouse, EventKind::Count, &all, at(13, 45), More::default());
    day.hand_over(warehouse, second, &all, at(14, 6));
    day.act(second, EventKind::Load, &all, at(14, 40), More::default());
    day.tick(at(15, 30));
    let findings = vec![(FindingKind::Missing, vec![17]), (FindingKind::SealBroken, vec![5])];
    let found = More { findings, ..More::default() };
    let delivered = day.act(second, EventKind::Deliver, &but_one, at(16, 22), found);
    let seen = More { about: Some(delivered), ..More::default() };
    day.act(supervisor, EventKind::SignOff, &but_one, at(16, 40), seen);
    day.sync(at(16, 55));
    day
}
