//! A phone, and how a call of it is done: on a thread that may wait, not from within a call that
//! it makes itself, and with alarms for what a person should see.

use std::path::Path;
use std::sync::Arc;

use crewseal::{blocking_pool, clock, vault};
use crewseal_custody::DeviceId;

use crate::cancel::unless_cancelled;
use crate::clock::AppClock;
use crate::keys::AppVault;
use crate::notices::Notices;
use crate::reentrancy::PhoneId;
use crate::{CancelToken, Clock, CrewError, KeyVault, NetworkState, Observer, Salvage, network};

/// A phone of a crew: its keys, its store and its HQ. An app has one.
#[derive(uniffi::Object)]
pub struct Crew {
    pub(super) phone: crewseal::Crew,
    network: Option<Arc<dyn NetworkState>>,
    pub(super) notices: Notices,
    id: PhoneId,
}

#[uniffi::export(async_runtime = "tokio")]
impl Crew {
    /// Opens the phone whose store is in this directory, named from the root; a new
    /// one, if there is none. The directory must be left out of backups. Without a `network`, HQ is
    /// tried whatever connects the phone.
    #[uniffi::constructor(default(network = None))]
    pub async fn open(
        directory: String,
        vault: Arc<dyn KeyVault>,
        clock: Arc<dyn Clock>,
        network: Option<Arc<dyn NetworkState>>,
    ) -> Result<Self, CrewError> {
        Self::begin(crewseal::Crew::open, directory, vault, clock, network).await
    }

    /// Opens a phone whose keys are gone for good, with new ones. What only they
    /// opened is lost; what waits for HQ stays, and is delivered once this phone is
    /// enrolled again.
    #[uniffi::constructor(default(network = None))]
    pub async fn start_over(
        directory: String,
        vault: Arc<dyn KeyVault>,
        clock: Arc<dyn Clock>,
        network: Option<Arc<dyn NetworkState>>,
    ) -> Result<Self, CrewError> {
        Self::begin(crewseal::Crew::start_over, directory, vault, clock, network).await
    }

    /// From now on this observer is told of tallies, of syncs and of what a person
    /// should see, and no other; nobody, if none is given. Alarms that nobody was told
    /// wait for it. Closing the phone ends it.
    pub fn observe(&self, observer: Option<Arc<dyn Observer>>) -> Result<(), CrewError> {
        self.notices.observe(observer)
    }

    /// This device's id, which other phones need to offer it boxes.
    #[must_use]
    pub fn device_id(&self) -> DeviceId {
        self.phone.device()
    }
}

impl Crew {
    pub(crate) async fn ask<T: Send + 'static>(
        &self,
        work: impl FnOnce(&crewseal::Crew) -> Result<T, CrewError> + Send + 'static,
    ) -> Result<T, CrewError> {
        self.id.check()?;
        let (phone, notices) = (self.phone.clone(), self.notices.clone());
        blocking_pool::run(move || {
            let done = work(&phone);
            if let Err(error) = &done {
                notices.failed(error);
            }
            // Asking a store that turned out damaged has it salvaged. If another call keeps
            // it from being told now, the next resume or opening tells it.
            if matches!(done, Err(CrewError::SystemFailed))
                && let Ok(salvages) = Salvage::all(&phone)
            {
                notices.salvages(salvages);
            }
            done
        })
        .await
    }

    async fn begin(
        open: impl FnOnce(
            &Path,
            Arc<dyn vault::KeyVault>,
            Arc<dyn clock::Clock>,
        ) -> Result<crewseal::Crew, crewseal::CrewError>
        + Send
        + 'static,
        directory: String,
        vault: Arc<dyn KeyVault>,
        clock: Arc<dyn Clock>,
        network: Option<Arc<dyn NetworkState>>,
    ) -> Result<Self, CrewError> {
        blocking_pool::run(move || {
            let directory = Path::new(&directory);
            // On a phone no directory is the one to begin at.
            if !directory.is_absolute() {
                return Err(CrewError::StoreReadOnly);
            }
            let id = PhoneId::new();
            let vault = Arc::new(AppVault { vault, phone: id });
            let clock = Arc::new(AppClock { clock, phone: id });
            let phone = open(directory, vault, clock)?;
            let notices = Notices::default();
            notices.salvages(Salvage::all(&phone)?);
            Ok(Self { id, phone, network, notices })
        })
        .await
    }

    /// What talks to HQ: not without a network, and only until it is given up.
    pub(crate) async fn with_hq<T>(
        &self,
        cancel: Option<Arc<CancelToken>>,
        work: impl Future<Output = Result<T, CrewError>>,
    ) -> Result<T, CrewError> {
        self.id.check()?;
        let network = self.network.clone();
        let done = unless_cancelled(cancel, async {
            if network.is_some() {
                blocking_pool::run(move || network::check(network.as_ref())).await?;
            }
            work.await
        });
        done.await.inspect_err(|error| self.notices.failed(error))
    }

    /// The phone of the core.
    pub(crate) const fn phone(&self) -> &crewseal::Crew {
        &self.phone
    }

    /// Fails on a network that costs by the byte.
    pub(crate) async fn unmetered(&self) -> Result<(), CrewError> {
        let network = self.network.clone();
        blocking_pool::run(move || network::check_unmetered(network.as_ref())).await
    }
}

/// Nobody is told anything of a phone that is closed.
impl Drop for Crew {
    fn drop(&mut self) {
        self.notices.end();
    }
}
