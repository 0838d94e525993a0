//! An HQ: its database, its keys, its clock and the name of its log, founded and
//! opened here. What it can do stands in the rooms, each of which adds to [`Hq`].

use std::fs;
use std::path::Path;
use std::sync::{Arc, PoisonError, RwLock};

use crewseal_custody::signed::Signed;
use crewseal_custody::{HqId, HqKeys, HqMessage, KeyUse, fingerprint};

use crate::clock::Clock;
use crate::error::HqError;
use crate::group::Group;
use crate::keys::{self, Keyring};
use crate::mark::Mark;
use crate::seen_time::SeenTime;
use crate::store::{self, Store, TileCache};

/// An open HQ. Clones share one database and may be used from any thread; all
/// methods wait for the disk, so async callers put them on blocking threads.
#[derive(Clone)]
pub struct Hq {
    pub(crate) directory: Arc<Path>,
    pub(crate) store: Arc<Store>,
    keyring: Arc<RwLock<Arc<Keyring>>>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) origin: Arc<str>,
    pub(crate) log_state: Arc<LogState>,
    /// Batches that wait for one commit.
    pub(crate) group: Arc<Group>,
}

/// What an open HQ has at hand of its log.
pub(crate) struct LogState {
    pub(crate) tiles: TileCache,
    pub(crate) mark: Mark,
    pub(crate) time: SeenTime,
}

impl Hq {
    /// Founds an HQ in a directory, which is made if it is not there. `origin`
    /// names its log in every tick and receipt and never changes. The list key that founds it
    /// lies in the directory as `list.key`, to be taken to where no network is.
    ///
    /// # Errors
    /// [`HqError::AlreadyThere`], or what the disk says.
    pub fn create(dir: &Path, origin: &str, clock: Arc<dyn Clock>) -> Result<Self, HqError> {
        fs::create_dir_all(dir)?;
        if dir.join(store::FILE).try_exists()? || dir.join(keys::FILE).try_exists()? {
            return Err(HqError::AlreadyThere);
        }
        let now = clock.now();
        let (keyring, list) = keys::found(dir, origin, now)?;
        let founding = keyring.signing_key(KeyUse::Receipt, now)?;
        let mark = Mark::create(dir)?;
        let store = Store::create(&dir.join(store::FILE), origin, &founding, &list)?;
        let hq = Self::of(dir, store, keyring, mark, clock)?;
        hq.begin_log()?;
        Ok(hq)
    }

    /// Opens the HQ in a directory.
    ///
    /// # Errors
    /// [`HqError::Missing`], [`HqError::NewerDatabase`], [`HqError::Keys`]; [`HqError::Behind`],
    /// [`HqError::NoMark`] or [`HqError::Contradicted`] if the database is not the newest; or
    /// what the disk says.
    pub fn open(dir: &Path, clock: Arc<dyn Clock>) -> Result<Self, HqError> {
        let hq = Self::open_marked(dir, clock, |store| {
            let has_log = store.read(store::newest_log)?.is_some();
            if has_log { Err(HqError::NoMark) } else { Mark::create(dir) }
        })?;
        hq.check_mark()?;
        if hq.store.read(store::newest_log)?.is_none()
            && hq.keys().log_key(hq.clock.now()).is_some()
        {
            hq.begin_log()?;
        }
        Ok(hq)
    }

    /// The same for a database that may be behind its mark, to begin a new log with it.
    pub(crate) fn open_behind(dir: &Path, clock: Arc<dyn Clock>) -> Result<Self, HqError> {
        Self::open_marked(dir, clock, |_| Ok(Mark::unmade(dir)))
    }

    fn open_marked(
        dir: &Path,
        clock: Arc<dyn Clock>,
        unmarked: impl FnOnce(&Store) -> Result<Mark, HqError>,
    ) -> Result<Self, HqError> {
        for file in [keys::FILE, store::FILE] {
            if !dir.join(file).try_exists()? {
                return Err(HqError::Missing { file });
            }
        }
        let store = Store::open(&dir.join(store::FILE))?;
        let (now, lists) = (clock.now(), store.read(store::key_lists)?);
        let keyring = if lists.is_empty() {
            let (origin, key) = store.identity()?;
            let (keyring, list) = Keyring::found_late(dir, (&origin, &key), now)?;
            store.write(|db| store::add_key_list(db, 1, &list))?;
            keyring
        } else {
            Keyring::read(dir, &lists, now)?
        };
        let mark = match Mark::open(dir)? {
            Some(mark) => mark,
            None => unmarked(&store)?,
        };
        Self::of(dir, store, keyring, mark, clock)
    }

    fn of(
        dir: &Path,
        store: Store,
        keyring: Keyring,
        mark: Mark,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, HqError> {
        let origin = keyring.listed.origin().into();
        let keyring = Arc::new(RwLock::new(keyring.into()));
        let log_state = Arc::new(LogState {
            tiles: TileCache::default(),
            mark,
            time: SeenTime::begin(&*clock, store.read(store::newest_time)?),
        });
        let (directory, store) = (dir.into(), store.into());
        let group = Arc::default();
        Ok(Self { directory, store, keyring, clock, origin, log_state, group })
    }

    /// HQ's keys as its lists have them, by which phones believe it.
    #[must_use]
    pub fn keys(&self) -> Arc<HqKeys> {
        Arc::clone(&self.keyring().listed)
    }

    pub(crate) fn keyring(&self) -> Arc<Keyring> {
        Arc::clone(&self.keyring.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Uses these keys from now on.
    pub(crate) fn use_keyring(&self, keyring: Keyring) {
        *self.keyring.write().unwrap_or_else(PoisonError::into_inner) = keyring.into();
    }

    /// This HQ's identity, which claims of phones name.
    #[must_use]
    pub fn identity(&self) -> HqId {
        self.keys().identity()
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

    /// HQ's time for what is not written into the log, in seconds since 1970-01-01 UTC.
    pub(crate) fn now(&self) -> u64 {
        self.log_state.time.now(&*self.clock)
    }

    /// Signs a message of HQ's own, with the key of its time.
    pub(crate) fn sign<T: HqMessage>(&self, message: T) -> Result<Signed<T>, HqError> {
        let keyring = self.keyring();
        let at = message.signed_at().unwrap_or_else(|| self.now());
        let key = keyring.signing_key(T::KEY, at)?;
        Signed::sign(message, &key, |bytes| keyring.private.sign(&key, bytes))
    }
}
