//! Opening a store, and what is to be done before it may be used.
//!
//! A store that is damaged is not repaired: its files are moved away whole, a new
//! store is begun, and what is whole in the old files goes into it. See
//! [`Store::open`] and [`Salvage`](super::Salvage).

use std::fs::File;
use std::path::Path;

use super::error::StoreError;
use super::store::Store;
use super::wal::End;
use super::wreck::Wreck;
use super::{KeyVault, database, files, keyring, opening, quarantine};
use crate::outbox;

impl Store {
    /// Opens the store in a directory; makes one if there is none. What was
    /// interrupted, a rotation of keys or the emptying of the store, is finished.
    ///
    /// A store that is damaged, or that the vault can open no more, is moved into
    /// `quarantine` in the same directory, whole. A new one is begun, and takes over
    /// every queued entry that is whole, the headers of their epochs, and, if its key
    /// is left, the sealed values. [`Store::salvages`] tells of it. If this is
    /// interrupted, the next opening finishes it.
    ///
    /// # Errors
    /// [`StoreError`]. Nothing is lost, and nothing was changed unless a salvage had
    /// begun.
    pub fn open(directory: &Path, vault: &dyn KeyVault) -> Result<Self, StoreError> {
        Self::open_locked(directory, files::lock(directory)?, vault)
    }

    fn open_locked(directory: &Path, lock: File, vault: &dyn KeyVault) -> Result<Self, StoreError> {
        let opened = opening::open(directory, vault)?;
        let has_all_values = opened.has_all_values;
        let mut store = Self::new(directory, lock, opened)?;
        store.salvage(has_all_values)?;
        store.finish_rotation(vault)?;
        Ok(store)
    }

    /// Takes everything from a closed store but the queue, which is sealed to HQ and
    /// stays deliverable, and lets the vault forget its keys: from now on this is
    /// another device. It asks for no key, so it also helps where those are lost.
    ///
    /// It may be interrupted anywhere: once it was begun, the next opening finishes
    /// it.
    ///
    /// # Errors
    /// [`StoreError::Broken`] if it is damaged: open it first, which salvages the
    /// queue. Others as everywhere.
    pub fn empty(directory: &Path, vault: &dyn KeyVault) -> Result<(), StoreError> {
        let _lock = files::lock(directory)?;
        quarantine::finish_moving(directory)?;
        let end = files::walk_log(directory)?;
        if matches!(end, End::Broken { .. }) {
            return Err(StoreError::Broken);
        }
        keyring::empty(&mut database::newest(directory, end)?, vault)
    }

    /// Puts what is whole of damaged stores into this one. The values are there
    /// already.
    fn salvage(&mut self, has_all_values: bool) -> Result<(), StoreError> {
        let mut quarantined = self.take_quarantined();
        // The newest first: it knows best which act has which number.
        for wreck in quarantined.iter_mut().rev().filter(|wreck| !wreck.is_salvaged()) {
            let mut files = Wreck::open(&wreck.database(), &wreck.log())?;
            let entries = outbox::salvage::salvage(self, &mut files)?;
            let (whole, damaged) = self.transaction(|t| t.try_values())?;
            let values = u64::try_from(whole).unwrap_or(u64::MAX);
            wreck.close(entries, (values, has_all_values && damaged == 0))?;
        }
        self.set_quarantined(quarantined);
        Ok(())
    }

    /// Closes the store and opens it again, salvaged if it is damaged.
    ///
    /// # Errors
    /// [`StoreError`]; it can be tried again.
    pub fn reopen(&mut self, vault: &dyn KeyVault) -> Result<(), StoreError> {
        let (directory, lock) = self.close_for_good()?;
        *self = Self::open_locked(&directory, lock, vault)?;
        Ok(())
    }
}
