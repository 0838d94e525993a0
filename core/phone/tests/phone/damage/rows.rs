//! Rows that vanish or come back older are missed.

use crewseal::outbox::reopen_store;
use crewseal::vault::{Damage, StoreError};
use fixtures::files::database;
use fixtures::stored::{Held, NAMES, open, queued, value};
use fixtures::vault;
use rusqlite::Connection;
use tempfile::TempDir;

use super::{salvages, small};

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
        .execute("UPDATE value SET sealed = ?1 WHERE name = ?2", rusqlite::params![before, name])
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
    assert_eq!(queued(&mut store), Err(StoreError::DatabaseCorrupt));
    assert!(store.is_corrupt());
    assert_eq!(value(&mut store, NAMES.0, b"a"), Err(StoreError::DatabaseCorrupt));
    reopen_store(&mut store, &vault::software(home.path())).unwrap();
    let left: Vec<_> = held.queue.iter().copied().filter(|id| *id != held.queue[1]).collect();
    assert_eq!(queued(&mut store), Ok(left));
    assert_eq!(salvages(&store)[0].damage, Damage::Rows);
}
