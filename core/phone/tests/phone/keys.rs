//! The keys of a store: exchanged at any time, and gone when they are said to be gone.

use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use crewseal::outbox::{open_store, queue};
use crewseal::random;
use crewseal::vault::{
    Damage, KeyVault, SoftwareVault, Store, StoreError, Transaction, VaultError,
};
use crewseal_custody::DeviceId;
use crewseal_custody::envelope::OpeningKey;
use crewseal_custody::signed::Digest;
use fixtures::customers::{ALL, NAMES, filled, names, wraps};
use fixtures::files::{self, copy};
use fixtures::peek::peek;
use fixtures::stored::open;
use fixtures::vault::{Call, Hooked, software};
use thief::Secret;

fn open_with(home: &Path, vault: &dyn KeyVault) -> Result<Store, StoreError> {
    open_store(&files::store(home), vault)
}

fn rotate(store: &mut Store, vault: &dyn KeyVault) -> Result<(), StoreError> {
    store.rotate(vault, |_| Ok(()))
}

#[test]
fn exchanged_keys_open_what_the_old_ones_sealed() {
    let home = filled();
    let (vault, before) = (software(home.path()), wraps(home.path()));
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
    let mut store = open_store(&home.join("store"), vault).unwrap();
    let told: Vec<_> = store.salvages().map(|told| (told.damage, told.values)).collect();
    assert_eq!(told, [(Damage::Key, 0)]);
    assert_eq!(names(&mut store).unwrap(), Vec::<String>::new());
}

#[test]
fn a_store_from_before_an_exchange_does_not_open_with_the_keys_of_after() {
    let (home, old) = (filled(), tempfile::tempdir().unwrap());
    copy(home.path(), old.path());
    let vault = software(home.path());
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
    let mine = software(home.path());
    let mut store = open_with(home.path(), &mine).unwrap();
    // Of these keys nothing unwraps what the old ones wrapped.
    mine.erase().unwrap();
    let other = software(home.path());
    assert_eq!(other.unwrap(&wraps(home.path()).0).map(|_| ()), Err(VaultError::KeyGone));
    rotate(&mut store, &other).unwrap();
    drop(store);
    assert_eq!(names(&mut open(home.path()).unwrap()).unwrap(), ALL);
}

#[test]
fn work_that_fails_changes_no_key() {
    let home = filled();
    let (vault, before) = (software(home.path()), wraps(home.path()));
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

/// A rotation that could not delete the old key has wrapped with the new one already.
#[test]
fn an_exchange_after_one_that_was_not_finished_deletes_both_keys() {
    let home = filled();
    let first = wraps(home.path()).0;
    let is_stubborn = Arc::new(AtomicBool::new(true));
    let refuses = Arc::clone(&is_stubborn);
    let stubborn = Hooked::open(home.path(), move |_, call| {
        let is_refused = call == Call::FinishRotation && refuses.load(Ordering::SeqCst);
        if is_refused { Err(VaultError::Hardware) } else { Ok(()) }
    });
    let mut store = open_with(home.path(), &stubborn).unwrap();
    let failed = rotate(&mut store, &stubborn);
    assert_eq!(failed, Err(StoreError::Vault(VaultError::Hardware)));
    assert_eq!(names(&mut store).unwrap(), ALL, "nothing is lost by it");
    let between = store.transaction(|t| t.wrapped_storage_key()).unwrap();
    is_stubborn.store(false, Ordering::SeqCst);
    rotate(&mut store, &stubborn).unwrap();
    for wrapped in [first, between] {
        assert_eq!(stubborn.unwrap(&wrapped).map(|_| ()), Err(VaultError::KeyGone));
    }
    assert_eq!(names(&mut store).unwrap(), ALL);
}

#[test]
fn a_forgotten_compartments_key_stands_in_no_file_and_no_key_opens_an_older_copy() {
    let (home, old) = (filled(), tempfile::tempdir().unwrap());
    let vault = software(home.path());
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
    queue::push(t, &envelope, None)
}

#[test]
fn a_store_whose_keys_are_gone_can_be_emptied() {
    let (home, other) = (filled(), tempfile::tempdir().unwrap());
    let other = software(other.path());
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
    let vault = software(home.path());
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
