//! What HQ and supervisors answered to an entry, from which follows how it stands.

use crewseal_custody::cbor::Version;
use crewseal_custody::personal::Personal;
use crewseal_custody::resolution::{Decision, Resolution};
use crewseal_custody::signed::{Digest, Unverified};
use crewseal_custody::{EventId, Refusal, Rejection};
use minicbor::bytes::ByteVec;
use minicbor::{Decode, Encode};

/// An entry that HQ refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Parked {
    /// Its event.
    pub event: EventId,
    /// Why HQ refused it.
    pub reason: Refusal,
    /// The id of HQ's word that says so, which a [`Resolution`] names; none where the disk
    /// damaged it.
    pub refusal: Option<Digest>,
    /// The note of the supervisor who gave it up; none while nobody decided.
    pub given_up: Option<Personal>,
}

/// What was answered to an entry, in its order: HQ's refusals and supervisors'
/// resolutions, each as its signed bytes. How the entry stands follows from it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub(super) struct Answers {
    #[n(0)]
    version: Version<1>,
    #[n(1)]
    refusals: Vec<ByteVec>,
    #[n(2)]
    resolutions: Vec<ByteVec>,
}

impl Answers {
    /// They were verified before they came here, and lie sealed.
    pub(super) fn refuse(&mut self, rejection: &[u8]) {
        self.refusals.push(rejection.to_vec().into());
    }

    pub(super) fn resolve(&mut self, resolution: &[u8]) {
        self.resolutions.push(resolution.to_vec().into());
    }

    /// How the entry stands: parked with what is known, or not at all.
    pub(super) fn parked(&self) -> Option<Parked> {
        let rejection = Unverified::<Rejection>::parse(self.refusals.last()?).ok()?;
        let Rejection { event, refusal: reason, .. } = *rejection.claims();
        let refusal = rejection.id();
        let resolutions = self.resolutions.iter();
        let decided: Vec<_> = resolutions
            .filter_map(|bytes| Unverified::<Resolution>::parse(bytes).ok())
            .filter(|resolution| resolution.claims().refusal == refusal)
            .collect();
        let give_up = decided.iter().find(|one| one.claims().decision == Decision::GiveUp);
        let given_up = give_up.map(|resolution| resolution.claims().note.clone());
        // Within a second HQ's refusals of an entry are the same one. Each needs a decision.
        let refusals = self.refusals.iter();
        let refused = refusals
            .filter_map(|bytes| Unverified::<Rejection>::parse(bytes).ok())
            .filter(|rejection| rejection.id() == refusal)
            .count();
        if given_up.is_none() && decided.len() >= refused {
            return None;
        }
        Some(Parked { event, reason, refusal: Some(refusal), given_up })
    }
}
