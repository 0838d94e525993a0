//! What apps bring fails in ways that nobody expected: each is an error of the call it
//! happened in, and the phone goes on.

use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::mpsc::channel;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use crewseal_ffi::{
    Advice, Alarm, CancelToken, Clock, ClockError, Connection, Count, Crew, CrewError,
    HighWaterMark, KeyVault, KeyVaultError, NetworkError, NetworkState, Observer, ObserverError,
    Protection, PublicKeys, SinceBoot, SyncProgress,
};
use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, KeyPair};

/// Keys in memory, which panic when they are told to.
struct Keys {
    act: EcdsaKeyPair,
    handoff: EcdsaKeyPair,
    mark: Mutex<Option<HighWaterMark>>,
    panics: AtomicBool,
}

impl Keys {
    fn new() -> Arc<Self> {
        let (scheme, random) = (&ECDSA_P256_SHA256_ASN1_SIGNING, SystemRandom::new());
        let pair = || {
            let pkcs8 = EcdsaKeyPair::generate_pkcs8(scheme, &random).unwrap();
            EcdsaKeyPair::from_pkcs8(scheme, pkcs8.as_ref(), &random).unwrap()
        };
        let (mark, panics) = (Mutex::default(), AtomicBool::new(false));
        Arc::new(Self { act: pair(), handoff: pair(), mark, panics })
    }

    fn asked(&self) {
        assert!(!self.panics.load(Ordering::SeqCst), "a vault that nobody tested");
    }
}

impl KeyVault for Keys {
    fn public_keys(&self) -> Result<PublicKeys, KeyVaultError> {
        self.asked();
        let bytes = |pair: &EcdsaKeyPair| pair.public_key().as_ref().to_vec();
        Ok(PublicKeys { act: bytes(&self.act), handoff: bytes(&self.handoff) })
    }

    fn sign(&self, protection: Protection, message: Vec<u8>) -> Result<Vec<u8>, KeyVaultError> {
        self.asked();
        let pair = match protection {
            Protection::Act => &self.act,
            Protection::Handoff => &self.handoff,
        };
        Ok(pair.sign(&SystemRandom::new(), &message).unwrap().as_ref().to_vec())
    }

    fn attestation(&self) -> Result<Option<Vec<u8>>, KeyVaultError> {
        Ok(None)
    }

    fn wrap(&self, key: Vec<u8>) -> Result<Vec<u8>, KeyVaultError> {
        self.asked();
        Ok(key)
    }

    fn unwrap(&self, wrapped: Vec<u8>) -> Result<Vec<u8>, KeyVaultError> {
        self.asked();
        Ok(wrapped)
    }

    fn begin_rotation(&self) -> Result<(), KeyVaultError> {
        Ok(())
    }

    fn is_rotating(&self) -> Result<bool, KeyVaultError> {
        Ok(false)
    }

    fn finish_rotation(&self) -> Result<(), KeyVaultError> {
        Ok(())
    }

    fn erase(&self) -> Result<(), KeyVaultError> {
        Err(KeyVaultError::Hardware)
    }

    fn mark(&self) -> Result<Option<HighWaterMark>, KeyVaultError> {
        self.asked();
        Ok(*self.mark.lock().unwrap())
    }

    fn raise_mark(&self, mark: HighWaterMark) -> Result<(), KeyVaultError> {
        *self.mark.lock().unwrap() = Some(mark);
        Ok(())
    }
}

struct Stopped;

impl Clock for Stopped {
    fn now(&self) -> Result<u64, ClockError> {
        Err(ClockError::Failed)
    }

    fn since_boot(&self) -> Result<SinceBoot, ClockError> {
        Err(ClockError::Failed)
    }
}

/// A network of which every answer is another one.
struct Network(AtomicU32);

impl NetworkState for Network {
    fn connection(&self) -> Result<Connection, NetworkError> {
        match self.0.fetch_add(1, Ordering::SeqCst) {
            0 => Ok(Connection::Offline),
            1 => Err(NetworkError::Unknown),
            2 => panic!("a network that nobody tested"),
            _ => Ok(Connection::Metered),
        }
    }
}

async fn open(
    directory: &tempfile::TempDir,
    keys: &Arc<Keys>,
    network: Option<Arc<dyn NetworkState>>,
) -> Result<Crew, CrewError> {
    let directory = directory.path().join("phone").to_str().unwrap().to_owned();
    Crew::open(directory, Arc::clone(keys) as _, Arc::new(Stopped), network).await
}

#[tokio::test]
async fn a_panic_in_a_vault_is_an_error_of_its_call() {
    let (directory, keys) = (tempfile::tempdir().unwrap(), Keys::new());
    keys.panics.store(true, Ordering::SeqCst);
    assert_eq!(open(&directory, &keys, None).await.err(), Some(CrewError::Fault));
    keys.panics.store(false, Ordering::SeqCst);
    let crew = open(&directory, &keys, None).await.unwrap();
    keys.panics.store(true, Ordering::SeqCst);
    assert_eq!(crew.erasures().await.err(), Some(CrewError::Fault));
    keys.panics.store(false, Ordering::SeqCst);
    assert_eq!(crew.erasures().await.unwrap(), []);
}

#[tokio::test]
async fn only_a_network_that_is_off_for_sure_keeps_a_call_from_being_tried() {
    let (directory, keys) = (tempfile::tempdir().unwrap(), Keys::new());
    let network = Arc::new(Network(AtomicU32::new(0)));
    let crew = open(&directory, &keys, Some(network)).await.unwrap();
    let offline = CrewError::Offline { again_after_millis: None };
    let tried = CrewError::NotEnrolled;
    for expected in [offline, tried.clone(), CrewError::Fault, tried] {
        assert_eq!(crew.sync(None).await.err(), Some(expected));
    }
}

#[tokio::test]
async fn a_token_ends_a_call_before_it_begins() {
    let (directory, keys) = (tempfile::tempdir().unwrap(), Keys::new());
    let crew = open(&directory, &keys, None).await.unwrap();
    let token = Arc::new(CancelToken::new());
    let cancel = || Some(Arc::clone(&token));
    assert_eq!(crew.sync(cancel()).await.err(), Some(CrewError::NotEnrolled));
    token.cancel();
    assert!(token.is_cancelled());
    assert_eq!(crew.sync(cancel()).await.err(), Some(CrewError::CallCancelled));
    assert_eq!(crew.fetch(cancel()).await.err(), Some(CrewError::CallCancelled));
    assert_eq!(crew.enrol(Vec::new(), cancel()).await.err(), Some(CrewError::CallCancelled));
    assert!(!crew.is_enrolled().await.unwrap());
}

/// Calls the phone that asks it, and waits for the answer.
struct Within {
    keys: Arc<Keys>,
    phone: Mutex<Option<Arc<Crew>>>,
    answer: Mutex<Option<Result<u64, CrewError>>>,
    /// Whether another thread calls, for which the one that is asked waits.
    calls_aside: bool,
    runtime: tokio::runtime::Handle,
}

impl Within {
    fn new(keys: Arc<Keys>, calls_aside: bool) -> Arc<Self> {
        let (phone, answer) = (Mutex::default(), Mutex::default());
        let runtime = tokio::runtime::Handle::current();
        Arc::new(Self { keys, phone, answer, calls_aside, runtime })
    }

    /// Once for each phone that it is told to call.
    fn call(&self) {
        let Some(phone) = self.phone.lock().unwrap().take() else { return };
        let runtime = self.runtime.clone();
        let call = move || runtime.block_on(phone.outbox()).map(|outbox| outbox.waiting);
        let answer =
            if self.calls_aside { std::thread::spawn(call).join().unwrap() } else { call() };
        *self.answer.lock().unwrap() = Some(answer);
    }
}

impl KeyVault for Within {
    fn public_keys(&self) -> Result<PublicKeys, KeyVaultError> {
        self.call();
        self.keys.public_keys()
    }

    fn sign(&self, protection: Protection, message: Vec<u8>) -> Result<Vec<u8>, KeyVaultError> {
        self.keys.sign(protection, message)
    }

    fn attestation(&self) -> Result<Option<Vec<u8>>, KeyVaultError> {
        self.keys.attestation()
    }

    fn wrap(&self, key: Vec<u8>) -> Result<Vec<u8>, KeyVaultError> {
        self.keys.wrap(key)
    }

    fn unwrap(&self, wrapped: Vec<u8>) -> Result<Vec<u8>, KeyVaultError> {
        self.keys.unwrap(wrapped)
    }

    fn begin_rotation(&self) -> Result<(), KeyVaultError> {
        self.keys.begin_rotation()
    }

    fn is_rotating(&self) -> Result<bool, KeyVaultError> {
        self.keys.is_rotating()
    }

    fn finish_rotation(&self) -> Result<(), KeyVaultError> {
        self.keys.finish_rotation()
    }

    fn erase(&self) -> Result<(), KeyVaultError> {
        self.keys.erase()
    }

    fn mark(&self) -> Result<Option<HighWaterMark>, KeyVaultError> {
        self.call();
        self.keys.mark()
    }

    fn raise_mark(&self, mark: HighWaterMark) -> Result<(), KeyVaultError> {
        self.keys.raise_mark(mark)
    }
}

#[tokio::test]
async fn a_phone_that_is_called_from_within_its_own_call_says_so() {
    let (directory, keys) = (tempfile::tempdir().unwrap(), Keys::new());
    let path = directory.path().join("phone").to_str().unwrap().to_owned();
    let vault = Within::new(keys, false);
    let crew = Crew::open(path, Arc::clone(&vault) as _, Arc::new(Stopped), None).await.unwrap();
    let crew = Arc::new(crew);
    *vault.phone.lock().unwrap() = Some(Arc::clone(&crew));
    assert_eq!(crew.erasures().await.unwrap(), []);
    assert_eq!(vault.answer.lock().unwrap().take(), Some(Err(CrewError::FromWithin)));
    // The phone goes on, and another may be called from there.
    assert_eq!(crew.outbox().await.unwrap().waiting, 0);
    let (elsewhere, keys) = (tempfile::tempdir().unwrap(), Keys::new());
    let other = Arc::new(open(&elsewhere, &keys, None).await.unwrap());
    *vault.phone.lock().unwrap() = Some(other);
    assert_eq!(crew.erasures().await.unwrap(), []);
    assert_eq!(vault.answer.lock().unwrap().take(), Some(Ok(0)));
}

/// From another thread it is a call like any other: it waits, and gives up.
#[tokio::test]
async fn a_phone_whose_vault_waits_for_another_call_of_it_goes_on() {
    let (directory, keys) = (tempfile::tempdir().unwrap(), Keys::new());
    let path = directory.path().join("phone").to_str().unwrap().to_owned();
    let vault = Within::new(keys, true);
    let crew = Crew::open(path, Arc::clone(&vault) as _, Arc::new(Stopped), None).await.unwrap();
    let crew = Arc::new(crew);
    *vault.phone.lock().unwrap() = Some(Arc::clone(&crew));
    assert_eq!(crew.handoffs().await.unwrap(), []);
    assert_eq!(vault.answer.lock().unwrap().take(), Some(Err(CrewError::KeysBusy)));
    assert_eq!(CrewError::KeysBusy.advice(), Advice::TryLater);
    assert_eq!(crew.outbox().await.unwrap().waiting, 0);
}

#[tokio::test]
async fn a_directory_is_named_from_the_root() {
    for directory in ["", ".", "phone"] {
        let opened = Crew::open(directory.to_owned(), Keys::new(), Arc::new(Stopped), None).await;
        assert_eq!(opened.err(), Some(CrewError::StoreReadOnly), "{directory:?}");
    }
}

/// Fails at everything, and says so.
struct Broken(std::sync::mpsc::Sender<Alarm>);

impl Observer for Broken {
    fn tally_changed(&self, _: crewseal_custody::JobId, _: Count) -> Result<(), ObserverError> {
        Err(ObserverError::Failed)
    }

    fn sync_progressed(&self, _: SyncProgress) -> Result<(), ObserverError> {
        Err(ObserverError::Failed)
    }

    fn alarmed(&self, alarm: Alarm) -> Result<(), ObserverError> {
        self.0.send(alarm).unwrap();
        Err(ObserverError::Failed)
    }
}

#[tokio::test]
async fn a_store_that_was_salvaged_is_told_at_every_opening() {
    let (directory, keys) = (tempfile::tempdir().unwrap(), Keys::new());
    drop(open(&directory, &keys, None).await.unwrap());
    std::fs::write(directory.path().join("phone/crewseal.db"), [0x5a; 8192]).unwrap();
    for _ in 0..2 {
        let crew = open(&directory, &keys, None).await.unwrap();
        let [salvage] = <[_; 1]>::try_from(crew.salvages().await.unwrap()).unwrap();
        let (told, hear) = channel();
        crew.observe(Some(Arc::new(Broken(told)))).unwrap();
        let alarm = hear.recv_timeout(Duration::from_secs(30)).unwrap();
        assert_eq!(alarm, Alarm::StoreSalvaged { salvage });
        // Nothing else, and not again after a rest.
        crew.suspend().await.unwrap();
        crew.resume().await.unwrap();
        drop(crew);
        assert!(hear.recv_timeout(Duration::from_secs(30)).is_err());
    }
}
