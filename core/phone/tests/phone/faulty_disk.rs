//! A disk that fails at each of its operations in turn, in each way that it can:
//! an error that can be named, no panic, and afterwards all that was acknowledged.
//!
//! A script of acts is played once to count what it asks of the disk, then once for
//! every operation and every fault. After each, the store is opened again as it lies
//! there, and as it would lie there had the power failed at the end. Without
//! CREWSEAL_TEST_WHOLE=1 in the environment every third operation is taken, and one
//! sample of what outlives a power cut instead of eight.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use crewseal::outbox::{queue, reopen_store};
use crewseal::vault::{Store, StoreError};
use crewseal_custody::EventId;
use disk::{Disk, Fault, Operation, SURVIVES};
use fixtures::files::copy_phone;
use fixtures::stored::{self, HEAD, Held, NAMES, Phone, open, put_name, queued, value};
use fixtures::vault;
use tempfile::TempDir;

/// More than this the script may not ask of the disk.
const MOST: usize = 300;

fn whole() -> bool {
    std::env::var_os("CREWSEAL_TEST_WHOLE").is_some()
}

/// What was acknowledged; for each value also what was tried in vain since.
#[derive(Debug, Default)]
struct Acknowledged {
    queue: Vec<EventId>,
    values: BTreeMap<&'static [u8], Vec<Vec<u8>>>,
    errors: Vec<StoreError>,
}

/// A store with something in it, from which every play begins.
fn snapshot() -> (TempDir, Held) {
    let home = tempfile::tempdir().unwrap();
    let (mut phone, mut held) = (Phone::new(), Held::default());
    let mut store = open(home.path()).unwrap();
    held.name(&mut store, b"a", b"Customer 1", None);
    held.name(&mut store, b"b", b"Customer 2", Some(b"job"));
    held.act(&mut phone, &mut store, 300);
    held.act(&mut phone, &mut store, 5_000);
    drop(store);
    (home, held)
}

/// Opens, acts, writes values, closes. What fails is not tried again, as an app may
/// do; the next step follows.
fn play(home: &Path, acknowledged: &mut Acknowledged) {
    let mut phone = Phone::new();
    for round in 0..2_u8 {
        let mut store = match open(home) {
            Ok(store) => store,
            Err(error) => {
                acknowledged.errors.push(error);
                continue;
            }
        };
        for step in 0..3_u8 {
            act(&mut phone, &mut store, acknowledged, if step == 1 { 5_000 } else { 300 });
            let (name, job): (&'static [u8], _) =
                if step == 2 { (b"b", Some(b"job".as_slice())) } else { (b"a", None) };
            let written = format!("Customer {round} {step}").repeat(4).into_bytes();
            let put = store.transaction(|t| put_name(t, name, &written, job));
            let values = acknowledged.values.entry(name).or_default();
            match put {
                Ok(()) => *values = vec![written],
                Err(error) => {
                    values.push(written);
                    acknowledged.errors.push(error);
                }
            }
        }
    }
}

fn act(phone: &mut Phone, store: &mut Store, acknowledged: &mut Acknowledged, bytes: usize) {
    match phone.act(store, bytes) {
        Ok(event) => acknowledged.queue.push(event),
        Err(error) => acknowledged.errors.push(error),
    }
}

/// That the store opens and holds all that was acknowledged, and nothing that nobody
/// wrote.
///
/// A disk that gives zeros for what it holds can have them written back. Then what is
/// lost is told; nothing above the disk can do more.
fn check(home: &Path, acknowledged: &Acknowledged, lies: bool, what: &str) {
    stored::is_unreadable(home, what);
    let mut store = open(home).unwrap_or_else(|error| panic!("{what}: {error:?}"));
    let mut queue = queued(&mut store);
    if store.is_corrupt() {
        assert!(lies, "{what}: {queue:?}");
        reopen_store(&mut store, &vault::software(home))
            .unwrap_or_else(|error| panic!("{what}: {error:?}"));
        queue = queued(&mut store);
    }
    let queue = queue.unwrap_or_else(|error| panic!("{what}: {error:?}"));
    let damaged = store.transaction(|t| queue::status(t)).unwrap().damaged;
    let is_told = lies && (damaged > 0 || store.salvages().next().is_some());
    let mut rest = queue.iter();
    for event in &acknowledged.queue {
        let is_there = rest.any(|found| found == event);
        assert!(is_there || is_told, "{what}: {event} is lost, of {queue:?}");
    }
    if is_told {
        return;
    }
    let most = acknowledged.queue.len() + acknowledged.errors.len();
    assert!(queue.len() <= most, "{what}: {} entries", queue.len());
    let head = value(&mut store, HEAD, b"").unwrap();
    let head = head.unwrap_or_else(|| panic!("{what}: no head; {queue:?}"));
    let last = u64::from_be_bytes(head.try_into().unwrap());
    // Half of a transaction looks like damage. What it put into the queue stays there,
    // as if it had been acknowledged, and the phone goes on in a new generation.
    if store.salvages().all(|salvage| salvage.has_all_values) {
        assert_eq!(queue.last(), Some(&stored::event(last)), "{what}: the head is not the queue's");
    }
    for (name, values) in &acknowledged.values {
        let read = value(&mut store, NAMES.0, name);
        let read = read.unwrap_or_else(|error| panic!("{what}: {error:?}"));
        assert!(values.contains(&read.expect("a value")), "{what}: a value is lost");
    }
}

fn begin(held: &Held) -> Acknowledged {
    let mut acknowledged = Acknowledged { queue: held.queue.clone(), ..Default::default() };
    for ((drawer, name), written) in &held.values {
        if *drawer == NAMES.0 {
            let name: &'static [u8] = if name == b"a" { b"a" } else { b"b" };
            acknowledged.values.insert(name, vec![written.clone()]);
        }
    }
    acknowledged
}

#[test]
fn whatever_operation_fails_all_that_was_acknowledged_is_there() {
    let (snapshot, held) = snapshot();
    let first = tempfile::tempdir().unwrap();
    copy_phone(snapshot.path(), first.path());
    let disk = Disk::under(&first.path().join("store"));
    let mut acknowledged = begin(&held);
    play(first.path(), &mut acknowledged);
    let operations = disk.operations();
    drop(disk);
    assert_eq!(acknowledged.errors, []);
    assert_eq!(acknowledged.queue.len(), 2 + 6);
    check(first.path(), &acknowledged, false, "without a fault");
    stored::would_be_found(first.path());
    assert!(operations.len() <= MOST, "{} operations", operations.len());
    let count = |one| operations.iter().filter(|operation| **operation == one).count();

    let (mut plays, mut failed) = (0, 0);
    let step = if whole() { 1 } else { 3 };
    for (number, operation) in operations.iter().enumerate() {
        for (kind, fault) in Fault::of(*operation).iter().enumerate() {
            // Each operation is taken for one of its faults, and each fault often.
            if (number + kind) % step != 0 {
                continue;
            }
            let what = format!("{fault:?} at operation {number}, {operation:?}");
            failed += usize::from(play_with(snapshot.path(), &held, number, *fault, &what));
            plays += 1;
        }
    }
    eprintln!(
        "{} operations ({} reads, {} writes, {} syncs), {plays} plays, in {failed} of them an error",
        operations.len(),
        count(Operation::Read),
        count(Operation::Write),
        count(Operation::Sync)
    );
    assert!(failed > plays / 3, "the faults were not felt");
}

/// What failed may lie in SQLite's memory as if it were on the disk.
#[test]
fn after_a_failed_sync_the_database_is_read_again_before_anything_else() {
    let (snapshot, held) = snapshot();
    let reads_after = |fault: Option<usize>| {
        let home = tempfile::tempdir().unwrap();
        copy_phone(snapshot.path(), home.path());
        let disk = Disk::under(&home.path().join("store"));
        let disk = match fault {
            Some(number) => disk.failing(number, Fault::Error),
            None => disk,
        };
        let mut store = open(home.path()).unwrap();
        let opened = disk.operations().len();
        let acted = Phone::new().act(&mut store, 300);
        assert_eq!(acted.is_err(), fault.is_some());
        let done = disk.operations().len();
        let queue = queued(&mut store).unwrap();
        assert_eq!(queue.len(), held.queue.len() + usize::from(acted.is_ok()));
        let operations = disk.operations();
        let sync = operations.iter().skip(opened).position(|one| *one == Operation::Sync);
        let is_read = |one: &&Operation| **one == Operation::Read;
        (opened + sync.unwrap_or(0), operations.iter().skip(done).filter(is_read).count())
    };
    let (sync, reads) = reads_after(None);
    let again = reads_after(Some(sync)).1;
    eprintln!("{reads} reads after a commit, {again} after one that failed");
    // Its first page, its schema and each table that is looked at.
    assert!(again > reads + 4, "what was not synced was believed");
}

/// Says whether any error was told.
fn play_with(snapshot: &Path, held: &Held, number: usize, fault: Fault, what: &str) -> bool {
    let home = tempfile::tempdir().unwrap();
    copy_phone(snapshot, home.path());
    let disk = Disk::under(&home.path().join("store")).failing(number, fault);
    let mut acknowledged = begin(held);
    play(home.path(), &mut acknowledged);
    for error in &acknowledged.errors {
        let is_named = match fault {
            Fault::Full => matches!(error, StoreError::Full),
            // What was read in part may look like anything.
            Fault::Short => true,
            _ => {
                matches!(error, StoreError::Io | StoreError::ReadOnly | StoreError::DatabaseCorrupt)
            }
        };
        assert!(is_named, "{what}: {error:?}");
    }
    let cut: Vec<TempDir> = SURVIVES
        .iter()
        .flat_map(|survives| {
            let seeds = if whole() { 0..8 } else { 0..1 };
            seeds.map(move |seed| (survives, seed))
        })
        .map(|(survives, seed)| {
            let to = tempfile::tempdir().unwrap();
            copy_keys(home.path(), to.path());
            let seed = seed * 1_000 + u64::try_from(number).unwrap();
            disk.after_power_cut(&to.path().join("store"), *survives, seed).unwrap();
            to
        })
        .collect();
    let (is_dead, lies) = (disk.is_dead(), fault == Fault::Short);
    drop(disk);
    for (to, survives) in cut
        .iter()
        .zip(SURVIVES.iter().flat_map(|one| std::iter::repeat_n(one, cut.len() / SURVIVES.len())))
    {
        let _works = Disk::under(&to.path().join("store"));
        check(to.path(), &acknowledged, lies, &format!("{what}, then a power cut: {survives:?}"));
    }
    if !is_dead {
        let _works = Disk::under(&home.path().join("store"));
        check(home.path(), &acknowledged, lies, what);
    }
    !acknowledged.errors.is_empty()
}

fn copy_keys(from: &Path, to: &Path) {
    fs::create_dir_all(to.join("keys")).unwrap();
    fs::copy(from.join("keys/vault.keys"), to.join("keys/vault.keys")).unwrap();
}
