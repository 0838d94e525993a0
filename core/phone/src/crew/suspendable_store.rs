//! The store of a phone, which rests while the app is suspended, and what is to be done
//! with it whenever it is opened.

use std::error::Error;
use std::path::Path;

use crewseal_custody::{DeviceId, Lists};

use super::CrewError;
use super::chain::continue_chain;
use super::persisted::{load_lists, read_enrolment};
use crate::outbox::{open_store, queue, reopen_store};
use crate::vault::{KeyVault, PublicKeys, Salvage, Store, StoreError, Transaction};

/// A store that rests while the app is suspended.
pub(super) struct SuspendableStore(Option<Store>);

impl SuspendableStore {
    pub(super) fn transaction<T, E: From<StoreError> + Error + 'static>(
        &mut self,
        work: impl FnOnce(&mut Transaction<'_>) -> Result<T, E>,
    ) -> Result<T, E> {
        self.open()?.transaction(work)
    }

    /// Whether it turned out damaged while it was open.
    pub(super) fn is_corrupt(&self) -> bool {
        self.0.as_ref().is_some_and(Store::is_corrupt)
    }

    /// Opens one that turned out damaged again, salvaged. Where that fails it goes on
    /// refusing all work, and this can be tried again.
    pub(super) fn reopen(
        &mut self,
        vault: &dyn KeyVault,
        device: DeviceId,
    ) -> Result<Lists, CrewError> {
        let store = self.open()?;
        reopen_store(store, vault)?;
        prepare(store, vault, device).inspect_err(|_| store.distrust())
    }

    /// What became of it each time that it was damaged; nothing while it rests.
    pub(super) fn salvages(&self) -> impl Iterator<Item = Salvage> {
        self.0.iter().flat_map(Store::salvages)
    }

    /// One that rests.
    pub(super) const fn resting() -> Self {
        Self(None)
    }

    /// Whether it does not rest.
    pub(super) const fn is_open(&self) -> bool {
        self.0.is_some()
    }

    /// The store itself, unless it rests.
    pub(super) fn open(&mut self) -> Result<&mut Store, StoreError> {
        self.0.as_mut().ok_or(StoreError::Closed)
    }
}

/// Opens what is in a directory, as this device's.
pub(super) fn load(
    directory: &Path,
    vault: &dyn KeyVault,
) -> Result<(SuspendableStore, PublicKeys, Lists), CrewError> {
    // First the store: emptying it, where that was interrupted, makes another device.
    let mut store = open_store(directory, vault)?;
    let keys = vault.public_keys()?;
    let device = DeviceId::of(&keys.act, &keys.handoff);
    let lists = prepare(&mut store, vault, device)?;
    Ok((SuspendableStore(Some(store)), keys, lists))
}

/// What is to be done with a store that was just opened, before anything else: its
/// chain must not fall behind, and its lists are needed in memory.
fn prepare(store: &mut Store, vault: &dyn KeyVault, device: DeviceId) -> Result<Lists, CrewError> {
    let mark = vault.mark()?;
    store.transaction(|t| {
        continue_chain(t, mark, device)?;
        queue::try_again(t)?;
        match read_enrolment(t) {
            Ok(enrolment) => load_lists(t, &enrolment.keys()?),
            Err(CrewError::NotEnrolled | CrewError::Store(StoreError::ValueCorrupt)) => {
                Ok(Lists::new())
            }
            Err(error) => Err(error),
        }
    })
}
