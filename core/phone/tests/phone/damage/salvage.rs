//! A damaged store is put aside, and what is whole in it is used.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use crewseal::outbox::{delivery_grant, queue};
use crewseal::vault::{Damage, KeyVault as _, Mark, StoreError};
use crewseal_custody::delivery_grant::{DeliveryToken, Endpoint, StoredGrant};
use fixtures::files::{copy_phone, database, log};
use fixtures::stored::{NAMES, open, queued, value};
use fixtures::{paper, vault};
use rusqlite::Connection;

use super::{damaged, holds, salvages, small};

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

/// Where the keys are lost, nothing but the grant delivers the queue.
#[test]
fn keeps_how_to_deliver_without_keys() {
    let grant = StoredGrant {
        endpoint: Endpoint::of("https://hq.example:8443".to_owned(), paper::hq_keys()),
        token: DeliveryToken("delivers".to_owned()),
        until: 1_780_293_600,
    };
    for lost in ["the key", "a frame"] {
        let (home, held, _) = small();
        let mut store = open(home.path()).unwrap();
        store.transaction(|t| delivery_grant::keep(t, &grant.to_bytes())).unwrap();
        let to = tempfile::tempdir().unwrap();
        copy_phone(home.path(), to.path());
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
        assert_eq!(
            store.transaction(|t| delivery_grant::read(t)),
            Ok(Some(grant.clone())),
            "{lost}"
        );
    }
}

#[test]
fn a_database_that_is_gone_is_missed() {
    let (home, ..) = small();
    vault_mark(home.path());
    for name in ["emptied", "deleted with its log", "never there"] {
        let to = tempfile::tempdir().unwrap();
        copy_phone(home.path(), to.path());
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
    vault::software(home).raise_mark(Mark { generation: 1, sequence: 2 }).unwrap();
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
    copy_phone(broken.path(), finished.path());
    drop(open(finished.path()).unwrap());
    let note =
        |name: &str| fs::read(finished.path().join("store/quarantine/1").join(name)).unwrap();
    // Frozen: docs/storage.md, section 6. Six entries, three values.
    let found = note("found");
    assert_eq!(found, [0xa2, 0, 1, 1, 1]);
    assert_eq!(note("salvaged"), [0xa5, 0, 1, 1, 6, 2, 0, 3, 3, 4, 0xf5]);

    for moment in ["noted", "log moved", "all moved", "begun", "filled"] {
        let to = tempfile::tempdir().unwrap();
        copy_phone(broken.path(), to.path());
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
