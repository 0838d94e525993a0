//! The files of a store by their names, and what they tell before SQLite sees them.

use std::fs::{self, File, TryLockError};
use std::io::{self, BufReader};
use std::path::Path;

use super::durable;
use super::error::StoreError;
use super::wal::{self, End};

/// The database.
pub(super) const DATABASE: &str = "crewseal.db";
/// Its write-ahead log.
pub(super) const LOG: &str = "crewseal.db-wal";
/// Empty; whoever has the store open holds a lock on it. A file of its own, because
/// closing any descriptor of the database would drop SQLite's locks on that.
const LOCK: &str = "crewseal.lock";
/// Says by its presence that the database looked damaged while it was open.
const SUSPECT: &str = "crewseal.suspect";

/// Locks the store in a directory, which is made if there is none, until the file is
/// dropped or the process dies.
pub(super) fn lock(directory: &Path) -> Result<File, StoreError> {
    fs::create_dir_all(directory)?;
    let path = directory.join(LOCK);
    let file = File::options().create(true).truncate(false).write(true).open(path)?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(StoreError::InUse),
        Err(TryLockError::Error(error)) => Err(error.into()),
    }
}

/// The length of a file, 0 if there is none.
pub(super) fn length(path: &Path) -> Result<u64, StoreError> {
    match fs::metadata(path) {
        Ok(file) => Ok(file.len()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(0),
        Err(error) => Err(error.into()),
    }
}

/// How the log ends.
pub(super) fn walk_log(directory: &Path) -> Result<End, StoreError> {
    match File::open(directory.join(LOG)) {
        Ok(log) if log.metadata()?.len() > 0 => Ok(wal::walk(BufReader::new(log))?.end),
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error.into()),
        _ => Ok(End::Whole),
    }
}

/// Notes that the database looks damaged, so that the next opening looks closer. If that
/// cannot be written, the next opening has to find out by itself.
pub(super) fn suspect(directory: &Path) {
    let _ = File::create(directory.join(SUSPECT));
}

pub(super) fn is_suspect(directory: &Path) -> Result<bool, StoreError> {
    Ok(directory.join(SUSPECT).try_exists()?)
}

pub(super) fn remove_suspicion(directory: &Path) -> Result<(), StoreError> {
    match fs::remove_file(directory.join(SUSPECT)) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error.into()),
        Err(_) => Ok(()),
        Ok(()) => Ok(durable::sync_directory(directory)?),
    }
}
