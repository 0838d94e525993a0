//! The vault's files: what is written comes back, what was tampered with is
//! named, and what cannot be opened is left as it was.

use std::fs;

use crewseal::outbox::open_store;
use crewseal::outbox::reopen_store;
use crewseal::vault::{
    Collection, Damage, KeyVault, Mark, SoftwareVault, Store, StoreError, Transaction, VaultError,
};
use fixtures::files::{self, database};
use fixtures::stored::open;
use fixtures::vault::software;
use rusqlite::Connection;
use tempfile::TempDir;

const NAMES: Collection = Collection("names");
const ADDRESSES: Collection = Collection("addresses");
fn put(
    t: &mut Transaction<'_>,
    drawer: Collection,
    name: &str,
    value: &str,
) -> Result<(), StoreError> {
    t.put(drawer, name.as_bytes(), None, value.as_bytes())
}

fn get(store: &mut Store, drawer: Collection, name: &str) -> Result<Option<Vec<u8>>, StoreError> {
    store.transaction(|t| Ok(t.get(drawer, name.as_bytes())?.map(|value| value.to_vec())))
}

fn all(store: &mut Store, drawer: Collection) -> Result<Vec<Vec<u8>>, StoreError> {
    store.transaction(|t| Ok(t.all(drawer)?.into_iter().map(|value| value.to_vec()).collect()))
}

/// A store with two names, an address, and a name in a compartment; closed.
fn filled() -> TempDir {
    let home = tempfile::tempdir().unwrap();
    let mut store = open(home.path()).unwrap();
    let filled = store.transaction(|t| {
        put(t, NAMES, "a", "Customer 1")?;
        put(t, NAMES, "b", "Customer 2")?;
        put(t, ADDRESSES, "a", "5 Example Street")?;
        let job = t.compartment(b"job")?;
        t.put(NAMES, b"c", Some(&job), b"Customer 3")
    });
    assert_eq!(filled, Ok(()));
    home
}

/// Does to the file what somebody with the disk could do.
fn tamper(home: &TempDir, sql: &str) {
    Connection::open(database(home.path())).unwrap().execute_batch(sql).expect(sql);
}

#[test]
fn values_come_back_after_a_restart() {
    let home = filled();
    let mut store = open(home.path()).unwrap();
    assert_eq!(get(&mut store, NAMES, "a"), Ok(Some(b"Customer 1".to_vec())));
    assert_eq!(get(&mut store, NAMES, "c"), Ok(Some(b"Customer 3".to_vec())));
    assert_eq!(get(&mut store, NAMES, "d"), Ok(None));
    assert_eq!(get(&mut store, ADDRESSES, "b"), Ok(None));
    let names = [b"Customer 1".to_vec(), b"Customer 2".to_vec(), b"Customer 3".to_vec()];
    assert_eq!(all(&mut store, NAMES), Ok(names.to_vec()));
}

#[test]
fn a_new_value_takes_the_place_of_the_old_one() {
    let home = filled();
    let mut store = open(home.path()).unwrap();
    store.transaction(|t| put(t, NAMES, "a", "Fink")).unwrap();
    assert_eq!(get(&mut store, NAMES, "a"), Ok(Some(b"Fink".to_vec())));
    assert_eq!(all(&mut store, NAMES).map(|names| names.len()), Ok(3));
}

#[test]
fn a_transaction_that_fails_leaves_nothing() {
    let home = filled();
    let mut store = open(home.path()).unwrap();
    let failed: Result<(), StoreError> = store.transaction(|t| {
        put(t, NAMES, "a", "Fink")?;
        t.compartment(b"another job")?;
        Err(StoreError::Io)
    });
    assert_eq!(failed, Err(StoreError::Io));
    assert_eq!(get(&mut store, NAMES, "a"), Ok(Some(b"Customer 1".to_vec())));
}

#[test]
fn what_was_moved_or_altered_is_damage() {
    // Rows in the order of writing: names a and b, address a, name c.
    let tamperings = [
        (
            "sealed values of two rows swapped",
            "UPDATE value SET sealed = (SELECT sealed FROM value v WHERE v.id = 3 - value.id)
             WHERE id IN (1, 2)",
        ),
        (
            "names of two rows swapped",
            "CREATE TEMP TABLE t AS SELECT id, name FROM value WHERE id IN (1, 2);
             UPDATE value SET name = randomblob(32) WHERE id = 1;
             UPDATE value SET name = (SELECT name FROM t WHERE id = 1) WHERE id = 2;
             UPDATE value SET name = (SELECT name FROM t WHERE id = 2) WHERE id = 1",
        ),
        (
            "a row under a name of another drawer",
            "UPDATE value SET sealed = (SELECT sealed FROM value v WHERE v.id = 3) WHERE id = 1",
        ),
        (
            "a value sealed by another key",
            "UPDATE value SET compartment = (SELECT name FROM compartment) WHERE id = 1",
        ),
        ("a value cut off", "UPDATE value SET sealed = substr(sealed, 1, 20) WHERE id = 1"),
        ("an empty value", "UPDATE value SET sealed = x'' WHERE id = 1"),
        (
            "an altered byte",
            "UPDATE value SET sealed = CAST(substr(sealed, 1, 13)
                 || CASE substr(sealed, 14, 1) WHEN x'00' THEN x'01' ELSE x'00' END
                 || substr(sealed, 15) AS BLOB) WHERE id = 1",
        ),
    ];
    for (name, sql) in tamperings {
        let home = filled();
        tamper(&home, sql);
        let mut store = open(home.path()).expect(name);
        assert_eq!(get(&mut store, NAMES, "a"), Err(StoreError::ValueCorrupt), "{name}");
        assert_eq!(all(&mut store, NAMES), Err(StoreError::ValueCorrupt), "{name}");
        let other = get(&mut store, ADDRESSES, "a");
        assert_eq!(other, Ok(Some(b"5 Example Street".to_vec())), "{name}: what is whole stays");
    }
}

#[test]
fn a_row_put_into_another_drawer_is_damage_there() {
    let home = filled();
    tamper(
        &home,
        "UPDATE value SET drawer = (SELECT drawer FROM value v WHERE v.id = 3) WHERE id = 1",
    );
    let mut store = open(home.path()).unwrap();
    assert_eq!(all(&mut store, ADDRESSES), Err(StoreError::ValueCorrupt));
}

#[test]
fn a_compartments_key_is_its_own() {
    for (name, sql) in [
        ("gone", "DELETE FROM compartment"),
        ("altered", "UPDATE compartment SET key = randomblob(length(key))"),
        ("of another compartment", "UPDATE compartment SET name = randomblob(32)"),
    ] {
        let home = filled();
        tamper(&home, sql);
        let mut store = open(home.path()).unwrap();
        assert_eq!(get(&mut store, NAMES, "c"), Err(StoreError::ValueCorrupt), "{name}");
        assert_eq!(get(&mut store, NAMES, "a"), Ok(Some(b"Customer 1".to_vec())), "{name}");
    }
}

#[test]
fn a_store_of_another_vault_does_not_open() {
    let (home, other) = (filled(), tempfile::tempdir().unwrap());
    let before = fs::read(database(home.path())).unwrap();
    let mut store = open_store(&files::store(home.path()), &software(other.path())).unwrap();
    assert_eq!(all(&mut store, NAMES), Ok(Vec::new()));
    let told: Vec<_> = store.salvages().map(|salvage| salvage.damage).collect();
    assert_eq!(told, [Damage::Key]);
    drop(store);
    let kept = home.path().join("store/quarantine/1/crewseal.db");
    assert!(fs::read(&kept).unwrap() == before, "and is kept as it was");
    fs::rename(kept, database(home.path())).unwrap();
    assert_eq!(all(&mut open(home.path()).unwrap(), NAMES).map(|names| names.len()), Ok(3));
}

#[test]
fn a_store_of_a_newer_app_is_refused_and_left_byte_for_byte() {
    let home = filled();
    tamper(&home, "PRAGMA user_version = 99; CREATE TABLE later (thing TEXT)");
    let before = fs::read(database(home.path())).unwrap();
    let refused = open(home.path()).map(|_| ());
    assert_eq!(refused, Err(StoreError::Newer { found: 99, known: 3 }));
    assert!(fs::read(database(home.path())).unwrap() == before, "some byte was changed");
    // Looking may leave SQLite's side files, with nothing in them.
    let log = home.path().join("store/crewseal.db-wal");
    assert!(fs::metadata(log).map_or(true, |log| log.len() == 0));
}

#[test]
fn a_file_cut_off_anywhere_is_named_and_never_taken_for_a_new_one() {
    let home = filled();
    let whole = fs::read(database(home.path())).unwrap();
    let names = [b"Customer 1".to_vec(), b"Customer 2".to_vec(), b"Customer 3".to_vec()];
    for end in (1..whole.len()).step_by(509).chain([99, 100, 512, 4_096, 8_192, whole.len() - 1]) {
        for side in ["crewseal.db-wal", "crewseal.db-shm"] {
            let _ = fs::remove_file(files::store(home.path()).join(side));
        }
        fs::write(database(home.path()), &whole[..end]).unwrap();
        let _ = fs::remove_dir_all(home.path().join("store/quarantine"));
        let mut store = open(home.path()).unwrap();
        let mut read = all(&mut store, NAMES);
        if store.is_corrupt() {
            reopen_store(&mut store, &software(home.path())).unwrap();
            read = all(&mut store, NAMES);
        }
        // The very end may be unused space of the last page; then all is there.
        let is_told = store.salvages().any(|salvage| !salvage.has_all_values);
        let named =
            read == Ok(names.to_vec()) || (is_told && read != Err(StoreError::DatabaseCorrupt));
        assert!(named, "cut after {end} of {} bytes: {read:?}", whole.len());
    }
}

#[test]
fn a_file_that_is_no_database_is_damage() {
    let home = filled();
    fs::write(database(home.path()), [0x5a; 8_192]).unwrap();
    let told: Vec<_> = open(home.path()).unwrap().salvages().collect();
    assert_eq!(told.iter().map(|salvage| salvage.damage).collect::<Vec<_>>(), [Damage::Database]);
    let kept = told[0].directory.join("crewseal.db");
    assert_eq!(fs::read(kept).unwrap(), [0x5a; 8_192], "kept as it was");
}

#[test]
fn a_store_opens_once_at_a_time() {
    let home = filled();
    let store = open(home.path()).unwrap();
    assert_eq!(open(home.path()).map(|_| ()), Err(StoreError::InUse));
    drop(store);
    assert!(open(home.path()).is_ok());
}

mod keys {
    use super::*;

    const FILE: &str = "keys/vault.keys";

    #[test]
    fn come_back_under_the_same_passphrase_and_no_other() {
        let home = tempfile::tempdir().unwrap();
        let keys = software(home.path()).public_keys();
        assert_eq!(software(home.path()).public_keys(), keys);
        for wrong in ["", "Passphrase", "passphrase ", "passphras"] {
            let opened = SoftwareVault::open(&home.path().join("keys"), wrong, 1).map(|_| ());
            assert_eq!(opened, Err(VaultError::Locked), "{wrong:?}");
        }
    }

    #[test]
    fn in_a_file_cut_off_anywhere_are_gone_and_not_made_anew() {
        let home = tempfile::tempdir().unwrap();
        drop(software(home.path()));
        let whole = fs::read(home.path().join(FILE)).unwrap();
        for end in 0..whole.len() {
            fs::write(home.path().join(FILE), &whole[..end]).unwrap();
            let opened = SoftwareVault::open(&home.path().join("keys"), "passphrase", 1);
            assert_eq!(opened.map(|_| ()), Err(VaultError::KeyGone), "cut after {end} bytes");
            assert_eq!(fs::read(home.path().join(FILE)).unwrap(), &whole[..end]);
        }
    }

    #[test]
    fn in_a_file_with_an_altered_byte_do_not_open() {
        let home = tempfile::tempdir().unwrap();
        drop(software(home.path()));
        let whole = fs::read(home.path().join(FILE)).unwrap();
        for at in 0..whole.len() {
            let mut altered = whole.clone();
            altered[at] ^= 1 << (at % 8);
            fs::write(home.path().join(FILE), altered).unwrap();
            let opened = SoftwareVault::open(&home.path().join("keys"), "passphrase", 1);
            let error = opened.map(|_| ()).expect_err("an altered file");
            assert!(matches!(error, VaultError::Locked | VaultError::KeyGone), "byte {at}");
        }
    }

    #[test]
    fn wrapped_by_one_vault_are_gone_for_another() {
        let (home, other) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let wrapped = software(home.path()).wrap(&[7; 32]).unwrap();
        assert_eq!(software(home.path()).unwrap(&wrapped).map(|key| *key), Ok([7; 32]));
        let elsewhere = software(other.path()).unwrap(&wrapped).map(|key| *key);
        assert_eq!(elsewhere, Err(VaultError::KeyGone));
    }

    #[test]
    fn keep_a_mark_that_never_falls() {
        let home = tempfile::tempdir().unwrap();
        let keys = software(home.path());
        assert_eq!(keys.mark(), Ok(Mark::default()));
        let mark = |generation, sequence| Mark { generation, sequence };
        for (raised, stands) in [
            (mark(1, 5), mark(1, 5)),
            (mark(1, 3), mark(1, 5)),
            (mark(2, 1), mark(2, 1)),
            (mark(1, 9), mark(2, 1)),
        ] {
            keys.raise_mark(raised).unwrap();
            assert_eq!(keys.mark(), Ok(stands), "after {raised:?}");
            assert_eq!(software(home.path()).mark(), Ok(stands), "after a restart");
        }
        fs::write(home.path().join("keys/vault.mark"), b"").unwrap();
        assert_eq!(keys.mark(), Err(VaultError::Hardware), "a broken mark is no low mark");
    }
}
