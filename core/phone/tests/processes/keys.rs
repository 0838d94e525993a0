//! The exchange of keys, interrupted anywhere: a child dies at each step of it, and what
//! it left is opened.

use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};

use crewseal::outbox::{open_store, queue};
use crewseal::random;
use crewseal::vault::{KeyVault, Store, StoreError, Transaction, VaultError};
use crewseal_custody::DeviceId;
use crewseal_custody::envelope::OpeningKey;
use crewseal_custody::signed::Digest;
use fixtures::customers::{ALL, fill, filled, names, wraps};
use fixtures::files;
use fixtures::vault::{Call, Hooked, software};

use crate::lock::once_free;

/// Says to a child of this test where its store is.
const CHILD: &str = "CREWSEAL_TEST_CHILD";
/// At which call of the vault the child dies.
const DIES_AT: &str = "CREWSEAL_TEST_DIES_AT";
/// What the child is to do.
const WORK: &str = "CREWSEAL_TEST_WORK";
/// What a child says that was not killed.
const DONE: &str = "all of it is done";

fn open_with(home: &Path, vault: &dyn KeyVault) -> Result<Store, StoreError> {
    once_free(|| open_store(&files::store(home), vault), |error| *error == StoreError::InUse)
}

fn open(home: &Path) -> Result<Store, StoreError> {
    open_with(home, &software(home))
}

/// A vault that ends its process at one of its calls: before it is done for even
/// numbers, after it for odd ones.
fn dying(home: &Path, at: usize) -> Hooked {
    let calls = AtomicUsize::new(0);
    Hooked::open(home, move |_, call| {
        let is_counted = !matches!(
            call,
            Call::PublicKeys | Call::Sign | Call::Attestation | Call::Mark | Call::RaiseMark(_)
        );
        if is_counted && calls.fetch_add(1, Ordering::SeqCst) == at {
            std::process::abort();
        }
        Ok(())
    })
}

/// The child's part of the tests below.
fn die(home: &Path) {
    let at = std::env::var(DIES_AT).unwrap().parse().unwrap();
    let dying = dying(home, at);
    match std::env::var(WORK).unwrap().as_str() {
        "empty" => Store::empty(&files::store(home), &dying).unwrap(),
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
    let test = "keys::an_exchange_that_dies_at_any_step_goes_on_with_the_next_opening";
    let mut steps = 0;
    dying_at_each_step(test, "rotate", |home, before, at| {
        let vault = software(home);
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
    let test = "keys::forgetting_that_dies_at_any_step_forgets_all_or_nothing";
    let mut forgotten = Vec::new();
    dying_at_each_step(test, "forget", |home, _, at| {
        let vault = software(home);
        let mut store = open_with(home, &vault).unwrap();
        let left = names(&mut store).unwrap();
        assert_eq!(vault.is_rotating(), Ok(false), "step {at}");
        assert!(left == ALL || left == ["Customer 1", "Customer 3"], "step {at}: {left:?}");
        forgotten.push(left.len() < ALL.len());
    });
    assert!(forgotten.is_sorted(), "{forgotten:?}");
    assert!(forgotten.contains(&false) && forgotten.contains(&true), "{forgotten:?}");
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
fn emptying_that_dies_at_any_step_keeps_the_queue_and_goes_on() {
    if let Some(home) = std::env::var_os(CHILD) {
        let home = Path::new(&home);
        open(home).unwrap().transaction(queued).unwrap();
        return die(home);
    }
    let test = "keys::emptying_that_dies_at_any_step_keeps_the_queue_and_goes_on";
    dying_at_each_step(test, "empty", |home, _, at| {
        let vault = software(home);
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
