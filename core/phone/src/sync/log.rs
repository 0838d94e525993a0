//! What a phone asks of HQ's log. It takes no session: the log says itself whose it is.

use crewseal_custody::wire::{Consistency, RestoreNews};
use reqwest::Method;

use super::client::{Client, SyncError, read};

impl Client {
    /// That the log of this generation goes on from one size to a later one, unverified.
    ///
    /// # Errors
    /// [`SyncError`]; [`SyncError::Refused`] with status 404 if HQ has no such sizes.
    pub async fn consistency(
        &self,
        generation: u32,
        from: u64,
        to: u64,
    ) -> Result<Consistency, SyncError> {
        let sizes = format!("generation={generation}&from={from}&to={to}");
        let path = format!("v1/log/consistency?{sizes}");
        read(&self.send(Method::GET, &path, None, None).await?)
    }

    /// How the log of this generation began after HQ lost the end of the one before,
    /// unverified.
    ///
    /// # Errors
    /// [`SyncError`]; [`SyncError::Refused`] with status 404 if HQ has no such log.
    pub async fn restore(&self, generation: u32) -> Result<RestoreNews, SyncError> {
        let path = format!("v1/log/restore?generation={generation}");
        read(&self.send(Method::GET, &path, None, None).await?)
    }
}
