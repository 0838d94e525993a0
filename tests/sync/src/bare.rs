//! What no phone can do without when it delivers, and no HQ when it takes in: each by itself, as
//! bare as it goes, in the time that this process is on a processor.

use std::hint::black_box;
use std::path::Path;
use std::time::Duration;

use crewseal_custody::HqKeys;
use crewseal_custody::log::{Leaf, Receipt, root_by_runs};
use crewseal_custody::signed::Digest;
use ring::aead::{AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use ring::hkdf::{HKDF_SHA256, Prk};
use ring::rand::SystemRandom;
use ring::signature::{
    ECDSA_P256_SHA256_FIXED, ECDSA_P256_SHA256_FIXED_SIGNING, ED25519, EcdsaKeyPair,
    Ed25519KeyPair, KeyPair as _, UnparsedPublicKey,
};
use rusqlite::{Connection, TransactionBehavior, params};

use crate::cpu;
use crate::traffic::{BATCH, Deliveries};

/// How often something short is done for one time.
const TIMES: u32 = 2_000;
/// Of so many times the median counts.
pub const ROUNDS: usize = 5;
/// Bytes of a signed event of 300 that are sealed: with what is beside it, padded.
const SEALED: usize = 320;
/// Bytes of an envelope of it.
const ENVELOPE: usize = 446;
/// The most bytes of a record of TLS.
const RECORD: usize = 16_384;

/// What a phone cannot do without, for one event of a batch.
#[derive(Debug, Clone, Copy)]
pub struct Unavoidable {
    /// Its keys and its sealing.
    pub seal: Duration,
    /// The hashes of its leaf, and its share of those up to the root.
    pub hash: Duration,
    /// Its row, deleted with those of the batch.
    pub delete: Duration,
    /// Its share of the records of TLS.
    pub tls: Duration,
    /// Its share of the checkpoint's signature.
    pub signature: Duration,
}

impl Unavoidable {
    /// With a receipt, and what passed for a batch.
    pub fn measure(directory: &Path, receipt: &Receipt, hq: &HqKeys, passed: &Deliveries) -> Self {
        let (seal, tls) = (cipher(), records(passed));
        Self {
            seal: repeated(TIMES, || expand_and_seal(&seal)),
            hash: proof(receipt, hq) / BATCH,
            delete: delete(&directory.join("bare.db")).expect("a disk with room") / BATCH,
            tls: tls / BATCH,
            signature: ed25519() / BATCH,
        }
    }

    /// All of it.
    pub fn sum(&self) -> Duration {
        self.seal + self.hash + self.delete + self.tls + self.signature
    }
}

/// The median of what one of some work takes.
fn repeated(times: u32, mut work: impl FnMut()) -> Duration {
    let round = |_| cpu::taken(|| (0..times).for_each(|_| work())).0 / times;
    cpu::median((0..ROUNDS).map(round).collect())
}

fn cipher() -> Prk {
    Prk::new_less_safe(HKDF_SHA256, &[7; 32])
}

fn nonce() -> Nonce {
    Nonce::assume_unique_for_key([0; 12])
}

/// The entry's key and the chain's next, and one message under it.
fn expand_and_seal(chain: &Prk) {
    let mut next = [0; 32];
    let step = chain.expand(&[b"next"], HKDF_SHA256).expect("a short key");
    step.fill(&mut next).expect("a short key");
    let key = chain.expand(&[b"entry"], &AES_256_GCM).expect("a short key");
    let mut content = vec![0; SEALED];
    LessSafeKey::new(UnboundKey::from(key))
        .seal_in_place_append_tag(nonce(), Aad::from([0; 94]), &mut content)
        .expect("a short content");
    black_box((next, content));
}

/// The leaves of a batch, with their salted digests, and the root that follows.
fn proof(receipt: &Receipt, hq: &HqKeys) -> Duration {
    let proven = receipt.verify(hq).expect("a receipt that holds");
    let head = proven.checkpoint.checkpoint().head;
    let (proof, _) = receipt.proof.as_chunks::<32>();
    let proof: Vec<Digest> = proof.iter().copied().map(Digest).collect();
    repeated(TIMES / BATCH, || {
        let events = proven.events.iter();
        let leaf = |id, salt, logged| Leaf::event(id, salt, logged).hash();
        let leaves: Vec<(u64, Digest)> =
            events.map(|event| (event.place, leaf(event.id, &event.salt, &event.logged))).collect();
        let root = root_by_runs(&leaves, head.size, &proof);
        assert_eq!(root.ok(), Some(head.root), "it is the receipt's");
    })
}

/// A batch's bytes under one key of TLS, sealed or opened, in as few records as it goes.
fn records(passed: &Deliveries) -> Duration {
    let key = LessSafeKey::new(UnboundKey::new(&AES_256_GCM, &[7; 32]).expect("a key"));
    let length = |bytes| usize::try_from(bytes).expect("few bytes");
    let mut up = vec![0; length(passed.up)];
    let mut down = vec![0; length(passed.down)];
    key.seal_in_place_append_tag(nonce(), Aad::empty(), &mut down).expect("few bytes");
    repeated(TIMES / BATCH, || {
        for record in up.chunks_mut(RECORD) {
            let tag = key.seal_in_place_separate_tag(nonce(), Aad::from([0; 5]), record);
            let _tag = black_box(tag.expect("few bytes"));
        }
        let mut record = down.clone();
        black_box(key.open_in_place(nonce(), Aad::empty(), &mut record).expect("what was sealed"));
    })
}

/// Rows of a batch, deleted in one transaction of a database like a phone's.
fn delete(path: &Path) -> rusqlite::Result<Duration> {
    let mut database = Connection::open(path)?;
    for (pragma, value) in [
        ("locking_mode", "EXCLUSIVE"),
        ("journal_mode", "WAL"),
        ("synchronous", "FULL"),
        ("fullfsync", "ON"),
        ("checkpoint_fullfsync", "ON"),
        ("temp_store", "MEMORY"),
        ("secure_delete", "ON"),
        ("cache_spill", "OFF"),
    ] {
        database.pragma_update(None, pragma, value)?;
    }
    database.execute_batch(
        "CREATE TABLE outbox (position INTEGER PRIMARY KEY, envelope BLOB NOT NULL,
             parked INTEGER, leaf_salt BLOB, job BLOB, generation INTEGER, place INTEGER,
             placed_at INTEGER) STRICT;
         CREATE INDEX outbox_parked ON outbox (parked) WHERE parked IS NOT NULL;
         CREATE INDEX outbox_placed ON outbox (generation, place) WHERE place IS NOT NULL;",
    )?;
    let mut times = Vec::new();
    for _ in 0..ROUNDS * 5 {
        let t = database.transaction_with_behavior(TransactionBehavior::Immediate)?;
        for position in 0..BATCH {
            t.prepare_cached(
                "INSERT INTO outbox (position, envelope, leaf_salt, job) VALUES (?1, ?2, ?3, ?3)",
            )?
            .execute(params![position, [7_u8; ENVELOPE], [7_u8; 16]])?;
        }
        t.commit()?;
        let (time, deleted) = cpu::taken(|| {
            let t = database.transaction_with_behavior(TransactionBehavior::Immediate)?;
            for position in 0..BATCH {
                t.prepare_cached("DELETE FROM outbox WHERE position = ?1")?.execute([position])?;
            }
            t.commit()
        });
        deleted?;
        times.push(time);
    }
    Ok(cpu::median(times))
}

/// One check of a checkpoint's signature.
fn ed25519() -> Duration {
    let pair = Ed25519KeyPair::from_seed_unchecked(&[7; 32]).expect("a key");
    let body = [7; 120];
    let signature = pair.sign(&body);
    let key = UnparsedPublicKey::new(&ED25519, pair.public_key());
    repeated(TIMES / 4, || key.verify(&body, signature.as_ref()).expect("what was signed"))
}

/// One verification of an event's signature, by P-256.
pub fn verification() -> Duration {
    let (rng, algorithm) = (SystemRandom::new(), &ECDSA_P256_SHA256_FIXED_SIGNING);
    let pkcs8 = EcdsaKeyPair::generate_pkcs8(algorithm, &rng).expect("randomness");
    let pair = EcdsaKeyPair::from_pkcs8(algorithm, pkcs8.as_ref(), &rng).expect("a key");
    let event = [7; 300];
    let signature = pair.sign(&rng, &event).expect("randomness");
    let key = UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, pair.public_key());
    repeated(TIMES, || key.verify(&event, signature.as_ref()).expect("what was signed"))
}
