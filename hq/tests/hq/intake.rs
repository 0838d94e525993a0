//! What becomes of envelopes, good and bad.

use std::collections::BTreeSet;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::sync::Arc;

use coset::{CoseSign1Builder, HeaderBuilder, TaggedCborSerializable, iana};
use crewseal_custody::cbor::{self, Version};
use crewseal_custody::envelope::{Beside, Entry, Envelope, Epoch, OpeningKey};
use crewseal_custody::personal::Personal;
use crewseal_custody::signed::{Message, Signed};
use crewseal_custody::wire::{Batch, CBOR, EnrolRequest, MAX_BATCH, MAX_BODY};
use crewseal_custody::{
    Body, Commitment, Dispute, Event, EventKind, FaultKind, Finding, FindingKind, Holder, Lists,
    Note, OneTimeCode, Outcome, Protection, Record, Refusal, Salt, SpotCheck, Statement,
};
use crewseal_hq::Delivered;
use crewseal_label::Token;
use fixtures::random::generator;
use reqwest::StatusCode;

use crate::phone::{Key, Phone, Said, Site, outcomes, singly, success};

const STORED: Said = Ok(Outcome::Stored);

const fn refused(refusal: Refusal) -> Said {
    Err(refusal)
}

/// Any payload, signed as an event.
fn forged(key: &Key, payload: Vec<u8>) -> Vec<u8> {
    CoseSign1Builder::new()
        .protected(HeaderBuilder::new().algorithm(iana::Algorithm::ESP256).build())
        .payload(payload)
        .create_signature(Event::NAMESPACE.as_str().as_bytes(), |bytes| key.sign(bytes).to_vec())
        .build()
        .to_tagged_vec()
        .unwrap()
}

impl Phone {
    /// The next event's payload after `change`, signed by the act key and
    /// sealed under the address that fits.
    fn forge(&mut self, site: &Site, change: impl FnOnce(&mut Vec<u8>)) -> Envelope {
        let event = self.event(EventKind::Count, site.job, singly(&[site.label(0)]));
        let mut payload = cbor::to_vec(&event);
        change(&mut payload);
        let id = Event::NAMESPACE.digest(&[&payload]);
        let content = forged(&self.act, payload);
        self.seal_as(&event, id, &content)
    }
}

#[tokio::test]
async fn events_are_stored_and_answered_with_their_places() {
    let site = Site::open();
    let mut phone = site.phone().await;
    let first = phone.act(EventKind::TakeOver, site.job, &[site.label(0)]);
    let second = phone.act(EventKind::Load, site.job, &[site.label(0)]);
    let receipts = phone.deliver(&[first.clone(), second]).await;
    assert_eq!(outcomes(&receipts), [STORED, STORED]);
    let (placed, address) = (receipts[0].placed(), first.address());
    assert_eq!(placed.id, address.event);
    let logged = placed.logged;
    assert_eq!((logged.device, logged.generation, logged.sequence), (phone.device(), 1, 1));
    assert_eq!(receipts[1].placed().place, placed.place + 1, "one run");
}

#[tokio::test]
async fn a_repeat_gets_its_first_place() {
    let site = Site::open();
    let mut phone = site.phone().await;
    let envelope = phone.act(EventKind::TakeOver, site.job, &[site.label(0)]);
    let first = phone.deliver(std::slice::from_ref(&envelope)).await;
    site.clock.advance(60);
    let second = phone.deliver(&[envelope.clone(), envelope.clone()]).await;
    assert_eq!(second[0].placed(), first[0].placed());
    assert_eq!(second[1].placed(), first[0].placed());

    let other = site.phone().await;
    let batch = Batch::of(&[], &[envelope]);
    let carried = other.deliver_batch(&batch).await.unwrap();
    assert_eq!(carried[0].placed(), first[0].placed(), "from a carrier, without the header");

    let stats = site.hq.stats().unwrap();
    assert_eq!(stats.total, Delivered { stored: 1, refused: 0, repeated: 3 });
    assert_eq!(stats.devices[&phone.device()], Delivered { stored: 1, refused: 0, repeated: 2 });
    assert_eq!(stats.devices[&other.device()].repeated, 1);
}

#[tokio::test]
async fn the_same_event_sealed_anew_is_a_repeat() {
    let site = Site::open();
    let mut phone = site.phone().await;
    let event = phone.event(EventKind::TakeOver, site.job, singly(&[site.label(0)]));
    let signed = phone.sign(event.clone());
    let signed_again = phone.sign(event);
    assert_ne!(signed.as_bytes(), signed_again.as_bytes(), "ECDSA is randomised");
    let envelopes = [phone.seal(&signed), phone.seal(&signed_again)];
    let receipts = phone.deliver(&envelopes).await;
    assert_eq!(receipts[0].placed(), receipts[1].placed());
    assert_eq!(site.hq.stats().unwrap().total.stored, 1);
}

#[tokio::test]
async fn one_bad_entry_of_fifty_holds_up_none() {
    let site = Site::open();
    let mut phone = site.phone().await;
    let mut envelopes: Vec<Envelope> =
        (0..49).map(|_| phone.act(EventKind::Count, site.job, &[site.label(1)])).collect();
    let bad = phone.event(EventKind::Count, site.job, singly(&[site.label(1)]));
    let content = Key::new().signed(bad.clone());
    envelopes.insert(20, phone.seal_as(&bad, content.id(), content.as_bytes()));
    let receipts = phone.deliver(&envelopes).await;
    assert_eq!(receipts.len(), 50);
    let said = outcomes(&receipts);
    assert_eq!(said[20], refused(Refusal::Signature));
    let stored = said.iter().filter(|said| **said == STORED).count();
    assert_eq!(stored, 49);
    let delivered = site.hq.stats().unwrap().total;
    assert_eq!(delivered, Delivered { stored: 49, refused: 1, repeated: 0 });
}

#[tokio::test]
async fn what_cannot_be_opened_is_unreadable() {
    let site = Site::open();
    let mut phone = site.phone().await;
    let envelope = phone.act(EventKind::Count, site.job, &[site.label(0)]);
    let headless = Batch::of(&[b"no header".to_vec()], std::slice::from_ref(&envelope));
    let receipts = phone.deliver_batch(&headless).await.unwrap();
    assert_eq!(outcomes(&receipts), [refused(Refusal::Unreadable)]);

    let elsewhere = OpeningKey::from_bytes(&[8; 32]).unwrap();
    let ours = std::mem::replace(
        &mut phone.epoch,
        Epoch::begin(elsewhere.public(), &mut generator()).unwrap(),
    );
    let to_another = phone.act(EventKind::Count, site.job, &[site.label(0)]);
    let receipts = phone.deliver(&[to_another]).await;
    assert_eq!(outcomes(&receipts), [refused(Refusal::Unreadable)]);

    phone.epoch = ours;
    assert_eq!(outcomes(&phone.deliver(&[envelope]).await), [STORED], "with its header");
}

#[tokio::test]
async fn an_altered_envelope_is_unreadable() {
    let site = Site::open();
    let mut phone = site.phone().await;
    let whole = phone.act(EventKind::Count, site.job, &[site.label(0)]);
    let mut altered = whole.as_bytes().to_vec();
    altered[120] ^= 1;
    let covered = altered.len() - 16;
    let digest = ring::digest::digest(&ring::digest::SHA256, &altered[..covered]);
    altered[covered..].copy_from_slice(&digest.as_ref()[..16]);
    let altered = Envelope::parse(&altered).unwrap();
    let receipts = phone.deliver(std::slice::from_ref(&altered)).await;
    assert_eq!(outcomes(&receipts), [refused(Refusal::Unreadable)]);
    let receipts = phone.deliver(&[altered, whole]).await;
    assert_eq!(outcomes(&receipts), [STORED, STORED], "its event is here");
}

#[tokio::test]
async fn a_batch_that_does_not_rebuild_is_refused_and_nothing_of_it_is_stored() {
    let site = Site::open();
    let mut phone = site.phone().await;
    let envelopes: Vec<Envelope> =
        (0..2).map(|_| phone.act(EventKind::Count, site.job, &[site.label(0)])).collect();
    let sent = cbor::to_vec(&phone.batch(&envelopes));
    // A byte of the last entry's tag, before the head and the 16 bytes of the check.
    let mut damaged = sent.clone();
    let tag = damaged.len() - 16 - 2 - 1;
    damaged[tag] ^= 1;
    let answer = phone.post("/v1/outbox", damaged).await;
    assert_eq!(success(answer).await, Err(StatusCode::UNPROCESSABLE_ENTITY));
    assert_eq!(site.hq.stats().unwrap().total, Delivered::default());
    assert!(success(phone.post("/v1/outbox", sent).await).await.is_ok());
    assert_eq!(site.hq.stats().unwrap().total.stored, 2);
}

#[tokio::test]
async fn a_message_of_another_version_is_told_which_are_known() {
    let site = Site::open();
    let phone = site.phone().await;
    let old = [0xa3, 0, 1, 1, 0x80, 2, 0x80];
    let newer = [0xa4, 0, 3, 1, 0x80, 2, 0x80, 3, 0x80];
    let challenge = [0xa2, 0, 2, 1, 0];
    // A signed claim `{0: 9}`, whoever signed it.
    let head = [0xd2, 0x84, 0x43, 0xa1, 1, 0x28, 0xa0, 0x43, 0xa1, 0, 9, 0x58, 64];
    let claim = [&head[..], &[0; 64]].concat();
    let (act_proof, handoff_proof) = (claim.clone().into(), claim.clone().into());
    let enrolling = EnrolRequest { version: Version, act_proof, handoff_proof };
    for (place, body, known) in [
        ("/v1/outbox", &old[..], 2),
        ("/v1/outbox", &newer, 2),
        ("/v1/challenge", &challenge, 1),
        ("/v1/session", &claim, 2),
        ("/v1/enrol", &cbor::to_vec(&enrolling), 2),
    ] {
        let answer = phone.post(place, body.to_vec()).await;
        assert_eq!(answer.status(), StatusCode::UNSUPPORTED_MEDIA_TYPE);
        let problem: serde_json::Value =
            serde_json::from_slice(&answer.bytes().await.unwrap()).unwrap();
        assert_eq!(problem["type"], "urn:crewseal:problem:version");
        assert_eq!(problem["versions"], serde_json::json!([known]), "{place}");
    }
}

#[tokio::test]
async fn what_is_no_event_in_canonical_form_is_malformed() {
    let site = Site::open();
    let mut phone = site.phone().await;
    let event = phone.event(EventKind::Count, site.job, singly(&[site.label(0)]));
    let noise = phone.seal_as(&event, Event::NAMESPACE.digest(&[b"noise"]), b"noise");
    let long_head = phone.forge(&site, |payload| {
        assert_eq!(payload[1..3], [0, 2]);
        payload.splice(2..3, [0x18, 2]);
    });
    let trailing = phone.forge(&site, |payload| payload.push(0));
    let mut endless = phone.event(EventKind::Count, site.job, singly(&[site.label(0)]));
    endless.sequence = 1 << 63;
    let signed = phone.sign(endless);
    let endless = phone.seal(&signed);
    let receipts = phone.deliver(&[noise, long_head, trailing, endless]).await;
    assert_eq!(outcomes(&receipts), [refused(Refusal::Malformed); 4]);
}

/// What is said of persons and contents goes beside the event, lies apart, and is in the
/// record; what is not the statement that an event names is nowhere.
#[tokio::test]
async fn a_statement_is_kept_apart_from_its_event() {
    let site = Site::open();
    let mut phone = site.phone().await;
    let say = |text: &str| {
        let note = Note { finding: FindingKind::Damaged, text: Personal::new(text) };
        Statement::new(Salt([7; 16]), Body::Notes(vec![note])).unwrap()
    };
    let (said, other) = (say("the mirror is cracked"), say("the mirror was cracked before"));
    let mut envelopes = Vec::new();
    for beside in [Some(&said), Some(&other), None] {
        let event = phone.event(EventKind::Load, site.job, singly(&[site.label(0)]));
        let event = Event { statement: Some(said.digest()), ..event };
        let signed = phone.sign(event);
        let beside = Beside { statement: beside, ..Beside::default() };
        let content = Entry::to_bytes(signed.as_bytes(), beside);
        envelopes.push(phone.seal_as(&signed, signed.id(), &content));
    }
    let receipts = phone.deliver(&envelopes).await;
    assert_eq!(outcomes(&receipts), [STORED; 3], "an event is evidence without its statement");
    let record = site.hq.export(site.job).unwrap();
    let reading = Record::read(&record, Some(&site.hq.identity())).unwrap();
    assert_eq!(reading.errors, []);
    let statements: Vec<&Statement> = reading.evidence.statements.values().collect();
    assert_eq!(statements, [&said]);
}

/// Half a handoff is not all there is: what the other side signed comes with the answer to
/// it, and his own phone gets the place of then.
#[tokio::test]
async fn what_an_event_answers_comes_with_it() {
    let site = Site::open();
    let (mut giver, mut receiver) = (site.phone().await, site.phone().await);
    let took = giver.act(EventKind::TakeOver, site.job, &[site.label(1)]);
    let opening = Salt([3; 16]);
    let offer = giver.event(EventKind::Offer, site.job, singly(&[site.label(1)]));
    let commitment = Some(Commitment::to(&opening, &receiver.device()));
    let offer = Event { to: Some(receiver.device()), commitment, ..offer };
    let offer = giver.sign(offer);
    let accept = receiver.event(EventKind::Accept, site.job, singly(&[site.label(1)]));
    let accept = Event {
        about: Some(offer.id()),
        opening: Some(opening),
        spot_check: Some(SpotCheck::Done),
        ..accept
    };
    let accept = receiver.sign(accept);
    let beside = Beside { counterpart: Some(offer.as_bytes()), ..Beside::default() };
    let content = Entry::to_bytes(accept.as_bytes(), beside);
    let delivered = receiver.seal_as(&accept, accept.id(), &content);
    let receipts = receiver.deliver(&[delivered]).await;
    assert_eq!(outcomes(&receipts), [STORED]);
    let record = Record::read(&site.hq.export(site.job).unwrap(), None).unwrap();
    let known = record.evidence.events.keys().copied().collect::<BTreeSet<_>>();
    assert_eq!(known, BTreeSet::from([offer.id(), accept.id()]));

    let own = giver.seal(&offer);
    let receipts = giver.deliver(&[took, own]).await;
    assert_eq!(outcomes(&receipts), [STORED, Ok(Outcome::StoredAfterGap(1))], "of the first time");
    let record = Record::read(&site.hq.export(site.job).unwrap(), None).unwrap();
    assert_eq!(record.evidence.verify().holders[&site.label(1)], Holder::Device(receiver.device()));
}

/// What a known device signed is evidence, also where its kind has not such a form: its
/// number is taken, it says nothing of any box, and the record names it.
#[tokio::test]
async fn what_has_not_the_form_of_its_kind_is_kept_and_named() {
    let site = Site::open();
    let mut phone = site.phone().await;
    let boxes = || singly(&[site.label(0)]);
    let forge = |kind, change: fn(&mut Event)| (kind, change);
    let forged = [
        forge(EventKind::Count, |event| event.code = Some(OneTimeCode::from_bytes([7; 10]))),
        forge(EventKind::Resume, |_| ()),
        forge(EventKind::Offer, |_| ()),
        forge(EventKind::Accept, |event| event.opening = Some(Salt([1; 16]))),
        forge(EventKind::SignOff, |event| event.protection = Protection::Act),
        forge(EventKind::Informed, |_| ()),
    ];
    let mut envelopes = vec![phone.act(EventKind::TakeOver, site.job, &[site.label(0)])];
    for (kind, change) in forged {
        let mut event = phone.event(kind, site.job, boxes());
        change(&mut event);
        let signed = phone.sign(event);
        envelopes.push(phone.seal(&signed));
    }
    envelopes.push(phone.act(EventKind::Load, site.job, &[site.label(0)]));
    let receipts = phone.deliver(&envelopes).await;
    let mut expected = [Ok(Outcome::StoredInDispute(Dispute::IllFormed)); 8];
    (expected[0], expected[7]) = (STORED, STORED);
    assert_eq!(outcomes(&receipts), expected);
    let again = phone.deliver(&envelopes).await;
    assert_eq!(outcomes(&again), expected, "a repetition gets its first answer");

    let record = site.hq.export(site.job).unwrap();
    let reading = Record::read(&record, Some(&site.hq.identity())).unwrap();
    assert_eq!(reading.errors, []);
    let custody = reading.evidence.verify();
    let named: Vec<&FaultKind> = custody
        .faults
        .iter()
        .map(|fault| &fault.kind)
        .filter(|kind| !matches!(kind, FaultKind::NotDelivered | FaultKind::Broken(_)))
        .collect();
    let ill_formed = named.iter().filter(|kind| matches!(kind, FaultKind::IllFormed(_))).count();
    assert_eq!((ill_formed, named.len()), (6, 6), "no gap, and nothing of boxes: {named:?}");
    let holder = custody.holders.values().collect::<Vec<_>>();
    assert_eq!(holder, [&Holder::Device(phone.device())]);
}

#[tokio::test]
async fn an_event_of_the_future_is_told_apart() {
    let site = Site::open();
    let mut phone = site.phone().await;
    let envelope = phone.forge(&site, |payload| payload[2] = 3);
    let receipts = phone.deliver(&[envelope]).await;
    assert_eq!(outcomes(&receipts), [refused(Refusal::UnknownVersion)]);
}

#[tokio::test]
async fn a_device_that_hq_does_not_know_is_refused_until_it_enrols() {
    let site = Site::open();
    let carrier = site.phone().await;
    let mut stranger = Phone::new(site.invite(&[]), site.hq.keys());
    let envelope = stranger.act(EventKind::Count, site.job, &[site.label(0)]);
    let batch = stranger.batch(&[envelope]);
    let receipts = carrier.deliver_batch(&batch).await.unwrap();
    assert_eq!(outcomes(&receipts), [refused(Refusal::UnknownDevice)]);
    stranger.enrol().await.unwrap();
    assert_eq!(outcomes(&carrier.deliver_batch(&batch).await.unwrap()), [STORED]);
}

#[tokio::test]
async fn the_signature_must_be_by_the_right_key_of_the_right_device() {
    let site = Site::open();
    let mut phone = site.phone().await;
    let other = site.phone().await;
    let event = phone.event(EventKind::Count, site.job, singly(&[site.label(0)]));
    let mut envelopes = Vec::new();
    for key in [&other.act, &phone.handoff] {
        let signed = key.signed(event.clone());
        envelopes.push((signed.id(), signed.as_bytes().to_vec()));
    }
    let signed = phone.act.signed(event.clone());
    let mut flipped = signed.as_bytes().to_vec();
    *flipped.last_mut().unwrap() ^= 1;
    envelopes.push((signed.id(), flipped));
    let envelopes: Vec<Envelope> =
        envelopes.iter().map(|(id, bytes)| phone.seal_as(&event, *id, bytes)).collect();
    let receipts = phone.deliver(&envelopes).await;
    assert_eq!(outcomes(&receipts), [refused(Refusal::Signature); 3]);
}

/// Anybody may send HQ an envelope that names a device: what HQ refuses enters neither its log
/// nor a record.
#[tokio::test]
async fn a_refused_envelope_accuses_nobody() {
    let site = Site::open();
    let mut phone = site.phone().await;
    let thief = site.phone().await;
    let took = phone.act(EventKind::Count, site.job, &[site.label(1)]);
    phone.deliver(&[took]).await;
    let forged = phone.event(EventKind::Count, site.job, singly(&[site.label(2)]));
    let content = Key::new().signed(forged.clone());
    let junk = phone.seal_as(&forged, content.id(), content.as_bytes());
    let before = site.hq.checkpoint().unwrap();
    let refused = thief.deliver_batch(&phone.batch(&[junk])).await.unwrap();
    assert_eq!(outcomes(&refused), [Err(Refusal::Signature)]);
    assert_eq!(site.hq.checkpoint().unwrap(), before, "the log is as it was");
    let record = site.hq.export(site.job).unwrap();
    let reading = Record::read(&record, Some(&site.hq.identity())).unwrap();
    assert_eq!(reading.errors, []);
    assert_eq!((reading.evidence.events.len(), reading.evidence.places.len()), (1, 1));
    let faults = reading.evidence.verify().faults;
    assert!(faults.iter().all(|fault| !matches!(fault.kind, FaultKind::Fork)), "{faults:?}");
    assert!(faults.iter().all(|fault| !matches!(fault.kind, FaultKind::Gap { .. })), "{faults:?}");
}

#[tokio::test]
async fn the_address_must_be_that_of_the_event() {
    let site = Site::open();
    let mut phone = site.phone().await;
    let other = site.phone().await;
    let event = phone.event(EventKind::Count, site.job, singly(&[site.label(0)]));
    let signed = phone.sign(event.clone());
    let mut addresses = vec![event.clone(); 4];
    addresses[0].device = other.device();
    addresses[1].generation = 2;
    addresses[2].sequence = 9;
    let mut envelopes: Vec<Envelope> = addresses
        .iter()
        .take(3)
        .map(|address| phone.seal_as(address, signed.id(), signed.as_bytes()))
        .collect();
    let other_id = Event::NAMESPACE.digest(&[b"another"]);
    envelopes.push(phone.seal_as(&event, other_id, signed.as_bytes()));
    let receipts = phone.deliver(&envelopes).await;
    assert_eq!(outcomes(&receipts), [refused(Refusal::Mislabelled); 4]);
    assert_eq!(receipts[3].event, other_id, "the refusal names what the envelope named");
    assert_eq!(site.hq.stats().unwrap().total.stored, 0);
}

#[tokio::test]
async fn two_events_with_one_number_are_a_fork() {
    let site = Site::open();
    let mut phone = site.phone().await;
    let first = phone.act(EventKind::Count, site.job, &[site.label(0)]);
    (phone.sequence, phone.previous) = (0, None);
    let second = phone.act(EventKind::Count, site.job, &[site.label(1)]);
    let third = phone.act(EventKind::Count, site.job, &[site.label(1)]);
    let receipts = phone.deliver(&[first, second, third]).await;
    let fork = Ok(Outcome::StoredInDispute(Dispute::Fork));
    assert_eq!(outcomes(&receipts), [STORED, fork, STORED]);
}

#[tokio::test]
async fn an_event_that_does_not_follow_breaks_the_chain() {
    let site = Site::open();
    let mut phone = site.phone().await;
    let broken = Ok(Outcome::StoredInDispute(Dispute::BrokenChain));
    let first = phone.act(EventKind::Count, site.job, &[site.label(0)]);
    phone.previous = None;
    let second = phone.act(EventKind::Count, site.job, &[site.label(0)]);
    phone.previous = Some(first.address().event);
    let third = phone.act(EventKind::Count, site.job, &[site.label(0)]);
    assert_eq!(outcomes(&phone.deliver(&[first, second, third]).await), [STORED, broken, broken]);

    let mut other = site.phone().await;
    other.previous = Some(phone.previous.unwrap());
    let begins_amid = other.act(EventKind::Count, site.job, &[site.label(0)]);
    assert_eq!(outcomes(&other.deliver(&[begins_amid]).await), [broken]);
}

#[tokio::test]
async fn a_gap_is_named_and_closes_when_the_rest_arrives() {
    let site = Site::open();
    let mut phone = site.phone().await;
    let events: Vec<Envelope> =
        (0..6).map(|_| phone.act(EventKind::Count, site.job, &[site.label(0)])).collect();
    let [one, two, three, four, five, six] = events.try_into().unwrap_or_else(|_| panic!("six"));
    assert_eq!(outcomes(&phone.deliver(&[four]).await), [Ok(Outcome::StoredAfterGap(1))]);
    assert_eq!(outcomes(&phone.deliver(&[one]).await), [STORED]);
    assert_eq!(outcomes(&phone.deliver(&[three]).await), [Ok(Outcome::StoredAfterGap(2))]);
    assert_eq!(outcomes(&phone.deliver(&[six]).await), [Ok(Outcome::StoredAfterGap(2))]);
    assert_eq!(outcomes(&phone.deliver(&[two]).await), [STORED]);
    assert_eq!(outcomes(&phone.deliver(&[five]).await), [STORED]);

    (phone.generation, phone.sequence) = (2, 0);
    let resumed = phone.act(EventKind::Count, site.job, &[site.label(0)]);
    assert_eq!(outcomes(&phone.deliver(&[resumed]).await), [STORED], "a new generation");
}

#[tokio::test]
async fn boxes_must_be_named_by_what_hq_issued() {
    let site = Site::open();
    let mut phone = site.phone().await;
    let mut theirs = Lists::new();
    theirs.add_roll(Site::open().roll);
    let (_, their_label) = theirs.rolls().next().unwrap().tokens().next().unwrap();
    let mut ours = Lists::new();
    ours.add_roll(site.roll.clone());
    let made_up = Token::from_bytes([7; 16]);
    let unknown = Ok(Outcome::StoredInDispute(Dispute::UnknownBoxes));

    let cases = [
        (ours.name(&[site.label(5), site.label(30)].into()).unwrap(), STORED),
        (theirs.name(&[their_label].into()).unwrap(), unknown),
        (singly(&[site.label(5)]), STORED),
        (singly(&[made_up]), unknown),
    ];
    for (boxes, expected) in cases {
        let event = phone.event(EventKind::Count, site.job, boxes);
        let signed = phone.sign(event);
        let envelope = phone.seal(&signed);
        assert_eq!(outcomes(&phone.deliver(&[envelope]).await), [expected]);
    }

    let mut event = phone.event(EventKind::Count, site.job, singly(&[site.label(0)]));
    let stray = Finding { kind: FindingKind::NotOurs, boxes: singly(&[made_up]), photo: None };
    event.findings.push(stray);
    let signed = phone.sign(event);
    let envelope = phone.seal(&signed);
    assert_eq!(outcomes(&phone.deliver(&[envelope]).await), [STORED], "found, not acted on");
}

#[tokio::test]
async fn a_manifest_names_boxes_of_its_own_job_only() {
    let site = Site::open();
    let mut phone = site.phone().await;
    let other = site.open_job(3..6);
    site.hq.assign(phone.device(), other).unwrap();
    let packs = site.hq.job_packs(&phone.device()).unwrap();
    let pack = packs.iter().find(|pack| pack.job == site.job).unwrap();
    let mut lists = Lists::new();
    lists.add_manifests(pack.manifests(&site.hq.keys()).unwrap());
    let boxes = lists.name(&[site.label(0), site.label(2)].into()).unwrap();
    for (job, expected) in
        [(site.job, STORED), (other, Ok(Outcome::StoredInDispute(Dispute::UnknownBoxes)))]
    {
        let event = phone.event(EventKind::Count, job, boxes.clone());
        let signed: Signed<Event> = phone.sign(event);
        let envelope = phone.seal(&signed);
        assert_eq!(outcomes(&phone.deliver(&[envelope]).await), [expected]);
    }
}

#[tokio::test]
async fn a_batch_is_strict_and_bounded() {
    let site = Site::open();
    let mut phone = site.phone().await;
    let envelope = phone.act(EventKind::Count, site.job, &[site.label(0)]);
    let mut bytes = cbor::to_vec(&phone.batch(std::slice::from_ref(&envelope)));
    bytes.push(0);
    let refused = success(phone.post("/v1/outbox", bytes).await).await;
    assert_eq!(refused, Err(StatusCode::BAD_REQUEST));

    let mut many = vec![envelope; MAX_BATCH + 1];
    let refused = phone.post_batch(&phone.batch(&many)).await;
    assert_eq!(refused.unwrap_err(), StatusCode::PAYLOAD_TOO_LARGE);
    assert_eq!(site.hq.stats().unwrap().total, Delivered::default());
    many.pop();
    assert_eq!(phone.deliver(&many).await.len(), MAX_BATCH);
}

#[tokio::test]
async fn a_hundred_megabytes_are_refused_by_any_client() {
    let site = Site::open();
    let phone = site.phone().await;
    let refused = success(phone.post("/v1/outbox", vec![0; 100 << 20]).await).await;
    assert_eq!(refused, Err(StatusCode::PAYLOAD_TOO_LARGE));
}

/// Says what is to come and sends `body` in chunks, as long as HQ listens.
/// Returns how many bytes went out, and the answer.
fn raw_post(phone: &Phone, framing: &str, body: usize) -> (usize, String) {
    let mut roots = rustls::RootCertStore::empty();
    roots.add(phone.invitation.authority.to_vec().into()).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let tls = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    let address = phone.invitation.url.strip_prefix("https://").unwrap();
    let tcp = TcpStream::connect(address).unwrap();
    let name = "127.0.0.1".try_into().unwrap();
    let connection = rustls::ClientConnection::new(Arc::new(tls), name).unwrap();
    let mut stream = rustls::StreamOwned::new(connection, tcp);
    let head = format!(
        "POST /v1/outbox HTTP/1.1\r\nhost: hq\r\ncontent-type: {CBOR}\r\n\
         authorization: Bearer {}\r\n{framing}\r\n\r\n",
        phone.token
    );
    stream.write_all(head.as_bytes()).unwrap();
    let chunk = [b"10000\r\n".as_slice(), &[0; 0x10000], b"\r\n"].concat();
    let mut sent = 0;
    while sent < body && stream.write_all(&chunk).is_ok() {
        sent += 0x10000;
    }
    let mut answer = Vec::new();
    let mut buffer = [0; 4096];
    while let Ok(read @ 1..) = stream.read(&mut buffer) {
        answer.extend_from_slice(&buffer[..read]);
    }
    (sent, String::from_utf8_lossy(&answer).into_owned())
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_too_large_is_refused_before_it_is_read() {
    let site = Site::open();
    let phone = site.phone().await;
    let announced = format!("content-length: {}", 100 << 20);
    let (_, answer) = raw_post(&phone, &announced, 0);
    assert!(answer.starts_with("HTTP/1.1 413 "), "{answer}");

    let (sent, _) = raw_post(&phone, "transfer-encoding: chunked", 100 << 20);
    assert!((MAX_BODY..50 << 20).contains(&sent), "{sent} bytes were taken");
}
