//! Opens the store that the queue lies in, with what is whole of damaged ones in it.

use std::path::Path;

use super::{queue, salvage};
use crate::vault::{KeyVault, Store, StoreError};

/// Opens the store in a directory; makes one if there is none. What was interrupted, a
/// rotation of keys or the emptying of the store, is finished.
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
pub fn open_store(directory: &Path, vault: &dyn KeyVault) -> Result<Store, StoreError> {
    Store::open(directory, vault, queue::rows)?.salvage(vault, salvage::salvage)
}

/// Closes a store and opens it again, salvaged if it is damaged.
///
/// # Errors
/// [`StoreError`]; the store refuses all work then, and this can be tried again.
pub fn reopen_store(store: &mut Store, vault: &dyn KeyVault) -> Result<(), StoreError> {
    *store = store.reopen(vault, queue::rows)?.salvage(vault, salvage::salvage)?;
    Ok(())
}
