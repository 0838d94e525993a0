//! The carrier's recovery code, from when his first phone draws it until he has it on paper.

use crewseal_custody::cbor::{self, Version};
use crewseal_custody::{HqId, RecoveryCode};

use super::CrewError;
use super::persisted::{KeptRecoveryCode, ONLY, RECOVERY, read_enrolment, stored};
use super::phone::{Crew, Phone};
use crate::random;

impl Crew {
    /// The recovery code that this phone drew when it enrolled, to be written down or printed:
    /// with it the carrier's next phone is his although this one is lost. None if he has noted
    /// it, or if this is not his first phone.
    ///
    /// # Errors
    /// [`CrewError::NotEnrolled`], [`CrewError::FromHq`], [`CrewError::Store`].
    pub fn recovery_code(&self) -> Result<Option<RecoveryCode>, CrewError> {
        self.phone.state()?.store.transaction(|t| {
            let carrier = read_enrolment(t)?.credential()?.carrier;
            let Some(kept) = t.get(RECOVERY, ONLY)? else { return Ok(None) };
            let code = stored::<KeptRecoveryCode>(&kept)?.code;
            Ok(Some(code).filter(|code| code.key().carrier(&self.phone.device) == carrier))
        })
    }

    /// The carrier has his recovery code on paper: this phone forgets it.
    ///
    /// # Errors
    /// [`CrewError::Store`].
    pub fn recovery_code_noted(&self) -> Result<(), CrewError> {
        self.phone.state()?.store.transaction(|t| {
            t.remove(RECOVERY, ONLY)?;
            Ok(())
        })
    }
}

impl Phone {
    /// The recovery code for an enrolment with this HQ. It is kept before HQ hears of it, so
    /// the same one is there if the answer is lost.
    pub(super) fn recovery_code_for(&self, hq: HqId) -> Result<RecoveryCode, CrewError> {
        self.state()?.store.transaction(|t| {
            if let Some(kept) = t.get(RECOVERY, ONLY)? {
                let kept: KeptRecoveryCode = stored(&kept)?;
                if kept.hq == hq {
                    return Ok(kept.code);
                }
            }
            let code = RecoveryCode::from_bytes(random::bytes()?);
            let kept = KeptRecoveryCode { version: Version, hq, code: code.clone() };
            t.put(RECOVERY, ONLY, None, &zeroize::Zeroizing::new(cbor::to_vec(&kept)))?;
            Ok(code)
        })
    }
}
