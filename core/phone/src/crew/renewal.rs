//! HQ's word about this device, renewed before it ends and after.

use std::sync::Arc;

use crewseal_custody::Credential;
use crewseal_custody::cbor;
use crewseal_custody::signed::{Signed, SignedError};

use super::CrewError;
use super::connection::Connection;
use super::persisted::{ENROLMENT, KeptTick, ONLY, TICK, read_enrolment, stored};
use super::phone::{Crew, Phone};
use crate::blocking_pool;
use crate::sync::{NOT_FOUND, SyncError};

impl Crew {
    /// The credentials of this device, the newest last.
    ///
    /// # Errors
    /// [`CrewError::NotEnrolled`], [`CrewError::FromHq`], [`CrewError::Store`].
    pub fn credentials(&self) -> Result<Vec<Signed<Credential>>, CrewError> {
        let enrolment = self.phone.state()?.store.transaction(|t| read_enrolment(t))?;
        let all = enrolment.earlier.iter().chain([&enrolment.credential]);
        let hq = enrolment.keys()?;
        all.map(|bytes| hq.open(bytes).map_err(CrewError::FromHq)).collect()
    }

    /// Has HQ renew its word about this device, if a third of its time or less is left.
    pub(super) async fn renew_credential(&self, hq: &mut Connection) -> Result<(), CrewError> {
        let phone = Arc::clone(&self.phone);
        if !blocking_pool::run(move || phone.wants_renewal()).await? {
            return Ok(());
        }
        match hq.client.credential(&self.phone.vault, self.phone.device).await {
            Ok(answer) => {
                self.follow_keys(hq).await?;
                let phone = Arc::clone(&self.phone);
                blocking_pool::run(move || phone.keep_credential(&answer)).await
            }
            // An HQ that renews none, or not this one: what it says else tells why.
            Err(SyncError::Refused { status: NOT_FOUND } | SyncError::NotAdmitted) => Ok(()),
            Err(error) => Err(self.phone.failed(error)),
        }
    }
}

impl Phone {
    /// By whichever is later, this phone's clock or HQ's newest time that is known here: a
    /// clock that is slow must not keep HQ's word from being renewed, and one that is fast
    /// only has HQ asked too early.
    fn wants_renewal(&self) -> Result<bool, CrewError> {
        let now = self.clock.now();
        self.state()?.store.transaction(|t| {
            let credential = read_enrolment(t)?.credential()?;
            let tick = t.get(TICK, ONLY)?.map(|kept| stored::<KeptTick>(&kept)).transpose()?;
            let told = tick.map(|kept| kept.at()).transpose()?;
            Ok(credential.is_to_be_renewed(now.max(told.unwrap_or_default())))
        })
    }

    /// Keeps what HQ renewed, beside what it said before.
    fn keep_credential(&self, answer: &[u8]) -> Result<(), CrewError> {
        let state = &mut *self.state()?;
        state.act_cache = None;
        state.store.transaction(|t| {
            let mut enrolment = read_enrolment(t)?;
            let known = enrolment.credential()?;
            let renewed: Signed<Credential> =
                enrolment.keys()?.open(answer).map_err(CrewError::FromHq)?;
            if renewed.device() != self.device || renewed.carrier != known.carrier {
                return Err(CrewError::FromHq(SignedError::Signature));
            }
            if renewed.serial <= known.serial {
                return Ok(());
            }
            let before = std::mem::replace(&mut enrolment.credential, answer.to_vec().into());
            enrolment.earlier.push(before);
            Ok(t.put(ENROLMENT, ONLY, None, &cbor::to_vec(&enrolment))?)
        })
    }
}
