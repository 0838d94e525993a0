//! How a phone becomes one of HQ's: by an invitation, once.

use std::sync::Arc;

use crewseal_custody::cbor::{self, Version};
use crewseal_custody::handoff::MessageError;
use crewseal_custody::signed::{Signed, SignedError};
use crewseal_custody::wire::{EnrolClaim, EnrolRequest, Invitation};
use crewseal_custody::{
    CarrierId, Credential, HqKeys, KeyListError, NewKeys, Protection, RecoveryCode, Voucher,
    fingerprint,
};

use super::CrewError;
use super::persisted::{
    ENDED, ENROLMENT, Enrolment, JOB, NEWS, ONLY, PARTS, REVOCATIONS, ROLL, TICK, load_lists,
    read_enrolment,
};
use super::phone::{Crew, Phone, State};
use crate::blocking_pool;
use crate::sync::{Audience, Client};
use crate::vault::{StoreError, Transaction};

/// What an invitation says, for a person to look at before the phone enrols by it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InvitationPreview {
    /// Where HQ answers.
    pub url: String,
    /// The name of HQ's log.
    pub origin: String,
    /// HQ's fingerprint, to be compared with the one that HQ shows: an invitation that
    /// somebody else made has another.
    pub fingerprint: String,
    /// Whose device it will be, if HQ knows him already. Then an older device of his or his
    /// recovery code should vouch for this one.
    pub carrier: Option<CarrierId>,
}

/// Who vouches, besides HQ, for this device being the carrier's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum VouchedBy {
    /// Nobody: it is his first device, or his on HQ's word alone.
    HqAlone,
    /// An older device of his, by what its [`vouch`](Crew::vouch) gave.
    OlderDevice(Vec<u8>),
    /// The recovery code on his paper.
    RecoveryCode(RecoveryCode),
}

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

    /// What an invitation says. Nobody is asked, and nothing is believed of it yet.
    ///
    /// # Errors
    /// [`CrewError::Invitation`].
    pub fn preview(invitation: &[u8]) -> Result<InvitationPreview, CrewError> {
        let invitation = read(invitation)?;
        let fingerprint = fingerprint(&invitation.hq);
        let Invitation { url, origin, carrier, .. } = invitation;
        let carrier = carrier.map(|known| known.id);
        Ok(InvitationPreview { url, origin, fingerprint, carrier })
    }

    /// Enrols this device with HQ, by an invitation that HQ made. HQ's keys come from HQ, and
    /// no others are taken than those of the HQ that the invitation names. A carrier's first
    /// device draws his recovery code, which [`recovery_code`](Self::recovery_code) shows.
    ///
    /// # Errors
    /// [`CrewError`]; [`CrewError::EnrolledElsewhere`] on a phone of another HQ, which must be
    /// logged out first: keys that one HQ knows are not another's to know.
    pub async fn enrol(&self, invitation: &[u8]) -> Result<(), CrewError> {
        self.enrol_vouched(invitation, VouchedBy::HqAlone).await
    }

    /// The same for the device of a carrier whom HQ knows already, for whom somebody vouches.
    ///
    /// # Errors
    /// [`CrewError`]; [`CrewError::NotForMe`] if the invitation is for no such carrier,
    /// [`CrewError::OthersRecoveryCode`] for the code of another one.
    pub async fn enrol_vouched(
        &self,
        invitation: &[u8],
        vouched_by: VouchedBy,
    ) -> Result<(), CrewError> {
        let invitation = read(invitation)?;
        let (hq, origin) = (invitation.hq, invitation.origin.clone());
        let audience = Audience { hq, origin: origin.clone() };
        let authorities = [invitation.authority.clone()];
        let clock = Arc::clone(&self.phone.clock);
        let client = Client::new(&invitation.url, &authorities, audience, clock)
            .map_err(CrewError::for_good)?;
        let told = client.key_lists(0).await.map_err(|error| self.phone.failed(error))?;
        let keys = HqKeys::read(&told.lists)?;
        if keys.identity() != hq || keys.origin() != origin {
            return Err(KeyListError::OtherHq.into());
        }
        let (phone, theirs) = (Arc::clone(&self.phone), keys.clone());
        blocking_pool::run(move || {
            phone.state()?.store.transaction(|t| is_enrolled_with(t, &theirs).map(drop))
        })
        .await?;
        let phone = Arc::clone(&self.phone);
        let invited = invitation.clone();
        let claiming = move || phone.claim(&invited, &vouched_by);
        let (carrier, request) = blocking_pool::run(claiming).await?;
        let answer = client.enrol(&request).await.map_err(|error| self.phone.failed(error))?;
        let credential: Signed<Credential> = keys.open(&answer).map_err(CrewError::FromHq)?;
        if credential.device() != self.phone.device || credential.carrier != carrier {
            return Err(CrewError::FromHq(SignedError::Signature));
        }
        let enrolment = Enrolment {
            version: Version,
            url: invitation.url,
            authority: None,
            hq: None,
            sealing_key: None,
            credential: answer.into(),
            origin: Some(origin),
            earlier: Vec::new(),
            key_lists: keys.lists().to_vec(),
        };
        let phone = Arc::clone(&self.phone);
        // If it cannot be kept now, HQ gives this device the same credential again for the
        // same invitation.
        blocking_pool::run(move || phone.keep_enrolment(&enrolment)).await
    }

    /// What an older device of the carrier is asked to vouch for: this device's keys, for the
    /// [`vouch`](Self::vouch) of the other phone.
    ///
    /// # Errors
    /// [`CrewError::NotForMe`] if the invitation is for nobody's further device, and
    /// [`CrewError::Invitation`].
    pub fn ask_for_voucher(&self, invitation: &[u8]) -> Result<Vec<u8>, CrewError> {
        let invitation = read(invitation)?;
        let carrier = invitation.carrier.ok_or(CrewError::NotForMe)?;
        Ok(cbor::to_vec(&self.phone.new_keys(&invitation, carrier.id)))
    }

    /// Vouches with this device's handoff key for a new device of the same carrier, by what
    /// that one's [`ask_for_voucher`](Self::ask_for_voucher) gave. The person is asked to
    /// confirm: whoever's keys these are acts in his name from then on.
    ///
    /// # Errors
    /// [`CrewError::NotForMe`] if it is not for a device of this carrier at this HQ;
    /// [`CrewError::Message`], [`CrewError::NotEnrolled`], [`CrewError::Vault`].
    pub fn vouch(&self, asked: &[u8]) -> Result<Vec<u8>, CrewError> {
        let keys: NewKeys = cbor::from_versioned::<_, 1>(asked).map_err(MessageError::Cbor)?;
        let phone = &self.phone;
        let (own, hq) = phone.state()?.store.transaction(|t| {
            let enrolment = read_enrolment(t)?;
            Ok::<_, CrewError>((enrolment.credential()?, enrolment.keys()?.identity()))
        })?;
        if keys.hq != hq || keys.carrier != own.carrier || keys.device() == phone.device {
            return Err(CrewError::NotForMe);
        }
        let sign = |bytes: &[u8]| phone.vault.sign(Protection::Handoff, bytes);
        let signed = Signed::sign(keys, &phone.keys.handoff, sign)?;
        Ok(cbor::to_vec(&Voucher::by_device(phone.device, &signed)))
    }
}

impl Phone {
    fn new_keys(&self, invitation: &Invitation, carrier: CarrierId) -> NewKeys {
        NewKeys {
            version: Version,
            hq: invitation.hq,
            carrier,
            act_key: self.keys.act,
            handoff_key: self.keys.handoff,
        }
    }

    /// What this device claims at HQ, and for which carrier.
    fn claim(
        &self,
        invitation: &Invitation,
        vouched_by: &VouchedBy,
    ) -> Result<(CarrierId, EnrolRequest), CrewError> {
        let (carrier, recovery_key, voucher) = match (invitation.carrier, vouched_by) {
            (None, VouchedBy::HqAlone) => {
                let key = self.recovery_code_for(invitation.hq)?.key();
                (key.carrier(&self.device), Some(key), None)
            }
            (None, _) => return Err(CrewError::NotForMe),
            (Some(known), VouchedBy::HqAlone) => (known.id, None, None),
            (Some(known), VouchedBy::OlderDevice(voucher)) => {
                let voucher = cbor::from_slice(voucher).map_err(MessageError::Cbor)?;
                (known.id, None, Some(voucher))
            }
            (Some(known), VouchedBy::RecoveryCode(code)) => {
                let first = known.first.filter(|first| code.key().carrier(first) == known.id);
                let first = first.ok_or(CrewError::OthersRecoveryCode)?;
                let keys = self.new_keys(invitation, known.id);
                (known.id, None, Some(Voucher::by_recovery_code(code, first, &keys)))
            }
        };
        let claim = EnrolClaim {
            version: Version,
            code: invitation.code.clone(),
            act_key: self.keys.act,
            handoff_key: self.keys.handoff,
            hq: invitation.hq,
            origin: invitation.origin.clone(),
            recovery_key,
            voucher,
        };
        Ok((carrier, self.enrol_request(claim)?))
    }

    fn enrol_request(&self, claim: EnrolClaim) -> Result<EnrolRequest, CrewError> {
        use Protection::{Act, Handoff};
        let keys = self.vault.public_keys()?;
        let act = Signed::sign(claim.clone(), &keys.act, |bytes| self.vault.sign(Act, bytes))?;
        let handoff = Signed::sign(claim, &keys.handoff, |bytes| self.vault.sign(Handoff, bytes))?;
        Ok(EnrolRequest {
            version: Version,
            act_proof: act.as_bytes().to_vec().into(),
            handoff_proof: handoff.as_bytes().to_vec().into(),
        })
    }

    /// Begins anew with this enrolment. Where none was before, or none that can be read,
    /// whatever is here of an HQ comes again.
    pub(super) fn keep_enrolment(&self, enrolment: &Enrolment) -> Result<(), CrewError> {
        let mut state = self.state()?;
        let State { store, lists, epoch, client, act_cache, .. } = &mut *state;
        *act_cache = None;
        *lists = store.transaction(|t| {
            let keys = enrolment.keys()?;
            if !is_enrolled_with(t, &keys)? {
                [TICK, REVOCATIONS, ROLL, JOB, NEWS, PARTS, ENDED]
                    .into_iter()
                    .try_for_each(|drawer| t.clear(drawer))?;
            }
            t.put(ENROLMENT, ONLY, None, &cbor::to_vec(enrolment))?;
            load_lists(t, &keys)
        })?;
        (*epoch, *client) = (None, None);
        Ok(())
    }
}

/// Whether this phone is enrolled with the HQ that has these keys.
///
/// # Errors
/// [`CrewError::EnrolledElsewhere`] if it is with another.
fn is_enrolled_with(t: &Transaction<'_>, keys: &HqKeys) -> Result<bool, CrewError> {
    let before = match read_enrolment(t) {
        Ok(before) => before,
        Err(CrewError::NotEnrolled | CrewError::Store(StoreError::ValueCorrupt)) => {
            return Ok(false);
        }
        Err(error) => return Err(error),
    };
    // Of one from before there were key lists one key is known.
    let is_same = match before.hq {
        Some(key) => keys.names(&key),
        None => before.keys()?.identity() == keys.identity(),
    };
    if is_same { Ok(true) } else { Err(CrewError::EnrolledElsewhere) }
}

fn read(invitation: &[u8]) -> Result<Invitation, CrewError> {
    cbor::from_versioned::<_, 3>(invitation).map_err(CrewError::Invitation)
}
