//! A thief with the process's memory, after the app was locked: a parent reads
//! every writable map of a child that recorded acts and closed its store, and
//! looks for the keys and for what was queued. No core file is needed for that.
//!
//! The claim covers the Rust process: storage key, job keys, ratchet keys and the
//! acts' plaintext. An open handoff keeps its messages under the job's key, on the
//! disk; none is open here. The device's own keys lie with the platform; the
//! software vault, which stands in for it, is the child's own affair.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io::{BufRead as _, BufReader, Lines, Write as _};
use std::os::unix::fs::FileExt as _;
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Stdio};
use std::sync::Arc;

use aes_gcm::aead::{Aead as _, KeyInit as _, Payload};
use aes_gcm::{Aes256Gcm, Key, Nonce};
use crewseal::vault::{KeyVault as _, StoreError};
use crewseal::{ActRequest, Crew, CrewError};
use crewseal_custody::cbor;
use crewseal_custody::envelope::{Envelope, EpochHeader, OpeningKey};
use crewseal_custody::signed::Unverified;
use crewseal_custody::{Event, EventKind};
use fixtures::clock::Standing;
use fixtures::hq::MockHq;
use fixtures::peek::peek;
use fixtures::vault::software;
use fixtures::{files, paper};
use hkdf::Hkdf;
use hpke::aead::AesGcm256;
use hpke::kdf::HkdfSha256;
use hpke::kem::XWing;
use hpke::{Deserializable as _, Kem, OpModeR};
use minicbor::bytes::ByteVec;
use minicbor::{Decode, Encode};
use sha2::Sha256;
use thief::Secret;

use crate::lock::once_free;

/// Where the child finds its phone.
const HOME: &str = "CREWSEAL_MEMORY_HOME";
const LOCKED: &str = "the store is closed";
const LEAKED: &str = "the secrets are in memory";
const ACTS: usize = 5;
/// The acts, and the terms before the first of them.
const ENTRIES: usize = ACTS + 1;

fn open(home: &Path) -> Crew {
    let vault = || Arc::new(software(home));
    let open = || Crew::open(&files::store(home), vault(), Arc::new(Standing));
    once_free(open, |error| matches!(error, CrewError::Store(StoreError::InUse))).unwrap()
}

/// The body of the child: a phone that records, shows its jobs, and is locked.
fn child(home: &Path) {
    let crew = open(home);
    let boxes: BTreeSet<_> = paper::tokens(0..3).into_iter().collect();
    for _ in 0..ACTS - 2 {
        crew.record(paper::JOB, &ActRequest::new(EventKind::Load, boxes.clone())).unwrap();
    }
    let request = ActRequest::new(EventKind::Count, boxes);
    crew.record_all(paper::JOB, &[request.clone(), request]).unwrap();
    assert_eq!(crew.outbox().unwrap().waiting, u64::try_from(ENTRIES).unwrap());
    assert_eq!(crew.jobs().unwrap().len(), 2);
    crew.tally(paper::JOB).unwrap();
    drop(crew);
    let mut output = std::io::stdout();
    writeln!(output, "{LOCKED}").unwrap();
    // When the parent has looked, it names a file with what it looked for.
    let mut leak = String::new();
    std::io::stdin().read_line(&mut leak).unwrap();
    let leaked = fs::read(leak.trim()).unwrap();
    writeln!(output, "{LEAKED}").unwrap();
    std::io::stdin().read_line(&mut leak).unwrap();
    assert!(!std::hint::black_box(&leaked).is_empty());
}

/// A child that is locked.
struct Locked {
    child: Child,
    said: Lines<BufReader<ChildStdout>>,
}

impl Locked {
    fn start(test: &str, home: &Path) -> Self {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", test, "--nocapture"])
            .env(HOME, home)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let said = BufReader::new(child.stdout.take().unwrap()).lines();
        let mut locked = Self { child, said };
        locked.waits_for(LOCKED);
        locked
    }

    fn waits_for(&mut self, word: &str) {
        assert!(self.said.any(|line| line.unwrap().contains(word)), "the child failed");
    }

    /// Lets it keep a copy of this file.
    fn leaks(&mut self, file: &Path) {
        writeln!(self.child.stdin.as_ref().unwrap(), "{}", file.display()).unwrap();
        self.waits_for(LEAKED);
    }

    /// Every writable byte of it, map by map.
    fn memory(&self) -> Vec<(String, Vec<u8>)> {
        let id = self.child.id();
        let maps = fs::read_to_string(format!("/proc/{id}/maps")).unwrap();
        let memory = File::open(format!("/proc/{id}/mem")).unwrap();
        let writable = maps.lines().filter(|line| line.split(' ').nth(1).unwrap().contains('w'));
        let read = |line: &str| {
            let (from, to) = line.split(' ').next().unwrap().split_once('-').unwrap();
            let from = u64::from_str_radix(from, 16).unwrap();
            let length = u64::from_str_radix(to, 16).unwrap() - from;
            let mut bytes = vec![0; usize::try_from(length).unwrap()];
            // What is no memory, such as a device's registers, cannot be read.
            memory.read_exact_at(&mut bytes, from).ok().map(|()| (line.to_owned(), bytes))
        };
        writable.filter_map(read).collect()
    }
}

impl Drop for Locked {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Which secrets are in memory, and in which map.
fn found(memory: &[(String, Vec<u8>)], secrets: &[(String, Vec<u8>)]) -> BTreeSet<String> {
    let patterns: Vec<&[u8]> = secrets.iter().map(|(_, bytes)| bytes.as_slice()).collect();
    let searcher = aho_corasick::AhoCorasick::new(patterns).unwrap();
    let mut finds = BTreeSet::new();
    for (map, bytes) in memory {
        for find in searcher.find_overlapping_iter(bytes) {
            finds.insert(format!("{} in {map}", secrets[find.pattern().as_usize()].0));
        }
    }
    finds
}

/// Whole and in halves.
fn with_halves(name: &str, bytes: &[u8]) -> Vec<(String, Vec<u8>)> {
    let (first, second) = bytes.split_at(bytes.len() / 2);
    [("", bytes), (", first half", first), (", second half", second)]
        .map(|(which, bytes)| (format!("{name}{which}"), bytes.to_vec()))
        .into()
}

/// The header's fields are its own affair; here they are read from outside.
#[derive(Encode, Decode)]
#[cbor(map)]
struct Header {
    #[n(0)]
    version: u8,
    #[n(1)]
    hq_key: ByteVec,
    #[n(2)]
    encapsulated: ByteVec,
}

fn expand(key: &[u8; 32], label: &[u8]) -> [u8; 32] {
    let mut next = [0; 32];
    Hkdf::<Sha256>::from_prk(key).unwrap().expand(label, &mut next).unwrap();
    next
}

/// All that should not be there, found again from outside: with the vault, with
/// HQ's key, by docs/protocol.md.
fn secrets(home: &Path) -> Vec<(String, Vec<u8>)> {
    let mut secrets = Vec::new();
    let database = peek(home);
    let wrapped: Vec<u8> =
        database.query_row("SELECT storage_key FROM vault", [], |row| row.get(0)).unwrap();
    let storage = software(home).unwrap(&wrapped).unwrap();
    secrets.extend(with_halves("storage key", storage.as_ref()));
    let cipher = Aes256Gcm::new(&Key::<Aes256Gcm>::from(*storage));
    let mut jobs = database.prepare("SELECT name, key FROM compartment").unwrap();
    let jobs = jobs
        .query_map([], |row| Ok((row.get::<_, [u8; 32]>(0)?, row.get::<_, Vec<u8>>(1)?)))
        .unwrap();
    for (number, job) in jobs.enumerate() {
        let (name, sealed) = job.unwrap();
        let (nonce, sealed) = sealed.split_first_chunk::<12>().unwrap();
        let aad = [b"compartment".as_slice(), &name, b"/1"].concat();
        let payload = Payload { msg: sealed, aad: &aad };
        let key = cipher.decrypt(&Nonce::from(*nonce), payload).unwrap();
        secrets.extend(with_halves(&format!("job key {number}"), &key));
    }
    assert_eq!(secrets.len(), 3 * 3, "one storage key and two jobs");

    let header: Vec<u8> =
        database.query_row("SELECT header FROM epoch", [], |row| row.get(0)).unwrap();
    let fields: Header = minicbor::decode(&header).unwrap();
    let private = <XWing as Kem>::PrivateKey::from_bytes(&[0x4b; 32]).unwrap();
    let encapsulated = <XWing as Kem>::EncappedKey::from_bytes(&fields.encapsulated).unwrap();
    let context = hpke::setup_receiver::<AesGcm256, HkdfSha256, XWing>(
        &OpModeR::Base,
        &private,
        &encapsulated,
        b"crewseal/outbox/1",
    )
    .unwrap();
    let mut step = [0; 32];
    context.export(b"crewseal outbox v1", &mut step).unwrap();
    for number in 0..=ENTRIES {
        secrets.extend(with_halves(&format!("ratchet key {number}"), &step));
        secrets.extend(with_halves(&format!("entry key {number}"), &expand(&step, b"entry")));
        step = expand(&step, b"next");
    }

    let header: EpochHeader = cbor::from_versioned::<_, 1>(&header).unwrap();
    let epoch = OpeningKey::from_bytes(&[0x4b; 32]).unwrap().epoch(&header).unwrap();
    let mut entries = database.prepare("SELECT envelope FROM outbox").unwrap();
    let entries = entries.query_map([], |row| row.get::<_, Vec<u8>>(0)).unwrap();
    for (number, entry) in entries.enumerate() {
        let envelope = Envelope::parse(&entry.unwrap()).unwrap();
        let act = epoch.open(&envelope).unwrap();
        let event = Unverified::<Event>::parse(&act).unwrap();
        secrets.extend(with_halves(&format!("act {number}"), &act));
        secrets.push((format!("salt of act {number}"), event.claims().salt.0.to_vec()));
    }
    secrets
}

async fn phone() -> tempfile::TempDir {
    let home = tempfile::tempdir().unwrap();
    let hq = MockHq::start().await;
    let crew = open(home.path());
    crew.enrol(&hq.invitation()).await.unwrap();
    crew.fetch().await.unwrap();
    home
}

#[tokio::test]
async fn a_locked_phone_keeps_no_key_and_no_queued_act_in_memory() {
    const THIS: &str = "memory::a_locked_phone_keeps_no_key_and_no_queued_act_in_memory";
    if let Some(home) = std::env::var_os(HOME) {
        child(Path::new(&home));
        return;
    }
    let home = phone().await;
    let mut locked = Locked::start(THIS, home.path());
    let memory = locked.memory();
    let secrets = secrets(home.path());
    assert_eq!(found(&memory, &secrets), BTreeSet::new());

    // The same search finds each of them where it was left.
    let leak = home.path().join("leak");
    let bytes: Vec<Vec<u8>> = secrets.iter().map(|(_, bytes)| bytes.clone()).collect();
    fs::write(&leak, bytes.concat()).unwrap();
    locked.leaks(&leak);
    let finds = found(&locked.memory(), &secrets);
    for (name, _) in &secrets {
        let start = format!("{name} in ");
        assert!(finds.iter().any(|find| find.starts_with(&start)), "{name}");
    }
}

#[tokio::test]
async fn no_file_of_a_locked_phone_holds_a_key_or_a_queued_act() {
    let home = phone().await;
    // Open, so that the log and its index are there, too.
    let crew = open(home.path());
    let boxes: BTreeSet<_> = paper::tokens(0..3).into_iter().collect();
    for _ in 0..ACTS {
        crew.record(paper::JOB, &ActRequest::new(EventKind::Load, boxes.clone())).unwrap();
    }
    let secrets: Vec<Secret> = secrets(home.path())
        .into_iter()
        .map(|(name, bytes)| Secret::new(name, bytes).unwrap())
        .collect();
    let store = files::store(home.path());
    assert!(store.join("crewseal.db-wal").exists() && store.join("crewseal.db-shm").exists());
    assert_eq!(thief::search(&store, &secrets).unwrap(), []);
    drop(crew);
    assert_eq!(thief::search(&store, &secrets).unwrap(), []);
    // The same search finds what was put there.
    for secret in &secrets {
        fs::write(store.join("leak"), secret.written()).unwrap();
        let finds = thief::search(&store, std::slice::from_ref(secret)).unwrap();
        assert!(!finds.is_empty(), "{}", secret.name);
    }
}
