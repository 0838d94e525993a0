//! What becomes of a store whose files were damaged: whatever is whole is used and
//! delivered, whatever is not is named, and nothing is thrown away.
//!
//! Bits are flipped at places spread evenly. With CREWSEAL_TEST_WHOLE=1 in the
//! environment every byte is taken, and more pages.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stderr,
    reason = "what is not as it should be is what the tests are to fail on; figures are printed"
)]

use std::collections::BTreeSet;
use std::fs;
use std::io::Cursor;
use std::path::Path;

use crewseal::outbox::{delivery, queue};
use crewseal::vault::wal::{self, End, Walk};
use crewseal::vault::{Damage, KeyVault, Mark, Salvage, Store, StoreError};
use crewseal_custody::cbor::Version;
use crewseal_custody::delivery::{DeliveryToken, Slip};
use disk::Disk;
use rand::rngs::SmallRng;
use rand::{Rng, SeedableRng};
use rusqlite::Connection;
use tempfile::TempDir;

mod stored;
use stored::{Held, NAMES, Phone, copy, database, log, open, queued, value};

const FRAME: usize = 24 + 4_096;

fn whole() -> bool {
    std::env::var_os("CREWSEAL_TEST_WHOLE").is_some()
}

/// A store whose last acts lie in the log only. Returns what it holds, and what it
/// held before its last act.
fn small() -> (TempDir, Held, Held) {
    let home = tempfile::tempdir().unwrap();
    let work = tempfile::tempdir().unwrap();
    let _disk = Disk::under(&work.path().join("store"));
    let (mut phone, mut held) = (Phone::new(), Held::default());
    let mut store = open(work.path()).unwrap();
    held.name(&mut store, b"a", b"Customer 1", None);
    held.name(&mut store, b"b", b"Customer 2", Some(b"job"));
    held.name(&mut store, b"c", &b"Customer 3".repeat(600), Some(b"job"));
    for bytes in [300, 9_000, 300] {
        held.act(&mut phone, &mut store, bytes);
    }
    drop(store);
    let mut store = open(work.path()).unwrap();
    held.name(&mut store, b"a", b"Customer 4", None);
    held.act(&mut phone, &mut store, 300);
    held.act(&mut phone, &mut store, 5_000);
    let before = held.clone();
    held.act(&mut phone, &mut store, 300);
    copy(work.path(), home.path());
    assert!(fs::metadata(log(home.path())).unwrap().len() > 0, "nothing lies in the log");
    (home, held, before)
}

fn salvages(store: &Store) -> Vec<Salvage> {
    store.salvages().collect()
}

fn damaged(home: &Path, file: &Path, damage: impl FnOnce(&mut Vec<u8>)) -> TempDir {
    let to = tempfile::tempdir().unwrap();
    copy(home, to.path());
    let file = to.path().join(file.strip_prefix(home).unwrap());
    let mut bytes = fs::read(&file).unwrap();
    damage(&mut bytes);
    fs::write(&file, bytes).unwrap();
    to
}

/// That it holds all of this, and how it was told of damage.
fn holds(home: &Path, held: &Held) -> Vec<Salvage> {
    let mut store = open(home).unwrap();
    for ((drawer, name), written) in &held.values {
        assert_eq!(value(&mut store, drawer, name), Ok(Some(written.clone())), "{drawer}");
    }
    assert_eq!(queued(&mut store), Ok(held.queue.clone()));
    salvages(&store)
}

mod logs {
    use super::*;

    fn walk(bytes: &[u8]) -> Walk {
        wal::walk(Cursor::new(bytes)).unwrap()
    }

    fn bytes() -> Vec<u8> {
        let (home, ..) = small();
        fs::read(log(home.path())).unwrap()
    }

    /// For each frame, whether it ends a transaction.
    fn ends(log: &[u8]) -> Vec<bool> {
        log[32..].chunks(FRAME).map(|frame| frame[4..8] != [0; 4]).collect()
    }

    #[test]
    fn that_are_whole_are_walked_to_the_end() {
        let log = bytes();
        let frames = ends(&log).len();
        assert!(ends(&log)[frames - 1] && ends(&log).iter().filter(|end| **end).count() >= 4);
        let frames = u64::try_from(frames).unwrap();
        assert_eq!(walk(&log), Walk { frames, end: End::Whole });
    }

    #[test]
    fn cut_off_anywhere_are_torn_and_keep_whole_transactions() {
        let log = bytes();
        let ends = ends(&log);
        for length in (0..log.len()).step_by(97).chain([31, 32, 33, log.len() - 1]) {
            let whole = length.saturating_sub(32) / FRAME;
            let kept = ends[..whole].iter().rposition(|end| *end).map_or(0, |last| last + 1);
            let found = walk(&log[..length]);
            assert_eq!(found.frames, u64::try_from(kept).unwrap(), "{length} bytes");
            let is_end = length >= 32 && length == 32 + kept * FRAME;
            let end = if is_end { End::Whole } else { End::Torn };
            assert_eq!(found.end, end, "{length} bytes");
        }
    }

    /// SQLite itself stops at such a frame without a word.
    #[test]
    fn with_a_bad_frame_before_others_are_broken() {
        let log = bytes();
        let frames = ends(&log).len();
        for at in (32..log.len() - FRAME).step_by(61) {
            let mut altered = log.clone();
            altered[at] ^= 1 << (at % 8);
            let frame = (at - 32) / FRAME;
            assert!(frame < frames - 1);
            let expected = End::Broken { frame: u64::try_from(frame).unwrap() };
            assert_eq!(walk(&altered).end, expected, "byte {at}");
        }
    }

    #[test]
    fn with_a_bad_header_before_frames_are_broken() {
        let log = bytes();
        for at in 0..32 {
            let mut altered = log.clone();
            altered[at] ^= 1 << (at % 8);
            assert_eq!(walk(&altered), Walk { frames: 0, end: End::Broken { frame: 0 } }, "{at}");
        }
    }

    /// Pages of the cache get lost whole in a power cut, in any order.
    #[test]
    fn torn_within_the_last_transaction_are_torn() {
        let log = bytes();
        let ends = ends(&log);
        let begin = 32 + FRAME * (ends[..ends.len() - 1].iter().rposition(|end| *end).unwrap() + 1);
        let first = begin.next_multiple_of(4_096);
        let kept = u64::try_from((begin - 32) / FRAME).unwrap();
        for lost in (first..log.len()).step_by(4_096) {
            let mut torn = log.clone();
            let end = (lost + 4_096).min(log.len());
            torn[lost..end].fill(0);
            assert_eq!(walk(&torn), Walk { frames: kept, end: End::Torn }, "page at {lost}");
        }
    }

    #[test]
    fn of_an_earlier_round_after_the_end_are_passed_over() {
        let log = bytes();
        let mut longer = log.clone();
        let mut old = log[32..].to_vec();
        for frame in old.chunks_mut(FRAME) {
            frame[8] ^= 1;
        }
        longer.extend(old);
        assert_eq!(walk(&longer), Walk { end: End::Whole, ..walk(&log) });
    }

    #[test]
    fn of_any_bytes_are_walked_without_a_panic() {
        let log = bytes();
        for seed in 0..300 {
            let mut random = SmallRng::seed_from_u64(seed);
            let mut bytes = log.clone();
            for _ in 0..random.random_range(1..20) {
                let at = random.random_range(0..bytes.len());
                let end = (at + random.random_range(1..5_000)).min(bytes.len());
                match random.random_range(0..3) {
                    0 => random.fill(&mut bytes[at..end]),
                    1 => bytes[at..end].fill(0),
                    _ => drop(bytes.drain(at..end)),
                }
                if bytes.is_empty() {
                    break;
                }
            }
            let found = walk(&bytes);
            assert!(found.frames <= u64::try_from(log.len()).unwrap(), "seed {seed}");
        }
    }
}

mod salvage {
    use super::*;

    #[test]
    fn a_log_that_sqlite_would_cut_short_in_silence_loses_nothing() {
        let (home, held, _) = small();
        // The first frame of the log: all that follows would be gone.
        let broken = damaged(home.path(), &log(home.path()), |log| log[32 + 24 + 4_000] ^= 1);
        let by_sqlite = damaged(home.path(), &log(home.path()), |log| log[32 + 24 + 4_000] ^= 1);
        let count = |home: &Path| {
            let select = "SELECT count(*) FROM outbox";
            let connection = Connection::open(database(home)).unwrap();
            connection.query_row(select, [], |row| row.get::<_, i64>(0)).unwrap()
        };
        assert_eq!(count(by_sqlite.path()), 3, "SQLite was expected to drop three acts");
        let mut store = open(broken.path()).unwrap();
        assert_eq!(queued(&mut store), Ok(held.queue));
        let told = salvages(&store);
        assert_eq!((told.len(), told[0].damage, told[0].entries), (1, Damage::Log, 6));
        assert_eq!(told[0].without_header, 0);
    }

    #[test]
    fn files_are_kept_as_they_were_found_and_told_of_at_every_opening() {
        let (home, held, _) = small();
        let broken = damaged(home.path(), &log(home.path()), |log| log[32 + 24 + 4_000] ^= 1);
        let before = fs::read(database(broken.path())).unwrap();
        let log_before = fs::read(log(broken.path())).unwrap();
        let mut store = open(broken.path()).unwrap();
        assert_eq!(queued(&mut store), Ok(held.queue.clone()));
        let told = salvages(&store);
        assert_eq!(told[0].damage, Damage::Log);
        assert!(fs::read(told[0].directory.join("crewseal.db")).unwrap() == before);
        assert!(fs::read(told[0].directory.join("crewseal.db-wal")).unwrap() == log_before);
        drop(store);
        assert_eq!(holds(broken.path(), &held), told);
    }

    #[test]
    fn a_lost_key_costs_the_values_and_no_entry() {
        let (home, held, _) = small();
        fs::remove_file(home.path().join("keys/vault.keys")).unwrap();
        let mut store = open(home.path()).unwrap();
        assert_eq!(queued(&mut store), Ok(held.queue.clone()));
        let told = salvages(&store);
        assert_eq!((told[0].damage, told[0].values), (Damage::Key, 0));
        assert!(!told[0].has_all_values);
        assert_eq!(value(&mut store, NAMES.0, b"a"), Ok(None));
        let id = store.transaction(|t| {
            let first = &queue::waiting(t, 0, 1)?[0];
            Ok::<_, StoreError>(queue::header(t, first.envelope.address().epoch))
        });
        assert!(id.unwrap().is_some(), "the epoch's header was left behind");
    }

    /// Where the keys are lost, nothing but the slip delivers the queue.
    #[test]
    fn keeps_how_to_deliver_without_keys() {
        let slip = Slip {
            version: Version,
            url: "https://hq.example:8443".to_owned(),
            authority: vec![0x30; 400].into(),
            hq: stored::vault(tempfile::tempdir().unwrap().path()).public_keys().unwrap().act,
            token: DeliveryToken("delivers".to_owned()),
            until: 1_780_293_600,
        };
        for lost in ["the key", "a frame"] {
            let (home, held, _) = small();
            let mut store = open(home.path()).unwrap();
            store.transaction(|t| delivery::keep(t, &slip)).unwrap();
            let to = tempfile::tempdir().unwrap();
            copy(home.path(), to.path());
            drop(store);
            if lost == "the key" {
                fs::remove_file(to.path().join("keys/vault.keys")).unwrap();
            } else {
                let mut bytes = fs::read(log(to.path())).unwrap();
                bytes[32 + 24 + 4_000] ^= 1;
                fs::write(log(to.path()), bytes).unwrap();
            }
            let mut store = open(to.path()).unwrap();
            assert_eq!(salvages(&store).len(), 1, "{lost}");
            assert_eq!(queued(&mut store), Ok(held.queue.clone()), "{lost}");
            assert_eq!(store.transaction(|t| delivery::read(t)), Ok(Some(slip.clone())), "{lost}");
        }
    }

    #[test]
    fn a_database_that_is_gone_is_missed() {
        let (home, ..) = small();
        vault_mark(home.path());
        for name in ["emptied", "deleted with its log", "never there"] {
            let to = tempfile::tempdir().unwrap();
            copy(home.path(), to.path());
            match name {
                "emptied" => fs::write(database(to.path()), b"").unwrap(),
                "never there" => fs::remove_dir_all(to.path().join("store")).unwrap(),
                _ => {
                    fs::remove_file(database(to.path())).unwrap();
                    fs::remove_file(log(to.path())).unwrap();
                }
            }
            let told = salvages(&open(to.path()).unwrap());
            assert_eq!(told.len(), 1, "{name}");
            assert_eq!(told[0].damage, Damage::Missing, "{name}");
            let again = salvages(&open(to.path()).unwrap());
            assert_eq!(again, told, "{name}: once is enough");
        }
    }

    fn vault_mark(home: &Path) {
        stored::vault(home).raise_mark(Mark { generation: 1, sequence: 2 }).unwrap();
    }

    #[test]
    fn from_a_log_alone_gives_what_the_log_holds() {
        let (home, held, _) = small();
        fs::remove_file(database(home.path())).unwrap();
        let mut store = open(home.path()).unwrap();
        let told = salvages(&store);
        assert_eq!(told[0].damage, Damage::Missing);
        let queue: BTreeSet<_> = queued(&mut store).unwrap().into_iter().collect();
        // The page of the queue that the log has holds the short acts of before too.
        assert!(held.queue[3..].iter().all(|event| queue.contains(event)), "{queue:?}");
    }

    /// Whatever the moment at which it was interrupted, the next opening ends it.
    #[test]
    fn goes_on_after_an_interruption() {
        let (home, held, _) = small();
        let broken = damaged(home.path(), &log(home.path()), |log| log[32 + 24 + 4_000] ^= 1);
        let finished = tempfile::tempdir().unwrap();
        copy(broken.path(), finished.path());
        drop(open(finished.path()).unwrap());
        let note =
            |name: &str| fs::read(finished.path().join("store/quarantine/1").join(name)).unwrap();
        // Frozen: docs/storage.md, section 6. Six entries, three values.
        let found = note("found");
        assert_eq!(found, [0xa2, 0, 1, 1, 1]);
        assert_eq!(note("salvaged"), [0xa5, 0, 1, 1, 6, 2, 0, 3, 3, 4, 0xf5]);

        for moment in ["noted", "log moved", "all moved", "begun", "filled"] {
            let to = tempfile::tempdir().unwrap();
            copy(broken.path(), to.path());
            let moving = to.path().join("store/quarantine/moving");
            fs::create_dir_all(&moving).unwrap();
            fs::write(moving.join("found"), &found).unwrap();
            if moment != "noted" {
                fs::rename(log(to.path()), moving.join("crewseal.db-wal")).unwrap();
            }
            if !["noted", "log moved"].contains(&moment) {
                fs::rename(database(to.path()), moving.join("crewseal.db")).unwrap();
                fs::rename(&moving, to.path().join("store/quarantine/1")).unwrap();
            }
            if moment == "begun" {
                fs::write(database(to.path()), b"").unwrap();
            }
            if moment == "filled" {
                drop(open(to.path()).unwrap());
                fs::remove_file(to.path().join("store/quarantine/1/salvaged")).unwrap();
            }
            let mut store = open(to.path()).unwrap();
            assert_eq!(queued(&mut store), Ok(held.queue.clone()), "{moment}");
            assert_eq!(salvages(&store).len(), 1, "{moment}");
        }
    }

    #[test]
    fn takes_the_act_that_was_committed_and_not_another_of_its_number() {
        let (home, held, _) = small();
        let mut store = open(home.path()).unwrap();
        assert_eq!(queued(&mut store), Ok(held.queue.clone()));
        drop(store);
        // An older page of the queue, with another act of the last number.
        let other = Connection::open(database(home.path())).unwrap();
        let sql = "SELECT envelope FROM outbox WHERE position = 6";
        let mut last: Vec<u8> = other.query_row(sql, [], |row| row.get(0)).unwrap();
        drop(other);
        let bytes = fs::read(database(home.path())).unwrap();
        let end = last.len() - 16;
        last[62..94].copy_from_slice(&[9; 32]);
        let digest = ring::digest::digest(&ring::digest::SHA256, &last[..end]);
        last[end..].copy_from_slice(&digest.as_ref()[..16]);
        let mut page = vec![0; 4_096];
        page[100..100 + last.len()].copy_from_slice(&last);
        let bytes = [bytes, page].concat();
        fs::write(database(home.path()), &bytes).unwrap();
        fs::write(home.path().join("store/crewseal.suspect"), b"").unwrap();
        let mut bytes = bytes;
        bytes[20] ^= 0xff;
        fs::write(database(home.path()), &bytes).unwrap();
        let mut store = open(home.path()).unwrap();
        assert_eq!(queued(&mut store), Ok(held.queue));
    }
}

mod rows {
    use super::*;

    fn altered(sql: &str) -> (TempDir, Held) {
        let (home, held, _) = small();
        drop(open(home.path()).unwrap());
        Connection::open(database(home.path())).unwrap().execute_batch(sql).unwrap();
        (home, held)
    }

    #[test]
    fn of_values_that_vanish_are_missed() {
        for name in ["a", "b"] {
            let id = if name == "a" { 1 } else { 2 };
            let (home, held) = altered(&format!("DELETE FROM value WHERE id = {id}"));
            let mut store = open(home.path()).unwrap();
            let told = salvages(&store);
            assert_eq!((told[0].damage, told[0].has_all_values), (Damage::Rows, false), "{name}");
            assert_eq!(value(&mut store, NAMES.0, name.as_bytes()), Ok(None));
            assert_eq!(queued(&mut store), Ok(held.queue));
        }
    }

    #[test]
    fn of_values_that_come_back_older_are_noticed() {
        let (home, ..) = small();
        drop(open(home.path()).unwrap());
        let connection = Connection::open(database(home.path())).unwrap();
        let read = |column: &str| -> Vec<u8> {
            let sql = format!("SELECT {column} FROM value WHERE id = 1");
            connection.query_row(&sql, [], |row| row.get(0)).unwrap()
        };
        let (before, name) = (read("sealed"), read("name"));
        drop(connection);
        let mut store = open(home.path()).unwrap();
        store.transaction(|t| t.put(NAMES, b"a", None, b"Customer 5")).unwrap();
        drop(store);
        let connection = Connection::open(database(home.path())).unwrap();
        let changed = connection
            .execute(
                "UPDATE value SET sealed = ?1 WHERE name = ?2",
                rusqlite::params![before, name],
            )
            .unwrap();
        assert_eq!(changed, 1);
        drop(connection);
        let told = salvages(&open(home.path()).unwrap());
        assert_eq!((told[0].damage, told[0].has_all_values), (Damage::Rows, false));
    }

    #[test]
    fn of_the_queue_that_vanish_are_missed() {
        let (home, held) = altered("DELETE FROM outbox WHERE position = 2");
        let mut store = open(home.path()).unwrap();
        assert_eq!(queued(&mut store), Err(StoreError::Broken));
        assert!(store.is_broken());
        assert_eq!(value(&mut store, NAMES.0, b"a"), Err(StoreError::Broken));
        store.reopen(&stored::vault(home.path())).unwrap();
        let left: Vec<_> = held.queue.iter().copied().filter(|id| *id != held.queue[1]).collect();
        assert_eq!(queued(&mut store), Ok(left));
        assert_eq!(salvages(&store)[0].damage, Damage::Rows);
    }
}

mod rot {
    use super::*;

    #[derive(Debug, PartialEq, Eq)]
    enum Verdict {
        /// All is as written, and nothing was told.
        NoLiveData,
        /// All is as it was before the last act, whose end was hit.
        TakenForTorn,
        /// Damage was told, or a value or entry is an error.
        Told,
    }

    /// That whatever is not as written is told.
    fn judge(home: &Path, held: &Held, before: &Held, what: &str) -> Verdict {
        let mut store = match open(home) {
            Ok(store) => store,
            // The format's number was hit.
            Err(StoreError::Newer { .. }) => return Verdict::Told,
            Err(error) => panic!("{what}: {error:?}"),
        };
        let mut rounds = 0;
        let (values, queue) = loop {
            let values: Vec<_> = held
                .values
                .iter()
                .map(|((drawer, name), written)| (written, value(&mut store, drawer, name)))
                .collect();
            let queue = queued(&mut store);
            if !store.is_broken() {
                break (values, queue.unwrap());
            }
            rounds += 1;
            assert!(rounds < 3, "{what}: it does not become whole");
            store.reopen(&stored::vault(home)).unwrap_or_else(|error| panic!("{what}: {error}"));
        };
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
                    assert_eq!(*error, StoreError::Damaged, "{what}");
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
}
