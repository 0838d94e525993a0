//! The file: made, opened and brought to the newest format; its transactions.

use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use crewseal_custody::signed::PublicKey;
use rusqlite::{Connection, OpenFlags, TransactionBehavior};
use rusqlite_migration::{M, Migrations};

use super::key_lists::add_key_list;
use crate::error::HqError;
use crate::private_file;

/// The file's name.
pub(crate) const FILE: &str = "hq.db";

/// How long to wait for another program's lock before saying that it is busy.
const BUSY_TIMEOUT: Duration = Duration::from_secs(2);

/// Each step is applied once and never edited afterwards.
const MIGRATIONS: &[M<'static>] = &[
    M::up(include_str!("1.sql")),
    M::up(include_str!("2.sql")),
    M::up(include_str!("3.sql")),
    M::up(include_str!("4.sql")),
    M::up(include_str!("5.sql")),
    M::up(include_str!("6.sql")),
    M::up(include_str!("7.sql")),
    M::up(include_str!("8.sql")),
    M::up(include_str!("9.sql")),
    M::up(include_str!("10.sql")),
    M::up(include_str!("11.sql")),
];

/// So many connections are kept for reading.
const MOST_READERS: usize = 8;

/// The database: one connection writes, others read meanwhile.
pub(crate) struct Store {
    path: PathBuf,
    writer: Mutex<Connection>,
    /// Those that nobody uses now.
    readers: Mutex<Vec<Connection>>,
}

impl Store {
    /// Makes a new database.
    pub(crate) fn create(
        path: &Path,
        origin: &str,
        key: &PublicKey,
        list: &[u8],
    ) -> Result<Self, HqError> {
        // It holds customers' names; SQLite's files beside it take its rights.
        drop(private_file::create(path)?);
        let store = Self::connect(path)?;
        store.write(|db| {
            db.execute("INSERT INTO hq (one, origin, key) VALUES (1, ?1, ?2)", (origin, key.0))?;
            add_key_list(db, 1, list)
        })?;
        Ok(store)
    }

    /// Opens a database that is there.
    pub(crate) fn open(path: &Path) -> Result<Self, HqError> {
        refuse_newer(path)?;
        Self::connect(path)
    }

    fn connect(path: &Path) -> Result<Self, HqError> {
        let mut db = Connection::open(path)?;
        db.busy_timeout(BUSY_TIMEOUT)?;
        db.pragma_update(None, "journal_mode", "WAL")?;
        db.pragma_update(None, "synchronous", "FULL")?;
        db.pragma_update(None, "fullfsync", true)?;
        db.pragma_update(None, "checkpoint_fullfsync", true)?;
        db.pragma_update(None, "foreign_keys", true)?;
        db.pragma_update(None, "trusted_schema", false)?;
        Migrations::from_slice(MIGRATIONS).to_latest(&mut db).map_err(|error| match error {
            rusqlite_migration::Error::RusqliteError { err, .. } => HqError::from(err),
            _ => HqError::Damaged { what: "its format" },
        })?;
        Ok(Self { path: path.to_owned(), writer: Mutex::new(db), readers: Mutex::default() })
    }

    /// Another connection to the database that is open here.
    fn reader(&self) -> Result<Connection, HqError> {
        if let Some(idle) = self.readers.lock().unwrap_or_else(PoisonError::into_inner).pop() {
            return Ok(idle);
        }
        let db = Connection::open(&self.path)?;
        db.busy_timeout(BUSY_TIMEOUT)?;
        db.pragma_update(None, "trusted_schema", false)?;
        db.pragma_update(None, "query_only", true)?;
        Ok(db)
    }

    /// The name of HQ's log, and the key by which it was founded.
    pub(crate) fn identity(&self) -> Result<(String, PublicKey), HqError> {
        self.read(|db| {
            let row = db.query_row("SELECT origin, key FROM hq", [], |row| {
                Ok((row.get(0)?, PublicKey(row.get(1)?)))
            });
            Ok(row?)
        })
    }

    /// Reads, all of one moment.
    pub(crate) fn read<T>(
        &self,
        work: impl FnOnce(&Connection) -> Result<T, HqError>,
    ) -> Result<T, HqError> {
        let mut db = self.reader()?;
        let transaction = db.transaction_with_behavior(TransactionBehavior::Deferred)?;
        let result = work(&transaction);
        transaction.commit()?;
        let mut idle = self.readers.lock().unwrap_or_else(PoisonError::into_inner);
        if idle.len() < MOST_READERS {
            idle.push(db);
        }
        result
    }

    /// Writes all or nothing; it is on the disk when this returns.
    pub(crate) fn write<T>(
        &self,
        work: impl FnOnce(&Connection) -> Result<T, HqError>,
    ) -> Result<T, HqError> {
        // Whoever panicked with the lock left no transaction open: dropping
        // one rolls it back.
        let mut db = self.writer.lock().unwrap_or_else(PoisonError::into_inner);
        let transaction = db.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let result = work(&transaction)?;
        transaction.commit()?;
        Ok(result)
    }
}

/// Looks at the format before anything could write.
fn refuse_newer(path: &Path) -> Result<(), HqError> {
    let db = Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_ONLY)?;
    db.busy_timeout(BUSY_TIMEOUT)?;
    let found: u32 = db.pragma_query_value(None, "user_version", |row| row.get(0))?;
    let (found, known) = (u64::from(found), MIGRATIONS.len().try_into().unwrap_or(u64::MAX));
    if found > known { Err(HqError::NewerDatabase { found, known }) } else { Ok(()) }
}
