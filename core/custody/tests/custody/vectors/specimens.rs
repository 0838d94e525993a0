//! Frozen vectors: what stands in `vectors/v1.txt` was written on the first
//! day and must be read, and written, the same for ever. The file only grows.
//!
//! The file: blocks apart by empty lines, a line `key: value` for each field,
//! `#` before a remark. Bytes are in hex. `name` and `kind` come first; the
//! other fields say in words what the bytes hold.
//!
//! Some fields cannot be made twice, as signatures and sealed bytes are random:
//! those in [`ONCE`]. They were made once, and what is checked is that they
//! still verify or open.
//!
//! To add a vector, add it to [`specimens`] and run this test. It fails and
//! shows the block that is missing; append that to the file. Nothing writes to
//! the file by itself, and no block that stands in it is ever changed.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a vector that does not hold is what the test is to fail on"
)]

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use crewseal::random;
use crewseal_custody::cbor::{self, Version};
use crewseal_custody::delivery::{DeliveryToken, Slip};
use crewseal_custody::envelope::{AttachmentKey, Envelope, Epoch, EpochHeader, OpeningKey};
use crewseal_custody::handoff::Hello;
use crewseal_custody::handoff::message::{self, Authority, Enclosed};
use crewseal_custody::handoff::text::{Collected, Collector, Purpose, Show};
use crewseal_custody::job::{Erasure, Method, Verification};
use crewseal_custody::personal::Personal;
use crewseal_custody::resolution::{Decision, Resolution};
use crewseal_custody::roll::{Leaf, RollHead};
use crewseal_custody::signed::{Digest, Message, Namespace, PublicKey, Signed, Unverified};
use crewseal_custody::wire::{
    AttachmentPart, AttachmentState, DeliveryRight, EnrolClaim, EnrolmentCode, SessionRequest,
};
use crewseal_custody::{
    Act, Anchor, AttachmentOutcome, AttachmentReceipt, Batch, BootId, BoxClass, BoxList,
    Commitment, Confirmation, Credential, CustomerReceipt, DeviceId, Dispute, Entry, Event,
    Finding, FindingKind, Kind, Licence, Lists, Manifests, Nda, OneTimeCode, Outcome, Place,
    Protection, Qualifications, Receipt, Refusal, ReleaseCode, Revocations, Role, Salt,
    SignOffRequest, Since, Subject, Tick,
};
use crewseal_label::Token;
use data_encoding::HEXLOWER;
use minicbor::{Decode, Encode};

#[expect(dead_code, reason = "shared by several tests; this one needs a part of it")]
mod crew_on_paper;
use crew_on_paper as paper;

const FILE: &str = include_str!("vectors/v1.txt");

/// Fields that are random and so were made only once.
const ONCE: [&str; 12] = [
    "cose",
    "header",
    "envelope",
    "hello",
    "offer",
    "accept",
    "ack",
    "withdraw",
    "request",
    "sign-off",
    "receipt-text",
    "text",
];

/// HQ's private key for outboxes, of these vectors only.
const OPENING_KEY: [u8; 32] = [0x2e; 32];

#[derive(Debug, Clone, PartialEq, Eq)]
struct Vector {
    name: String,
    kind: String,
    fields: BTreeMap<String, String>,
}

impl Vector {
    fn new(kind: &str, name: &str) -> Self {
        Self { name: name.to_owned(), kind: kind.to_owned(), fields: BTreeMap::new() }
    }

    fn with(mut self, field: &str, value: impl ToString) -> Self {
        self.fields.insert(field.to_owned(), value.to_string());
        self
    }

    fn with_bytes(self, field: &str, bytes: &[u8]) -> Self {
        self.with(field, HEXLOWER.encode(bytes))
    }

    fn bytes(&self, field: &str) -> Vec<u8> {
        HEXLOWER.decode(self.fields[field].as_bytes()).expect("hex")
    }

    fn show(&self) -> String {
        let mut text = format!("name: {}\nkind: {}\n", self.name, self.kind);
        for (field, value) in &self.fields {
            writeln!(text, "{}", format!("{field}: {value}").trim_end()).unwrap();
        }
        text
    }

    /// What can be made again and must be the same.
    fn fixed(&self) -> Self {
        let mut fixed = self.clone();
        fixed.fields.retain(|field, _| !ONCE.contains(&field.as_str()));
        fixed
    }
}

fn frozen() -> BTreeMap<String, Vector> {
    let mut vectors = BTreeMap::new();
    let lines: Vec<&str> = FILE.lines().filter(|line| !line.starts_with('#')).collect();
    for block in lines.split(|line| line.is_empty()).filter(|block| !block.is_empty()) {
        let mut fields: BTreeMap<String, String> = block
            .iter()
            .map(|line| line.split_once(':').unwrap_or_else(|| panic!("not a field: {line}")))
            .map(|(field, value)| (field.to_owned(), value.trim().to_owned()))
            .collect();
        let (name, kind) = (fields.remove("name").unwrap(), fields.remove("kind").unwrap());
        let vector = Vector { name: name.clone(), kind, fields };
        assert_eq!(vectors.insert(name.clone(), vector), None, "{name} stands twice");
    }
    vectors
}

fn label(name: &str, bytes: [u8; 16]) -> Vector {
    let text = Token::from_bytes(bytes).to_text();
    Vector::new("label", name).with_bytes("token", &bytes).with("text", text)
}

fn box_list(name: &str, lists: &Lists, numbers: &[u16]) -> Vector {
    let named: BTreeSet<Token> = numbers.iter().copied().map(paper::token).collect();
    let list = lists.name(&named).unwrap();
    assert_eq!(lists.resolve(&list), Ok(named.clone()), "{name}");
    let tokens: Vec<u8> = named.iter().flat_map(|token| *token.as_bytes()).collect();
    Vector::new("box-list", name)
        .with_bytes("boxes", &tokens)
        .with_bytes("list", &cbor::to_vec(&list))
}

/// A signed message: its fields in words, its payload and id, and one signature.
fn signed_message<T: Message>(vector: Vector, key: &paper::Key, message: T) -> Vector {
    let signed = key.sign(message);
    let payload = cbor::to_vec(&*signed);
    vector
        .with_bytes("payload", &payload)
        .with_bytes("id", &signed.id().0)
        .with_bytes("key", &key.public.0)
        .with_bytes("cose", signed.as_bytes())
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
    for (field, id) in [("previous", event.previous), ("about", event.about)] {
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

fn receipt(name: &str, outcome: Outcome) -> Vector {
    let act = paper::mover().does(Kind::TakeOver, paper::boxes(0..3));
    let receipt = paper::receipt(&act, outcome, paper::MORNING + 7_200);
    let v = Vector::new("receipt", name)
        .with_bytes("event", &receipt.event.0)
        .with_bytes("device", &receipt.device.0)
        .with("generation", receipt.generation)
        .with("sequence", receipt.sequence)
        .with("outcome", format!("{outcome:?}"))
        .with("at", receipt.at)
        .with("origin", &receipt.origin);
    signed_message(v, &paper::hq(), receipt)
}

fn tick(name: &str, tick: Tick) -> Vector {
    let mut v = Vector::new("tick", name)
        .with("origin", &tick.origin)
        .with("number", tick.number)
        .with("at", tick.at)
        .with_bytes("nonce", &tick.nonce.0);
    if let Some(root) = tick.root {
        v = v.with_bytes("root", &root.0);
    }
    signed_message(v, &paper::hq(), tick)
}

fn manifest(name: &str, manifest: crewseal_custody::Manifest) -> Vector {
    let mut v = Vector::new("manifest", name)
        .with_bytes("job", &manifest.job.0)
        .with("number", manifest.number)
        .with_bytes("added", &manifest.added);
    if let Some(previous) = manifest.previous {
        v = v.with_bytes("previous", &previous.0);
    }
    signed_message(v, &paper::hq(), manifest)
}

fn roll_head(name: &str, leaves: &[Leaf]) -> Vector {
    let head = RollHead::over(leaves).unwrap();
    let tokens: Vec<u8> = leaves
        .iter()
        .flat_map(|leaf| match leaf {
            Leaf::Token(token) => *token.as_bytes(),
            Leaf::Hidden(_) => panic!("the labels of a vector are shown"),
        })
        .collect();
    let v = Vector::new("roll", name)
        .with_bytes("tokens", &tokens)
        .with("count", head.count)
        .with_bytes("root", &head.root.0);
    signed_message(v, &paper::hq(), head)
}

fn credential(name: &str, phone: &paper::Phone) -> Vector {
    let credential = phone.credential();
    let mut v = Vector::new("credential", name)
        .with_bytes("act-key", &credential.act_key.0)
        .with_bytes("handoff-key", &credential.handoff_key.0)
        .with_bytes("device", &credential.device().0)
        .with("pseudonym", &credential.pseudonym)
        .with("role", format!("{:?}", credential.role))
        .with("valid-from", credential.valid_from)
        .with("valid-to", credential.valid_to);
    if let Some(Qualifications { licences, nda, trained_until, classes }) =
        &credential.qualifications
    {
        v = v.with("licences", format!("{licences:?}")).with("classes", format!("{classes:?}"));
        if let Some(nda) = nda {
            v = v.with_bytes("nda", &nda.text.0).with("nda-until", nda.until);
        }
        if let Some(until) = trained_until {
            v = v.with("trained-until", until);
        }
    }
    signed_message(v, &paper::hq(), credential)
}

fn revocations(name: &str, epoch: u64, since: &[(DeviceId, u64)]) -> Vector {
    let since: BTreeMap<DeviceId, u64> = since.iter().copied().collect();
    let mut v = Vector::new("revocations", name).with("origin", paper::ORIGIN).with("epoch", epoch);
    for (place, (device, since)) in (1..).zip(&since) {
        v = v
            .with_bytes(&format!("device-{place}"), &device.0)
            .with(&format!("since-{place}"), since);
    }
    let origin = paper::ORIGIN.to_owned();
    signed_message(v, &paper::hq(), Revocations { version: Version, origin, epoch, since })
}

/// HELLO with a tick that tells of revocations, of a log without a root.
fn hello_vector(name: &str) -> Vector {
    let tick = paper::hq().sign(Tick { epoch: Some(3), ..paper::tick(2) });
    let hello = Hello { tick: Some(tick), ..handoff().hello };
    Vector::new("hello", name)
        .with_bytes("device", &hello.device.0)
        .with_bytes("commitment", &hello.commitment.0)
        .with("epoch", 3)
        .with_bytes("hello", &hello.to_bytes())
}

/// HELLO of one whom the giver may not know, with all that a credential says.
fn introduction_vector(name: &str) -> Vector {
    let driver = paper::driver();
    let credential = Credential { qualifications: Some(qualifications()), ..driver.credential() };
    let hello = Hello {
        device: driver.device(),
        tick: None,
        credential: Some(paper::hq().sign(credential)),
        ..handoff().hello
    };
    Vector::new("hello", name)
        .with_bytes("device", &hello.device.0)
        .with_bytes("commitment", &hello.commitment.0)
        .with_bytes("hello", &hello.to_bytes())
}

fn still_greets(vector: &Vector) {
    let hq = paper::hq().public;
    let authority = Authority { hq: &hq, origin: paper::ORIGIN };
    let hello = Hello::read(&vector.bytes("hello"), authority).unwrap();
    assert_eq!(hello.to_bytes(), vector.bytes("hello"));
    assert_eq!(hello.device.0.to_vec(), vector.bytes("device"));
    let epoch = hello.tick.and_then(|tick| tick.epoch);
    assert_eq!(epoch.map(|epoch| epoch.to_string()), vector.fields.get("epoch").cloned());
    if let Some(credential) = hello.credential {
        assert_eq!(credential.device(), hello.device);
        assert_eq!(credential.qualifications, Some(qualifications()));
    }
}

/// Everything that a credential can say of its carrier.
fn qualifications() -> Qualifications {
    let text = Nda::digest("I tell nobody what I see.");
    Qualifications {
        licences: [Licence::Driving, Licence::ConfidentialDestruction].into(),
        nda: Some(Nda { text, until: paper::MORNING + 86_400 }),
        trained_until: Some(paper::MORNING + 172_800),
        classes: [BoxClass::Papers, BoxClass::Valuables].into(),
    }
}

/// Seals `index` other entries first, so that this one bears that index.
fn envelope(name: &str, index: u16, content: &[u8]) -> Vector {
    let key = OpeningKey::from_bytes(&OPENING_KEY).unwrap();
    let mut epoch = Epoch::begin(key.public(), &mut random::generator()).unwrap();
    let (device, event) = (DeviceId([0xd1; 16]), Digest([0xe7; 32]));
    let sealed = (0..=index)
        .map(|_| epoch.seal(device, 2, 0x0102_0304_0506_0708, event, content).unwrap())
        .last()
        .unwrap();
    Vector::new("envelope", name)
        .with_bytes("opening-key", &OPENING_KEY)
        .with_bytes("sealing-key-id", &key.public().id().0)
        .with("index", index)
        .with_bytes("device", &device.0)
        .with("generation", 2)
        .with("sequence", 0x0102_0304_0506_0708_u64)
        .with_bytes("event", &event.0)
        .with_bytes("content", content)
        .with_bytes("header", &epoch.header())
        .with_bytes("envelope", sealed.as_bytes())
}

/// The key of an attachment as it travels.
#[derive(Encode, Decode)]
#[cbor(map)]
struct WrittenKey {
    #[n(0)]
    digest: Digest,
    #[n(1)]
    salt: Salt,
    #[n(2)]
    #[cbor(with = "minicbor::bytes")]
    key: [u8; 32],
    #[n(3)]
    size: u64,
}

/// Byte n of the content is n modulo 251.
fn attachment(name: &str, length: usize) -> Vector {
    let content: Vec<u8> =
        (0..length).map(|at| u8::try_from(at % 251).expect("below 251")).collect();
    let salt = Salt([0x5a; 16]);
    let key = cbor::to_vec(&WrittenKey {
        digest: Namespace::Attachment.digest(&[&salt.0, &content]),
        salt,
        key: [0x7b; 32],
        size: length.try_into().unwrap(),
    });
    let read: AttachmentKey = cbor::from_slice(&key).unwrap();
    let chunks: Vec<Vec<u8>> = read.seal(&content).collect::<Result<_, _>>().unwrap();
    let all = chunks.concat();
    let digest = ring::digest::digest(&ring::digest::SHA256, &all);
    let vector = Vector::new("attachment", name)
        .with("bytes", length)
        .with_bytes("attachment-key", &key)
        .with_bytes("entry", &crewseal_custody::envelope::Entry::to_bytes(b"an event", &[read]))
        .with_bytes("sha256-of-all-chunks", digest.as_ref());
    if length < 64 { vector.with_bytes("chunk", &all) } else { vector }
}

fn attachment_receipt(name: &str, outcome: AttachmentOutcome) -> Vector {
    let receipt = AttachmentReceipt {
        version: Version,
        digest: Digest([0xa1; 32]),
        event: Digest([0xe7; 32]),
        outcome,
        at: paper::MORNING + 7_200,
        origin: "hq.example/log".to_owned(),
    };
    let vector = Vector::new("attachment-receipt", name).with("outcome", format!("{outcome:?}"));
    signed_message(vector, &paper::hq(), receipt)
}

/// What goes to and fro around an upload, and the slip by which a wiped phone delivers.
fn upload() -> Vector {
    let (event, digest) = (Digest([0xe7; 32]), Digest([0xa1; 32]));
    let chunks = vec![vec![0xc1; 3].into(), vec![0xc2; 3].into()];
    let part = AttachmentPart { version: Version, event, digest, first: 8, chunks };
    let state = AttachmentState { version: Version, held: 10, receipt: None };
    let receipted = AttachmentState { receipt: Some(vec![0xc3; 3].into()), ..state.clone() };
    let token = DeliveryToken("a-token-of-printable-ascii".to_owned());
    let until = paper::MORNING + 90 * 86_400;
    let right = DeliveryRight { version: Version, token: token.clone(), until };
    let slip = Slip {
        version: Version,
        url: "https://hq.example:8443".to_owned(),
        authority: vec![0xca; 4].into(),
        hq: paper::hq().public,
        token,
        until,
    };
    Vector::new("upload", "an upload and a delivery slip")
        .with_bytes("part", &cbor::to_vec(&part))
        .with_bytes("state", &cbor::to_vec(&state))
        .with_bytes("state-receipted", &cbor::to_vec(&receipted))
        .with_bytes("right", &cbor::to_vec(&right))
        .with_bytes("slip", &cbor::to_vec(&slip))
}

fn resolution(name: &str, decision: Decision) -> Vector {
    let supervisor = paper::supervisor();
    let resolution = Resolution {
        version: Version,
        event: Digest([0xe7; 32]),
        refusal: Digest([0x4e; 32]),
        decision,
        note: Personal::new("HQ knows the device now"),
        by: supervisor.device(),
        claimed_at: paper::MORNING + 7_200,
    };
    let vector = Vector::new("resolution", name)
        .with("decision", format!("{decision:?}"))
        .with("note", resolution.note.reveal());
    signed_message(vector, &supervisor.handoff, resolution)
}

/// A handoff of three boxes, of which one is not accepted, and the withdrawal that
/// there would have been.
struct Handoff {
    opening: Salt,
    hello: Hello,
    offer: Signed<Event>,
    accept: Signed<Event>,
    ack: Signed<Event>,
    withdraw: Signed<Event>,
}

fn handoff() -> Handoff {
    let (mut giver, mut receiver) = (paper::mover(), paper::driver());
    let opening = Salt([0x0e; 16]);
    let commitment = Commitment::to(&opening, &receiver.device());
    let tick = Some(paper::hq().sign(paper::tick(1)));
    let hello =
        Hello { device: receiver.device(), commitment, tick, credential: None, manifests: None };
    let offer = Act { to: Some(receiver.device()), ..paper::act(Kind::Offer, paper::boxes(0..3)) };
    let offer = Event { commitment: Some(commitment), ..giver.writes(offer) };
    let offer = giver.handoff.sign(offer);
    let accept = Act { about: Some(offer.id()), ..paper::act(Kind::Accept, paper::boxes(0..2)) };
    let accept =
        Event { opening: Some(opening), is_checked: Some(true), ..receiver.writes(accept) };
    let accept = receiver.handoff.sign(accept);
    giver.link.previous = Some(offer.id());
    let answer = |kind, about| Act { about: Some(about), ..paper::act(kind, BoxList::default()) };
    let link = giver.link;
    let ack = giver.writes(answer(Kind::Ack, accept.id()));
    giver.link = link;
    let withdraw = giver.writes(answer(Kind::Withdraw, offer.id()));
    Handoff {
        opening,
        hello,
        ack: giver.handoff.sign(ack),
        withdraw: giver.act.sign(withdraw),
        offer,
        accept,
    }
}

fn handoff_vector(name: &str) -> Vector {
    let Handoff { opening, hello, offer, accept, ack, withdraw } = handoff();
    let none = Enclosed::default();
    let shown = message::offer(&offer, &hello, &none);
    let text = Show::of(Purpose::Offer, &shown).unwrap().next_text();
    Vector::new("handoff", name)
        .with_bytes("opening", &opening.0)
        .with_bytes("commitment", &hello.commitment.0)
        .with_bytes("offer-payload", &cbor::to_vec(&*offer))
        .with_bytes("accept-payload", &cbor::to_vec(&*accept))
        .with_bytes("ack-payload", &cbor::to_vec(&*ack))
        .with_bytes("withdraw-payload", &cbor::to_vec(&*withdraw))
        .with_bytes("hello", &hello.to_bytes())
        .with_bytes("offer", &shown)
        .with("text", text)
        .with_bytes("accept", &message::accept(&accept, &offer, &none))
        .with_bytes("ack", &message::ack(&ack, &offer, &accept))
        .with_bytes("withdraw", &message::withdraw(&withdraw, &offer))
}

/// Each message reads, verifies, and is written the same again.
fn still_hands_over(vector: &Vector) {
    let hq = paper::hq().public;
    let authority = Authority { hq: &hq, origin: paper::ORIGIN };
    let (giver, receiver) = (paper::mover(), paper::driver());
    let hello = Hello::read(&vector.bytes("hello"), authority).unwrap();
    assert_eq!(hello.to_bytes(), vector.bytes("hello"));
    assert_eq!(hello.commitment.0.to_vec(), vector.bytes("commitment"));
    let shown = vector.bytes("offer");
    let whole = Collected::Whole(Purpose::Offer, shown.clone());
    assert_eq!(Collector::new().add(&vector.fields["text"]), Ok(whole));
    let (offer, none) = message::read_offer(&shown, &hello, authority).unwrap();
    let offer = offer.verify(&giver.handoff.public).unwrap();
    assert_eq!(message::offer(&offer, &hello, &none), shown);
    let shown = vector.bytes("accept");
    let (accept, none) = message::read_accept(&shown, &offer, authority).unwrap();
    let accept = accept.verify(&receiver.handoff.public).unwrap();
    assert_eq!(message::accept(&accept, &offer, &none), shown);
    let shown = vector.bytes("ack");
    let ack = message::read_ack(&shown, &offer, &accept, authority).unwrap();
    let ack = ack.verify(&giver.handoff.public).unwrap();
    assert_eq!(message::ack(&ack, &offer, &accept), shown);
    let shown = vector.bytes("withdraw");
    let withdraw = message::read_withdraw(&shown, &offer, authority).unwrap();
    let withdraw = withdraw.verify(&giver.act.public).unwrap();
    assert_eq!(message::withdraw(&withdraw, &offer), shown);
    for (field, event) in [
        ("offer-payload", &offer),
        ("accept-payload", &accept),
        ("ack-payload", &ack),
        ("withdraw-payload", &withdraw),
    ] {
        assert_eq!(cbor::to_vec(&**event), vector.bytes(field), "{field}");
    }
}

/// What a supervisor was asked to sign off of two acts, and his answer.
fn sign_off() -> (Signed<SignOffRequest>, Signed<Event>) {
    let (mut mover, mut supervisor) = (paper::mover(), paper::supervisor());
    let damaged = vec![(FindingKind::Damaged, 2)];
    let acts = [(Kind::TakeOver, 10, damaged), (Kind::Load, 10, Vec::new())];
    let entries = acts.map(|(kind, boxes, findings)| {
        let event = paper::id_of(&mover.writes(paper::act(kind, paper::boxes(0..10))));
        Entry { event, kind, boxes, findings }
    });
    let request = SignOffRequest {
        version: Version,
        device: mover.device(),
        job: paper::JOB,
        entries: entries.into(),
        salt: Salt([0x50; 16]),
    };
    let request = mover.act.sign(request);
    let Subject { about, root } = Subject::of(&request.entries).unwrap();
    let act = Act {
        about: Some(about),
        attachments: vec![request.id()],
        ..paper::act(Kind::SignOff, BoxList::default())
    };
    let event = Event { root, ..supervisor.writes(act) };
    (request, supervisor.handoff.sign(event))
}

fn sign_off_vector(name: &str) -> Vector {
    let (request, event) = sign_off();
    Vector::new("sign-off", name)
        .with_bytes("request-payload", &cbor::to_vec(&*request))
        .with_bytes("request-id", &request.id().0)
        .with_bytes("root", &event.root.unwrap().0)
        .with_bytes("sign-off-payload", &cbor::to_vec(&*event))
        .with_bytes("request", &message::sign_off_request(&request, None))
        .with_bytes("sign-off", &message::sign_off(&event, &request, &Enclosed::default()))
}

fn still_signs_off(vector: &Vector) {
    let hq = paper::hq().public;
    let authority = Authority { hq: &hq, origin: paper::ORIGIN };
    let shown = vector.bytes("request");
    let (request, none) = message::read_sign_off_request(&shown, authority).unwrap();
    let request = request.verify(&paper::mover().act.public).unwrap();
    assert_eq!(message::sign_off_request(&request, none.as_ref()), shown);
    assert_eq!(cbor::to_vec(&*request), vector.bytes("request-payload"));
    let shown = vector.bytes("sign-off");
    let (event, none) = message::read_sign_off(&shown, &request, authority).unwrap();
    let event = event.verify(&paper::supervisor().handoff.public).unwrap();
    assert_eq!(message::sign_off(&event, &request, &none), shown);
    assert_eq!(cbor::to_vec(&*event), vector.bytes("sign-off-payload"));
}

fn customer_receipt(name: &str, receipt: CustomerReceipt) -> Vector {
    let text = CustomerReceipt::to_text(&paper::mover().act.sign(receipt));
    Vector::new("customer-receipt", name)
        .with_bytes("payload", &cbor::to_vec(&receipt))
        .with("receipt-text", text)
}

fn still_is_a_receipt(vector: &Vector) {
    let receipt = CustomerReceipt::parse(&vector.fields["receipt-text"]).unwrap();
    let receipt = receipt.verify(&paper::mover().act.public).unwrap();
    assert_eq!(cbor::to_vec(&*receipt), vector.bytes("payload"));
}

fn confirmation(name: &str, supervisor: Option<DeviceId>) -> Vector {
    let said = Confirmation {
        version: Version,
        event: Digest([0x5e; 32]),
        supervisor,
        at: paper::MORNING + 7_200,
        origin: paper::ORIGIN.to_owned(),
    };
    signed_message(Vector::new("confirmation", name), &paper::hq(), said)
}

fn one_time_code(name: &str, bytes: [u8; 10]) -> Vector {
    let code = OneTimeCode::from_bytes(bytes);
    Vector::new("one-time-code", name)
        .with_bytes("code", &bytes)
        .with("text", &*code.to_text())
        .with("typed", &*code.to_grouped())
        .with_bytes("hash", &code.hash().0)
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
        ..paper::act(Kind::Deliver, paper::boxes([0, 1, 8, 101, 119, 300]))
    }
}

/// Whatever is frozen, made anew.
fn specimens() -> Vec<Vector> {
    let mut all = vec![
        label("label of zeros", [0; 16]),
        label("label of ones", [0xff; 16]),
        label("label counting up", std::array::from_fn(|i| u8::try_from(i).unwrap())),
        label("label of the first box", *paper::token(0).as_bytes()),
        label("label 1,000", *paper::token(1_000).as_bytes()),
    ];

    let lists = paper::lists();
    all.extend([
        box_list("no boxes", &lists, &[]),
        box_list("boxes of a manifest", &lists, &[0, 1, 2, 7, 9]),
        box_list("only the last boxes of a manifest", &lists, &[8, 9]),
        box_list("boxes of a roll", &lists, &[100, 107, 108]),
        box_list("boxes of a roll, the first bytes left out", &lists, &[117, 119]),
        box_list("boxes one by one", &lists, &[300, 301, 500]),
        box_list("boxes of all three kinds", &lists, &[3, 4, 110, 300]),
    ]);

    let mut mover = paper::mover();
    let first = mover.writes(paper::act(Kind::Commission, paper::boxes([100, 101])));
    let second = mover.writes(paper::act(Kind::TakeOver, paper::boxes(0..10)));
    let deliver = mover.writes(full_act());
    (mover.link.generation, mover.link.sequence) = (2, 1);
    let resumed = mover.writes(paper::act(Kind::Count, BoxList::default()));
    let mut supervisor = paper::supervisor();
    let seen = paper::id_of(&deliver);
    let sign_off = Act { about: Some(seen), ..paper::act(Kind::SignOff, deliver.boxes.clone()) };
    let sign_off = supervisor.writes(sign_off);
    let both = [seen, paper::id_of(&second)].into();
    let batch = supervisor.writes(paper::act(Kind::SignOff, BoxList::default()));
    let batch = Event { root: Some(Batch::of(&both).unwrap().root()), ..batch };
    let code = ReleaseCode::from_bytes([0x5e; 10]);
    let release = Act { about: Some(seen), ..paper::act(Kind::Release, BoxList::default()) };
    let release = mover.writes(release);
    let release = Event { proof: Some(code.sign(paper::JOB, 1, &seen)), ..release };
    all.extend([
        event("the first event of a device", &mover.act, first),
        event("the second event of a device", &mover.act, second),
        event("an event with all that it can hold", &mover.act, deliver),
        event("the first event of a second generation", &mover.act, resumed),
        event("a sign-off, by the handoff key", &supervisor.handoff, sign_off),
        event("a sign-off of two events at once", &supervisor.handoff, batch),
        event("a release by the customer's code", &mover.act, release),
    ]);
    let mut restored = paper::driver();
    restored.link.generation = 3;
    restored.link.previous = Some(seen);
    let restored = restored.writes(Act::resume());
    all.push(event("that a store was restored", &paper::driver().act, restored));
    all.push(erasure("that a job was forgotten", &paper::mover()));

    all.extend([
        receipt("receipt: stored", Outcome::Stored),
        receipt("receipt: stored after a gap", Outcome::StoredAfterGap(4)),
        receipt("receipt: stored in dispute", Outcome::StoredInDispute(Dispute::Fork)),
        receipt("receipt: refused", Outcome::Refused(Refusal::Mislabelled)),
    ]);

    all.extend([
        tick("tick 1", paper::tick(1)),
        tick("tick with the root of a log", Tick { root: Some(Digest([7; 32])), ..paper::tick(9) }),
        credential("credential of a mover", &paper::mover()),
        credential("credential of a supervisor", &supervisor),
        tick("tick with an epoch of revocations", Tick { epoch: Some(3), ..paper::tick(2) }),
        credential("credential with all qualifications", &{
            let qualifications = Some(qualifications());
            paper::Phone { qualifications, ..paper::driver() }
        }),
        credential("credential with no qualifications", &{
            let qualifications = Some(Qualifications::default());
            paper::Phone { qualifications, ..paper::driver() }
        }),
        revocations("revocations of nobody", 0, &[]),
        revocations(
            "revocations of two devices",
            3,
            &[(mover.device(), paper::MORNING + 60), (paper::driver().device(), paper::MORNING)],
        ),
        hello_vector("a greeting that tells of revocations"),
        introduction_vector("a greeting with a credential"),
    ]);

    let version_1 = paper::manifest(1, None, &paper::tokens(0..3));
    let id_1 = paper::hq().sign(version_1.clone()).id();
    let labels: Vec<Leaf> = paper::tokens(100..103).into_iter().map(Leaf::Token).collect();
    all.extend([
        manifest("manifest, version 1", version_1),
        manifest("manifest, version 2", paper::manifest(2, Some(id_1), &[paper::token(3)])),
        roll_head("roll of three labels", &labels),
        roll_head("roll of one label", &labels[..1]),
    ]);

    let claim = EnrolClaim {
        version: Version,
        code: EnrolmentCode([0xc0; 16]),
        act_key: mover.act.public,
        handoff_key: mover.handoff.public,
    };
    let session =
        SessionRequest { version: Version, device: mover.device(), challenge: [0xcc; 32] };
    all.extend([
        signed_message(
            Vector::new("enrolment", "enrolment of a mover").with_bytes("code", &claim.code.0),
            &mover.act,
            claim.clone(),
        ),
        signed_message(
            Vector::new("session", "session of a mover").with_bytes("challenge", &[0xcc; 32]),
            &mover.act,
            session,
        ),
    ]);

    let sealing = OpeningKey::from_bytes(&OPENING_KEY).unwrap();
    all.extend([
        Vector::new("device", "id of a device")
            .with_bytes("act-key", &mover.act.public.0)
            .with_bytes("handoff-key", &mover.handoff.public.0)
            .with_bytes("id", &mover.device().0),
        Vector::new("sealing-key", "HQ's key for outboxes")
            .with_bytes("opening-key", &OPENING_KEY)
            .with_bytes("sealing-key", &sealing.public().to_bytes())
            .with_bytes("id", &sealing.public().id().0),
        envelope("first entry of an epoch", 0, b"one act, or whatever is sealed"),
        envelope("fourth entry, a whole step long", 3, &[0x55; 64]),
        envelope("last entry of an epoch, empty", 1_023, b""),
        handoff_vector("a handoff of three boxes"),
        attachment("an attachment of no byte", 0),
        attachment("an attachment of one chunk", 40),
        attachment("an attachment of two chunks, the second of one byte", 16_385),
        resolution("an entry that is sent again", Decision::SendAgain),
        resolution("an entry that is given up", Decision::GiveUp),
        attachment_receipt("a photo that HQ has", AttachmentOutcome::Stored),
        attachment_receipt("a photo that is not what was sealed", AttachmentOutcome::Altered),
        upload(),
    ]);

    let claim = Act { about: Some(seen), ..paper::act(Kind::SignOff, BoxList::default()) };
    let claim = mover.writes(claim);
    let claim = Event { code: Some(OneTimeCode::from_bytes([0x0c; 10])), ..claim };
    all.extend([
        sign_off_vector("a sign-off of two acts, asked and answered"),
        event("a sign-off that is claimed with a code", &mover.handoff, claim),
        one_time_code("a supervisor's one-time code", [0x0c; 10]),
        confirmation("HQ confirms a claim", Some(supervisor.device())),
        confirmation("HQ refuses a claim", None),
        customer_receipt(
            "a customer's receipt",
            CustomerReceipt::of(Digest([0xde; 32]), Kind::Deliver, 41).unwrap(),
        ),
    ]);
    all
}

/// The frozen signature still verifies, and what it signs reads as before.
fn still_verifies<T: Message>(vector: &Vector) {
    let name = &vector.name;
    let key = PublicKey(vector.bytes("key").try_into().expect("a public key"));
    let signed: Signed<T> =
        Signed::open(&vector.bytes("cose"), &key).unwrap_or_else(|error| panic!("{name}: {error}"));
    assert_eq!(HEXLOWER.encode(&signed.id().0), vector.fields["id"], "{name}");
    assert_eq!(cbor::to_vec(&*signed), vector.bytes("payload"), "{name}");
}

fn still_opens(vector: &Vector) {
    let name = &vector.name;
    let key = OpeningKey::from_bytes(&vector.bytes("opening-key")).unwrap();
    let header: EpochHeader = cbor::from_versioned::<_, 1>(&vector.bytes("header")).unwrap();
    let epoch = key.epoch(&header).unwrap_or_else(|error| panic!("{name}: {error}"));
    let envelope = Envelope::parse(&vector.bytes("envelope"))
        .unwrap_or_else(|error| panic!("{name}: {error}"));
    let address = envelope.address();
    assert_eq!(HEXLOWER.encode(&address.hq_key.0), vector.fields["sealing-key-id"], "{name}");
    assert_eq!(address.epoch, header.epoch(), "{name}");
    assert_eq!(address.index.to_string(), vector.fields["index"], "{name}");
    assert_eq!(HEXLOWER.encode(&address.device.0), vector.fields["device"], "{name}");
    assert_eq!(address.generation.to_string(), vector.fields["generation"], "{name}");
    assert_eq!(address.sequence.to_string(), vector.fields["sequence"], "{name}");
    assert_eq!(HEXLOWER.encode(&address.event.0), vector.fields["event"], "{name}");
    let content = epoch.open(&envelope).unwrap_or_else(|error| panic!("{name}: {error}"));
    assert_eq!(*content, vector.bytes("content"), "{name}");
}

#[test]
fn what_was_frozen_is_written_the_same_today() {
    let (frozen, specimens) = (frozen(), specimens());
    let missing: Vec<String> = specimens
        .iter()
        .filter(|specimen| !frozen.contains_key(&specimen.name))
        .map(Vector::show)
        .collect();
    assert!(missing.is_empty(), "append these blocks to the file:\n\n{}", missing.join("\n"));
    for specimen in &specimens {
        assert_eq!(specimen.fixed(), frozen[&specimen.name].fixed(), "{}", specimen.name);
    }
    let made: BTreeSet<&String> = specimens.iter().map(|specimen| &specimen.name).collect();
    for name in frozen.keys() {
        assert!(made.contains(name), "nothing checks the vector {name}");
    }
}

#[test]
fn what_was_signed_and_sealed_once_still_verifies_and_opens() {
    for vector in frozen().values() {
        match vector.kind.as_str() {
            "event" => still_verifies::<Event>(vector),
            "receipt" => still_verifies::<Receipt>(vector),
            "tick" => still_verifies::<Tick>(vector),
            "credential" => still_verifies::<crewseal_custody::Credential>(vector),
            "revocations" => still_verifies::<Revocations>(vector),
            "hello" => still_greets(vector),
            "manifest" => still_verifies::<crewseal_custody::Manifest>(vector),
            "roll" => still_verifies::<RollHead>(vector),
            "enrolment" => still_verifies::<EnrolClaim>(vector),
            "session" => still_verifies::<SessionRequest>(vector),
            "erasure" => still_verifies::<Erasure>(vector),
            "envelope" => still_opens(vector),
            "handoff" => still_hands_over(vector),
            "sign-off" => still_signs_off(vector),
            "confirmation" => still_verifies::<Confirmation>(vector),
            "customer-receipt" => still_is_a_receipt(vector),
            "one-time-code" => {
                for field in ["text", "typed"] {
                    let code = OneTimeCode::parse(&vector.fields[field]).unwrap();
                    assert_eq!(code.hash().0.to_vec(), vector.bytes("hash"), "{}", vector.name);
                }
            }
            "label" => {
                let token = Token::parse(&vector.fields["text"]).map(|token| *token.as_bytes());
                assert_eq!(token.unwrap().to_vec(), vector.bytes("token"), "{}", vector.name);
            }
            "box-list" => {
                let list: BoxList = cbor::from_slice(&vector.bytes("list")).unwrap();
                let boxes = paper::lists().resolve(&list).unwrap();
                let boxes: Vec<u8> = boxes.iter().flat_map(|token| *token.as_bytes()).collect();
                assert_eq!(boxes, vector.bytes("boxes"), "{}", vector.name);
            }
            "resolution" => still_verifies::<Resolution>(vector),
            "attachment-receipt" => still_verifies::<AttachmentReceipt>(vector),
            // Written the same today, all of it.
            "device" | "sealing-key" | "attachment" | "upload" => {}
            other => panic!("{}: a vector of the unknown kind {other}", vector.name),
        }
    }
}

#[test]
fn a_frozen_signature_serves_no_other_key() {
    let other = paper::other_hq().public;
    for vector in frozen().values().filter(|vector| vector.kind == "receipt") {
        let read = Unverified::<Receipt>::parse(&vector.bytes("cose")).unwrap();
        assert!(read.verify(&other).is_err(), "{}", vector.name);
    }
}

#[test]
fn frozen_manifests_still_grow_one_from_another() {
    let frozen = frozen();
    let mut manifests = Manifests::default();
    for name in ["manifest, version 1", "manifest, version 2"] {
        let bytes = frozen[name].bytes("cose");
        manifests.push(Signed::open(&bytes, &paper::hq().public).unwrap()).unwrap();
    }
    assert_eq!(manifests.tokens(), paper::tokens(0..4));
}

/// The numbers that stand in signed bytes and on disks.
#[test]
fn numbers_keep_their_meaning() {
    fn same<T>(table: &[(T, u8)])
    where
        T: Encode<()> + for<'b> Decode<'b, ()> + PartialEq + std::fmt::Debug,
    {
        for (value, number) in table {
            assert_eq!(cbor::to_vec(value), [*number], "{value:?}");
            assert_eq!(cbor::from_slice::<T>(&[*number]).as_ref(), Ok(value), "{number}");
        }
    }
    same(&[
        (Kind::Commission, 1),
        (Kind::TakeOver, 2),
        (Kind::Load, 3),
        (Kind::Store, 4),
        (Kind::Count, 5),
        (Kind::Offer, 6),
        (Kind::Accept, 7),
        (Kind::Deliver, 8),
        (Kind::SignOff, 9),
        (Kind::Pack, 10),
        (Kind::Seal, 11),
        (Kind::Depart, 12),
        (Kind::Arrive, 13),
        (Kind::Unload, 14),
        (Kind::Unpack, 15),
        (Kind::CollectForDestruction, 16),
        (Kind::Destroy, 17),
        (Kind::Ack, 18),
        (Kind::Withdraw, 19),
        (Kind::Release, 20),
        (Kind::Resume, 21),
    ]);
    same(&[
        (FindingKind::Missing, 1),
        (FindingKind::NotOurs, 2),
        (FindingKind::Damaged, 3),
        (FindingKind::SealBroken, 4),
        (FindingKind::LabelTyped, 5),
        (FindingKind::LabelReplaced, 6),
        (FindingKind::CountDiffers, 7),
        (FindingKind::Absent, 8),
        (FindingKind::Refused, 9),
        (FindingKind::ClockDisagrees, 10),
    ]);
    same(&[
        (Role::Mover, 1),
        (Role::Driver, 2),
        (Role::Warehouse, 3),
        (Role::Supervisor, 4),
        (Role::Contractor, 5),
    ]);
    same(&[(Method::KeysReplaced, 1)]);
    same(&[(Verification::KeyRefusedAndFilesSearched, 1)]);
    same(&[(Protection::Act, 0), (Protection::Handoff, 1)]);
    same(&[(Decision::SendAgain, 1), (Decision::GiveUp, 2)]);
    same(&[(Dispute::Fork, 1), (Dispute::BrokenChain, 2), (Dispute::UnknownBoxes, 3)]);
    let refusals = [
        (Refusal::Unreadable, 1),
        (Refusal::Malformed, 2),
        (Refusal::UnknownVersion, 3),
        (Refusal::UnknownDevice, 4),
        (Refusal::Signature, 5),
        (Refusal::Mislabelled, 6),
    ];
    same(&refusals);
    for (refusal, number) in refusals {
        assert_eq!(refusal.number(), number, "{refusal:?}");
        assert_eq!(Refusal::from_number(number), Some(refusal), "{number}");
    }
    for number in [0, 7, u8::MAX] {
        assert_eq!(Refusal::from_number(number), None, "{number}");
    }
    let outcomes: [(Outcome, &[u8]); 4] = [
        (Outcome::Stored, &[0x81, 0]),
        (Outcome::StoredAfterGap(300), &[0x82, 1, 0x19, 1, 0x2c]),
        (Outcome::StoredInDispute(Dispute::BrokenChain), &[0x82, 2, 2]),
        (Outcome::Refused(Refusal::Signature), &[0x82, 3, 5]),
    ];
    for (outcome, bytes) in outcomes {
        assert_eq!(cbor::to_vec(&outcome), bytes, "{outcome:?}");
        assert_eq!(cbor::from_slice::<Outcome>(bytes), Ok(outcome), "{bytes:?}");
    }
}
