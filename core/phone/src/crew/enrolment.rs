//! How a phone becomes one of HQ's: by an invitation, once.

use std::sync::Arc;

use crewseal_custody::cbor::{self, Version};
use crewseal_custody::envelope::SealingKey;
use crewseal_custody::signed::{Signed, SignedError};
use crewseal_custody::wire::{Endpoint, EnrolClaim, EnrolRequest, EnrolmentCode, Invitation};
use crewseal_custody::{Credential, Protection};

use super::CrewError;
use super::persisted::{
    ENDED, ENROLMENT, Enrolment, JOB, NEWS, ONLY, PARTS, REVOCATIONS, ROLL, TICK, load_lists,
    read_enrolment,
};
use super::phone::{Crew, Phone, State};
use crate::blocking_pool;
use crate::sync::{Client, SyncError};
use crate::vault::StoreError;

impl Crew {
    /// Whether this device is enrolled: HQ was found once, and what it said is whole.
    ///
    /// # Errors
    /// [`CrewError::Store`].
    pub fn is_enrolled(&self) -> Result<bool, CrewError> {
        match self.phone.state()?.store.transaction(|t| read_enrolment(t)) {
            Ok(_) => Ok(true),
            Err(CrewError::NotEnrolled | CrewError::Store(StoreError::ValueCorrupt)) => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// Enrols this device with HQ, by an invitation that HQ made.
    ///
    /// # Errors
    /// [`CrewError`].
    pub async fn enrol(&self, invitation: &[u8]) -> Result<(), CrewError> {
        let invitation: Invitation =
            cbor::from_versioned::<_, 1>(invitation).map_err(CrewError::Invitation)?;
        SealingKey::from_bytes(&invitation.sealing_key)
            .map_err(|_| CrewError::for_good(SyncError::Invitation))?;
        let Endpoint { url, authority, hq } = invitation.endpoint;
        let client = Client::new(&url, &authority).map_err(CrewError::for_good)?;
        let phone = Arc::clone(&self.phone);
        let code = invitation.code;
        let request = blocking_pool::run(move || phone.enrol_request(code)).await?;
        let answer = client.enrol(&request).await.map_err(|error| self.phone.failed(error))?;
        let credential: Signed<Credential> =
            Signed::open(&answer, &hq).map_err(CrewError::FromHq)?;
        if credential.device() != self.phone.device {
            return Err(CrewError::FromHq(SignedError::Signature));
        }
        let enrolment = Enrolment {
            version: Version,
            url,
            authority,
            hq,
            sealing_key: invitation.sealing_key,
            credential: answer.into(),
        };
        let phone = Arc::clone(&self.phone);
        // If it cannot be kept now, HQ gives this device the same credential again for the
        // same invitation.
        blocking_pool::run(move || phone.keep_enrolment(&enrolment)).await
    }
}

impl Phone {
    pub(super) fn enrol_request(&self, code: EnrolmentCode) -> Result<EnrolRequest, CrewError> {
        use Protection::{Act, Handoff};
        let keys = self.vault.public_keys()?;
        let claim =
            EnrolClaim { version: Version, code, act_key: keys.act, handoff_key: keys.handoff };
        let act = Signed::sign(claim.clone(), &keys.act, |bytes| self.vault.sign(Act, bytes))?;
        let handoff = Signed::sign(claim, &keys.handoff, |bytes| self.vault.sign(Handoff, bytes))?;
        Ok(EnrolRequest {
            version: Version,
            act_proof: act.as_bytes().to_vec().into(),
            handoff_proof: handoff.as_bytes().to_vec().into(),
        })
    }

    /// Begins anew with this enrolment: nothing is sealed to the HQ before, or
    /// sent to it, any more. What an HQ with another key signed can be verified no more,
    /// and comes again from this one.
    pub(super) fn keep_enrolment(&self, enrolment: &Enrolment) -> Result<(), CrewError> {
        let mut state = self.state()?;
        let State { store, lists, epoch, client, act_cache, .. } = &mut *state;
        *act_cache = None;
        *lists = store.transaction(|t| {
            let is_same_hq = match read_enrolment(t) {
                Ok(before) => before.hq == enrolment.hq,
                Err(CrewError::NotEnrolled | CrewError::Store(StoreError::ValueCorrupt)) => false,
                Err(error) => return Err(error),
            };
            if !is_same_hq {
                [TICK, REVOCATIONS, ROLL, JOB, NEWS, PARTS, ENDED]
                    .into_iter()
                    .try_for_each(|drawer| t.clear(drawer))?;
            }
            t.put(ENROLMENT, ONLY, None, &cbor::to_vec(enrolment))?;
            load_lists(t, &enrolment.hq)
        })?;
        (*epoch, *client) = (None, None);
        Ok(())
    }
}
