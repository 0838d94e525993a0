//! HQ's key lists: proposed, adopted, served to phones and kept up to date.
//!
//! A list is proposed here, with new keys drawn, signed wherever the list keys are, and
//! adopted here again. From then on phones get it, and the new keys begin when it says.

use crewseal_custody::cbor::Version;
use crewseal_custody::logged::ActKind;
use crewseal_custody::signed::Digest;
use crewseal_custody::wire::KeyLists;
use crewseal_custody::{HqKeys, UnverifiedKeyList};

use crate::error::{HqError, KeysError};
use crate::hq::Hq;
use crate::keys::{FILE, Keyring, Keys, Rotation};
use crate::store;

impl Hq {
    /// The key lists after the one with this number, as phones ask for them.
    ///
    /// # Errors
    /// The database.
    pub fn key_lists(&self, after: u32) -> Result<KeyLists, HqError> {
        let all = self.store.read(store::key_lists)?;
        let known = usize::try_from(after).unwrap_or(usize::MAX);
        let lists = all.into_iter().skip(known).collect();
        Ok(KeyLists { version: Version, lists })
    }

    /// The next key list, with new keys as asked, for list keys to sign. The new private keys
    /// lie in HQ's file from then on, and have no effect until the list is adopted.
    ///
    /// # Errors
    /// [`HqError::KeyList`], [`HqError::Keys`], [`HqError::File`].
    pub fn propose_keys(&self, rotation: &Rotation) -> Result<UnverifiedKeyList, HqError> {
        let (now, path) = (self.now(), self.directory.join(FILE));
        // Whoever else draws keys at the same time waits, in whatever process.
        self.store.write(|db| {
            let keyring = Keyring::of(Keys::read(&path)?, &store::key_lists(db)?)?;
            let (private, proposal) = keyring.next(rotation, now)?;
            private.write(&path)?;
            Ok(proposal)
        })
    }

    /// Adopts a key list that enough list keys have signed. A running server picks it up by
    /// itself.
    ///
    /// # Errors
    /// [`HqError::KeyList`]; [`HqError::Keys`] if it names keys whose private halves are not
    /// here.
    pub fn adopt_keys(&self, list: &[u8]) -> Result<(), HqError> {
        let (now, path) = (self.now(), self.directory.join(FILE));
        let adopted = self.store.write(|db| {
            let mut listed = HqKeys::read(&store::key_lists(db)?)?;
            if !listed.follow(list)? {
                return Ok(None);
            }
            let keyring = Keyring { private: Keys::read(&path)?, listed: listed.into() };
            if !keyring.is_whole(now) {
                return Err(KeysError::Gone.into());
            }
            store::add_key_list(db, keyring.listed.number(), list)?;
            Ok(Some(keyring))
        })?;
        let Some(keyring) = adopted else { return Ok(()) };
        self.use_keyring(keyring);
        self.log_key_lists()
    }

    /// Gives those key lists their places in the log that have none. An HQ of which a list names
    /// a key of the log for the first time begins its log with them.
    pub(crate) fn log_key_lists(&self) -> Result<(), HqError> {
        let keys = self.keys();
        if self.store.read(store::newest_log)?.is_none() {
            return if keys.log_key(self.now()).is_some() { self.begin_log() } else { Ok(()) };
        }
        let ids =
            keys.lists().iter().map(|list| Ok(UnverifiedKeyList::parse(list)?.message().id()));
        let ids = ids.collect::<Result<Vec<Digest>, HqError>>()?;
        let are_logged = self
            .store
            .read(|db| ids.iter().try_fold(true, |all, id| Ok(all && store::is_act(db, id)?)))?;
        if are_logged {
            return Ok(());
        }
        self.log(|log| {
            for id in &ids {
                if !store::is_act(log.db, id)? {
                    log.act(ActKind::KeyList, id)?;
                }
            }
            Ok(())
        })
    }

    /// Picks up key lists that another process adopted, and destroys private keys that have
    /// expired.
    ///
    /// # Errors
    /// The database or the file.
    pub fn refresh_keys(&self) -> Result<(), HqError> {
        let (now, known) = (self.now(), self.keyring());
        let lists = self.store.read(store::key_lists)?;
        if known.listed.lists().len() == lists.len() && !known.has_ended_keys(now) {
            return Ok(());
        }
        let path = self.directory.join(FILE);
        let keyring = self.store.write(|db| {
            let keyring = Keyring::of(Keys::read(&path)?, &store::key_lists(db)?)?;
            if !keyring.has_ended_keys(now) {
                return Ok(keyring);
            }
            let left = keyring.drop_ended_keys(now);
            left.private.write(&path)?;
            Ok(left)
        })?;
        self.use_keyring(keyring);
        // Whoever adopted a list may have been stopped before it was in the log.
        self.log_key_lists()
    }
}
