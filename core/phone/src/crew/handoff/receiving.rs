//! The receiver's side: HELLO, the OFFER that answers it, ACCEPT, and the ACK or WITHDRAW
//! that ends it.

use std::collections::BTreeSet;

use crewseal_custody::cbor;
use crewseal_custody::handoff::message::{self, Enclosed, ManifestVersions};
use crewseal_custody::handoff::{HandoffError, Hello, Receiving, ReceivingState, drawn};
use crewseal_custody::signed::{Signed, Unverified};
use crewseal_custody::{Credential, Event, EventId, EventKind, JobId, Manifests, SpotCheck, admit};
use crewseal_label::Token;
use zeroize::Zeroizing;

use crate::crew::CrewError;
use crate::crew::act::Found;
use crate::crew::act_cache::is_open;
use crate::crew::lifecycle::job_of;
use crate::crew::other_phone::{Introduction, again, again_from_hq, known_credential, showable};
use crate::crew::persisted::{ONLY, RECEIVING, read_packs, stored};
use crate::crew::phone::{Crew, State, salt};
use crate::crew::trust::{Trust, classes_of};
use crate::vault::Transaction;

/// An offer from another phone, verified.
#[derive(Debug, Clone)]
pub struct OfferView {
    /// The giver, by his credential.
    pub giver: Signed<Credential>,
    /// The job.
    pub job: JobId,
    /// What he says he hands over.
    pub boxes: BTreeSet<Token>,
    /// Its id; four words from it on both screens guard against mix-ups.
    pub offer: EventId,
    /// The boxes that the receiver checks by hand, of those that he scanned and
    /// was offered. Drawn so that neither side can steer them.
    pub check: BTreeSet<Token>,
    /// Whether HQ has revoked devices that this phone does not know of yet: the
    /// giver may be among them. It is to be shown, and blocks nothing.
    pub may_be_revoked: bool,
}
impl Crew {
    /// Begins to receive: HELLO, to show the giver. It takes the place of a handoff
    /// that is over or came to nothing; one that waits for its ACK goes on
    /// waiting.
    ///
    /// # Errors
    /// [`CrewError`].
    pub fn hello(&self, introduction: Introduction) -> Result<Vec<u8>, CrewError> {
        let me = self.phone.device;
        let opening = salt()?;
        let now = self.phone.since_boot();
        let clock = self.phone.clock.now();
        let mut state = self.phone.state()?;
        let State { store, lists, .. } = &mut *state;
        store.transaction(|t| {
            let trust = Trust::read(t)?;
            let open: BTreeSet<JobId> = read_packs(t)?
                .iter()
                .filter(|pack| is_open(pack, clock))
                .map(|pack| pack.job)
                .collect();
            let is_open = |manifests: &&Manifests| {
                manifests.newest().is_some_and(|newest| open.contains(&newest.job))
            };
            let manifests = ManifestVersions::of(lists.manifests().filter(is_open));
            let begun = Receiving::begin(opening, Vec::new(), now);
            let credential = introduction.of(&trust.credential).cloned();
            let hello = Hello {
                device: me,
                commitment: begun.commitment(&me),
                tick: credential.is_none().then(|| trust.tick.clone()),
                credential,
                manifests: Some(manifests),
            };
            let bytes = hello.to_bytes();
            keep_aside(t)?;
            keep_receiving(t, &Receiving::begin(opening, bytes.clone(), now))?;
            Ok(bytes)
        })
    }

    /// Reads the OFFER that the giver shows, and checks who signed it.
    ///
    /// # Errors
    /// [`CrewError::NotForMe`], [`CrewError::FromPhone`] and others.
    pub fn read_offer(&self, shown: &[u8]) -> Result<OfferView, CrewError> {
        let me = self.phone.device;
        let now = self.phone.since_boot();
        let mut state = self.phone.state()?;
        let State { store, lists, act_cache, .. } = &mut *state;
        // His tick may be newer than ours.
        *act_cache = None;
        store.transaction(|t| {
            let trust = Trust::read(t)?;
            let mut receiving = read_receiving(t)?;
            let greeting = Hello {
                device: me,
                commitment: receiving.commitment(&me),
                tick: None,
                credential: None,
                manifests: None,
            };
            let (offer, enclosed) = message::read_offer(shown, &greeting, trust.authority())?;
            let trust = self.phone.keep_newer(t, enclosed.tick.as_ref(), trust)?;
            let claims = offer.claims();
            let (job, giver) = (claims.job, claims.device);
            let packs = read_packs(t)?;
            let pack = packs.iter().find(|pack| pack.job == job).ok_or(CrewError::NotForMe)?;
            if !is_open(pack, self.phone.clock.now()) {
                return Err(CrewError::NotForMe);
            }
            let giver =
                known_credential(&pack.roster, enclosed.credential.as_ref(), giver, &trust)?;
            let offer = admit(offer, |_| Some(&*giver))?;
            let boxes = lists.resolve(&offer.boxes)?;
            trust.other_may(EventKind::Offer, &classes_of(pack, lists, &boxes)?, &giver)?;
            receiving.offered(&me, &offer, &giver, now)?;
            keep_receiving(t, &receiving)?;
            let check = drawn(&offer.id(), &receiving.opening(), &boxes);
            let may_be_revoked = trust.has_old_revocations();
            Ok(OfferView { giver, job, boxes, offer: offer.id(), check, may_be_revoked })
        })
    }

    /// Accepts what this device scanned itself of an offer, whatever the offer
    /// says. The answer is ACCEPT, to show the giver; as long as his ACK was not
    /// read the screen says that it is unconfirmed.
    ///
    /// # Errors
    /// [`CrewError::Forbidden`], [`CrewError::OtherForbidden`] and others.
    pub fn accept(
        &self,
        offer: &OfferView,
        scanned: &BTreeSet<Token>,
        findings: &[Found],
        check: SpotCheck,
    ) -> Result<Vec<u8>, CrewError> {
        let pack = self.phone.open_job(offer.job)?;
        let (offered, receiving, trust) =
            self.phone.state()?.store.transaction(|t| read_offered(t, offer))?;
        if receiving.acceptance().is_some() {
            // After a crash, or a second tap: the identical bytes.
            self.phone.raise_high_water_mark()?;
            return Ok(receiving.shown().to_vec());
        }
        match receiving.state(self.phone.since_boot()) {
            ReceivingState::Lapsed => return Err(HandoffError::Lapsed.into()),
            ReceivingState::Withdrawn => return Err(HandoffError::Withdrawn.into()),
            _ => {}
        }
        let classes = self.phone.classes(&pack, scanned)?;
        trust.may(EventKind::Accept, &classes)?;
        trust.other_may(EventKind::Offer, &classes, &offer.giver)?;
        // What the giver named boxes by he has, and of the two that is the older.
        let named: BTreeSet<_> = offered.boxes.manifests().copied().collect();
        let newest = |manifests: &Manifests| {
            let versions = manifests.versions().iter();
            let common = versions.filter(|version| named.contains(&version.id()));
            common.map(|version| version.number).max().unwrap_or_default()
        };
        let mut act = self.phone.act_for(EventKind::Accept, offer.job, scanned, newest)?;
        act.findings = self.phone.findings_for(findings, newest)?;
        act.about = Some(offer.offer);
        let opening = receiving.opening();
        let did_greet_with_tick = greeted_with_tick(receiving.shown(), &trust);
        let shown = self.phone.record_to_show(
            act,
            Some(offered.as_bytes()),
            scanned,
            |event| Event { opening: Some(opening), spot_check: Some(check), ..event },
            |t, event| {
                let enclosed = Enclosed {
                    credential: None,
                    tick: (!did_greet_with_tick).then(|| trust.tick.clone()),
                };
                let shown = showable(message::accept(event, &offered, &enclosed))?;
                let mut receiving = receiving;
                receiving.accepted(event, shown.clone())?;
                keep_receiving(t, &receiving)?;
                Ok(shown)
            },
        )?;
        Ok(shown)
    }

    /// Reads the ACK of this device's acceptance: the handoff is confirmed.
    ///
    /// # Errors
    /// [`CrewError::NotForMe`], [`CrewError::FromPhone`] and others.
    pub fn read_ack(&self, shown: &[u8]) -> Result<EventId, CrewError> {
        let mut state = self.phone.state()?;
        state.store.transaction(|t| {
            let trust = Trust::read(t)?;
            let mut other = CrewError::NotForMe;
            for bytes in t.all(RECEIVING)? {
                let mut receiving: Receiving = stored(&bytes)?;
                let parts = (receiving.acceptance(), receiving.offer(), receiving.giver());
                let (Some(accept), Some(offer), Some(giver)) = parts else { continue };
                let accept = again::<Event>(accept, &trust.credential.handoff_key)?;
                let giver = again_from_hq::<Credential>(giver, &trust.hq)?;
                let offer = again::<Event>(offer, &giver.handoff_key)?;
                match message::read_ack(shown, &offer, &accept, trust.authority()) {
                    Ok(ack) => {
                        let ack = admit(ack, |_| Some(&*giver))?;
                        receiving.confirmed(&ack)?;
                        keep_changed(t, &bytes, Some(accept.id()), &receiving)?;
                        return Ok(accept.id());
                    }
                    Err(error) => other = error.into(),
                }
            }
            Err(other)
        })
    }

    /// Reads the WITHDRAW of the offer that this device read: nothing comes of it,
    /// or, if it was accepted here meanwhile, the two have crossed.
    ///
    /// # Errors
    /// [`CrewError::NotForMe`], [`CrewError::FromPhone`],
    /// [`HandoffError::Answered`] and others.
    pub fn read_withdraw(&self, shown: &[u8]) -> Result<ReceivingState, CrewError> {
        let now = self.phone.since_boot();
        let mut state = self.phone.state()?;
        state.store.transaction(|t| {
            let trust = Trust::read(t)?;
            let mut other = CrewError::NotForMe;
            for bytes in t.all(RECEIVING)? {
                let mut receiving: Receiving = stored(&bytes)?;
                let (Some(offer), Some(giver)) = (receiving.offer(), receiving.giver()) else {
                    continue;
                };
                let giver = again_from_hq::<Credential>(giver, &trust.hq)?;
                let offer = again::<Event>(offer, &giver.handoff_key)?;
                match message::read_withdraw(shown, &offer, trust.authority()) {
                    Ok(withdrawal) => {
                        let withdrawal = admit(withdrawal, |_| Some(&*giver))?;
                        receiving.withdrawn(&withdrawal)?;
                        let accept = receiving.acceptance().map(Unverified::<Event>::parse);
                        let accept = accept.transpose().map_err(|_| HandoffError::Damaged)?;
                        keep_changed(t, &bytes, accept.map(|accept| accept.id()), &receiving)?;
                        return Ok(receiving.state(now));
                    }
                    Err(error) => other = error.into(),
                }
            }
            Err(other)
        })
    }
}

/// The offer, and how far receiving it has come.
fn read_offered(
    t: &Transaction<'_>,
    offer: &OfferView,
) -> Result<(Signed<Event>, Receiving, Trust), CrewError> {
    let trust = Trust::read(t)?;
    let receiving = read_receiving(t)?;
    let bytes = receiving.offer().ok_or(HandoffError::OtherHandoff)?;
    let offered = again::<Event>(bytes, &offer.giver.handoff_key)?;
    if offered.id() != offer.offer {
        return Err(HandoffError::OtherHandoff.into());
    }
    Ok((offered, receiving, trust))
}

fn keep_receiving(t: &mut Transaction<'_>, receiving: &Receiving) -> Result<(), CrewError> {
    put_receiving(t, ONLY, receiving)
}

/// Keeps what changed in whichever of the two places it has: that of the newest
/// handoff, and its own, which it has once something was accepted.
fn keep_changed(
    t: &mut Transaction<'_>,
    before: &[u8],
    accept: Option<EventId>,
    receiving: &Receiving,
) -> Result<(), CrewError> {
    if *read_receiving_bytes(t)? == *before {
        keep_receiving(t, receiving)?;
    }
    match accept {
        Some(accept) => put_receiving(t, &accept.0, receiving),
        None => Ok(()),
    }
}

/// Before another handoff begins: one that waits for its ACK gets a place of its own.
fn keep_aside(t: &mut Transaction<'_>) -> Result<(), CrewError> {
    let Some(bytes) = t.get(RECEIVING, ONLY)? else { return Ok(()) };
    let receiving: Receiving = stored(&bytes)?;
    let Some(accept) = receiving.acceptance() else { return Ok(()) };
    let accept = Unverified::<Event>::parse(accept).map_err(|_| HandoffError::Damaged)?;
    put_receiving(t, &accept.id().0, &receiving)
}

/// Under its job's key, once it has read an offer and knows the job.
fn put_receiving(
    t: &mut Transaction<'_>,
    name: &[u8],
    receiving: &Receiving,
) -> Result<(), CrewError> {
    let job = job_of(receiving)?;
    let compartment = job.map(|job| t.compartment(&job.0)).transpose()?;
    Ok(t.put(RECEIVING, name, compartment.as_ref(), &cbor::to_vec(receiving))?)
}

fn read_receiving_bytes(t: &Transaction<'_>) -> Result<Zeroizing<Vec<u8>>, CrewError> {
    t.get(RECEIVING, ONLY)?.ok_or(CrewError::NotForMe)
}

fn read_receiving(t: &Transaction<'_>) -> Result<Receiving, CrewError> {
    stored(&read_receiving_bytes(t)?)
}

fn greeted_with_tick(hello: &[u8], trust: &Trust) -> bool {
    Hello::read(hello, trust.authority()).is_ok_and(|hello| hello.tick.is_some())
}
