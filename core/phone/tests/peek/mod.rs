//! Looking into a store while a phone has it open, and so has it to itself: into a copy
//! of its files.

use std::fs;
use std::ops::Deref;
use std::path::Path;

use rusqlite::Connection;
use tempfile::TempDir;

/// The database of a phone as it is on the disk at this moment.
pub struct Peek {
    sql: Connection,
    _copy: TempDir,
}

pub fn peek(home: &Path) -> Peek {
    let copy = tempfile::tempdir().unwrap();
    for file in ["crewseal.db", "crewseal.db-wal"] {
        let from = home.join("store").join(file);
        if from.exists() {
            fs::copy(from, copy.path().join(file)).unwrap();
        }
    }
    Peek { sql: Connection::open(copy.path().join("crewseal.db")).unwrap(), _copy: copy }
}

impl Deref for Peek {
    type Target = Connection;

    fn deref(&self) -> &Connection {
        &self.sql
    }
}
