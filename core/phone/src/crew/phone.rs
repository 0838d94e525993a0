//! A phone: its keys, its store and its HQ, and whose turn it is to have them.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU32};
use std::sync::{Arc, Mutex};

use crewseal_custody::envelope::Epoch;
use crewseal_custody::{DeviceId, Lists, Salt, Since};

use super::CrewError;
use super::act_cache::ActCache;
use super::fair_mutex::{FairMutex, FairMutexGuard, TimedOut};
use super::suspendable_store::{self, SuspendableStore};
use crate::clock::Clock;
use crate::random;
use crate::sync::{Client, Pace};
use crate::vault::{KeyVault, PublicKeys, Salvage};

/// A phone of a crew.
#[derive(Clone)]
pub struct Crew {
    pub(super) phone: Arc<Phone>,
}

pub(super) struct Phone {
    /// Where its store is.
    pub(super) directory: PathBuf,
    pub(super) vault: Arc<dyn KeyVault>,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) device: DeviceId,
    pub(super) keys: PublicKeys,
    pub(super) state: FairMutex<State>,
    /// Of syncs, one after another, by which the wait until the next grows. Not in the
    /// state: a sync that is over does not wait for a turn to say so.
    pub(super) failures: AtomicU32,
    /// How much goes to HQ at once, as far as this network is known.
    pub(super) pace: Mutex<Pace>,
    /// Whether entries stay that HQ has, where HQ says that it has no copy of its log and will
    /// have none.
    pub(super) keeps_unreplicated: AtomicBool,
    /// Held by the fetch that is under way: of two at once each would undo the other's.
    pub(super) fetching: tokio::sync::Mutex<()>,
}

pub(super) struct State {
    pub(super) store: SuspendableStore,
    pub(super) lists: Lists,
    /// In memory only: it never goes back, and a restart begins another.
    pub(super) epoch: Option<Epoch>,
    /// What acts need of the store; none where that must be read again.
    pub(super) act_cache: Option<ActCache>,
    /// With its session, as long as the enrolment is the same.
    pub(super) client: Option<Arc<Client>>,
}

impl Crew {
    /// Opens the phone whose store is in this directory; a new one, if there is
    /// none. Reads and writes files and asks the vault: not for a screen's
    /// thread.
    ///
    /// A store that is damaged is salvaged: [`salvages`](Self::salvages) tells of it.
    /// Everything that waits can still be delivered; what HQ has signed for this
    /// phone may have to be fetched again, and where even the enrolment is lost the
    /// phone must be enrolled.
    ///
    /// # Errors
    /// [`CrewError::Store`] or [`CrewError::Vault`].
    pub fn open(
        directory: &Path,
        vault: Arc<dyn KeyVault>,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, CrewError> {
        let (store, keys, lists) = suspendable_store::load(directory, vault.as_ref())?;
        let device = DeviceId::of(&keys.act, &keys.handoff);
        let state = State { store, lists, epoch: None, act_cache: None, client: None };
        let (directory, state) = (directory.to_owned(), FairMutex::new(state));
        let (failures, pace) = (AtomicU32::new(0), Mutex::default());
        let (keeps_unreplicated, fetching) =
            (AtomicBool::new(false), tokio::sync::Mutex::default());
        let phone = Phone {
            directory,
            vault,
            clock,
            device,
            keys,
            state,
            failures,
            pace,
            keeps_unreplicated,
            fetching,
        };
        phone.go_on(&mut *phone.state()?)?;
        Ok(Self { phone: Arc::new(phone) })
    }

    /// This device.
    #[must_use]
    pub fn device(&self) -> DeviceId {
        self.phone.device
    }

    /// What became of this phone's store each time that it was damaged, the oldest
    /// first.
    ///
    /// # Errors
    /// [`CrewError::KeysBusy`].
    pub fn salvages(&self) -> Result<Vec<Salvage>, CrewError> {
        Ok(self.phone.state()?.store.salvages().collect())
    }
}

impl Phone {
    /// The turn of a call, which has all to itself until it is dropped. It waits for the
    /// turns of others, and fails where one of them takes too long.
    ///
    /// So whatever belongs together is done in one turn: between two of them the second
    /// may not come. A panic in somebody's turn leaves the store as its last commit left
    /// it, which is a good state to go on from.
    ///
    /// A store that turned out damaged is opened again here, and salvaged. Where
    /// that fails, it goes on refusing all work and says why.
    ///
    /// # Errors
    /// [`CrewError::KeysBusy`].
    pub(super) fn state(&self) -> Result<FairMutexGuard<'_, State>, CrewError> {
        let mut state = self.state.lock().map_err(|TimedOut| CrewError::KeysBusy)?;
        if state.store.is_corrupt() {
            (state.epoch, state.act_cache) = (None, None);
            if let Ok(lists) = state.store.reopen(self.vault.as_ref(), self.device) {
                state.lists = lists;
            }
        }
        Ok(state)
    }

    /// By the clock that does not go back.
    pub(super) fn since_boot(&self) -> Since {
        let (boot, millis) = self.clock.since_boot();
        Since { boot, millis }
    }
}

pub(super) fn salt() -> Result<Salt, CrewError> {
    Ok(Salt(random::bytes()?))
}

#[cfg(test)]
mod tests;
