//! Events, and the certificate that a job was forgotten.

use crewseal_custody::cbor::{self, Version};
use crewseal_custody::job::{Erasure, Method, Verification};
use crewseal_custody::personal::Personal;
use crewseal_custody::signed::Digest;
use crewseal_custody::{
    Act, Anchor, Batch, Body, BootId, BoxList, Event, EventKind, Finding, FindingKind, JobId, Note,
    OneTimeCode, Place, ReleaseCode, Salt, Since, Statement,
};
use fixtures::paper;

use super::format::Vector;
use super::signed::signed_message;

/// The events in each format, and what came with the second.
pub fn specimens() -> Vec<Vector> {
    let mut all = [in_format(1), in_format(2)].concat();
    all.extend(of_the_second_format());
    all.push(erasure("that a job was forgotten", &paper::mover()));
    all
}

/// Events, each at its place in a device's chain.
fn in_format(format: u8) -> Vec<Vector> {
    let event = |name, key: &_, event| self::event(&in_its_format(name, format), key, event);
    let mut mover = paper::mover().in_format(format);
    let first = mover.writes(paper::act(EventKind::Commission, paper::boxes([100, 101])));
    let second = mover.writes(paper::act(EventKind::TakeOver, paper::boxes(0..10)));
    let deliver = mover.writes(full_act());
    (mover.link.generation, mover.link.sequence) = (2, 1);
    let resumed = mover.writes(paper::act(EventKind::Count, BoxList::default()));
    let mut supervisor = paper::supervisor().in_format(format);
    let seen = paper::id_of(&deliver);
    let sign_off =
        Act { about: Some(seen), ..paper::act(EventKind::SignOff, deliver.boxes.clone()) };
    let sign_off = supervisor.writes(sign_off);
    let both = [seen, paper::id_of(&second)].into();
    let batch = supervisor.writes(paper::act(EventKind::SignOff, BoxList::default()));
    let batch = Event { root: Some(Batch::of(&both).unwrap().root()), ..batch };
    let code = ReleaseCode::from_bytes([0x5e; 10]);
    let release = Act { about: Some(seen), ..paper::act(EventKind::Release, BoxList::default()) };
    let release = mover.writes(release);
    let release = Event { proof: Some(code.sign(paper::JOB, 1, &seen)), ..release };
    let mut all = vec![
        event("the first event of a device", &mover.act, first),
        event("the second event of a device", &mover.act, second),
        event("an event with all that it can hold", &mover.act, deliver),
        event("the first event of a second generation", &mover.act, resumed),
        event("a sign-off, by the handoff key", &supervisor.handoff, sign_off),
        event("a sign-off of two events at once", &supervisor.handoff, batch),
        event("a release by the customer's code", &mover.act, release),
    ];
    let mut restored = paper::driver().in_format(format);
    restored.link.generation = 3;
    restored.link.previous = Some(seen);
    let restored = restored.writes(Act::resume());
    all.push(event("that a store was restored", &paper::driver().act, restored));
    let claim = Act { about: Some(seen), ..paper::act(EventKind::SignOff, BoxList::default()) };
    let claim = mover.writes(claim);
    let claim = Event { code: Some(OneTimeCode::from_bytes([0x0c; 10])), ..claim };
    all.push(event("a sign-off that is claimed with a code", &mover.handoff, claim));
    all
}

/// The name of what stands in the file in several formats.
pub fn in_its_format(name: &str, format: u8) -> String {
    if format == 1 { name.to_owned() } else { format!("{name}, format {format}") }
}

/// The kinds and the statements that the first format did not have.
fn of_the_second_format() -> Vec<Vector> {
    let mut mover = paper::mover();
    let boxes = || paper::boxes([0, 1]);
    let note = Note { finding: FindingKind::Damaged, text: Personal::new("the lid is torn") };
    let noted = Statement::new(Salt([0x5a; 16]), Body::Notes(vec![note])).unwrap();
    let damaged = Finding { kind: FindingKind::Damaged, boxes: boxes(), photo: None };
    let count = Act {
        findings: vec![damaged],
        statement: Some(noted.clone()),
        ..paper::act(EventKind::Count, boxes())
    };
    let number = Body::SealNumber(Personal::new("S 0417"));
    let seal = Statement::new(Salt([0x5b; 16]), number).unwrap();
    let sealed = Act { statement: Some(seal.clone()), ..paper::act(EventKind::Seal, boxes()) };
    let terms = vec![Digest([0xc1; 32]), Digest([0xc2; 32])];
    let informed =
        Act { attachments: terms, ..paper::act(EventKind::Informed, BoxList::default()) };
    let found = Act::new(EventKind::Found, JobId::NONE, boxes());
    let acts = [
        ("what a device knows of its terms", informed),
        ("boxes given back to the customer", paper::act(EventKind::HandBack, boxes())),
        ("boxes found that are of no job", found),
        ("labels that are voided", paper::act(EventKind::VoidLabel, boxes())),
        ("a count with a note", count),
        ("a seal with its number", sealed),
    ];
    let mut all: Vec<Vector> = Vec::new();
    for (name, act) in acts {
        let written = mover.writes(act);
        all.push(event(name, &mover.act, written));
    }
    all.push(statement("a note on damage", &noted));
    all.push(statement("the number of a seal", &seal));
    all
}

fn statement(name: &str, statement: &Statement) -> Vector {
    Vector::new("statement", name)
        .with_bytes("statement", &statement.to_bytes())
        .with_bytes("digest", &statement.digest().0)
}

fn event(name: &str, key: &paper::Key, event: Event) -> Vector {
    let mut v = Vector::new("event", name)
        .with("act", format!("{:?}", event.kind))
        .with_bytes("device", &event.device.0)
        .with("generation", event.generation)
        .with("sequence", event.sequence)
        .with_bytes("job", &event.job.0)
        .with_bytes("boxes", &cbor::to_vec(&event.boxes))
        .with("claimed-at", event.claimed_at)
        .with_bytes("boot", &event.since.boot.0)
        .with("millis", event.since.millis)
        .with("anchor", event.anchor.number)
        .with_bytes("anchor-nonce", &event.anchor.nonce.0)
        .with_bytes("salt", &event.salt.0)
        .with("protection", format!("{:?}", event.protection));
    let ids =
        [("previous", event.previous), ("about", event.about), ("statement", event.statement)];
    for (field, id) in ids {
        if let Some(id) = id {
            v = v.with_bytes(field, &id.0);
        }
    }
    for (place, finding) in (1..).zip(&event.findings) {
        let field = |what| format!("finding-{place}{what}");
        v = v
            .with(&field(""), format!("{:?}", finding.kind))
            .with_bytes(&field("-boxes"), &cbor::to_vec(&finding.boxes));
        if let Some(photo) = finding.photo {
            v = v.with_bytes(&field("-photo"), &photo.0);
        }
    }
    if let Some(place) = event.place {
        let Place { latitude, longitude, precision } = place;
        v = v.with("place", format!("{latitude} {longitude} within {precision} m"));
    }
    for (place, attachment) in (1..).zip(&event.attachments) {
        v = v.with_bytes(&format!("attachment-{place}"), &attachment.0);
    }
    signed_message(v, key, event)
}

fn erasure(name: &str, phone: &paper::Phone) -> Vector {
    let erasure = Erasure {
        version: Version,
        device: phone.device(),
        job: paper::JOB,
        claimed_at: paper::MORNING + 86_400,
        since: Since { boot: BootId([0xb0, 0x07, 0, 1]), millis: 3_600_000 },
        anchor: Anchor { number: 1, nonce: paper::nonce(1) },
        method: Method::KeysReplaced,
        verification: Verification::KeyRefusedAndFilesSearched,
        searched: 4,
        found: 0,
        salt: Salt([0x5a; 16]),
    };
    let v = Vector::new("erasure", name)
        .with_bytes("device", &erasure.device.0)
        .with_bytes("job", &erasure.job.0)
        .with("claimed-at", erasure.claimed_at)
        .with_bytes("boot", &erasure.since.boot.0)
        .with("millis", erasure.since.millis)
        .with("anchor", erasure.anchor.number)
        .with_bytes("anchor-nonce", &erasure.anchor.nonce.0)
        .with("method", format!("{:?}", erasure.method))
        .with("verification", format!("{:?}", erasure.verification))
        .with("searched", erasure.searched)
        .with("found", erasure.found)
        .with_bytes("salt", &erasure.salt.0);
    signed_message(v, &phone.act, erasure)
}

/// An act with everything that an event outside of a handoff can hold.
fn full_act() -> Act {
    Act {
        findings: vec![
            Finding { kind: FindingKind::Missing, boxes: paper::boxes([9]), photo: None },
            Finding {
                kind: FindingKind::Damaged,
                boxes: paper::boxes([0, 101]),
                photo: Some(Digest([0xf0; 32])),
            },
        ],
        place: Some(Place { latitude: 5_252_000, longitude: -1_340_500, precision: 1_000 }),
        attachments: vec![Digest([0xa1; 32]), Digest([0xa2; 32])],
        about: Some(Digest([0xab; 32])),
        ..paper::act(EventKind::Deliver, paper::boxes([0, 1, 8, 101, 119, 300]))
    }
}

/// The digest names these bytes, and what they say can be read.
pub fn still_states(vector: &Vector) {
    let digest = Digest(vector.bytes("digest").try_into().unwrap());
    let statement = Statement::read(&vector.bytes("statement"), &digest).unwrap();
    assert_eq!(statement.digest(), digest);
}
