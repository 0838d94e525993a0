//! Bits that flip anywhere, and pages that rot.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use crewseal::outbox::{queue, reopen_store};
use crewseal::vault::{Store, StoreError};
use crewseal_custody::EventId;
use disk::Disk;
use fixtures::files::{database, log};
use fixtures::stored::{self, Held, Phone, open, queued, value};
use fixtures::vault;
use rand::rngs::SmallRng;
use rand::{Rng, SeedableRng};

use super::{damaged, salvages, small, whole};

#[derive(Debug, PartialEq, Eq)]
enum Verdict {
    /// All is as written, and nothing was told.
    NoLiveData,
    /// All is as it was before the last act, whose end was hit.
    TakenForTorn,
    /// Damage was told, or a value or entry is an error.
    Told,
}

/// A value as it was written, and what is read of it.
type Compared<'h> = (&'h Vec<u8>, Result<Option<Vec<u8>>, StoreError>);

/// All values and the queue, once the store is whole.
fn read<'h>(
    store: &mut Store,
    home: &Path,
    held: &'h Held,
    what: &str,
) -> (Vec<Compared<'h>>, Vec<EventId>) {
    for _ in 0..3 {
        let mut values = Vec::new();
        for ((drawer, name), written) in &held.values {
            values.push((written, value(store, drawer, name)));
        }
        let queue = queued(store);
        if !store.is_corrupt() {
            return (values, queue.unwrap());
        }
        reopen_store(store, &vault::software(home))
            .unwrap_or_else(|error| panic!("{what}: {error}"));
    }
    panic!("{what}: it does not become whole");
}

/// That whatever is not as written is told.
fn judge(home: &Path, held: &Held, before: &Held, what: &str) -> Verdict {
    let mut store = match open(home) {
        Ok(store) => store,
        // The format's number was hit.
        Err(StoreError::Newer { .. }) => return Verdict::Told,
        Err(error) => panic!("{what}: {error:?}"),
    };
    let (values, queue) = read(&mut store, home, held, what);
    let told = salvages(&store);
    let damaged = store.transaction(|t| queue::status(t)).unwrap().damaged;
    let mut is_error = false;
    let mut as_before = queue == before.queue && told.is_empty();
    let mut is_as_written = true;
    for (((drawer, name), _), (written, read)) in held.values.iter().zip(&values) {
        match read {
            Ok(Some(read)) if read == *written => {
                as_before &= before.values.get(&(*drawer, name.clone())) == Some(read);
            }
            Ok(Some(read)) if before.values.get(&(*drawer, name.clone())) == Some(read) => {
                is_as_written = false;
            }
            Ok(read) => {
                assert!(read.is_none(), "{what}: {drawer} reads as never written");
                let is_told = told.iter().any(|salvage| !salvage.has_all_values);
                assert!(is_told, "{what}: {drawer} is gone in silence");
                is_error = true;
                as_before = false;
            }
            Err(error) => {
                assert_eq!(*error, StoreError::ValueCorrupt, "{what}");
                is_error = true;
                as_before = false;
            }
        }
    }
    stored::is_unreadable(home, what);
    if as_before {
        return Verdict::TakenForTorn;
    }
    assert!(
        is_as_written || told.iter().any(|salvage| !salvage.has_all_values),
        "{what}: an older value in silence"
    );
    let known: BTreeSet<_> = held.queue.iter().collect();
    assert!(queue.iter().all(|event| known.contains(event)), "{what}: an unknown entry");
    let distinct: BTreeSet<_> = queue.iter().collect();
    assert_eq!(distinct.len(), queue.len(), "{what}: an entry twice");
    if queue.len() < held.queue.len() {
        assert!(damaged > 0 || !told.is_empty(), "{what}: an entry is gone in silence");
        is_error = true;
    }
    if told.is_empty() && !is_error { Verdict::NoLiveData } else { Verdict::Told }
}

fn flip_everywhere(file: impl Fn(&Path) -> std::path::PathBuf, most: usize, name: &str) {
    let (home, held, before) = small();
    let length = fs::read(file(home.path())).unwrap().len();
    let step = if whole() { 1 } else { length.div_ceil(most) };
    let (mut blank, mut torn, mut told) = (0, 0, 0);
    for at in (0..length).step_by(step) {
        // Not always the same place in a frame or a page.
        let at = (at + at / step % step.max(1)).min(length - 1);
        let hit = damaged(home.path(), &file(home.path()), |bytes| {
            bytes[at] ^= 1 << (at % 8);
        });
        let _disk = Disk::under(&hit.path().join("store"));
        match judge(hit.path(), &held, &before, &format!("byte {at} of the {name}")) {
            Verdict::NoLiveData => blank += 1,
            Verdict::TakenForTorn => torn += 1,
            Verdict::Told => told += 1,
        }
    }
    eprintln!(
        "{name}: {} of {length} bytes flipped, {told} told, {torn} taken for a torn end, \
         {blank} hold no live data",
        told + torn + blank
    );
    stored::would_be_found(home.path());
    assert!(told > 0);
    assert!(torn == 0 || name == "log");
}

#[test]
fn of_any_byte_of_the_database_is_told() {
    flip_everywhere(database, 400, "database");
}

#[test]
fn of_any_byte_of_the_log_is_told_unless_it_may_be_a_torn_end() {
    flip_everywhere(log, 250, "log");
}

/// Whatever lies whole in pages that were not hit goes on waiting.
#[test]
fn of_pages_costs_the_acts_in_them_and_no_others() {
    let work = tempfile::tempdir().unwrap();
    let disk = Disk::under(&work.path().join("store"));
    let (mut phone, mut held) = (Phone::new(), Held::default());
    let mut store = open(work.path()).unwrap();
    held.name(&mut store, b"a", b"Customer 1", None);
    for number in 0..400 {
        held.act(&mut phone, &mut store, if number % 50 == 7 { 6_000 } else { 300 });
    }
    let envelopes: Vec<Vec<u8>> = store
        .transaction(|t| queue::waiting(t, 0, usize::MAX))
        .unwrap()
        .iter()
        .map(|entry| entry.envelope.as_bytes().to_vec())
        .collect();
    drop(store);
    drop(disk);
    let pages = fs::read(database(work.path())).unwrap().len() / 4_096;
    let mut lost = 0;
    for seed in 0..if whole() { 500 } else { 25 } {
        let mut random = SmallRng::seed_from_u64(seed);
        let hit = damaged(work.path(), &database(work.path()), |bytes| {
            for _ in 0..random.random_range(1..4) {
                let page = random.random_range(0..pages) * 4_096;
                let other = random.random_range(0..pages) * 4_096;
                match random.random_range(0..3) {
                    0 => random.fill(&mut bytes[page..page + 4_096]),
                    1 => bytes[page..page + 4_096].fill(0),
                    _ => bytes.copy_within(other..other + 4_096, page),
                }
            }
        });
        let left = fs::read(database(hit.path())).unwrap();
        let _disk = Disk::under(&hit.path().join("store"));
        judge(hit.path(), &held, &held, &format!("seed {seed}"));
        let mut store = open(hit.path()).unwrap();
        let queue: BTreeSet<_> = queued(&mut store).unwrap().into_iter().collect();
        for (event, envelope) in held.queue.iter().zip(&envelopes) {
            // The search is quick because almost all are where they were.
            let is_left = envelope.len() < 1_000
                && left.chunks(4_096).any(|page| {
                    page.windows(8).enumerate().any(|(at, start)| {
                        start == &envelope[..8]
                            && page.get(at..at + envelope.len()) == Some(envelope)
                    })
                });
            assert!(!is_left || queue.contains(event), "seed {seed}: {event}");
            lost += usize::from(!queue.contains(event));
        }
    }
    stored::would_be_found(work.path());
    assert!(lost > 0, "no page with an act was ever hit");
}
