//! Rules between HQ and phones: what a phone refuses to sign or to hand over, and
//! what it learns of revoked devices without a network.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;

use crewseal::clock::Clock;
use crewseal::vault::SoftwareVault;
use crewseal::{ActRequest, Crew, CrewError};
use crewseal_custody::cbor;
use crewseal_custody::rules::Rule;
use crewseal_custody::{
    BoxClass, EventKind, FaultKind, FindingKind, JobId, Nda, Qualifications, Record, Role,
    SpotCheck,
};
use crewseal_hq::{Hq, JobPlan, Listen, Running, serve};
use crewseal_label::Token;
use moving_day::time::DayClock;

/// An HQ with one job of four boxes, the first with papers, the second sensitive.
struct Office {
    dir: tempfile::TempDir,
    clock: DayClock,
    hq: Hq,
    running: Running,
    job: JobId,
    boxes: Vec<Token>,
}

impl Office {
    fn open() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let clock = DayClock::morning();
        let hq = Hq::create(&dir.path().join("hq"), "hq.test", Arc::new(clock.clone())).unwrap();
        let running = serve(hq.clone(), Listen::default()).unwrap();
        let boxes: Vec<Token> = hq.mint_roll(4).unwrap().tokens().map(|(_, t)| t).collect();
        let plan = JobPlan {
            boxes: 4,
            labelled: boxes.clone(),
            sensitive: [boxes[1]].into(),
            classes: BTreeMap::from([(boxes[0], [BoxClass::Papers].into())]),
            opens_at: clock.now(),
            closes_at: clock.now() + 8_000_000,
            ..JobPlan::default()
        };
        let job = hq.open_job(&plan).unwrap();
        Self { dir, clock, hq, running, job, boxes }
    }

    /// A phone of the crew, with the job on it.
    async fn phone(&self, name: &str, role: Role, has: &Qualifications) -> Crew {
        let phone = self.stranger(name, role, has).await;
        phone.fetch().await.unwrap();
        phone
    }

    /// The same before it fetched anything.
    async fn stranger(&self, name: &str, role: Role, has: &Qualifications) -> Crew {
        let home = self.dir.path().join(name);
        let vault = SoftwareVault::open(&home, "only for the test", 1_000).unwrap();
        let crew = open(&home, vault, &self.clock);
        let url = self.running.url();
        let invitation = self.hq.invite_qualified(role, name, has, &[self.job], url).unwrap();
        crew.enrol(&cbor::to_vec(&invitation)).await.unwrap();
        crew
    }

    fn set(&self, places: &[usize]) -> BTreeSet<Token> {
        places.iter().map(|place| self.boxes[*place]).collect()
    }

    /// What the record of the job says against rules.
    fn faults(&self) -> Vec<FaultKind> {
        let record = self.hq.export(self.job).unwrap();
        let reading = Record::read(&record, Some(&self.hq.identity())).unwrap();
        assert_eq!(reading.errors, []);
        let faults = reading.evidence.verify().faults;
        let of_rules = |kind: &FaultKind| {
            matches!(
                kind,
                FaultKind::Broken(_) | FaultKind::NotProvable(_) | FaultKind::RevocationsMissing
            )
        };
        faults.iter().map(|fault| fault.kind).filter(of_rules).collect()
    }
}

fn open(home: &Path, vault: SoftwareVault, clock: &DayClock) -> Crew {
    Crew::open(home, Arc::new(vault), Arc::new(clock.clone())).unwrap()
}

fn qualified(now: u64) -> Qualifications {
    let until = now + 30 * 24 * 60 * 60;
    Qualifications {
        licences: BTreeSet::new(),
        nda: Some(Nda { text: Nda::digest("I tell nobody."), until }),
        trained_until: Some(until),
        classes: BoxClass::ALL.into(),
    }
}

fn forbidden<T>(result: Result<T, CrewError>) -> Option<Rule> {
    match result.err().unwrap() {
        CrewError::Forbidden(rule) => Some(rule),
        _ => None,
    }
}

fn other_forbidden<T>(result: Result<T, CrewError>) -> Option<Rule> {
    match result.err().unwrap() {
        CrewError::OtherForbidden(rule) => Some(rule),
        _ => None,
    }
}

#[tokio::test]
async fn a_phone_signs_nothing_that_a_rule_forbids_its_carrier() {
    let office = Office::open();
    let (job, now) = (office.job, office.clock.now());
    let ordinary = office.set(&[2, 3]);
    let all = qualified(now);
    let cases = [
        ("supervisor", Role::Supervisor, all.clone(), EventKind::TakeOver, vec![2], Rule::Role),
        ("driver", Role::Driver, all.clone(), EventKind::SignOff, vec![], Rule::Role),
        ("unlicensed", Role::Driver, all.clone(), EventKind::Depart, vec![2], Rule::Licence),
        (
            "contractor",
            Role::Contractor,
            Qualifications { classes: [BoxClass::Papers].into(), ..all.clone() },
            EventKind::TakeOver,
            vec![0, 1],
            Rule::Classes,
        ),
        (
            "talker",
            Role::Mover,
            Qualifications { nda: None, ..all.clone() },
            EventKind::TakeOver,
            vec![0],
            Rule::Nda,
        ),
        (
            "untrained",
            Role::Mover,
            Qualifications { trained_until: Some(now), ..all.clone() },
            EventKind::Count,
            vec![2],
            Rule::Training,
        ),
    ];
    for (name, role, has, kind, boxes, rule) in cases {
        let crew = office.phone(name, role, &has).await;
        let boxes = office.set(&boxes);
        assert_eq!(forbidden(crew.needs(kind, job, &boxes, &[])), Some(rule), "{name}");
        let refused = crew.record(job, &ActRequest::new(kind, boxes.clone()));
        assert_eq!(forbidden(refused), Some(rule), "{name}");
        assert_eq!(crew.outbox().unwrap().waiting, 0, "{name}: nothing was signed");
    }
    // What his credential did say ran out while he worked.
    let mover = office.phone("mover", Role::Mover, &all).await;
    mover.record(job, &ActRequest::new(EventKind::TakeOver, ordinary.clone())).unwrap();
    office.clock.pass(31 * 24 * 60);
    mover.record(job, &ActRequest::new(EventKind::Count, ordinary.clone())).unwrap();
    mover.fetch().await.unwrap();
    let late = mover.record(job, &ActRequest::new(EventKind::Count, ordinary.clone()));
    assert_eq!(forbidden(late), Some(Rule::Training), "HQ's time is known now");
}

#[tokio::test]
async fn a_phone_says_who_else_must_sign() {
    let office = Office::open();
    let job = office.job;
    let mover = office.phone("mover", Role::Mover, &qualified(office.clock.now())).await;
    let needs = |kind, boxes: &[usize], found: &[(FindingKind, BTreeSet<Token>)]| {
        mover.needs(kind, job, &office.set(boxes), found).unwrap()
    };
    let broken = |place| [(FindingKind::SealBroken, office.set(&[place]))];
    assert_eq!(needs(EventKind::TakeOver, &[2, 3], &[]), None);
    assert_eq!(needs(EventKind::TakeOver, &[0, 2], &[]), Some(Rule::SecondPerson));
    assert_eq!(needs(EventKind::Deliver, &[1], &[]), Some(Rule::SecondPerson), "in no class");
    assert_eq!(needs(EventKind::Count, &[0, 2], &broken(2)), None);
    assert_eq!(needs(EventKind::Count, &[0, 2], &broken(0)), Some(Rule::Supervisor));
}

#[tokio::test]
async fn boxes_are_offered_only_to_those_who_may_have_them() {
    let office = Office::open();
    let (job, all) = (office.job, qualified(office.clock.now()));
    let supervisor = office.phone("supervisor", Role::Supervisor, &all).await;
    let some = Qualifications { classes: BTreeSet::new(), ..all.clone() };
    let contractor = office.phone("contractor", Role::Contractor, &some).await;
    let mover = office.phone("mover", Role::Mover, &all).await;
    let offer = |to: &Crew, boxes: &[usize]| {
        mover.offer(
            job,
            &office.set(boxes),
            &[],
            &to.hello(crewseal::Introduction::Omitted).unwrap(),
        )
    };
    assert_eq!(other_forbidden(offer(&supervisor, &[2])), Some(Rule::Role));
    assert_eq!(other_forbidden(offer(&contractor, &[0, 2])), Some(Rule::Classes));
    assert_eq!(other_forbidden(offer(&contractor, &[1])), Some(Rule::Classes), "in no class");
    assert_eq!(mover.outbox().unwrap().waiting, 0, "nothing was signed");

    // What he was offered he may have; what he scans besides, he may not sign for.
    let offered = offer(&contractor, &[2, 3]).unwrap();
    let view = contractor.read_offer(&offered).err();
    assert!(view.is_some_and(|error| matches!(error, CrewError::Stranger)), "not on his roster");
    contractor.fetch().await.unwrap();
    let view = contractor.read_offer(&offered).unwrap();
    let besides = contractor.accept(&view, &office.set(&[0, 2]), &[], SpotCheck::Done);
    assert_eq!(forbidden(besides), Some(Rule::Classes));
    contractor.accept(&view, &office.set(&[2]), &[], SpotCheck::Done).unwrap();
}

#[tokio::test]
async fn a_revoked_device_neither_gives_nor_gets() {
    let office = Office::open();
    let (job, all) = (office.job, qualified(office.clock.now()));
    let lost = office.phone("lost", Role::Mover, &all).await;
    let driver = office.phone("driver", Role::Driver, &all).await;
    lost.fetch().await.unwrap();
    lost.record(job, &ActRequest::new(EventKind::TakeOver, office.set(&[2, 3]))).unwrap();
    // Before anybody knows, it offers.
    let early = driver.hello(crewseal::Introduction::Omitted).unwrap();
    let early = lost.offer(job, &office.set(&[2]), &[], &early).unwrap();
    driver.fetch().await.unwrap();
    let early = driver.read_offer(&early).unwrap();

    office.clock.pass(10);
    office.hq.revoke(lost.device(), office.clock.now()).unwrap();
    driver.fetch().await.unwrap();
    let to_it = driver.offer(
        job,
        &office.set(&[3]),
        &[],
        &lost.hello(crewseal::Introduction::Omitted).unwrap(),
    );
    assert_eq!(other_forbidden(to_it), Some(Rule::Revocation));
    let from_it = driver.accept(&early, &office.set(&[2]), &[], SpotCheck::Done);
    assert_eq!(other_forbidden(from_it), Some(Rule::Revocation));

    // What it did before is in order; of what it does now without knowing, nobody
    // can say when it was.
    office.clock.pass(10);
    lost.record(job, &ActRequest::new(EventKind::Count, office.set(&[3]))).unwrap();
    lost.sync().await.unwrap();
    let straddled = FaultKind::NotProvable(Rule::Revocation);
    assert_eq!(office.faults(), [straddled; 3], "all came to HQ after that");
    // Once it has asked HQ, it knows, and sees no jobs any more.
    let fetched = lost.fetch().await.unwrap();
    assert_eq!((fetched.jobs, fetched.labels), (0, 0));
    let count = lost.record(job, &ActRequest::new(EventKind::Count, office.set(&[3])));
    assert_eq!(forbidden(count), Some(Rule::Revocation));
}

#[tokio::test]
async fn the_epoch_of_revocations_travels_from_phone_to_phone() {
    let office = Office::open();
    let (job, all) = (office.job, qualified(office.clock.now()));
    let (mover, driver) = (
        office.stranger("m", Role::Mover, &all).await,
        office.stranger("d", Role::Driver, &all).await,
    );
    let lost = office.phone("lost", Role::Mover, &all).await;
    mover.fetch().await.unwrap();
    driver.fetch().await.unwrap();
    let hand_over = |from: &Crew, to: &Crew, boxes: &[usize]| {
        let boxes = office.set(boxes);
        let offer = from
            .offer(job, &boxes, &[], &to.hello(crewseal::Introduction::Omitted).unwrap())
            .unwrap();
        let view = to.read_offer(&offer).unwrap();
        let accept = to.accept(&view, &boxes, &[], SpotCheck::Done).unwrap();
        let acceptance = from.read_acceptance(&accept).unwrap();
        to.read_ack(&acceptance.ack).unwrap();
        (view.may_be_revoked, acceptance.may_be_revoked)
    };
    mover.record(job, &ActRequest::new(EventKind::TakeOver, office.set(&[2, 3]))).unwrap();
    assert_eq!(hand_over(&mover, &driver, &[2]), (false, false), "nobody was revoked");

    // The mover hears of it from HQ, and the driver from the mover's tick, in OFFER.
    office.hq.revoke(lost.device(), office.clock.now()).unwrap();
    mover.fetch().await.unwrap();
    assert_eq!(hand_over(&mover, &driver, &[3]), (true, false), "and nothing is blocked");
    // The other way round: the receiver's tick, in HELLO.
    assert_eq!(hand_over(&driver, &mover, &[2]), (false, true));
    driver.fetch().await.unwrap();
    assert_eq!(hand_over(&mover, &driver, &[2]), (false, false), "now he has the list");
    for phone in [&mover, &driver] {
        phone.sync().await.unwrap();
    }
    assert_eq!(office.faults(), []);
}
