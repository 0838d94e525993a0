//! The keys of a store: exchanged at any time, interrupted anywhere, and gone when
//! they are said to be gone.
#![expect(
    clippy::unwrap_used,
    reason = "what is not as it should be is what the tests are to fail on"
)]

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};

use crewseal::outbox::queue;
use crewseal::random;
use crewseal::vault::{
    Damage, Drawer, KeyVault, Mark, PublicKeys, SoftwareVault, Store, StoreError, Transaction,
    VaultError,
};
use crewseal_custody::envelope::OpeningKey;
use crewseal_custody::signed::Digest;
use crewseal_custody::{DeviceId, Protection};
use tempfile::TempDir;
use thief::Secret;
use zeroize::Zeroizing;

mod peek;
use peek::peek;

const NAMES: Drawer = Drawer("names");
/// Says to a child of this test where its store is.
const CHILD: &str = "CREWSEAL_TEST_CHILD";
/// At which call of the vault the child dies.
const DIES_AT: &str = "CREWSEAL_TEST_DIES_AT";
/// What the child is to do.
const WORK: &str = "CREWSEAL_TEST_WORK";
/// What a child says that was not killed.
const DONE: &str = "all of it is done";

fn vault(home: &Path) -> SoftwareVault {
    SoftwareVault::open(&home.join("keys"), "passphrase", 1).unwrap()
}

fn open(home: &Path) -> Result<Store, StoreError> {
    open_with(home, &vault(home))
}

/// The child of another test, just begun, may for a moment still hold the lock that it
/// inherited.
fn open_with(home: &Path, vault: &dyn KeyVault) -> Result<Store, StoreError> {
    loop {
        match Store::open(&home.join("store"), vault) {
            Err(StoreError::InUse) => std::thread::yield_now(),
            opened => return opened,
        }
    }
}

/// A store with a name, and one in each of two compartments.
fn filled() -> TempDir {
    let home = tempfile::tempdir().unwrap();
    fill(&mut open(home.path()).unwrap());
    home
}

fn fill(store: &mut Store) {
    let filled = store.transaction(|t| {
        t.put(NAMES, b"a", None, b"Customer 1")?;
        for (job, name, customer) in [("job 1", "b", "Customer 2"), ("job 2", "c", "Customer 3")] {
            let compartment = t.compartment(job.as_bytes())?;
            t.put(NAMES, name.as_bytes(), Some(&compartment), customer.as_bytes())?;
        }
        Ok::<_, StoreError>(())
    });
    filled.unwrap();
}

fn names(store: &mut Store) -> Result<Vec<String>, StoreError> {
    let text = |value: &Zeroizing<Vec<u8>>| String::from_utf8(value.to_vec()).unwrap();
    store.transaction(|t| Ok(t.all(NAMES)?.iter().map(text).collect()))
}

const ALL: [&str; 3] = ["Customer 1", "Customer 2", "Customer 3"];

/// The storage key and a compartment's key as they lie in the file.
fn wraps(home: &Path) -> (Vec<u8>, Vec<Vec<u8>>) {
    let sql = peek(home);
    let storage = sql.query_row("SELECT storage_key FROM vault", [], |row| row.get(0)).unwrap();
    let mut rows = sql.prepare("SELECT key FROM compartment").unwrap();
    let compartments = rows.query_map([], |row| row.get(0)).unwrap();
    (storage, compartments.map(Result::unwrap).collect())
}

fn rotate(store: &mut Store, vault: &dyn KeyVault) -> Result<(), StoreError> {
    store.rotate(vault, |_| Ok(()))
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let to = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy(&entry.path(), &to);
        } else {
            fs::copy(entry.path(), to).unwrap();
        }
    }
}

#[test]
fn exchanged_keys_open_what_the_old_ones_sealed() {
    let home = filled();
    let (vault, before) = (vault(home.path()), wraps(home.path()));
    let mut store = open_with(home.path(), &vault).unwrap();
    rotate(&mut store, &vault).unwrap();
    assert_eq!(names(&mut store).unwrap(), ALL, "while it runs");
    let added = store.transaction(|t| {
        let job = t.compartment(b"job 3")?;
        t.put(NAMES, b"d", Some(&job), b"Customer 4")
    });
    assert_eq!(added, Ok(()));
    drop(store);
    let after = wraps(home.path());
    assert_ne!(before.0, after.0);
    assert!(before.1.iter().all(|wrap| !after.1.contains(wrap)), "every key is wrapped anew");
    assert_eq!(vault.is_rotating(), Ok(false));
    assert_eq!(vault.unwrap(&before.0).map(|_| ()), Err(VaultError::KeyGone));
    let names = names(&mut open(home.path()).unwrap()).unwrap();
    assert_eq!(names, [&ALL[..], &["Customer 4"]].concat(), "after a restart");
}

/// No key of this vault opens the store: it is put aside, and a new one holds nothing
/// of it but the queue.
fn is_salvaged_without_values(home: &Path, vault: &SoftwareVault) {
    let mut store = Store::open(&home.join("store"), vault).unwrap();
    let told: Vec<_> = store.salvages().map(|told| (told.damage, told.values)).collect();
    assert_eq!(told, [(Damage::Key, 0)]);
    assert_eq!(names(&mut store).unwrap(), Vec::<String>::new());
}

#[test]
fn a_store_from_before_an_exchange_does_not_open_with_the_keys_of_after() {
    let (home, old) = (filled(), tempfile::tempdir().unwrap());
    copy(home.path(), old.path());
    let vault = vault(home.path());
    rotate(&mut open_with(home.path(), &vault).unwrap(), &vault).unwrap();
    let copied = tempfile::tempdir().unwrap();
    copy(old.path(), copied.path());
    is_salvaged_without_values(copied.path(), &vault);
    // The control: with the keys of before it does.
    assert_eq!(names(&mut open(old.path()).unwrap()).unwrap(), ALL);
}

#[test]
fn a_lost_wrapping_key_is_replaced_while_the_store_is_open() {
    let home = filled();
    let mine = vault(home.path());
    let mut store = open_with(home.path(), &mine).unwrap();
    // Of these keys nothing unwraps what the old ones wrapped.
    mine.erase().unwrap();
    let other = vault(home.path());
    assert_eq!(other.unwrap(&wraps(home.path()).0).map(|_| ()), Err(VaultError::KeyGone));
    rotate(&mut store, &other).unwrap();
    drop(store);
    assert_eq!(names(&mut open(home.path()).unwrap()).unwrap(), ALL);
}

#[test]
fn work_that_fails_changes_no_key() {
    let home = filled();
    let (vault, before) = (vault(home.path()), wraps(home.path()));
    let mut store = open_with(home.path(), &vault).unwrap();
    let failed: Result<(), StoreError> = store.rotate(&vault, |t| {
        t.forget(b"job 1")?;
        Err(StoreError::Full)
    });
    assert_eq!(failed, Err(StoreError::Full));
    assert_eq!(names(&mut store).unwrap(), ALL);
    drop(store);
    assert_eq!(wraps(home.path()), before);
    // What was begun is finished by the next opening.
    assert_eq!(names(&mut open_with(home.path(), &vault).unwrap()).unwrap(), ALL);
    assert_eq!(vault.is_rotating(), Ok(false));
    assert_ne!(wraps(home.path()).0, before.0);
}

/// A vault that ends its process at one of its calls: before it is done for even
/// numbers, after it for odd ones.
struct Dying {
    vault: SoftwareVault,
    calls: AtomicUsize,
    at: usize,
}

impl Dying {
    fn call<T>(&self, call: impl FnOnce(&SoftwareVault) -> T) -> T {
        let number = self.calls.fetch_add(2, Ordering::SeqCst);
        if number == self.at {
            std::process::abort();
        }
        let done = call(&self.vault);
        if number + 1 == self.at {
            std::process::abort();
        }
        done
    }
}

impl KeyVault for Dying {
    fn public_keys(&self) -> Result<PublicKeys, VaultError> {
        self.vault.public_keys()
    }

    fn sign(&self, protection: Protection, message: &[u8]) -> Result<[u8; 64], VaultError> {
        self.vault.sign(protection, message)
    }

    fn attestation(&self) -> Result<Option<Vec<u8>>, VaultError> {
        self.vault.attestation()
    }

    fn wrap(&self, key: &[u8; 32]) -> Result<Vec<u8>, VaultError> {
        self.call(|vault| vault.wrap(key))
    }

    fn unwrap(&self, wrapped: &[u8]) -> Result<Zeroizing<[u8; 32]>, VaultError> {
        self.call(|vault| vault.unwrap(wrapped))
    }

    fn begin_rotation(&self) -> Result<(), VaultError> {
        self.call(KeyVault::begin_rotation)
    }

    fn is_rotating(&self) -> Result<bool, VaultError> {
        self.call(KeyVault::is_rotating)
    }

    fn finish_rotation(&self) -> Result<(), VaultError> {
        self.call(KeyVault::finish_rotation)
    }

    fn erase(&self) -> Result<(), VaultError> {
        self.call(KeyVault::erase)
    }

    fn mark(&self) -> Result<Mark, VaultError> {
        self.vault.mark()
    }

    fn raise_mark(&self, mark: Mark) -> Result<(), VaultError> {
        self.vault.raise_mark(mark)
    }
}

/// The child's part of the tests below.
fn die(home: &Path) {
    let at = std::env::var(DIES_AT).unwrap().parse().unwrap();
    let dying = Dying { vault: vault(home), calls: AtomicUsize::new(0), at };
    match std::env::var(WORK).unwrap().as_str() {
        "empty" => Store::empty(&home.join("store"), &dying).unwrap(),
        work => {
            let mut store = open_with(home, &dying).unwrap();
            let forget = |t: &mut Transaction<'_>| {
                if work == "forget" {
                    t.forget(b"job 1")?;
                }
                Ok::<_, StoreError>(())
            };
            store.rotate(&dying, forget).unwrap();
        }
    }
    // For the parent, which reads it.
    std::io::Write::write_all(&mut std::io::stdout(), DONE.as_bytes()).unwrap();
}

/// Lets a child die at every step of some work, and looks at what it left.
fn dying_at_each_step(test: &str, work: &str, mut left: impl FnMut(&Path, &[u8], usize)) {
    for at in 0.. {
        let home = filled();
        let (before, _) = wraps(home.path());
        let output = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", test, "--nocapture"])
            .envs([(CHILD, home.path().as_os_str()), (WORK, work.as_ref())])
            .env(DIES_AT, at.to_string())
            .stderr(Stdio::null())
            .output()
            .unwrap();
        let is_done = String::from_utf8_lossy(&output.stdout).contains(DONE);
        assert_eq!(output.status.success(), is_done, "step {at}");
        left(home.path(), &before, at);
        if is_done {
            assert!(at >= 2, "nothing was ever asked of the vault");
            return;
        }
    }
}

#[test]
fn an_exchange_that_dies_at_any_step_goes_on_with_the_next_opening() {
    if let Some(home) = std::env::var_os(CHILD) {
        return die(Path::new(&home));
    }
    let test = "an_exchange_that_dies_at_any_step_goes_on_with_the_next_opening";
    let mut steps = 0;
    dying_at_each_step(test, "rotate", |home, before, at| {
        let vault = vault(home);
        let was_rotating = vault.is_rotating().unwrap();
        let mut store = open_with(home, &vault).unwrap();
        assert_eq!(names(&mut store).unwrap(), ALL, "step {at}");
        assert_eq!(vault.is_rotating(), Ok(false), "step {at}");
        drop(store);
        if was_rotating {
            let unwrapped = vault.unwrap(before).map(|_| ());
            assert_eq!(unwrapped, Err(VaultError::KeyGone), "step {at}: the old key is deleted");
        }
        assert_eq!(names(&mut open(home).unwrap()).unwrap(), ALL, "step {at}, once more");
        steps += 1;
    });
    // Unwrap, whether it rotates (twice), begin, wrap, finish: before and after each.
    assert_eq!(steps, 2 * 6 + 1);
}

#[test]
fn forgetting_that_dies_at_any_step_forgets_all_or_nothing() {
    if let Some(home) = std::env::var_os(CHILD) {
        return die(Path::new(&home));
    }
    let test = "forgetting_that_dies_at_any_step_forgets_all_or_nothing";
    let mut forgotten = Vec::new();
    dying_at_each_step(test, "forget", |home, _, at| {
        let vault = vault(home);
        let mut store = open_with(home, &vault).unwrap();
        let left = names(&mut store).unwrap();
        assert_eq!(vault.is_rotating(), Ok(false), "step {at}");
        assert!(left == ALL || left == ["Customer 1", "Customer 3"], "step {at}: {left:?}");
        forgotten.push(left.len() < ALL.len());
    });
    assert!(forgotten.is_sorted(), "{forgotten:?}");
    assert!(forgotten.contains(&false) && forgotten.contains(&true), "{forgotten:?}");
}

/// A rotation that could not delete the old key has wrapped with the new one already.
#[test]
fn an_exchange_after_one_that_was_not_finished_deletes_both_keys() {
    struct Stubborn(SoftwareVault, std::sync::atomic::AtomicBool);
    impl KeyVault for Stubborn {
        fn public_keys(&self) -> Result<PublicKeys, VaultError> {
            self.0.public_keys()
        }
        fn sign(&self, protection: Protection, message: &[u8]) -> Result<[u8; 64], VaultError> {
            self.0.sign(protection, message)
        }
        fn attestation(&self) -> Result<Option<Vec<u8>>, VaultError> {
            self.0.attestation()
        }
        fn wrap(&self, key: &[u8; 32]) -> Result<Vec<u8>, VaultError> {
            self.0.wrap(key)
        }
        fn unwrap(&self, wrapped: &[u8]) -> Result<Zeroizing<[u8; 32]>, VaultError> {
            self.0.unwrap(wrapped)
        }
        fn begin_rotation(&self) -> Result<(), VaultError> {
            self.0.begin_rotation()
        }
        fn is_rotating(&self) -> Result<bool, VaultError> {
            self.0.is_rotating()
        }
        fn finish_rotation(&self) -> Result<(), VaultError> {
            if self.1.load(Ordering::SeqCst) {
                return Err(VaultError::Hardware);
            }
            self.0.finish_rotation()
        }
        fn erase(&self) -> Result<(), VaultError> {
            self.0.erase()
        }
        fn mark(&self) -> Result<Mark, VaultError> {
            self.0.mark()
        }
        fn raise_mark(&self, mark: Mark) -> Result<(), VaultError> {
            self.0.raise_mark(mark)
        }
    }
    let home = filled();
    let first = wraps(home.path()).0;
    let stubborn = Stubborn(vault(home.path()), true.into());
    let mut store = open_with(home.path(), &stubborn).unwrap();
    let failed = rotate(&mut store, &stubborn);
    assert_eq!(failed, Err(StoreError::Vault(VaultError::Hardware)));
    assert_eq!(names(&mut store).unwrap(), ALL, "nothing is lost by it");
    let between = store.transaction(|t| t.wrapped_storage_key()).unwrap();
    stubborn.1.store(false, Ordering::SeqCst);
    rotate(&mut store, &stubborn).unwrap();
    for wrapped in [first, between] {
        assert_eq!(stubborn.unwrap(&wrapped).map(|_| ()), Err(VaultError::KeyGone));
    }
    assert_eq!(names(&mut store).unwrap(), ALL);
}

#[test]
fn a_forgotten_compartments_key_stands_in_no_file_and_no_key_opens_an_older_copy() {
    let (home, old) = (filled(), tempfile::tempdir().unwrap());
    let vault = vault(home.path());
    let mut store = open_with(home.path(), &vault).unwrap();
    // The database as it was when the log was not written back yet, too.
    copy(home.path(), old.path());
    let (_, wrapped) = wraps(old.path());
    let secrets: Vec<Secret> =
        wrapped.iter().map(|wrap| Secret::new("a wrap", wrap.clone()).unwrap()).collect();
    let found = thief::search(&home.path().join("store"), &secrets).unwrap();
    assert!(found.len() >= 2, "the control: before, both are found");

    let wrap = store.rotate(&vault, |t| t.forget(b"job 1")).unwrap().unwrap();
    assert!(wrapped.iter().any(|wrapped| wrapped.starts_with(&wrap)));
    let found = thief::search(home.path(), &secrets).unwrap();
    assert_eq!(found, [], "while the store is open");
    let searched = store.search(&wrap).unwrap();
    assert!(searched.searched >= 3 && searched.found == 0, "{searched:?}");
    assert_eq!(names(&mut store).unwrap(), ["Customer 1", "Customer 3"]);
    assert_eq!(store.transaction(|t| t.forget(b"job 1")), Ok(None), "once and for all");

    // A copy that was set aside is found, wherever in a file it stands.
    let aside = home.path().join("store/aside");
    fs::create_dir(&aside).unwrap();
    for before in [0, 5, 8_185, 8_190, 8_192, 20_000] {
        fs::write(aside.join("copy"), [&vec![7; before], &wrapped[0][..], &wrapped[1]].concat())
            .unwrap();
        assert_eq!(store.search(&wrap).unwrap().found, 1, "after {before} bytes");
    }
    drop(store);

    // The wrapped key, kept aside, is worth nothing: what wrapped it is gone.
    let copied = tempfile::tempdir().unwrap();
    copy(old.path(), copied.path());
    is_salvaged_without_values(copied.path(), &vault);
    // The control: the keys of before open that copy and read the job.
    assert_eq!(names(&mut open(old.path()).unwrap()).unwrap(), ALL);
}

fn queued(t: &mut Transaction<'_>) -> Result<(), StoreError> {
    let hq = OpeningKey::from_bytes(&[0x4b; 32]).unwrap();
    let mut epoch =
        crewseal_custody::envelope::Epoch::begin(hq.public(), &mut random::generator()).unwrap();
    let envelope = epoch.seal(DeviceId([1; 16]), 1, 7, Digest([2; 32]), b"an act").unwrap();
    queue::begin_epoch(t, epoch.id(), &epoch.header())?;
    queue::push(t, &envelope)
}

#[test]
fn emptying_that_dies_at_any_step_keeps_the_queue_and_goes_on() {
    if let Some(home) = std::env::var_os(CHILD) {
        let home = Path::new(&home);
        open(home).unwrap().transaction(queued).unwrap();
        return die(home);
    }
    let test = "emptying_that_dies_at_any_step_keeps_the_queue_and_goes_on";
    dying_at_each_step(test, "empty", |home, _, at| {
        let vault = vault(home);
        let mut store = open_with(home, &vault).unwrap();
        assert_eq!(names(&mut store).unwrap(), Vec::<String>::new(), "step {at}");
        let waiting = store.transaction(|t| queue::waiting(t, 0, 9)).unwrap();
        assert_eq!(waiting.len(), 1, "step {at}");
        let header = store.transaction(|t| {
            Ok::<_, StoreError>(queue::header(t, waiting[0].envelope.address().epoch))
        });
        assert!(header.unwrap().is_some(), "step {at}");
        fill(&mut store);
        drop(store);
        assert_eq!(names(&mut open(home).unwrap()).unwrap(), ALL, "step {at}");
    });
}

#[test]
fn a_store_whose_keys_are_gone_can_be_emptied() {
    let (home, other) = (filled(), tempfile::tempdir().unwrap());
    let other = vault(other.path());
    let before = other.public_keys().unwrap();
    open(home.path()).unwrap().transaction(queued).unwrap();
    Store::empty(&home.path().join("store"), &other).unwrap();
    assert_ne!(other.public_keys().unwrap(), before, "another device");
    let mut store = open_with(home.path(), &other).unwrap();
    assert_eq!(names(&mut store).unwrap(), Vec::<String>::new());
    assert_eq!(store.transaction(|t| queue::waiting(t, 0, 9)).unwrap().len(), 1);
}

/// The storage key of before wraps nothing of after, neither values nor keys.
#[test]
fn a_leaked_storage_key_opens_nothing_after_it_was_exchanged() {
    use aes_gcm::aead::{Aead as _, KeyInit as _, Payload};
    use aes_gcm::{Aes256Gcm, Key, Nonce};
    let home = filled();
    let vault = vault(home.path());
    let opens = |key: &[u8; 32]| {
        let sql = peek(home.path());
        let wrapped: Vec<u8> =
            sql.query_row("SELECT common_key FROM vault", [], |row| row.get(0)).unwrap();
        let (nonce, sealed) = wrapped.split_first_chunk::<12>().unwrap();
        let payload = Payload { msg: sealed, aad: b"common-key/2" };
        Aes256Gcm::new(&Key::<Aes256Gcm>::from(*key)).decrypt(&Nonce::from(*nonce), payload).is_ok()
    };
    let leaked = vault.unwrap(&wraps(home.path()).0).unwrap();
    assert!(opens(&leaked), "the control");
    rotate(&mut open_with(home.path(), &vault).unwrap(), &vault).unwrap();
    assert!(!opens(&leaked));
    assert!(opens(&vault.unwrap(&wraps(home.path()).0).unwrap()), "the control, of after");
}
