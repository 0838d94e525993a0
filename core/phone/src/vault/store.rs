//! The store: one SQLite file, one writer, values sealed one by one.
//!
//! Sealing rows instead of the file costs nothing that can be measured against
//! the sync of a commit, and it keeps rows of others, which are sealed already,
//! readable for salvage when the local key is lost.
//!
//! A store that turns out damaged refuses all work until it is opened again.

use std::error::Error;
use std::fs::File;
use std::mem;
use std::path::{Path, PathBuf};

use rusqlite::Connection;

use super::contents::Contents;
use super::error::StoreError;
use super::keyring::Keys;
use super::quarantine::{self, Quarantined, Salvage};
use super::recovery::{self, Opened};
use super::search::{self, Searched, WrapNonce};
use super::transaction::Transaction;
use super::{database, files};

/// The encrypted store.
pub struct Store {
    connection: Connection,
    keys: Keys,
    contents: Contents,
    directory: PathBuf,
    trouble: Option<Trouble>,
    quarantined: Vec<Quarantined>,
    /// Held for as long as the store is open; the system lets go of it when the
    /// process dies.
    lock: File,
}

/// What must be done before a store may be used again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Trouble {
    /// Something was perhaps not written: close, open and read again.
    Unsure,
    /// It is damaged, as far as can be told while it is open.
    Corrupt,
}

impl Store {
    pub(super) fn new(directory: &Path, lock: File, opened: Opened) -> Result<Self, StoreError> {
        Ok(Self {
            connection: opened.connection,
            keys: opened.keys,
            contents: opened.contents,
            directory: directory.to_owned(),
            trouble: None,
            quarantined: quarantine::list(directory)?,
            lock,
        })
    }

    /// The head, as it was committed last; see [`Transaction::head`].
    #[must_use]
    pub fn head(&self) -> Option<&[u8]> {
        self.contents.head()
    }

    /// What became of stores that were damaged, the oldest first.
    pub fn salvages(&self) -> impl Iterator<Item = Salvage> {
        self.quarantined.iter().filter_map(Quarantined::report)
    }

    /// Looks for the wrap of a forgotten key in every file beside the database,
    /// whatever is in it.
    ///
    /// # Errors
    /// [`StoreError`] if a file cannot be read.
    pub fn search(&self, wrap: &WrapNonce) -> Result<Searched, StoreError> {
        Ok(search::search(&self.directory, wrap)?)
    }

    /// Whether the file turned out damaged while it was open.
    #[must_use]
    pub fn is_corrupt(&self) -> bool {
        self.trouble == Some(Trouble::Corrupt)
    }

    /// Does some work in one transaction, durable when this returns.
    ///
    /// If the commit fails, nobody can say what of it is on the disk. So before
    /// anything else is done, the database is opened again and read.
    ///
    /// # Errors
    /// What `work` returns, or [`StoreError`]; then nothing was changed, or, after
    /// [`StoreError::Io`], perhaps all of it.
    pub fn transaction<T, E: From<StoreError> + Error + 'static>(
        &mut self,
        work: impl FnOnce(&mut Transaction<'_>) -> Result<T, E>,
    ) -> Result<T, E> {
        self.settle()?;
        let done = self.attempt(work);
        if let Err(error) = &done {
            self.suspect(store_error(error));
        }
        done
    }

    fn attempt<T, E: From<StoreError>>(
        &mut self,
        work: impl FnOnce(&mut Transaction<'_>) -> Result<T, E>,
    ) -> Result<T, E> {
        let mut transaction = Transaction::begin(&mut self.connection, &self.keys, &self.contents)?;
        let done = work(&mut transaction)?;
        let change = transaction.commit()?;
        self.contents.apply(change);
        Ok(done)
    }

    /// Makes sure that what is read is what is on the disk.
    fn settle(&mut self) -> Result<(), StoreError> {
        match self.trouble {
            Some(Trouble::Corrupt) => Err(StoreError::DatabaseCorrupt),
            Some(Trouble::Unsure) => self.renew(),
            None => Ok(()),
        }
    }

    /// Writes the log back, so that no older page stays in it.
    pub(super) fn truncate_log(&mut self) -> Result<(), StoreError> {
        let truncated = database::truncate_log(&self.connection);
        if let Err(error) = truncated {
            self.suspect(Some(error));
        }
        truncated
    }

    /// Refuses all work until it is opened again.
    pub(crate) const fn distrust(&mut self) {
        self.trouble = Some(Trouble::Corrupt);
    }

    /// The database, once it is sure that what is read is what is on the disk.
    pub(super) fn settled(&mut self) -> Result<&Connection, StoreError> {
        self.settle()?;
        Ok(&self.connection)
    }

    pub(super) fn take_quarantined(&mut self) -> Vec<Quarantined> {
        mem::take(&mut self.quarantined)
    }

    pub(super) fn set_quarantined(&mut self, quarantined: Vec<Quarantined>) {
        self.quarantined = quarantined;
    }

    pub(super) fn set_keys(&mut self, keys: Keys) {
        self.keys = keys;
    }

    /// Draws the conclusions from an error.
    fn suspect(&mut self, error: Option<StoreError>) {
        match error {
            Some(StoreError::DatabaseCorrupt) => {
                self.trouble = Some(Trouble::Corrupt);
                files::suspect(&self.directory);
            }
            Some(StoreError::Io | StoreError::Full | StoreError::ReadOnly) => {
                self.trouble = Some(Trouble::Unsure);
            }
            _ => {}
        }
    }

    /// Closes the database and opens it again. The log goes back into the database
    /// and is begun afresh, so that nothing is left in it that was perhaps not
    /// written, and what is written again is written to other places.
    fn renew(&mut self) -> Result<(), StoreError> {
        self.close()?;
        let renewed = recovery::renew(&self.directory, &self.keys);
        if let Err(error) = &renewed {
            self.suspect(Some(*error));
        }
        (self.connection, self.contents) = renewed?;
        self.trouble = None;
        Ok(())
    }

    /// Refuses all work, lets go of the files and hands the lock on them over.
    pub(super) fn close_for_good(&mut self) -> Result<(PathBuf, File), StoreError> {
        let lock = self.lock.try_clone()?;
        self.distrust();
        self.close()?;
        Ok((self.directory.clone(), lock))
    }

    /// An empty database in memory stands in for the one that is closed.
    fn close(&mut self) -> Result<(), StoreError> {
        self.connection = Connection::open_in_memory()?;
        Ok(())
    }
}

/// What an error says of the store, if it comes from there.
fn store_error(error: &(dyn Error + 'static)) -> Option<StoreError> {
    let mut error = Some(error);
    while let Some(one) = error {
        if let Some(found) = one.downcast_ref() {
            return Some(*found);
        }
        error = one.source();
    }
    None
}
