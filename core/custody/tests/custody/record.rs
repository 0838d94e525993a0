//! The exported record, and what is said of one that was changed.

use std::collections::BTreeSet;

use crewseal_custody::cbor::{self, Version};
use crewseal_custody::logged::{
    ActKind, Logged, LoggedAct, ProvenEvent, Restore, UnverifiedRestore,
};
use crewseal_custody::{DeviceId, EventKind, JobId, KeyListError, Outcome, Record, Salt, Tick};
use fixtures::log::PaperLog;
use fixtures::paper::{self};
use minicbor::bytes::ByteVec;

#[test]
fn a_record_names_an_error_for_every_byte_that_was_changed() {
    let mut mover = paper::mover();
    let event = mover.does(EventKind::TakeOver, paper::boxes([1, 101]));
    let record = paper::hq().sign(paper::record_of(&mover, &event));
    let whole = Record::read(record.as_bytes(), Some(&paper::hq_keys().identity())).unwrap();
    assert_eq!(whole.errors, []);
    assert_eq!(whole.evidence.verify().faults, BTreeSet::new());

    for at in 0..record.as_bytes().len() {
        let mut damaged = record.as_bytes().to_vec();
        damaged[at] ^= 1 << (at % 8);
        if let Ok(reading) = Record::read(&damaged, Some(&paper::hq_keys().identity())) {
            assert!(!reading.errors.is_empty(), "byte {at}");
        }
    }
    for end in 0..record.as_bytes().len() {
        assert!(Record::read(&record.as_bytes()[..end], None).is_err(), "cut after {end}");
    }
    let stranger =
        Record::read(record.as_bytes(), Some(&paper::other_hq_keys().identity())).unwrap();
    assert!(!stranger.errors.is_empty());
}

#[test]
fn an_event_of_another_job_in_a_record_is_an_error() {
    let (mut mover, hq) = (paper::mover(), paper::hq());
    let event = mover.acts_elsewhere();
    assert_ne!(event.job, JobId([0x0a; 16]));
    let bytes = |message: &[u8]| ByteVec::from(message.to_vec());
    let record = hq.sign(Record {
        credentials: vec![bytes(hq.sign(mover.credential()).as_bytes())],
        events: vec![bytes(event.as_bytes()), bytes(event.as_bytes())],
        ..paper::record()
    });
    let reading = Record::read(record.as_bytes(), Some(&paper::hq_keys().identity())).unwrap();
    let said: Vec<String> =
        reading.errors.iter().map(|(at, error)| format!("{at}: {error}")).collect();
    assert_eq!(
        said,
        [
            "event 1: belongs to another job",
            "event 2: belongs to another job",
            "event 2: stands in the record twice",
        ]
    );
}

#[test]
fn a_tick_of_another_log_and_a_receipt_with_other_numbers_are_errors() {
    let (mut mover, hq) = (paper::mover(), paper::hq());
    let event = mover.acts_elsewhere();
    let bytes = |message: &[u8]| ByteVec::from(message.to_vec());
    let tick =
        hq.sign(Tick { origin: "another log".to_owned(), nonce: Salt([1; 16]), ..paper::tick(1) });
    let logged = paper::logged(&event, Outcome::Stored, paper::MORNING);
    let later = Logged { sequence: event.sequence + 1, ..logged };
    let receipt = cbor::to_vec(&paper::receipt(&[], &[(&event, later)]));
    let record = hq.sign(Record {
        job: event.job,
        credentials: vec![bytes(hq.sign(mover.credential()).as_bytes())],
        ticks: vec![bytes(tick.as_bytes())],
        events: vec![bytes(event.as_bytes())],
        receipts: vec![receipt.into()],
        statements: vec![b"a statement that no event names".to_vec().into()],
        ..paper::record()
    });
    let reading = Record::read(record.as_bytes(), Some(&paper::hq_keys().identity())).unwrap();
    let said: Vec<String> =
        reading.errors.iter().map(|(at, error)| format!("{at}: {error}")).collect();
    assert_eq!(
        said,
        [
            "tick 1: belongs to another log",
            "receipt 1: names its event's device or numbers otherwise",
            "statement 1: not a statement that an event names",
        ]
    );
}

#[test]
fn device_ids_follow_from_both_keys_and_their_order() {
    let mover = paper::mover();
    let (act, handoff) = (mover.act.public, mover.handoff.public);
    assert_eq!(DeviceId::of(&act, &handoff), mover.credential().device());
    assert_ne!(DeviceId::of(&act, &handoff), DeviceId::of(&handoff, &act));
}

/// What HQ's own log and restores contradict, whoever exported the record.
#[test]
fn an_hq_that_contradicts_its_own_log_is_told() {
    let (hq, mut mover) = (paper::hq(), paper::mover());
    let event = mover.does(EventKind::Count, paper::boxes([1]));
    let tick = hq.sign(paper::tick(event.anchor.number));
    let bytes = |message: &[u8]| ByteVec::from(message.to_vec());
    let said = |record: Record| {
        let signed = hq.sign(record);
        let reading = Record::read(signed.as_bytes(), Some(&paper::hq_keys().identity())).unwrap();
        let said = reading.errors.iter().map(|(at, error)| format!("{at}: {error}"));
        said.collect::<Vec<String>>()
    };
    let with = |receipts: Vec<ByteVec>, restores: Vec<ByteVec>| Record {
        credentials: vec![bytes(hq.sign(mover.credential()).as_bytes())],
        ticks: vec![bytes(tick.as_bytes())],
        manifests: vec![bytes(hq.sign(paper::manifest(1, None, &paper::tokens(0..10))).as_bytes())],
        events: vec![bytes(event.as_bytes())],
        receipts,
        restores,
        ..paper::record()
    };
    let logged = paper::logged(&event, Outcome::Stored, paper::MORNING);
    let mut log = PaperLog::default();
    log.replicated = Some(2);
    let receipt = |log: &PaperLog, placed: ProvenEvent, at: u64| {
        let (kind, salt, message) = (ActKind::Tick, tick.nonce, tick.id());
        let act = LoggedAct { place: at, kind, salt, message };
        cbor::to_vec(&log.receipt(&[placed], vec![act], paper::MORNING)).into()
    };
    let first = log.log(&event, logged);
    let after = log.push(tick.leaf());
    let early = receipt(&log, first, after);
    let before = "event 1: stands in HQ's log before the tick that it names";
    assert_eq!(said(with(vec![early], vec![])), [before]);

    let mut log = PaperLog::default();
    log.replicated = Some(2);
    let at = log.push(tick.leaf());
    let placed = log.log(&event, logged);
    let good: ByteVec = receipt(&log, placed, at);
    let restore = |size: u64| -> ByteVec {
        let restore = Restore {
            version: Version,
            origin: paper::ORIGIN.to_owned(),
            kept: log.head_at(size),
            newest: Vec::new().into(),
            at: paper::MORNING,
            salt: Salt([1; 16]),
        };
        let mut signed = UnverifiedRestore::propose(restore).unwrap();
        let key = paper::list_key();
        signed.sign::<KeyListError>(&key.public, |bytes| Ok(key.raw(bytes))).unwrap();
        signed.to_bytes().into()
    };
    assert_eq!(said(with(vec![good.clone()], vec![restore(2)])), [""; 0]);
    let lost = "restore of the log 1: loses what HQ had said to have twice";
    assert_eq!(said(with(vec![good], vec![restore(1)])), [lost]);
}
