//! HQ's log: leaves, proofs, checkpoints, receipts and answers. Nothing in them is random but
//! the signature of a restore, as Ed25519's signatures are not.

use crewseal_custody::cbor::{self, Version};
use crewseal_custody::log::{Checkpoint, SignedCheckpoint, TreeHead};
use crewseal_custody::logged::{ActKind, Leaf, LeafSalt, Receipt, Restore, UnverifiedRestore};
use crewseal_custody::signed::Digest;
use crewseal_custody::wire::{BatchAnswer, Consistency, LeafProof, RestoreNews};
use crewseal_custody::{BoxList, EventKind, KeyListError, Outcome, Salt};
use fixtures::log::{PaperLog, log_key};
use fixtures::paper::{self, MORNING, ORIGIN};

use super::format::Vector;

pub fn specimens() -> Vec<Vector> {
    let mut vectors = vec![event_leaf(), act_leaf(), checkpoint(None), checkpoint(Some(60_000))];
    vectors.extend([proofs(), receipt(), answer(), restore()]);
    vectors
}

fn event_leaf() -> Vector {
    let event = paper::mover().does(EventKind::TakeOver, paper::boxes(0..3));
    let logged = paper::logged(&event, Outcome::StoredAfterGap(4), MORNING + 7_200);
    let salt = LeafSalt::of(&event);
    Vector::new("leaf", "leaf of an event")
        .with_bytes("event", &event.id().0)
        .with_bytes("event-salt", &event.salt.0)
        .with_bytes("salt", &salt.0)
        .with_bytes("logged", &cbor::to_vec(&logged))
        .with_bytes("digest", &logged.digest(&salt).0)
        .with_bytes("leaf", &Leaf::event(event.id(), &salt, &logged).to_bytes())
        .with_bytes("hash", &Leaf::event(event.id(), &salt, &logged).hash().0)
}

fn act_leaf() -> Vector {
    let (salt, message) = (Salt([0x5a; 16]), Digest([0xe7; 32]));
    let leaf = Leaf::act(ActKind::Manifest, &salt, &message);
    Vector::new("leaf", "leaf of a manifest")
        .with_bytes("salt", &salt.0)
        .with_bytes("message", &message.0)
        .with_bytes("leaf", &leaf.to_bytes())
        .with_bytes("hash", &leaf.hash().0)
}

fn checkpoint(replicated: Option<u64>) -> Vector {
    let head = TreeHead { generation: 2, size: 70_000, root: Digest([7; 32]) };
    let signed = log_key().sign(Checkpoint { head, replicated, at: MORNING }, ORIGIN);
    let name = if replicated.is_some() { "checkpoint, replicated" } else { "checkpoint" };
    Vector::new("checkpoint", name)
        .with("origin", ORIGIN)
        .with_bytes("key", &log_key().public())
        .with("text-escaped", signed.as_text().escape_default())
}

fn log(size: u64) -> PaperLog {
    let mut log = PaperLog::default();
    for number in 1..=size {
        log.push(paper::hq().sign(paper::tick(number)).leaf());
    }
    log
}

fn hashes(hashes: &[Digest]) -> Vec<u8> {
    hashes.iter().flat_map(|hash| hash.0).collect()
}

fn proofs() -> Vector {
    let log = log(13);
    let consistency = hashes(&log.consistency(6, 13)).into();
    let path = hashes(&log.inclusion(9, 13)).into();
    Vector::new("log-proofs", "proofs of a log of 13 ticks")
        .with_bytes("root-of-6", &log.head_at(6).root.0)
        .with_bytes("root-of-13", &log.head().root.0)
        .with_bytes(
            "consistency",
            &cbor::to_vec(&Consistency { version: Version, proof: consistency }),
        )
        .with_bytes(
            "inclusion-of-9",
            &cbor::to_vec(&LeafProof { salt: paper::nonce(10), place: 9, path }),
        )
        .with_bytes("runs-of-2-3-4-and-11", &hashes(&log.prove(vec![2, 3, 4, 11])))
}

fn receipt() -> Vector {
    let ticks = [paper::hq().sign(paper::tick(1))];
    let mut mover = paper::mover();
    let events = [
        mover.does(EventKind::TakeOver, paper::boxes(0..3)),
        mover.does(EventKind::Load, paper::boxes(0..3)),
        mover.does(EventKind::Count, BoxList::default()),
    ];
    let logged = events
        .each_ref()
        .map(|event| (event, paper::logged(event, Outcome::Stored, MORNING + 7_200)));
    let receipt = paper::receipt(&ticks, &logged);
    Vector::new("receipt", "receipt for three events and a tick")
        .with_bytes("receipt", &cbor::to_vec(&receipt))
}

fn answer() -> Vector {
    let mut log = log(13);
    let mut mover = paper::mover();
    let placed = [EventKind::TakeOver, EventKind::Load].map(|kind| {
        let event = mover.does(kind, paper::boxes(0..3));
        log.log(&event, paper::logged(&event, Outcome::Stored, MORNING + 7_200))
    });
    let answer = log.answer(&placed, &log.checkpoint(MORNING + 7_200));
    Vector::new("answer", "answer to a batch of two").with_bytes("answer", &cbor::to_vec(&answer))
}

fn restore() -> Vector {
    let old = log(13);
    let restore = Restore {
        version: Version,
        origin: ORIGIN.to_owned(),
        kept: old.head_at(9),
        newest: old.checkpoint(MORNING).as_text().as_bytes().to_vec().into(),
        at: MORNING + 86_400,
        salt: Salt([0x5a; 16]),
    };
    let mut signed = UnverifiedRestore::propose(restore.clone()).unwrap();
    let key = paper::list_key();
    signed.sign::<KeyListError>(&key.public, |bytes| Ok(key.raw(bytes))).unwrap();
    let mut log = PaperLog::of_generation(restore.generation());
    log.push(restore.leaf());
    let news = RestoreNews {
        version: Version,
        restore: signed.to_bytes().into(),
        checkpoint: log.checkpoint(MORNING + 86_400).as_text().to_owned(),
        proof: Vec::new().into(),
    };
    Vector::new("restore", "restore of a log")
        .with_bytes("payload", &cbor::to_vec(&restore))
        .with_bytes("leaf", &restore.leaf().to_bytes())
        .with_bytes("cose", &signed.to_bytes())
        .with_bytes("restore-news", &cbor::to_vec(&news))
}

/// What was frozen still proves what it did.
pub fn still_proves(vector: &Vector) {
    let keys = paper::hq_keys();
    match vector.kind.as_str() {
        "receipt" => {
            let receipt: Receipt = cbor::from_versioned::<_, 2>(&vector.bytes("receipt")).unwrap();
            assert_eq!(receipt.verify(&keys).unwrap().events.len(), 3, "{}", vector.name);
        }
        "checkpoint" => {
            let text =
                vector.fields["text-escaped"].replace("\\n", "\n").replace("\\u{2014}", "\u{2014}");
            let keys = [log_key().listed()];
            SignedCheckpoint::open(text.as_bytes(), ORIGIN, &keys).unwrap();
        }
        "answer" => {
            let _: BatchAnswer = cbor::from_versioned::<_, 2>(&vector.bytes("answer")).unwrap();
        }
        "restore" => {
            Restore::open(&vector.bytes("cose"), &keys).unwrap();
            let news: RestoreNews =
                cbor::from_versioned::<_, 1>(&vector.bytes("restore-news")).unwrap();
            let read = Restore::open(&news.restore, &keys).unwrap();
            let checkpoint = keys.open_checkpoint(news.checkpoint.as_bytes()).unwrap();
            assert_eq!(checkpoint.checkpoint().head.root, read.leaf().hash(), "{}", vector.name);
        }
        _ => {}
    }
}
