//! The exported record: whole, believed by the core, and of one job only.

use crewseal_custody::rules::Rule;
use crewseal_custody::{EventKind, FaultKind, Finding, FindingKind, Holder, JobId, Lists, Record};
use crewseal_hq::HqError;

use crate::phone::{Site, outcomes, singly};

fn contains(bytes: &[u8], part: &[u8]) -> bool {
    bytes.windows(part.len()).any(|window| window == part)
}

#[tokio::test]
async fn a_record_reads_back_clean_and_shows_one_job_only() {
    let site = Site::open();
    let other_job = site.open_job(10..13);
    let mut phone = site.phone().await;
    site.hq.assign(phone.device(), other_job).unwrap();
    let mut lists = Lists::new();
    lists.add_roll(site.roll.clone());
    let by_roll = lists.name(&[site.label(4), site.label(5)].into()).unwrap();

    let mut envelopes = vec![phone.act(EventKind::TakeOver, site.job, &[site.label(0)])];
    envelopes.push(phone.act(EventKind::TakeOver, other_job, &[site.label(10), site.label(20)]));
    let mut event = phone.event(EventKind::TakeOver, site.job, by_roll);
    let damaged =
        Finding { kind: FindingKind::Damaged, boxes: singly(&[site.label(4)]), photo: None };
    event.findings.push(damaged);
    let signed = phone.sign(event);
    envelopes.push(phone.seal(&signed));
    envelopes.push(phone.act(EventKind::TakeOver, other_job, &[site.label(11)]));
    phone.deliver(&envelopes).await;

    let bytes = site.hq.export(site.job).unwrap();
    let reading = Record::read(&bytes, Some(&site.hq.identity())).unwrap();
    assert!(reading.errors.is_empty(), "{:?}", reading.errors);
    assert_eq!(reading.record.events.len(), 2);
    assert_eq!(reading.record.receipts.len(), 1, "one log");
    assert_eq!(reading.evidence.places.len(), 3, "one bare, between the two; none after");
    assert_eq!(reading.evidence.tick_places.len(), 1);
    assert_eq!(reading.record.credentials.len(), 1);
    assert_eq!(reading.record.ticks.len(), 1);

    let custody = reading.evidence.verify();
    // The first box is sensitive, and one person took it.
    let faults: Vec<_> = custody.faults.iter().map(|f| (f.kind, f.boxes.clone())).collect();
    let alone = FaultKind::Broken(Rule::SecondPerson);
    assert_eq!(faults, [(alone, [site.label(0)].into())]);
    let holder = Holder::Device(phone.device());
    assert_eq!(custody.holders[&site.label(4)], holder);
    assert_eq!(custody.holders.len(), 3);
    assert_eq!(custody.steps[&site.label(4)][0].findings, [FindingKind::Damaged]);

    for place in [0, 1, 2, 4, 5] {
        assert!(contains(&bytes, site.label(place).as_bytes()), "of this job: {place}");
    }
    for place in [10, 11, 12, 20, 21, 30, 39] {
        assert!(!contains(&bytes, site.label(place).as_bytes()), "of no or another job: {place}");
    }
    assert!(!contains(&bytes, &other_job.0));
    assert!(!contains(&bytes, b"Customer 1"));
}

#[tokio::test]
async fn two_exports_differ_in_time_and_signature_only() {
    let site = Site::open();
    let (mut one, mut two) = (site.phone().await, site.phone().await);
    site.hq.revoke(one.device(), 1_800_000_000).unwrap();
    for phone in [&mut one, &mut two] {
        let mut envelopes = [
            phone.act(EventKind::Count, site.job, &[site.label(0)]),
            phone.act(EventKind::Count, site.job, &[site.label(1)]),
        ];
        envelopes.reverse();
        phone.deliver(&envelopes).await;
    }
    let read = || Record::read(&site.hq.export(site.job).unwrap(), None).unwrap().record;
    let (first, mut second) = (read(), read());
    second.at = first.at;
    assert!(first == second);
}

#[tokio::test]
async fn what_was_disputed_is_in_the_record_as_a_fault() {
    let site = Site::open();
    let mut phone = site.phone().await;
    let first = phone.act(EventKind::Count, site.job, &[site.label(0)]);
    (phone.sequence, phone.previous) = (0, None);
    let fork = phone.act(EventKind::Count, site.job, &[site.label(1)]);
    phone.sequence = 4;
    let after_gap = phone.act(EventKind::Count, site.job, &[site.label(1)]);
    let receipts = phone.deliver(&[first, fork, after_gap]).await;
    assert_eq!(outcomes(&receipts).len(), 3);
    let reading =
        Record::read(&site.hq.export(site.job).unwrap(), Some(&site.hq.identity())).unwrap();
    assert!(reading.errors.is_empty(), "{:?}", reading.errors);
    let faults = reading.evidence.verify().faults;
    assert!(faults.iter().any(|fault| fault.kind == FaultKind::Fork));
    let gap = FaultKind::Gap { device: phone.device(), generation: 1, from: 2, to: 5 };
    assert!(faults.iter().any(|fault| fault.kind == gap));
}

#[tokio::test]
async fn there_is_no_record_of_a_job_that_is_not() {
    let site = Site::open();
    let unknown = site.hq.export(JobId([0; 16]));
    assert!(matches!(unknown, Err(HqError::UnknownJob(_))));
    assert!(Record::read(&site.hq.export(site.job).unwrap(), None).unwrap().errors.is_empty());
}
