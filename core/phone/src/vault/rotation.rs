//! The exchange of a store's keys: a new storage key under a new wrapping key.

use std::error::Error;

use zeroize::Zeroizing;

use super::error::StoreError;
use super::keyring;
use super::store::Store;
use super::transaction::Transaction;
use super::{KeyVault, VaultError};
use crate::random;

impl Store {
    /// Does some work in one transaction and, in the same, wraps all keys under a
    /// new storage key, which a new wrapping key of the vault wraps. Then the log
    /// is truncated and the old wrapping key deleted, so that no copy of the file
    /// from before opens any more.
    ///
    /// It needs nothing of the old wrapping key, so it also helps where that was
    /// lost while the store is open. It may be interrupted anywhere: the next
    /// opening finishes it.
    ///
    /// # Errors
    /// What `work` returns, or [`StoreError`]. Whether the work was done is then
    /// as after any transaction; the rotation goes on with the next opening or
    /// the next call.
    pub fn rotate<T, E: From<StoreError> + Error + 'static>(
        &mut self,
        vault: &dyn KeyVault,
        work: impl FnOnce(&mut Transaction<'_>) -> Result<T, E>,
    ) -> Result<T, E> {
        // One that was begun may have wrapped with the new key already; this one must
        // delete that key too.
        self.finish_begun(vault)?;
        self.exchange(vault, work)
    }

    /// Finishes a rotation that was interrupted. Where the vault or the space for
    /// it fails, it stays for another time, and the store opens all the same.
    pub(super) fn finish_rotation(&mut self, vault: &dyn KeyVault) -> Result<(), StoreError> {
        match self.finish_begun(vault) {
            Err(StoreError::Vault(_) | StoreError::Full) => Ok(()),
            finished => finished,
        }
    }

    fn finish_begun(&mut self, vault: &dyn KeyVault) -> Result<(), StoreError> {
        if vault.is_rotating()? { self.exchange(vault, |_| Ok(())) } else { Ok(()) }
    }

    fn exchange<T, E: From<StoreError> + Error + 'static>(
        &mut self,
        vault: &dyn KeyVault,
        work: impl FnOnce(&mut Transaction<'_>) -> Result<T, E>,
    ) -> Result<T, E> {
        let (fresh, wrapped) = begin(vault)?;
        let done = self.rewrap(&fresh, &wrapped, work)?;
        self.truncate_log()?;
        vault.finish_rotation().map_err(StoreError::from)?;
        Ok(done)
    }

    fn rewrap<T, E: From<StoreError> + Error + 'static>(
        &mut self,
        fresh: &[u8; 32],
        wrapped: &[u8],
        work: impl FnOnce(&mut Transaction<'_>) -> Result<T, E>,
    ) -> Result<T, E> {
        let mut fresh_keys = None;
        let done = self.transaction(|t| {
            let done = work(t)?;
            fresh_keys = Some(t.keys().exchange(t.sql(), fresh, wrapped)?);
            Ok(done)
        });
        let Some(keys) = fresh_keys else { return done };
        match done.is_ok().then_some(true).map_or_else(|| self.is_wrapped(wrapped), Ok) {
            Ok(true) => self.set_keys(keys),
            Ok(false) => {}
            // Nobody knows by now which keys it has; opening it again finds out.
            Err(_) => self.distrust(),
        }
        done
    }

    /// After a commit that failed, what the file says decides.
    fn is_wrapped(&mut self, wrapped: &[u8]) -> Result<bool, StoreError> {
        let now = keyring::wrapped_storage_key(self.settled()?)?;
        Ok(now.is_some_and(|now| now == wrapped))
    }
}

fn begin(vault: &dyn KeyVault) -> Result<(Zeroizing<[u8; 32]>, Vec<u8>), StoreError> {
    vault.begin_rotation()?;
    let fresh = random::key()?;
    let wrapped = vault.wrap(&fresh)?;
    if wrapped.is_empty() {
        return Err(VaultError::Hardware.into());
    }
    Ok((fresh, wrapped))
}
