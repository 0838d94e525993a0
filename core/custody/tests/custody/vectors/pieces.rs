//! What is computed or shown and not signed by itself: releases, proofs, drawings, words, the
//! draw, texts of several QRs; and what is large: a job pack, a record, an invitation. Each
//! vector holds all that it takes to compute it again.

use std::collections::{BTreeMap, BTreeSet};

use crewseal_custody::cbor::{self, Version};
use crewseal_custody::handoff::drawn;
use crewseal_custody::handoff::text::{Collected, Collector, Purpose, Show};
use crewseal_custody::handoff::words::{self, Language};
use crewseal_custody::job::JobPack;
use crewseal_custody::personal::Personal;
use crewseal_custody::signed::Digest;
use crewseal_custody::wire::{EnrolmentCode, Invitation, KnownCarrier};
use crewseal_custody::{
    Batch, BoxClass, CarrierId, DeviceId, Drawing, EventKind, Nda, Point, Record, ReleaseCode,
    ReleaseKey, Salt, SignedOff, Stroke,
};
use data_encoding::HEXLOWER;
use fixtures::paper;

use super::format::Vector;
use super::signed::signed_message;

pub fn specimens() -> Vec<Vector> {
    let mut vectors = vec![release(), drawing(), four_words(), nda(), the_draw(), job_pack()];
    vectors.extend([record(), invitation("invitation of a first device", None)]);
    let known = KnownCarrier { id: CarrierId([0xca; 16]), first: Some(DeviceId([0xf1; 16])) };
    vectors.push(invitation("invitation of a further device", Some(known)));
    vectors.extend([proof("proof of one of five", 5, 3), proof("proof of the only one", 1, 0)]);
    vectors.push(parts());
    vectors
}

fn code() -> ReleaseCode {
    ReleaseCode::from_bytes([0x5a, 0x5b, 0x5c, 0x5d, 0x5e, 0x5f, 0x60, 0x61, 0x62, 0x63])
}

fn release() -> Vector {
    let (job, number, act) = (paper::JOB, 7, Digest([0xe7; 32]));
    let key = ReleaseKey::of(job, number, EventKind::Deliver, &code());
    let proof = code().sign(job, number, &act);
    assert!(key.authorises(job, EventKind::Deliver, &act, &proof));
    Vector::new("release", "the customer's release of a delivery")
        .with("text", &*code().to_text())
        .with_bytes("code", &[0x5a, 0x5b, 0x5c, 0x5d, 0x5e, 0x5f, 0x60, 0x61, 0x62, 0x63])
        .with_bytes("job", &job.0)
        .with("number", number)
        .with_bytes("act", &act.0)
        .with_bytes("public", &key.public)
        .with_bytes("key", &cbor::to_vec(&key))
        .with_bytes("proof", &cbor::to_vec(&proof))
}

fn drawing() -> Vector {
    let point = |x, y, millis| Point { x, y, millis };
    let strokes = vec![
        Stroke { points: vec![point(10, 20, 0), point(30, 25, 16), point(300, 40, 33)] },
        Stroke { points: vec![point(15, 60, 700), point(16, 61, 716)] },
    ];
    let (drawing, salt) = (Drawing::new(800, 300, strokes).unwrap(), Salt([0x5a; 16]));
    Vector::new("drawing", "a drawn signature of two strokes")
        .with_bytes("drawing", &drawing.to_bytes())
        .with_bytes("salt", &salt.0)
        .with_bytes("digest", &drawing.digest(&salt).0)
}

fn four_words() -> Vector {
    let digest = Digest(std::array::from_fn(|at| u8::try_from(at * 7 % 256).unwrap()));
    Vector::new("words", "four words of an id")
        .with_bytes("id", &digest.0)
        .with("english", words::four(&digest, Language::English).join(" "))
        .with("chinese", words::four(&digest, Language::Chinese).join(" "))
}

fn nda() -> Vector {
    Vector::new("nda", "an agreement on secrecy")
        .with("said", "I tell nobody what I carry.")
        .with_bytes("digest", &Nda::digest("I tell nobody what I carry.").0)
}

fn the_draw() -> Vector {
    let (offer, opening) = (Digest([0x0f; 32]), Salt([0x0e; 16]));
    let boxes: BTreeSet<_> = paper::tokens(0..25).into_iter().collect();
    let bytes = |tokens: &BTreeSet<_>| -> Vec<u8> {
        let tokens = tokens.iter();
        tokens.flat_map(|token: &crewseal_label::Token| *token.as_bytes()).collect()
    };
    Vector::new("draw", "boxes of 25 that are checked by hand")
        .with_bytes("offer", &offer.0)
        .with_bytes("opening", &opening.0)
        .with_bytes("boxes", &bytes(&boxes))
        .with_bytes("drawn", &bytes(&drawn(&offer, &opening, &boxes)))
}

/// A pack without what is signed by itself, so that it is the same on every run.
fn job_pack() -> Vector {
    let pack = JobPack {
        version: Version,
        job: paper::JOB,
        title: Personal::new("Flat on the third floor"),
        customer: Personal::new("Customer 1"),
        origin: Personal::new("5 Example Street"),
        destination: Personal::new("12 Sample Road"),
        opens_at: paper::MORNING,
        closes_at: paper::MORNING + 86_400,
        boxes: 25,
        manifests: Vec::new(),
        sensitive: paper::boxes([1, 2]),
        roster: Vec::new(),
        release_keys: vec![ReleaseKey::of(paper::JOB, 7, EventKind::Deliver, &code())],
        classes: BTreeMap::from([(BoxClass::Papers, paper::boxes([1]))]),
    };
    let vector = Vector::new("job-pack", "job pack with codes and classes");
    signed_message(vector, &paper::hq(), pack)
}

fn invitation(name: &str, carrier: Option<KnownCarrier>) -> Vector {
    let invitation = Invitation {
        version: Version,
        url: "https://hq.example:8443".to_owned(),
        authority: vec![0xca; 4].into(),
        hq: paper::hq_keys().identity(),
        code: EnrolmentCode([0xc0; 16]),
        origin: paper::ORIGIN.to_owned(),
        carrier,
    };
    Vector::new("invitation", name)
        .with_bytes("invitation", &cbor::to_vec(&invitation))
        .with_bytes("hq", &invitation.hq.0)
        .with("url", &invitation.url)
}

fn proof(name: &str, count: u8, of: u8) -> Vector {
    let events: BTreeSet<_> = (0..count).map(|at| Digest([0xe0 | at; 32])).collect();
    let batch = Batch::of(&events).unwrap();
    let event = Digest([0xe0 | of; 32]);
    let inclusion = batch.proof(&event).unwrap();
    assert!(inclusion.proves(&batch.root(), &event));
    let proof = SignedOff { sign_off: Digest([0x50; 32]), event, inclusion };
    let ids: Vec<u8> = events.iter().flat_map(|id| id.0).collect();
    Vector::new("proof", name)
        .with_bytes("events", &ids)
        .with_bytes("root", &batch.root().0)
        .with_bytes("proof", &cbor::to_vec(&proof))
}

/// A message that wants several QRs, and as many of their texts as it has pieces and two more.
fn parts() -> Vector {
    let message: Vec<u8> = (0..2_500_u32).map(|at| u8::try_from(at * 31 % 251).unwrap()).collect();
    let mut show = Show::of(Purpose::Accept, &message).unwrap();
    let count = show.pieces() + 2;
    let texts: Vec<String> = (0..count).map(|_| show.next_text()).collect();
    Vector::new("parts", "an acceptance in several QRs")
        .with_bytes("message", &message)
        .with("pieces", show.pieces())
        .with("texts", texts.join("|"))
}

/// A record of one box that was taken over: what is in it is signed, and so other on every run.
fn record() -> Vector {
    let mut mover = paper::mover();
    let event = mover.does(EventKind::TakeOver, paper::boxes([1, 101]));
    let record = paper::hq().sign(paper::record_of(&mover, &event));
    Vector::new("record", "record of a job with one act")
        .with_bytes("hq", &paper::hq_keys().identity().0)
        .with_bytes("event", &event.id().0)
        .with_bytes("cose", record.as_bytes())
}

/// A frozen record still holds, and says the same.
pub fn still_holds(vector: &Vector) {
    let reading = Record::read(&vector.bytes("cose"), None).unwrap();
    assert_eq!(reading.errors, [], "{}", vector.name);
    assert_eq!(reading.hq.identity().0.to_vec(), vector.bytes("hq"), "{}", vector.name);
    let events = reading.evidence.events.keys().map(|id| HEXLOWER.encode(&id.0));
    assert_eq!(events.collect::<Vec<_>>(), [vector.fields["event"].clone()], "{}", vector.name);
    assert_eq!(reading.evidence.verify().faults, BTreeSet::new(), "{}", vector.name);
}

/// Frozen texts are still put together, in any order.
pub fn still_come_together(vector: &Vector) {
    let mut collector = Collector::new();
    let mut whole = None;
    for text in vector.fields["texts"].split('|').rev() {
        if let Collected::Whole(_, message) = collector.add(text).unwrap() {
            whole = Some(message);
        }
    }
    assert_eq!(whole.as_deref(), Some(vector.bytes("message").as_slice()), "{}", vector.name);
}
