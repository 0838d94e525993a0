//! What is sealed to HQ: entries, photos, and what is decided about them.

use crewseal_custody::cbor::{self, Version};
use crewseal_custody::delivery_grant::{DeliveryToken, Endpoint, StoredGrant};
use crewseal_custody::envelope::{
    AttachmentKey, Beside, Entry, Envelope, Epoch, EpochHeader, OpeningKey,
};
use crewseal_custody::personal::Personal;
use crewseal_custody::resolution::{Decision, Resolution};
use crewseal_custody::signed::{Digest, Namespace};
use crewseal_custody::wire::{
    AttachmentPart, AttachmentState, Batch, Cursor, DeliveryGrant, JobNews, LeafProof, News,
    RevocationNews, RollNews, RollPart,
};
use crewseal_custody::{AttachmentOutcome, AttachmentReceipt, DeviceId, JobId, Salt};
use data_encoding::HEXLOWER;
use fixtures::{paper, random};
use minicbor::{Decode, Encode, Encoder};

use super::format::Vector;
use super::signed::signed_message;

/// HQ's private key for outboxes, of these vectors only.
const OPENING_KEY: [u8; 32] = [0x2e; 32];

pub fn specimens() -> Vec<Vector> {
    let sealing = OpeningKey::from_bytes(&OPENING_KEY).unwrap();
    vec![
        Vector::new("sealing-key", "HQ's key for outboxes")
            .with_bytes("opening-key", &OPENING_KEY)
            .with_bytes("sealing-key", &sealing.public().to_bytes())
            .with_bytes("id", &sealing.public().id().0),
        envelope("first entry of an epoch", 0, b"one act, or whatever is sealed"),
        envelope("fourth entry, a whole step long", 3, &[0x55; 64]),
        envelope("last entry of an epoch, empty", 1_023, b""),
        attachment("an attachment of no byte", 0),
        attachment("an attachment of one chunk", 40),
        attachment("an attachment of two chunks, the second of one byte", 16_385),
        resolution("an entry that is sent again", Decision::SendAgain),
        resolution("an entry that is given up", Decision::GiveUp),
        attachment_receipt("a photo that HQ has", AttachmentOutcome::Stored),
        attachment_receipt("a photo that is not what was sealed", AttachmentOutcome::Altered),
        upload(),
        grant(),
        batch(),
        news(),
    ]
}

/// What HQ tells, with something of every stream, and with nothing new.
fn news() -> Vector {
    let cursor = |byte: u8| Cursor(vec![byte; 4].into());
    let part = RollPart { head: vec![0xc4; 3].into(), first: 8_000, labels: vec![0x1a; 32].into() };
    let news = News {
        version: Version,
        tick: vec![0xc1; 3].into(),
        more: true,
        jobs: Some(JobNews {
            cursor: cursor(1),
            packs: vec![vec![0xc2; 3].into()],
            ended: vec![JobId([0x0b; 16])],
        }),
        rolls: Some(RollNews { cursor: cursor(2), parts: vec![part] }),
        revocations: Some(RevocationNews {
            cursor: cursor(3),
            list: Some(vec![0xc3; 3].into()),
            proof: Some(LeafProof {
                salt: Salt([9; 16]),
                place: 70_000,
                path: vec![0xc4; 64].into(),
            }),
        }),
    };
    let nothing = News { more: false, jobs: None, rolls: None, revocations: None, ..news.clone() };
    Vector::new("news", "news of every stream, and of none")
        .with_bytes("news", &cbor::to_vec(&news))
        .with_bytes("nothing-new", &cbor::to_vec(&nothing))
        .with("cursor-in-a-query", cursor(0xff).to_text())
}

/// Bytes that stand for a sealed entry of an epoch, with a digest that fits.
fn sealed_entry(header: &EpochHeader, index: u16, steps: usize) -> Envelope {
    let mut bytes = b"CSE\x01".to_vec();
    bytes.extend(u32::try_from(94 + steps * 64 + 32).unwrap().to_be_bytes());
    bytes.extend(header.hq_key().0);
    bytes.extend(header.epoch().0);
    bytes.extend(index.to_be_bytes());
    bytes.extend([0xd1; 16]);
    bytes.extend(2_u32.to_be_bytes());
    bytes.extend((300 + u64::from(index)).to_be_bytes());
    bytes.extend([index.to_be_bytes()[1]; 32]);
    bytes.extend(vec![0xcc; steps * 64 + 16]);
    let digest = ring::digest::digest(&ring::digest::SHA256, &bytes);
    bytes.extend(&digest.as_ref()[..16]);
    Envelope::parse(&bytes).unwrap()
}

/// Two epochs, of which one has its header in the batch; an index that was burnt.
fn batch() -> Vector {
    let header = |byte| {
        let mut header = vec![0xa3, 0, 1, 1, 0x48];
        header.extend([0x4b; 8]);
        header.extend([2, 0x44, byte, byte, byte, byte]);
        header
    };
    let (known, lost) = (header(1), header(2));
    let read = |bytes: &[u8]| cbor::from_versioned::<EpochHeader, 1>(bytes).unwrap();
    let envelopes = [
        sealed_entry(&read(&lost), 1_023, 1),
        sealed_entry(&read(&known), 0, 1),
        sealed_entry(&read(&known), 1, 2),
        sealed_entry(&read(&known), 3, 1),
    ];
    let sent = Batch::of(std::slice::from_ref(&known), &envelopes);
    let mut vector = Vector::new("batch", "a batch of entries of two epochs");
    for (name, envelope) in ["first", "second", "third", "fourth"].iter().zip(&envelopes) {
        vector = vector.with_bytes(name, envelope.as_bytes());
    }
    vector.with_bytes("header", &known).with_bytes("batch", &cbor::to_vec(&sent))
}

pub fn still_rebuilds(vector: &Vector) {
    let batch: Batch = cbor::from_versioned::<_, 2>(&vector.bytes("batch")).unwrap();
    let envelopes = batch.envelopes().unwrap_or_else(|error| panic!("{}: {error}", vector.name));
    let rebuilt: Vec<u8> = envelopes.iter().flat_map(|one| one.as_bytes().to_vec()).collect();
    let names = ["first", "second", "third", "fourth"];
    let sent: Vec<u8> = names.iter().flat_map(|name| vector.bytes(name)).collect();
    assert_eq!(rebuilt, sent, "{}", vector.name);
}

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
    let keys = [read];
    let beside = Beside { keys: &keys, ..Beside::default() };
    let vector = Vector::new("attachment", name)
        .with("bytes", length)
        .with_bytes("attachment-key", &key)
        .with_bytes("entry", &Entry::to_bytes(b"an event", beside))
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

/// What goes to and fro around an upload, and the grant by which a wiped phone delivers.
fn upload() -> Vector {
    let (event, digest) = (Digest([0xe7; 32]), Digest([0xa1; 32]));
    let chunks = vec![vec![0xc1; 3].into(), vec![0xc2; 3].into()];
    let part = AttachmentPart { version: Version, event, digest, first: 8, chunks };
    let state = AttachmentState { version: Version, held: 10, receipt: None };
    let receipted = AttachmentState { receipt: Some(vec![0xc3; 3].into()), ..state.clone() };
    let token = DeliveryToken("a-token-of-printable-ascii".to_owned());
    let until = paper::MORNING + 90 * 86_400;
    let right = DeliveryGrant { version: Version, token: token.clone(), until };
    // As phones kept it before there were key lists.
    let mut slip = Encoder::new(Vec::new());
    slip.map(6).unwrap().u8(0).unwrap().u8(1).unwrap();
    slip.u8(1).unwrap().str("https://hq.example:8443").unwrap();
    slip.u8(2).unwrap().bytes(&[0xca; 4]).unwrap();
    slip.u8(3).unwrap().bytes(&paper::hq().public.0).unwrap();
    slip.u8(4).unwrap().str(&token.0).unwrap().u8(5).unwrap().u64(until).unwrap();
    Vector::new("upload", "an upload and a delivery slip")
        .with_bytes("part", &cbor::to_vec(&part))
        .with_bytes("state", &cbor::to_vec(&state))
        .with_bytes("state-receipted", &cbor::to_vec(&receipted))
        .with_bytes("right", &cbor::to_vec(&right))
        .with_bytes("slip", &slip.into_writer())
}

/// The grant as phones keep it today.
fn grant() -> Vector {
    let grant = StoredGrant {
        endpoint: Endpoint::of("https://hq.example:8443".to_owned(), paper::hq_keys()),
        token: DeliveryToken("a-token-of-printable-ascii".to_owned()),
        until: paper::MORNING + 90 * 86_400,
    };
    Vector::new("upload", "a delivery grant with key lists")
        .with("url", &grant.endpoint.url)
        .with_bytes("grant", &grant.to_bytes())
}

/// A grant of either format still delivers.
pub fn still_delivers(vector: &Vector) {
    let field = if vector.fields.contains_key("grant") { "grant" } else { "slip" };
    let grant = StoredGrant::read(&vector.bytes(field)).unwrap();
    assert_eq!(grant.endpoint.url, "https://hq.example:8443", "{}", vector.name);
    assert_eq!(grant.endpoint.authorities, [vec![0xca; 4].into()], "{}", vector.name);
    assert!(grant.endpoint.keys.names(&paper::hq().public), "{}", vector.name);
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

pub fn still_opens(vector: &Vector) {
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
