//! Sign-offs at HQ: what the record proves of them, and one-time codes. And the
//! customer's receipt beside the record.

use std::collections::BTreeMap;

use crewseal_custody::envelope::Envelope;
use crewseal_custody::{
    Batch, CustomerReceipt, CustomerReceiptError, Event, EventId, EventKind, FaultKind, JobId,
    OneTimeCode, Reading, Record, RecordError, Role, Section, SignOff,
};
use crewseal_hq::HqError;
use crewseal_hq::evidence::customer_receipt::{ReceiptError, check};
use crewseal_hq::evidence::verify::verify;

use crate::phone::{Phone, Site, singly};

async fn supervisor(site: &Site) -> Phone {
    let jobs = [site.job];
    let invitation =
        site.hq.invite(Role::Supervisor, "Supervisor 2", &jobs, site.running.url()).unwrap();
    let mut phone = Phone::new(invitation, site.hq.keys());
    phone.enrol().await.unwrap();
    phone.sign_in().await.unwrap();
    phone
}

fn read(site: &Site) -> Reading {
    let reading =
        Record::read(&site.hq.export(site.job).unwrap(), Some(&site.hq.identity())).unwrap();
    assert!(reading.errors.is_empty(), "{:?}", reading.errors);
    reading
}

/// An act of this job, and its id.
fn act(phone: &mut Phone, site: &Site, kind: EventKind) -> (EventId, Envelope) {
    let event = phone.event(kind, site.job, singly(&[site.label(0)]));
    let signed = phone.sign(event);
    (signed.id(), phone.seal(&signed))
}

/// A sign-off of these acts, the newest last.
fn sign_off(
    phone: &mut Phone,
    site: &Site,
    of: &[EventId],
    code: Option<&OneTimeCode>,
) -> (EventId, Envelope) {
    let root = (of.len() > 1).then(|| Batch::of(&of.iter().copied().collect()).unwrap().root());
    let event = phone.event(EventKind::SignOff, site.job, singly(&[]));
    let event = Event { about: of.last().copied(), root, code: code.cloned(), ..event };
    let signed = phone.sign(event);
    (signed.id(), phone.seal(&signed))
}

#[tokio::test]
async fn a_days_sign_off_is_proved_act_by_act_in_the_record() {
    let site = Site::open();
    let other_job = site.open_job(10..12);
    let (mut mover, mut supervisor) = (site.phone().await, supervisor(&site).await);
    site.hq.assign(mover.device(), other_job).unwrap();
    let mut envelopes = Vec::new();
    let mut acts = Vec::new();
    for kind in [EventKind::TakeOver, EventKind::Load, EventKind::Depart, EventKind::Arrive] {
        let (id, envelope) = act(&mut mover, &site, kind);
        acts.push(id);
        envelopes.push(envelope);
        // What it does in another job meanwhile is nobody's business here.
        envelopes.push(mover.act(EventKind::Count, other_job, &[site.label(10)]));
        // Nor is it an act what it says of itself, or one of this job what is of none.
        for job in [site.job, JobId::NONE] {
            envelopes.push(mover.says_what_it_knows(job));
        }
        envelopes.push(mover.act(EventKind::Found, JobId::NONE, &[site.label(30)]));
    }
    let (first, morning) = sign_off(&mut supervisor, &site, &acts[..2], None);
    let (second, evening) = sign_off(&mut supervisor, &site, &acts[2..], None);
    mover.deliver(&envelopes).await;
    supervisor.deliver(&[morning, evening]).await;

    let reading = read(&site);
    assert_eq!(reading.record.inclusions.len(), 4);
    let kinds = reading.evidence.events.values().map(|event| event.kind);
    assert_eq!(kinds.filter(|kind| *kind == EventKind::Informed).count(), 8, "of both");
    let sign_offs = reading.evidence.verify().sign_offs;
    let by = |sign_off| BTreeMap::from([(sign_off, SignOff::Signed(supervisor.device()))]);
    let expected = [first, first, second, second].map(by);
    assert_eq!(sign_offs, acts.iter().copied().zip(expected).collect());
    let text = verify(&site.hq.export(site.job).unwrap(), Some(&site.hq.identity())).to_string();
    assert!(text.contains("4 events by a supervisor on his own phone"), "{text}");

    // A proof stands alone: the record may leave out all that it is not about.
    let mut record = reading.record.clone();
    record.inclusions.retain(|proof| proof.event == acts[1]);
    let mut lone = reading.evidence.events.clone();
    lone.retain(|id, _| [acts[1], first].contains(id));
    record.events = lone.values().map(|event| event.as_bytes().to_vec().into()).collect();
    record.receipts.clear();
    let theirs = fixtures::paper::keys_of(mover.act.public(), site.hq.origin());
    let signed =
        |record: Record| mover.act.signed(Record { key_lists: theirs.lists().to_vec(), ..record });
    let alone = |record| Record::read(signed(record).as_bytes(), None).unwrap();
    let sign_offs = alone(record.clone()).evidence.verify().sign_offs;
    assert!(sign_offs.is_empty(), "another HQ's record vouches for no device");
    let mut evidence = read(&site).evidence;
    evidence.events = lone;
    evidence.inclusions.retain(|(_, event), _| *event == acts[1]);
    assert_eq!(evidence.verify().sign_offs, BTreeMap::from([(acts[1], by(first))]));

    // And one that is not of its root is named.
    record.inclusions[0].event = acts[3];
    let errors = alone(record).errors;
    assert!(errors.contains(&(Section::Inclusion(0), RecordError::NoProof)), "{errors:?}");
}

#[tokio::test]
async fn a_one_time_code_confirms_one_sign_off_and_no_other() {
    let site = Site::open();
    let (mut mover, supervisor) = (site.phone().await, supervisor(&site).await);
    let refused = site.hq.one_time_codes(mover.device(), 1);
    assert!(matches!(refused, Err(HqError::NotASupervisor(_))), "{refused:?}");
    let codes = site.hq.one_time_codes(supervisor.device(), 2).unwrap();
    let (took, envelope) = act(&mut mover, &site, EventKind::TakeOver);
    mover.deliver(&[envelope]).await;

    let guessed = OneTimeCode::from_bytes([0; 10]);
    let claims = [&codes[0], &codes[0], &guessed, &codes[1]];
    let mut ids = Vec::new();
    for code in claims {
        let (id, envelope) = sign_off(&mut mover, &site, &[took], Some(code));
        ids.push(id);
        // A repeat is the same claim, not a second one.
        mover.deliver(std::slice::from_ref(&envelope)).await;
        mover.deliver(&[envelope]).await;
    }
    let reading = read(&site);
    assert_eq!(reading.record.confirmations.len(), 4);
    let custody = reading.evidence.verify();
    let confirmed = SignOff::Confirmed(supervisor.device());
    let expected = [confirmed, SignOff::Refused, SignOff::Refused, confirmed];
    assert_eq!(custody.sign_offs[&took], ids.iter().copied().zip(expected).collect());
    let refused: Vec<EventId> = custody
        .faults
        .iter()
        .filter(|fault| fault.kind == FaultKind::SignOffRefused)
        .flat_map(|fault| fault.events.clone())
        .collect();
    assert_eq!(refused.len(), 2);
    assert!(ids[1..3].iter().all(|id| refused.contains(id)));
    let text = verify(&site.hq.export(site.job).unwrap(), Some(&site.hq.identity())).to_string();
    assert!(text.contains("1 event by his code on another's phone, confirmed by HQ"), "{text}");
    assert!(text.contains("Sign-off refused by HQ"), "{text}");

    // A supervisor who is revoked gave his word in vain.
    let left = site.hq.one_time_codes(supervisor.device(), 1).unwrap();
    site.hq.revoke(supervisor.device(), 0).unwrap();
    let (late, envelope) = sign_off(&mut mover, &site, &[took], Some(&left[0]));
    mover.deliver(&[envelope]).await;
    assert_eq!(read(&site).evidence.verify().sign_offs[&took][&late], SignOff::Refused);

    // Without HQ's word it is a claim.
    let mut evidence = reading.evidence;
    evidence.confirmations.clear();
    assert_eq!(evidence.verify().sign_offs[&took][&ids[0]], SignOff::Claimed);
    // The codes themselves are nowhere at HQ but in the events that used them up.
    let database = std::fs::read(site.dir.path().join("data/hq.db")).unwrap();
    let unused = site.hq.one_time_codes(supervisor.device(), 1).unwrap();
    let text = unused[0].to_text();
    assert!(!database.windows(text.len()).any(|window| window == text.as_bytes()));
}

#[tokio::test]
async fn a_customers_receipt_agrees_with_the_record_or_says_why_not() {
    let site = Site::open();
    let (mut mover, other) = (site.phone().await, site.phone().await);
    let (took, envelope) = act(&mut mover, &site, EventKind::TakeOver);
    let (withheld, _) = act(&mut mover, &site, EventKind::TakeOver);
    mover.deliver(&[envelope]).await;
    let receipt = |phone: &Phone, event, kind, boxes| {
        CustomerReceipt::to_text(
            &phone.act.signed(CustomerReceipt::of(event, kind, boxes).unwrap()),
        )
    };
    let reading = read(&site);
    let good = receipt(&mover, took, EventKind::TakeOver, 1);
    assert_eq!(check(&reading, &good).unwrap().to_string(), "1 box taken over from the customer");
    let checks = |text: &str| check(&reading, text).unwrap_err();
    assert_eq!(
        checks(&receipt(&mover, withheld, EventKind::TakeOver, 1)),
        ReceiptError::NoSuchEvent
    );
    assert_eq!(checks(&receipt(&other, took, EventKind::TakeOver, 1)), ReceiptError::Signature);
    for (kind, boxes) in [(EventKind::TakeOver, 2), (EventKind::Deliver, 1)] {
        let lie = checks(&receipt(&mover, took, kind, boxes));
        assert!(matches!(lie, ReceiptError::Contradiction { .. }), "{lie}");
    }
    let form = ReceiptError::Text(CustomerReceiptError::Form);
    assert_eq!(checks("T:CREWSEAL RECEIPT. ALL WELL."), form);
    assert_eq!(checks(&good.replace("BOXES: 1", "BOXES: 2")), ReceiptError::Signature);
}
