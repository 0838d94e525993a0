//! The store's life, apart from acts: suspended and resumed with the app, its keys
//! exchanged, a job forgotten, the device logged out, the chain continued after a loss.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;

use crewseal_custody::cbor::{self, Version};
use crewseal_custody::handoff::{Giving, HandoffError, Receiving};
use crewseal_custody::job::{Erasure, Method, Verification};
use crewseal_custody::signed::{PublicKey, Signed, Unverified};
use crewseal_custody::{Event, JobId, Lists, Protection};

use super::CrewError;
use super::chain::{self, read_chain};
use super::news;
use super::persisted::{
    ERASURE, FORGETTING, Forgetting, GIVING, ONLY, RECEIVING, load_lists, read_enrolment, stored,
};
use super::phone::{Crew, Phone, State, salt};
use super::suspendable_store::{SuspendableStore, load};
use crate::clock::Clock;
use crate::outbox::kept;
use crate::outbox::queue::{self, Status};
use crate::vault::{KeyVault, Store, StoreError, Transaction, VaultError};

impl Crew {
    /// Closes the store and lets go of its lock, for as long as the system suspends
    /// the app: iOS kills one that holds a lock then. Until [`resume`](Self::resume)
    /// every other call fails with [`StoreError::Closed`] and changes nothing.
    ///
    /// # Errors
    /// [`CrewError::KeysBusy`] if another call did not end. Then the store is open and
    /// locked as before, and this must be called again.
    pub fn suspend(&self) -> Result<(), CrewError> {
        let mut state = self.phone.state()?;
        state.store = SuspendableStore::resting();
        (state.epoch, state.act_cache, state.lists) = (None, None, Lists::new());
        Ok(())
    }

    /// Opens the store again. Without a suspension it changes nothing.
    ///
    /// # Errors
    /// [`CrewError::LoggedOut`] if this device is another one by now, and those of
    /// [`open`](Self::open).
    pub fn resume(&self) -> Result<(), CrewError> {
        let mut state = self.phone.state()?;
        if state.store.is_open() {
            return Ok(());
        }
        let (store, keys, lists) = load(&self.phone.directory, self.phone.vault.as_ref())?;
        if keys != self.phone.keys {
            return Err(CrewError::LoggedOut);
        }
        (state.store, state.lists) = (store, lists);
        self.phone.go_on(&mut state)
    }

    /// Exchanges the storage key and the hardware's wrapping key for new ones, and
    /// deletes the old ones. Also the way out when the wrapping key was lost while
    /// the store is open, as after a new fingerprint.
    ///
    /// It may be interrupted anywhere; the next opening finishes it.
    ///
    /// # Errors
    /// [`CrewError::Store`] or [`CrewError::Vault`].
    pub fn rotate_keys(&self) -> Result<(), CrewError> {
        let mut state = self.phone.state()?;
        state.store.open()?.rotate(self.phone.vault.as_ref(), |_| Ok(()))
    }

    /// Forgets a job: its key, all that it seals, and every key by which that could
    /// be had again. What comes back is signed by this device and says what was done
    /// and how it was looked at afterwards.
    ///
    /// What waits for HQ is never touched by it; what HQ has and was kept here all the same
    /// goes. It may be interrupted anywhere:
    /// once the job's key is deleted, the next opening does the rest, and
    /// [`erasures`](Self::erasures) has the certificate. A job that HQ sends again
    /// afterwards is on the phone again.
    ///
    /// # Errors
    /// [`CrewError::UnknownJob`]; [`CrewError::Unreceipted`] while acts of it may
    /// wait; [`CrewError::StillOffered`] while an offer of it is open;
    /// [`CrewError::KeyRemains`], and others.
    pub fn forget(&self, job: JobId) -> Result<Signed<Erasure>, CrewError> {
        // All in one turn: what is forgotten cannot be forgotten again for its certificate.
        let mut state = self.phone.state()?;
        let State { store, lists, act_cache, .. } = &mut *state;
        *act_cache = None;
        let vault = self.phone.vault.as_ref();
        let store = store.open()?;
        // Before any key is exchanged.
        store.transaction(|t| self.phone.may_forget(t, job))?;
        *lists = store.rotate(vault, |t| {
            self.phone.may_forget(t, job)?;
            forget_handoffs(t, job)?;
            self.phone.forget_kept(t, job)?;
            let wrap = t.forget(&job.0)?.ok_or(CrewError::UnknownJob)?;
            let storage_key = t.wrapped_storage_key()?.into();
            let forgetting = Forgetting { version: Version, job, wrap, storage_key };
            t.put(FORGETTING, &job.0, None, &cbor::to_vec(&forgetting))?;
            chain::forget(t, job)?;
            news::forget_jobs(t)?;
            load_lists(t, &read_enrolment(t)?.keys()?)
        })?;
        self.phone.certify(&mut state)?;
        let erasures = read_erasures(&mut state, &self.phone.keys.act)?;
        erasures.into_iter().find(|erasure| erasure.job == job).ok_or(CrewError::UnknownJob)
    }

    /// The certificates of the jobs that this device forgot.
    ///
    /// # Errors
    /// [`CrewError::Store`] or [`CrewError::Vault`].
    pub fn erasures(&self) -> Result<Vec<Signed<Erasure>>, CrewError> {
        let key = self.phone.vault.public_keys()?.act;
        read_erasures(&mut *self.phone.state()?, &key)
    }

    /// Logs out, for another user or because HQ says so: everything that can be read
    /// goes, and so do this device's keys. The queue stays, which nobody but HQ can
    /// read: whichever device is enrolled next on this phone delivers it. What comes
    /// back is what waits.
    ///
    /// Afterwards every call fails with [`StoreError::Closed`]; open the phone again
    /// and enrol. It may be interrupted anywhere: once it was begun, the next opening
    /// finishes it.
    ///
    /// # Errors
    /// [`CrewError::Store`] or [`CrewError::Vault`].
    pub fn log_out(&self) -> Result<Status, CrewError> {
        let mut state = self.phone.state()?;
        let status = state.store.transaction(|t| queue::status(t).map_err(CrewError::from))?;
        state.store = SuspendableStore::resting();
        (state.epoch, state.act_cache, state.client) = (None, None, None);
        state.lists = Lists::new();
        Store::empty(&self.phone.directory, self.phone.vault.as_ref())?;
        Ok(status)
    }

    /// Opens a phone whose keys are gone, with new ones: what only they opened is
    /// lost, and the queue stays, as after [`log_out`](Self::log_out).
    ///
    /// # Errors
    /// [`CrewError::Store`] or [`CrewError::Vault`].
    pub fn start_over(
        directory: &Path,
        vault: Arc<dyn KeyVault>,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, CrewError> {
        Store::empty(directory, vault.as_ref())?;
        Self::open(directory, vault, clock)
    }
}

impl Phone {
    /// Does what was left undone: says that the store was restored, as soon as that
    /// can be said, and certifies what was forgotten. What the keys do not allow now
    /// waits for another time.
    pub(super) fn go_on(&self, state: &mut State) -> Result<(), CrewError> {
        match self.declare(state).and_then(|()| self.certify(state)) {
            Err(
                CrewError::NotEnrolled
                | CrewError::NoTick
                | CrewError::KeyRemains
                | CrewError::Vault(_)
                // What is damaged is named by whatever needs it.
                | CrewError::Store(StoreError::Full | StoreError::ValueCorrupt),
            ) => Ok(()),
            done => done,
        }
    }

    /// Whether nothing of a job would be lost that still matters.
    fn may_forget(&self, t: &mut Transaction<'_>, job: JobId) -> Result<(), CrewError> {
        // Not by its pack, which went if the phone was enrolled with another HQ since.
        if t.existing_compartment(&job.0)?.is_none() {
            return Err(CrewError::UnknownJob);
        }
        let chain = read_chain(t)?;
        let waiting = queue::numbers(t, self.device)?;
        let of_job = waiting.iter().filter(|number| chain.may_be_of(job, **number)).count();
        if of_job > 0 {
            return Err(CrewError::Unreceipted { entries: of_job.try_into().unwrap_or(u64::MAX) });
        }
        for bytes in t.all(GIVING)? {
            let giving: Giving = stored(&bytes)?;
            let offer = event(giving.offer())?;
            if offer.claims().job == job && giving.is_open() {
                return Err(CrewError::StillOffered { offer: offer.id() });
            }
        }
        Ok(())
    }

    /// Lets go of entries of a job that HQ has and that are kept until HQ has a copy: not
    /// longer than the job.
    fn forget_kept(&self, t: &mut Transaction<'_>, job: JobId) -> Result<(), CrewError> {
        let chain = read_chain(t)?;
        Ok(kept::forget(t, (self.device, job), |number| chain.may_be_of(job, number))?)
    }

    /// Looks at what was forgotten, and signs what was seen.
    fn certify(&self, state: &mut State) -> Result<(), CrewError> {
        let store = state.store.open()?;
        let forgotten = store.transaction(|t| t.all(FORGETTING))?;
        for bytes in forgotten {
            let forgetting: Forgetting = stored(&bytes)?;
            match self.vault.unwrap(&forgetting.storage_key) {
                Err(VaultError::KeyGone) => {}
                Ok(_) => return Err(CrewError::KeyRemains),
                Err(error) => return Err(error.into()),
            }
            let looked = store.search(&forgetting.wrap)?;
            store.transaction(|t| {
                let moment = self.moment(t, &read_enrolment(t)?.keys()?)?;
                let erasure = Erasure {
                    version: Version,
                    device: self.device,
                    job: forgetting.job,
                    claimed_at: moment.claimed_at,
                    since: moment.since,
                    anchor: moment.anchor,
                    method: Method::KeysReplaced,
                    verification: Verification::KeyRefusedAndFilesSearched,
                    searched: looked.searched,
                    found: looked.found,
                    salt: salt()?,
                };
                let key = self.vault.public_keys()?.act;
                let sign = |bytes: &[u8]| self.vault.sign(Protection::Act, bytes);
                let erasure = Signed::sign::<VaultError>(erasure, &key, sign)?;
                t.put(ERASURE, &forgetting.job.0, None, erasure.as_bytes())?;
                Ok::<_, CrewError>(t.remove(FORGETTING, &forgetting.job.0)?)
            })?;
        }
        Ok(())
    }
}

/// What this device certified with its key.
fn read_erasures(state: &mut State, key: &PublicKey) -> Result<Vec<Signed<Erasure>>, CrewError> {
    let kept = state.store.transaction(|t| t.all(ERASURE))?;
    kept.iter()
        .map(|bytes| Signed::open(bytes, key).map_err(|_| StoreError::ValueCorrupt.into()))
        .collect()
}

/// Handoffs in which this device received lay outside of their job's compartment in
/// stores of format 1.
fn forget_handoffs(t: &mut Transaction<'_>, job: JobId) -> Result<(), CrewError> {
    let mut names = BTreeSet::new();
    for bytes in t.all(RECEIVING)? {
        let receiving: Receiving = stored(&bytes)?;
        if job_of(&receiving)? != Some(job) {
            continue;
        }
        if t.get(RECEIVING, ONLY)?.is_some_and(|only| *only == *bytes) {
            names.insert(ONLY.to_vec());
        }
        if let Some(accept) = receiving.acceptance() {
            names.insert(event(accept)?.id().0.to_vec());
        }
    }
    names.iter().try_for_each(|name| Ok(t.remove(RECEIVING, name)?))
}

/// The job that this device receives in; none before it has read the offer.
pub(super) fn job_of(receiving: &Receiving) -> Result<Option<JobId>, CrewError> {
    receiving.offer().map(|offer| Ok(event(offer)?.claims().job)).transpose()
}

/// What was verified before it was kept.
fn event(bytes: &[u8]) -> Result<Unverified<Event>, CrewError> {
    Unverified::parse(bytes).map_err(|_| HandoffError::Damaged.into())
}
