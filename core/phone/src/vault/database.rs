//! The SQLite database in the file: its formats and its settings.

use std::path::Path;

use rusqlite::{Connection, OpenFlags};
use rusqlite_migration::{M, Migrations};

use super::error::StoreError;
use super::files::{DATABASE, length};
use super::wal::End;

/// One file's history: whoever owns a table, it came into the file in this order.
const MIGRATIONS: &[M<'static>] = &[
    M::up(include_str!("schema_1.sql")),
    M::up(include_str!("schema_2.sql")),
    M::up(include_str!("schema_3.sql")),
];

/// How many statements stay compiled: about all that there are.
const STATEMENTS: usize = 64;

/// Opens a database whose log ends like this and brings it to the newest format; makes
/// one if there is none.
pub(super) fn newest(directory: &Path, end: End) -> Result<Connection, StoreError> {
    let path = directory.join(DATABASE);
    if length(&path)? > 0 {
        refuse_stump(&path)?;
        refuse_newer(&path)?;
    }
    let mut connection = connect(Connection::open(&path)?)?;
    if end == End::Torn {
        truncate_log(&connection)?;
    }
    Migrations::from_slice(MIGRATIONS).to_latest(&mut connection).map_err(|error| match error {
        rusqlite_migration::Error::RusqliteError { err, .. } => err.into(),
        _ => StoreError::DatabaseCorrupt,
    })?;
    Ok(connection)
}

/// Opens a database that is there, in whatever format it is.
pub(super) fn existing(directory: &Path) -> Result<Connection, StoreError> {
    let path = directory.join(DATABASE);
    connect(Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_WRITE)?)
}

fn connect(connection: Connection) -> Result<Connection, StoreError> {
    for (pragma, value) in [
        // There is one writer and no reader beside it, and the lock file sees to that:
        // so there is nothing to lock from one transaction to the next.
        ("locking_mode", "EXCLUSIVE"),
        ("journal_mode", "WAL"),
        ("synchronous", "FULL"),
        ("fullfsync", "ON"),
        ("checkpoint_fullfsync", "ON"),
        ("temp_store", "MEMORY"),
        ("secure_delete", "ON"),
        ("foreign_keys", "ON"),
        ("trusted_schema", "OFF"),
        // What is not committed is not written: so whatever is in the log was, or is
        // its last transaction.
        ("cache_spill", "OFF"),
    ] {
        connection.pragma_update(None, pragma, value)?;
    }
    connection.set_prepared_statement_cache_capacity(STATEMENTS);
    Ok(connection)
}

/// Writes the log back into the database and leaves it empty, so that no older page
/// stays in it.
pub(super) fn truncate_log(connection: &Connection) -> Result<(), StoreError> {
    let is_busy: bool =
        connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |row| row.get(0))?;
    if is_busy { Err(StoreError::InUse) } else { Ok(()) }
}

/// SQLite takes a file shorter than its smallest page for a new one and would
/// write over what is left. It makes files of no byte or of whole pages.
fn refuse_stump(path: &Path) -> Result<(), StoreError> {
    const SMALLEST_PAGE: u64 = 512;
    if (1..SMALLEST_PAGE).contains(&length(path)?) {
        Err(StoreError::DatabaseCorrupt)
    } else {
        Ok(())
    }
}

/// Looks at the format before anything is opened for writing.
fn refuse_newer(path: &Path) -> Result<(), StoreError> {
    let connection = Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_ONLY)?;
    let found: i64 = connection.pragma_query_value(None, "user_version", |row| row.get(0))?;
    let known = i64::try_from(MIGRATIONS.len()).unwrap_or(i64::MAX);
    if found > known { Err(StoreError::Newer { found, known }) } else { Ok(()) }
}

/// Whether SQLite finds every page and index of it in order.
pub(super) fn is_sound(connection: &Connection) -> Result<bool, StoreError> {
    let check: String = connection.query_row("PRAGMA integrity_check(1)", [], |row| row.get(0))?;
    Ok(check == "ok")
}
