//! A phone whose key vault waits for a person, and what every other call does meanwhile.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use crewseal_custody::cbor::{Version, Versions};
use crewseal_custody::envelope::OpeningKey;
use crewseal_custody::job::JobPack;
use crewseal_custody::personal::Personal;
use crewseal_custody::signed::{Message, Signed};
use crewseal_custody::wire::Cursor;
use crewseal_custody::{
    BootId, BoxList, CarrierId, Credential, EventKind, HqKeys, JobId, Manifests, Protection, Role,
    Tick,
};
use tempfile::TempDir;
use zeroize::Zeroizing;

use super::*;
use crate::crew::ActRequest;
use crate::crew::news::{Told, ToldJobs};
use crate::crew::persisted::Enrolment;
use crate::vault::{Mark, SoftwareVault, VaultError};

const JOB: JobId = JobId([0x0a; 16]);

struct Standing;

impl Clock for Standing {
    fn now(&self) -> u64 {
        1_780_297_200
    }

    fn since_boot(&self) -> (BootId, u64) {
        (BootId([1; 4]), 60_000)
    }
}

/// Of which a signature takes until it is let go on, once it is told to wait.
struct Waiting {
    keys: SoftwareVault,
    waits: AtomicBool,
    asked: Mutex<Sender<()>>,
    go_on: Mutex<Receiver<()>>,
}

impl KeyVault for Waiting {
    fn public_keys(&self) -> Result<PublicKeys, VaultError> {
        self.keys.public_keys()
    }

    fn sign(&self, protection: Protection, message: &[u8]) -> Result<[u8; 64], VaultError> {
        if self.waits.load(Ordering::SeqCst) {
            self.asked.lock().unwrap().send(()).unwrap();
            self.go_on.lock().unwrap().recv().unwrap();
        }
        self.keys.sign(protection, message)
    }

    fn attestation(&self) -> Result<Option<Vec<u8>>, VaultError> {
        self.keys.attestation()
    }

    fn wrap(&self, key: &[u8; 32]) -> Result<Vec<u8>, VaultError> {
        self.keys.wrap(key)
    }

    fn unwrap(&self, wrapped: &[u8]) -> Result<Zeroizing<[u8; 32]>, VaultError> {
        self.keys.unwrap(wrapped)
    }

    fn begin_rotation(&self) -> Result<(), VaultError> {
        self.keys.begin_rotation()
    }

    fn is_rotating(&self) -> Result<bool, VaultError> {
        self.keys.is_rotating()
    }

    fn finish_rotation(&self) -> Result<(), VaultError> {
        self.keys.finish_rotation()
    }

    fn erase(&self) -> Result<(), VaultError> {
        self.keys.erase()
    }

    fn mark(&self) -> Result<Mark, VaultError> {
        self.keys.mark()
    }

    fn raise_mark(&self, mark: Mark) -> Result<(), VaultError> {
        self.keys.raise_mark(mark)
    }
}

fn by<T: Message>(hq: &SoftwareVault, message: T) -> Signed<T> {
    let key = hq.public_keys().unwrap().act;
    let sign = |bytes: &[u8]| hq.sign(Protection::Act, bytes);
    Signed::sign::<VaultError>(message, &key, sign).unwrap()
}

/// A job that is open at this time.
fn open_job(now: u64) -> JobPack {
    JobPack {
        version: Version,
        job: JOB,
        title: Personal::new("a move"),
        customer: Personal::new("a customer"),
        origin: Personal::new("here"),
        destination: Personal::new("there"),
        opens_at: now - 1,
        closes_at: now + 3_600,
        boxes: 0,
        manifests: Vec::new(),
        sensitive: BoxList::default(),
        roster: Vec::new(),
        release_keys: Vec::new(),
        classes: std::collections::BTreeMap::new(),
    }
}

/// A phone that is enrolled and has a job, with what its vault says and hears. Its
/// calls wait for no time worth mentioning.
fn phone(home: &TempDir) -> (Crew, Arc<Waiting>, Receiver<()>, Sender<()>) {
    let hq = SoftwareVault::open(&home.path().join("hq"), "passphrase", 1).unwrap();
    let keys = SoftwareVault::open(&home.path().join("keys"), "passphrase", 1).unwrap();
    let ((asked, is_asked), (let_go, go_on)) = (channel(), channel());
    let (asked, go_on) = (Mutex::new(asked), Mutex::new(go_on));
    let vault = Arc::new(Waiting { keys, waits: AtomicBool::new(false), asked, go_on });
    let mut crew =
        Crew::open(&home.path().join("store"), Arc::clone(&vault) as _, Arc::new(Standing))
            .unwrap();
    let phone = Arc::get_mut(&mut crew.phone).unwrap();
    phone.state.limit(Duration::from_millis(1));
    let now = Standing.now();
    let key = hq.public_keys().unwrap().act;
    let credential = Credential {
        version: Versions::NEWEST,
        act_key: phone.keys.act,
        handoff_key: phone.keys.handoff,
        pseudonym: "Mover 17".to_owned(),
        role: Role::Mover,
        valid_from: now - 1,
        valid_to: now + 3_600,
        carrier: CarrierId([0xca; 16]),
        qualifications: None,
        serial: 1,
        voucher: None,
    };
    let enrolment = Enrolment {
        version: Version,
        url: "https://hq.example".to_owned(),
        authority: Some(Vec::new().into()),
        hq: Some(key),
        sealing_key: Some(OpeningKey::from_bytes(&[8; 32]).unwrap().public().to_bytes().into()),
        credential: by(&hq, credential).as_bytes().to_vec().into(),
        origin: Some("hq.example/log".to_owned()),
        earlier: Vec::new(),
        key_lists: Vec::new(),
    };
    phone.keep_enrolment(&enrolment).unwrap();
    let tick = Tick {
        version: Tick::version_with(None),
        origin: "hq.example/log".to_owned(),
        number: 1,
        at: now,
        nonce: Salt([1; 16]),
        log: None,
        epoch: None,
    };
    let (tick, packs) = (by(&hq, tick), vec![by(&hq, open_job(now))]);
    let packs = packs.into_iter().map(|pack| (pack, Manifests::default())).collect();
    let cursor = Cursor(vec![7].into());
    let jobs = Some(ToldJobs { cursor, packs, ended: Vec::new() });
    let download = Told { tick, jobs, rolls: None, revocations: None, is_all: true };
    let mut state = phone.state().unwrap();
    phone.keep(&mut state, &HqKeys::of_one_key(key), &download).unwrap();
    drop(state);
    (crew, vault, is_asked, let_go)
}

fn count(crew: &Crew) -> Result<crewseal_custody::EventId, CrewError> {
    crew.record(JOB, &ActRequest::new(EventKind::Count, BTreeSet::new()))
}

#[test]
fn answers_every_other_call_and_records_the_act_that_waited() {
    let home = tempfile::tempdir().unwrap();
    let (crew, vault, is_asked, let_go) = phone(&home);
    let first = count(&crew).unwrap();
    vault.waits.store(true, Ordering::SeqCst);
    thread::scope(|scope| {
        let acting = scope.spawn(|| count(&crew));
        is_asked.recv().unwrap();
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let refused = [
            count(&crew).err(),
            crew.is_enrolled().err(),
            crew.jobs().err(),
            crew.outbox().err(),
            crew.photos().err(),
            crew.salvages().err(),
            crew.hello(crate::Introduction::Omitted).err(),
            crew.handoffs().err(),
            crew.rotate_keys().err(),
            crew.forget(JOB).err(),
            crew.log_out().err(),
            // The app must know: its store is still open, and locked.
            crew.suspend().err(),
            crew.resume().err(),
            runtime.block_on(crew.sync()).err(),
            runtime.block_on(crew.upload()).err(),
            runtime.block_on(crew.fetch()).err(),
        ];
        for (call, error) in refused.into_iter().enumerate() {
            let error = error.unwrap();
            assert!(matches!(error, CrewError::KeysBusy), "call {call}: {error:?}");
        }
        vault.waits.store(false, Ordering::SeqCst);
        let_go.send(()).unwrap();
        assert_ne!(acting.join().unwrap().unwrap(), first);
    });
    // Two were recorded and no other, after the terms, and the store is whole.
    assert_eq!(crew.outbox().unwrap().waiting, 3);
    crew.suspend().unwrap();
    crew.resume().unwrap();
    count(&crew).unwrap();
    let status = crew.outbox().unwrap();
    assert_eq!((status.waiting, status.damaged), (4, 0));
    assert!(crew.salvages().unwrap().is_empty());
}

/// Whoever comes while an offer is signed does not get between it and its QR.
#[test]
fn shows_what_was_signed_before_anybody_else_has_the_turn() {
    let home = tempfile::tempdir().unwrap();
    let (mut crew, vault, is_asked, let_go) = phone(&home);
    let patience = Duration::from_secs(3_600);
    Arc::get_mut(&mut crew.phone).unwrap().state.limit(patience);
    // The terms and an act, so that the next act is signed alone.
    count(&crew).unwrap();
    vault.waits.store(true, Ordering::SeqCst);
    let (phone, none) = (&crew.phone, BTreeSet::new());
    let marks = thread::scope(|scope| {
        let act = phone.act(EventKind::Count, JOB, &none).unwrap();
        let showing = || {
            phone.record_to_show(act, None, &BTreeSet::new(), |event| event, |_, _| Ok(Vec::new()))
        };
        let showing = scope.spawn(showing);
        is_asked.recv().unwrap();
        let next = scope.spawn(|| {
            let _turn = phone.state().unwrap();
            vault.mark().unwrap()
        });
        while phone.state.waiting() == 0 {
            thread::yield_now();
        }
        let_go.send(()).unwrap();
        showing.join().unwrap().unwrap();
        next.join().unwrap()
    });
    assert_eq!((marks.generation, marks.sequence), (1, 3));
}
