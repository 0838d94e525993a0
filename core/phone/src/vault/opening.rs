//! Opening a store, and what is to be done before it may be used.
//!
//! A store that is damaged is not repaired: its files are moved away whole, a new store is
//! begun, and what is whole in the old files goes into it. The values go there by
//! themselves; what lies in tables of another owner, only that owner can tell from waste.
//! So [`Store::open`] gives an [`Unsalvaged`] store, which becomes a [`Store`] by way of
//! what the owner salvages.

use std::fs::File;
use std::path::Path;

use crewseal_custody::cbor::Version;

use super::error::StoreError;
use super::page_carver::PageCarver;
use super::quarantine::{self, Entries, Salvaged};
use super::recovery::{self, Recount};
use super::store::Store;
use super::wal::End;
use super::{KeyVault, database, files, keyring};

/// A store that is open and locked, but may lack what is whole in damaged ones.
#[must_use = "what is whole in damaged stores is not in this one yet"]
pub(crate) struct Unsalvaged {
    store: Store,
    has_all_values: bool,
}

impl Store {
    /// Opens the store in a directory; makes one if there is none.
    ///
    /// A store that is damaged, or that the vault can open no more, is moved into
    /// `quarantine` in the same directory, whole. A new one is begun, and takes over the
    /// sealed values if their key is left.
    ///
    /// # Errors
    /// [`StoreError`]. Nothing is lost, and nothing was changed unless a salvage had
    /// begun.
    pub(crate) fn open(
        directory: &Path,
        vault: &dyn KeyVault,
        recount: Recount,
    ) -> Result<Unsalvaged, StoreError> {
        Unsalvaged::open(directory, files::lock(directory)?, vault, recount)
    }

    /// Closes this store, which refuses all work from now on, and opens it again.
    ///
    /// # Errors
    /// [`StoreError`]; it can be tried again.
    pub(crate) fn reopen(
        &mut self,
        vault: &dyn KeyVault,
        recount: Recount,
    ) -> Result<Unsalvaged, StoreError> {
        let (directory, lock) = self.close_for_good()?;
        Unsalvaged::open(&directory, lock, vault, recount)
    }

    /// Takes everything from a closed store that its keys seal, and lets the vault forget
    /// them: from now on this is another device. Tables that are not the vault's stay as
    /// they are. It asks for no key, so it also helps where those are lost.
    ///
    /// It may be interrupted anywhere: once it was begun, the next opening finishes
    /// it.
    ///
    /// # Errors
    /// [`StoreError::DatabaseCorrupt`] if it is damaged: open it first, which salvages it. Others
    /// as everywhere.
    pub fn empty(directory: &Path, vault: &dyn KeyVault) -> Result<(), StoreError> {
        let _lock = files::lock(directory)?;
        quarantine::finish_moving(directory)?;
        let end = files::walk_log(directory)?;
        if matches!(end, End::Corrupt { .. }) {
            return Err(StoreError::DatabaseCorrupt);
        }
        keyring::empty(&mut database::newest(directory, end)?, vault)
    }
}

impl Unsalvaged {
    fn open(
        directory: &Path,
        lock: File,
        vault: &dyn KeyVault,
        recount: Recount,
    ) -> Result<Self, StoreError> {
        let opened = recovery::open(directory, vault, recount)?;
        let has_all_values = opened.has_all_values;
        Ok(Self { store: Store::new(directory, lock, opened)?, has_all_values })
    }

    /// Has what is whole of each damaged store put into this one, the newest first: it
    /// knows best which act has which number. Then what was interrupted of an exchange of
    /// keys is finished, and the store may be used.
    ///
    /// If this is interrupted, the next opening hands over the same damaged stores, so
    /// `salvage` leaves alone what is there already.
    ///
    /// # Errors
    /// What `salvage` returns, or [`StoreError`].
    pub(crate) fn salvage(
        self,
        vault: &dyn KeyVault,
        mut salvage: impl FnMut(&mut Store, &mut PageCarver) -> Result<Entries, StoreError>,
    ) -> Result<Store, StoreError> {
        let Self { mut store, has_all_values } = self;
        let mut quarantined = store.take_quarantined();
        for damaged in quarantined.iter_mut().rev().filter(|damaged| !damaged.is_salvaged()) {
            let mut carver = PageCarver::open(&damaged.database(), &damaged.log())?;
            let entries = salvage(&mut store, &mut carver)?;
            let (whole, corrupt) = store.transaction(|t| t.try_values())?;
            damaged.close(Salvaged {
                version: Version,
                entries: entries.whole,
                without_header: entries.without_header,
                values: u64::try_from(whole).unwrap_or(u64::MAX),
                has_all_values: has_all_values && corrupt == 0,
            })?;
        }
        store.set_quarantined(quarantined);
        store.finish_rotation(vault)?;
        Ok(store)
    }
}
