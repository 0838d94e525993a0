//! An HQ: its database, its keys, its clock and the name of its log, founded and
//! opened here. What it can do stands in the rooms, each of which adds to [`Hq`].

use std::fs;
use std::path::Path;
use std::sync::Arc;

use crewseal_custody::signed::{Message, PublicKey, Signed};
use crewseal_custody::{HqId, fingerprint, hq_identity};

use crate::clock::Clock;
use crate::error::{HqError, KeysError};
use crate::keys::{self, Keys};
use crate::store::{self, Store};

/// An open HQ. Clones share one database and may be used from any thread; all
/// methods wait for the disk, so async callers put them on blocking threads.
#[derive(Clone)]
pub struct Hq {
    pub(crate) store: Arc<Store>,
    pub(crate) keys: Arc<Keys>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) origin: Arc<str>,
}

impl Hq {
    /// Founds an HQ in a directory, which is made if it is not there. `origin`
    /// names its log in every tick and receipt and never changes.
    ///
    /// # Errors
    /// [`HqError::AlreadyThere`], or what the disk says.
    pub fn create(dir: &Path, origin: &str, clock: Arc<dyn Clock>) -> Result<Self, HqError> {
        fs::create_dir_all(dir)?;
        if dir.join(store::FILE).try_exists()? || dir.join(keys::FILE).try_exists()? {
            return Err(HqError::AlreadyThere);
        }
        let keys = keys::create(&dir.join(keys::FILE), clock.now())?;
        let store = Store::create(&dir.join(store::FILE), origin, keys.public())?;
        Ok(Self { store: store.into(), keys: keys.into(), clock, origin: origin.into() })
    }

    /// Opens the HQ in a directory.
    ///
    /// # Errors
    /// [`HqError::Missing`], [`HqError::NewerDatabase`], [`HqError::Keys`], or
    /// what the disk says.
    pub fn open(dir: &Path, clock: Arc<dyn Clock>) -> Result<Self, HqError> {
        for file in [keys::FILE, store::FILE] {
            if !dir.join(file).try_exists()? {
                return Err(HqError::Missing { file });
            }
        }
        let store = Store::open(&dir.join(store::FILE))?;
        let keys = Keys::read(&dir.join(keys::FILE))?;
        let (origin, key) = store.identity()?;
        if key != *keys.public() {
            return Err(HqError::Keys(KeysError::OtherHq));
        }
        Ok(Self { store: store.into(), keys: keys.into(), clock, origin: origin.into() })
    }

    /// HQ's signing key, which phones know from their invitation.
    #[must_use]
    pub fn key(&self) -> &PublicKey {
        self.keys.public()
    }

    /// This HQ's identity, which claims of phones name.
    #[must_use]
    pub fn identity(&self) -> HqId {
        hq_identity(self.key(), self.origin())
    }

    /// This HQ's fingerprint, for two people to compare.
    #[must_use]
    pub fn fingerprint(&self) -> String {
        fingerprint(&self.identity())
    }

    /// The name of HQ's log.
    #[must_use]
    pub fn origin(&self) -> &str {
        &self.origin
    }

    /// Signs a message of HQ's own.
    pub(crate) fn sign<T: Message>(&self, message: T) -> Result<Signed<T>, HqError> {
        Signed::sign(message, self.key(), |bytes| self.keys.sign(bytes))
    }
}
