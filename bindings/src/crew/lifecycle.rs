//! The life of a phone's store: it rests, exchanges its keys, forgets, and is logged out.

use crewseal_custody::JobId;

use crate::{Crew, CrewError, Erasure, OutboxStatus, Salvage};

#[uniffi::export(async_runtime = "tokio")]
impl Crew {
    /// What became of the store each time that it was damaged, the oldest first.
    pub async fn salvages(&self) -> Result<Vec<Salvage>, CrewError> {
        self.ask(Salvage::all).await
    }

    /// Closes the store and lets go of its lock. Call it before the system suspends
    /// the app: iOS kills one that holds a lock then. Until `resume` every other
    /// call throws `Suspended` and changes nothing.
    ///
    /// If it throws `KeysBusy` the store is open and locked as before: another call still
    /// waits for the keys or for a person. End that, and call it again.
    pub async fn suspend(&self) -> Result<(), CrewError> {
        self.ask(|phone| Ok(phone.suspend()?)).await
    }

    /// Opens the store again.
    pub async fn resume(&self) -> Result<(), CrewError> {
        let notices = self.notices.clone();
        self.ask(move |phone| {
            phone.resume()?;
            // If they cannot be told now, the app hears so and resumes once more.
            notices.salvages(Salvage::all(phone)?);
            Ok(())
        })
        .await
    }

    /// Exchanges the keys that the store hangs on for new ones, and deletes the old
    /// ones. Also the way out when the wrapping key was lost while the store is open,
    /// as after a new fingerprint.
    pub async fn rotate_keys(&self) -> Result<(), CrewError> {
        self.ask(|phone| Ok(phone.rotate_keys()?)).await
    }

    /// Forgets a job of which nothing waits for HQ: its key, all that it sealed, and
    /// every key by which that could be had again. The certificate says what was done
    /// and how it was looked at afterwards.
    pub async fn forget(&self, job: JobId) -> Result<Erasure, CrewError> {
        self.ask(move |phone| Ok((&phone.forget(job)?).into())).await
    }

    /// The certificates of the jobs that this device forgot.
    pub async fn erasures(&self) -> Result<Vec<Erasure>, CrewError> {
        self.ask(|phone| Ok(phone.erasures()?.iter().map(Erasure::from).collect())).await
    }

    /// Logs out, for another user or because HQ says so: everything that can be read
    /// goes, and so do this device's keys. What waits for HQ stays, as returned, and
    /// whichever device is enrolled next on this phone delivers it. Afterwards open
    /// the phone again and enrol.
    pub async fn log_out(&self) -> Result<OutboxStatus, CrewError> {
        self.ask(|phone| Ok(phone.log_out()?.into())).await
    }
}
