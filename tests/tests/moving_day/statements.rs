//! What crews say beside their acts, from a phone to a real HQ: notes and seal numbers, and
//! boxes that are of no job.

use std::collections::BTreeSet;
use std::sync::Arc;

use crewseal::clock::SystemClock;
use crewseal::vault::SoftwareVault;
use crewseal::{ActRequest, Crew, CrewError};
use crewseal_custody::cbor;
use crewseal_custody::personal::Personal;
use crewseal_custody::{
    Body, BootId, EventKind, FindingKind, JobId, MAX_STATEMENT, Note, Record, Role, StatementError,
};
use crewseal_hq::{Hq, JobPlan, Listen, Running, serve};
use crewseal_label::Token;
use tempfile::TempDir;
use thief::Secret;

const WORDS: &str = "a crack in the mirror, as long as a hand";
const SEAL: &str = "SEAL-0417-2260";

/// A phone of a crew with one job, and a label that is of none.
struct Site {
    home: TempDir,
    hq: Hq,
    running: Running,
    crew: Crew,
    job: JobId,
    boxes: BTreeSet<Token>,
    stray: BTreeSet<Token>,
}

impl Site {
    async fn open() -> Self {
        let home = tempfile::tempdir().unwrap();
        let clock = Arc::new(crewseal_hq::clock::SystemClock::start());
        let now = crewseal_hq::clock::Clock::now(&*clock);
        let hq = Hq::create(&home.path().join("hq"), "hq.test", clock).unwrap();
        let roll = hq.mint_roll(4).unwrap();
        let mut labelled: Vec<Token> = roll.tokens().map(|(_, token)| token).collect();
        let stray = labelled.pop().into_iter().collect();
        let boxes = labelled.iter().copied().collect();
        let plan = JobPlan {
            title: Personal::new("Household move 1"),
            customer: Personal::new("Customer 1"),
            origin: Personal::new("5 Example Street"),
            destination: Personal::new("12 Sample Road"),
            boxes: 3,
            sensitive: BTreeSet::new(),
            classes: Default::default(),
            labelled,
            opens_at: now - 10,
            closes_at: now + 1_000_000,
        };
        let job = hq.open_job(&plan).unwrap();
        let running = serve(hq.clone(), Listen::default()).unwrap();
        let vault = SoftwareVault::open(&home.path().join("keys"), "passphrase", 1).unwrap();
        let clock = Arc::new(SystemClock::new(BootId([1; 4])));
        let crew = Crew::open(&home.path().join("phone"), Arc::new(vault), clock).unwrap();
        let invitation = hq.invite(Role::Mover, "Mover 17", &[job], running.url()).unwrap();
        crew.enrol(&cbor::to_vec(&invitation)).await.unwrap();
        crew.fetch().await.unwrap();
        Self { home, hq, running, crew, job, boxes, stray }
    }

    fn damaged(&self, text: &str) -> ActRequest {
        let note = Note { finding: FindingKind::Damaged, text: Personal::new(text) };
        ActRequest {
            findings: vec![(FindingKind::Damaged, self.boxes.clone())],
            said: Some(Body::Notes(vec![note])),
            ..ActRequest::new(EventKind::TakeOver, self.boxes.clone())
        }
    }
}

#[tokio::test]
async fn notes_and_seal_numbers_reach_hq_and_lie_in_no_file_of_the_phone() {
    let site = Site::open().await;
    let took = site.crew.record(site.job, &site.damaged(WORDS)).unwrap();
    let sealed = ActRequest {
        said: Some(Body::SealNumber(Personal::new(SEAL))),
        ..ActRequest::new(EventKind::Seal, site.boxes.clone())
    };
    let sealed = site.crew.record(site.job, &sealed).unwrap();

    let secrets = [WORDS, SEAL].map(|text| Secret::new(text, text.as_bytes()).unwrap());
    let phone = site.home.path().join("phone");
    assert_eq!(thief::search(&phone, &secrets).unwrap(), [], "while it waits");
    for secret in &secrets {
        std::fs::write(phone.join("leak"), secret.written()).unwrap();
        let finds = thief::search(&phone, std::slice::from_ref(secret)).unwrap();
        assert!(!finds.is_empty(), "{} is not looked for", secret.name);
    }
    std::fs::remove_file(phone.join("leak")).unwrap();

    site.crew.sync().await.unwrap();
    let record = site.hq.export(site.job).unwrap();
    let reading = Record::read(&record, Some(&site.hq.identity())).unwrap();
    assert_eq!(reading.errors, []);
    let said = |event| {
        let digest = reading.evidence.events[&event].statement.unwrap();
        reading.evidence.statements[&digest].body().clone()
    };
    assert_eq!(Some(said(took)), site.damaged(WORDS).said);
    assert_eq!(said(sealed), Body::SealNumber(Personal::new(SEAL)));
    let signed: Vec<u8> = reading.record.events.iter().flat_map(|event| event.to_vec()).collect();
    let is_in = |text: &str| signed.windows(text.len()).any(|part| part == text.as_bytes());
    assert!(!is_in(WORDS) && !is_in(SEAL), "nothing of it stands in what is signed for good");
    site.running.shutdown().await;
}

#[tokio::test]
async fn a_note_that_says_nothing_or_too_much_is_refused_and_nothing_is_signed() {
    let site = Site::open().await;
    for text in [String::new(), "x".repeat(MAX_STATEMENT + 1)] {
        let refused = site.crew.record(site.job, &site.damaged(&text));
        assert!(matches!(refused, Err(CrewError::Statement(StatementError::Text))), "{refused:?}");
    }
    assert_eq!(site.crew.outbox().unwrap().waiting, 0);
    site.running.shutdown().await;
}

#[tokio::test]
async fn boxes_of_no_job_are_found_without_one() {
    let site = Site::open().await;
    let in_a_job =
        site.crew.record(site.job, &ActRequest::new(EventKind::Found, site.stray.clone()));
    assert!(matches!(in_a_job, Err(CrewError::CallOfItsOwn)), "{in_a_job:?}");
    let found = site.crew.found(&site.stray, None).unwrap();
    let load = ActRequest::new(EventKind::Load, site.boxes.clone());
    site.crew.record(site.job, &load).unwrap();
    let delivered = site.crew.sync().await.unwrap();
    // Each after the terms that hold for it.
    assert_eq!((delivered.receipted, delivered.parked), (4, 0));
    // Of no job, and so in the record of each in which the device did something.
    let record = site.hq.export(site.job).unwrap();
    let reading = Record::read(&record, Some(&site.hq.identity())).unwrap();
    assert_eq!(reading.errors, []);
    let event = &reading.evidence.events[&found];
    assert_eq!((event.kind, event.job), (EventKind::Found, JobId::NONE));
    let informed = &reading.evidence.events[&event.previous.unwrap()];
    assert_eq!((informed.kind, informed.job), (EventKind::Informed, JobId::NONE));
    site.running.shutdown().await;
}
