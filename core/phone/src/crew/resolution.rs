//! What a supervisor decides on entries of the queue that HQ refused.

use crewseal_custody::cbor::Version;
use crewseal_custody::personal::Personal;
use crewseal_custody::resolution::{Decision, MAX_NOTE, Resolution};
use crewseal_custody::signed::{Digest, Signed, Unverified};
use crewseal_custody::{Credential, DeviceId, EventId, Protection, Refused, Role};

use super::CrewError;
use super::persisted::read_packs;
use super::phone::Crew;
use super::trust::Trust;
use crate::outbox::answered;
use crate::vault::Transaction;

impl Crew {
    /// Decides on an entry of another phone's queue that HQ refused, as that
    /// phone's [`outbox`](Self::outbox) shows it. The answer is to be brought to
    /// that phone.
    ///
    /// # Errors
    /// [`CrewError::Vault`], or [`CrewError::NoteTooLong`].
    pub fn decide(
        &self,
        event: EventId,
        refusal: Digest,
        decision: Decision,
        note: &str,
    ) -> Result<Vec<u8>, CrewError> {
        if note.chars().count() > MAX_NOTE {
            return Err(CrewError::NoteTooLong);
        }
        let resolution = Resolution {
            version: Version,
            event,
            refusal,
            decision,
            note: Personal::new(note),
            by: self.phone.device,
            claimed_at: self.phone.clock.now(),
        };
        let signed = Signed::sign(resolution, &self.phone.keys.handoff, |bytes| {
            self.phone.vault.sign(Protection::Handoff, bytes)
        })?;
        Ok(signed.as_bytes().to_vec())
    }

    /// Does what a supervisor decided on an entry of this phone's queue.
    ///
    /// # Errors
    /// [`CrewError::Stranger`] if no supervisor of a job on this phone signed it,
    /// [`CrewError::Expired`] if HQ does not vouch for him any more,
    /// [`CrewError::NotForMe`] if no entry waits for this decision.
    pub fn resolve(&self, resolution: &[u8]) -> Result<(), CrewError> {
        let unsigned = |error| CrewError::FromPhone(Refused::Signed(error).into());
        let resolution = Unverified::<Resolution>::parse(resolution).map_err(unsigned)?;
        self.phone.state()?.store.transaction(|t| {
            let by = supervisor(t, resolution.claims().by)?;
            let resolution = resolution.verify(&by.handoff_key).map_err(unsigned)?;
            if answered::resolve(t, &resolution)? { Ok(()) } else { Err(CrewError::NotForMe) }
        })
    }
}

/// The credential of a supervisor whom HQ vouches for, of a job on this phone.
fn supervisor(t: &mut Transaction<'_>, device: DeviceId) -> Result<Credential, CrewError> {
    let trust = Trust::read(t)?;
    let found = read_packs(t)?
        .iter()
        .flat_map(|pack| &pack.roster)
        .filter_map(|bytes| trust.hq.open::<Credential>(bytes).ok())
        .find(|found| found.device() == device && found.role == Role::Supervisor)
        .ok_or(CrewError::Stranger)?;
    trust.still_vouches_for(&found)?;
    Ok(Credential::clone(&found))
}
