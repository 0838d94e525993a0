//! The giver's side: OFFER, the ACCEPT that answers it, ACK, and WITHDRAW if nobody does.

use std::collections::BTreeSet;

use crewseal_custody::cbor;
use crewseal_custody::handoff::message::{self, Enclosed};
use crewseal_custody::handoff::{Compared, Giving, GivingState, HandoffError, Hello, MessageError};
use crewseal_custody::signed::{Signed, Unverified};
use crewseal_custody::{
    Act, Credential, Event, EventId, EventKind, JobId, Manifests, Since, admit,
};
use crewseal_label::Token;

use crate::crew::CrewError;
use crate::crew::act::Found;
use crate::crew::other_phone::{again, again_from_hq, known_credential, showable};
use crate::crew::persisted::{GIVING, stored};
use crate::crew::phone::{Crew, State};
use crate::crew::trust::Trust;
use crate::vault::Transaction;

/// An acceptance from another phone, verified.
#[derive(Debug, Clone)]
pub struct Acceptance {
    /// The receiver, by his credential.
    pub receiver: Signed<Credential>,
    /// What the two lists say.
    pub compared: Compared,
    /// ACK, to show him.
    pub ack: Vec<u8>,
    /// Whether HQ has revoked devices that this phone does not know of yet: the
    /// receiver may be among them. It is to be shown, and blocks nothing.
    pub may_be_revoked: bool,
}

/// An offer of this device and the ACCEPT that answers it.
struct ReadAcceptance {
    giving: Giving,
    offer: Signed<Event>,
    accept: Signed<Event>,
    receiver: Signed<Credential>,
    compared: Compared,
    may_be_revoked: bool,
}

impl Crew {
    /// Offers boxes to the device that shows this HELLO. The answer is OFFER, to
    /// show it. `boxes` are what the giver scanned himself.
    ///
    /// # Errors
    /// [`CrewError::StillOffered`], [`CrewError::Stranger`],
    /// [`CrewError::Expired`], [`CrewError::Forbidden`],
    /// [`CrewError::OtherForbidden`] and others.
    pub fn offer(
        &self,
        job: JobId,
        boxes: &BTreeSet<Token>,
        findings: &[Found],
        hello: &[u8],
    ) -> Result<Vec<u8>, CrewError> {
        let pack = self.phone.open_job(job)?;
        let now = self.phone.since_boot();
        let mut state = self.phone.state()?;
        // His tick may be newer than ours.
        state.act_cache = None;
        let (hello, trust) = state.store.transaction(|t| {
            let trust = Trust::read(t)?;
            let hello = Hello::read(hello, trust.authority())?;
            let trust = self.phone.keep_newer(t, hello.tick.as_ref(), trust)?;
            Ok::<_, CrewError>((hello, trust))
        })?;
        drop(state);
        let receiver =
            known_credential(&pack.roster, hello.credential.as_ref(), hello.device, &trust)?;
        let classes = self.phone.classes(&pack, boxes)?;
        trust.may(EventKind::Offer, &classes)?;
        trust.other_may(EventKind::Accept, &classes, &receiver)?;
        self.check_not_offered(boxes, now)?;
        // A greeting that does not say is of one who has what this phone has.
        let newest = |manifests: &Manifests| match (&hello.manifests, manifests.newest()) {
            (Some(versions), Some(newest)) => versions.version(newest.job),
            _ => u32::MAX,
        };
        let mut act = self.phone.act_for(EventKind::Offer, job, boxes, newest)?;
        act.findings = self.phone.findings_for(findings, newest)?;
        act.to = Some(hello.device);
        let enclosed = Enclosed {
            credential: hello.credential.is_some().then(|| trust.credential.clone()),
            tick: has_older_tick(&hello, &trust).then(|| trust.tick.clone()),
        };
        let commitment = hello.commitment;
        let shown = self.phone.record_to_show(
            act,
            None,
            &BTreeSet::new(),
            |event| Event { commitment: Some(commitment), ..event },
            |t, event| {
                let shown = showable(message::offer(event, &hello, &enclosed))?;
                let giving = Giving::begin(event, &hello, &receiver, shown.clone(), now);
                keep_giving(t, job, &event.id(), &giving)?;
                Ok(shown)
            },
        )?;
        Ok(shown)
    }

    /// Reads the ACCEPT of an open offer of this device, compares the lists, and
    /// signs the ACK.
    ///
    /// # Errors
    /// [`CrewError::NotForMe`], [`CrewError::FromPhone`] and others.
    pub fn read_acceptance(&self, shown: &[u8]) -> Result<Acceptance, CrewError> {
        let now = self.phone.since_boot();
        let ReadAcceptance { mut giving, offer, accept, receiver, compared, may_be_revoked } =
            self.answered_by(shown, now)?;
        if giving.state(now) == GivingState::Acknowledged {
            self.phone.raise_high_water_mark()?;
            let ack = giving.shown().to_vec();
            return Ok(Acceptance { receiver, compared, ack, may_be_revoked });
        }
        let act = Act::about(EventKind::Ack, offer.job, accept.id());
        let ack = self.phone.record_to_show(
            act,
            Some(accept.as_bytes()),
            &BTreeSet::new(),
            |event| event,
            |t, event| {
                let ack = message::ack(event, &offer, &accept);
                giving.acknowledged(ack.clone());
                keep_giving(t, offer.job, &offer.id(), &giving)?;
                Ok(ack)
            },
        )?;
        Ok(Acceptance { receiver, compared, ack, may_be_revoked })
    }

    /// The offer of this device that this ACCEPT answers.
    fn answered_by(&self, shown: &[u8], now: Since) -> Result<ReadAcceptance, CrewError> {
        let mut state = self.phone.state()?;
        let State { store, lists, act_cache, .. } = &mut *state;
        // His tick may be newer than ours.
        *act_cache = None;
        store.transaction(|t| {
            let trust = Trust::read(t)?;
            let mut other = MessageError::OtherHandoff;
            for bytes in t.all(GIVING)? {
                let mut giving: Giving = stored(&bytes)?;
                let offer = again::<Event>(giving.offer(), &trust.credential.handoff_key)?;
                let (accept, enclosed) =
                    match message::read_accept(shown, &offer, trust.authority()) {
                        Ok(read) => read,
                        Err(error) => {
                            other = error;
                            continue;
                        }
                    };
                let receiver = again_from_hq::<Credential>(giving.receiver(), &trust.hq)?;
                let accept = admit(accept, |_| Some(&*receiver))?;
                giving.accepted(&offer, &accept, now)?;
                let trust = self.phone.keep_newer(t, enclosed.tick.as_ref(), trust)?;
                let (offered, accepted) =
                    (lists.resolve(&offer.boxes)?, lists.resolve(&accept.boxes)?);
                let compared = Compared::of(&offered, &accepted);
                let may_be_revoked = trust.has_old_revocations();
                return Ok(ReadAcceptance {
                    giving,
                    offer,
                    accept,
                    receiver,
                    compared,
                    may_be_revoked,
                });
            }
            Err(CrewError::Message(other))
        })
    }

    /// Takes an offer back that nobody answered, so that its boxes can be offered
    /// again. The answer is WITHDRAW, to show the other phone if it is still there.
    ///
    /// # Errors
    /// [`HandoffError::Answered`] and others.
    pub fn withdraw(&self, offer: EventId) -> Result<Vec<u8>, CrewError> {
        let (mut giving, offer) = self.phone.state()?.store.transaction(|t| {
            let trust = Trust::read(t)?;
            let bytes = t.get(GIVING, &offer.0)?.ok_or(CrewError::NotForMe)?;
            let giving: Giving = stored(&bytes)?;
            let offer = again::<Event>(giving.offer(), &trust.credential.handoff_key)?;
            Ok::<_, CrewError>((giving, offer))
        })?;
        if giving.state(self.phone.since_boot()) == GivingState::Withdrawn {
            self.phone.raise_high_water_mark()?;
            return Ok(giving.shown().to_vec());
        }
        // Before anything is signed: an offer that was answered stays.
        giving.clone().withdrawn(Vec::new())?;
        let act = Act::about(EventKind::Withdraw, offer.job, offer.id());
        let shown = self.phone.record_to_show(
            act,
            None,
            &BTreeSet::new(),
            |event| event,
            |t, event| {
                let shown = message::withdraw(event, &offer);
                giving.withdrawn(shown.clone())?;
                keep_giving(t, offer.job, &offer.id(), &giving)?;
                Ok(shown)
            },
        )?;
        Ok(shown)
    }

    /// While an offer is open its boxes cannot be offered to anybody else.
    fn check_not_offered(&self, boxes: &BTreeSet<Token>, now: Since) -> Result<(), CrewError> {
        let mut state = self.phone.state()?;
        let State { store, lists, .. } = &mut *state;
        store.transaction(|t| {
            for bytes in t.all(GIVING)? {
                let giving: Giving = stored(&bytes)?;
                let state = giving.state(now);
                if !matches!(
                    state,
                    GivingState::Offered | GivingState::Lapsed | GivingState::Restarted
                ) {
                    continue;
                }
                let offer = Unverified::<Event>::parse(giving.offer())
                    .map_err(|_| HandoffError::Damaged)?;
                if !lists.resolve(&offer.claims().boxes)?.is_disjoint(boxes) {
                    return Err(CrewError::StillOffered { offer: offer.id() });
                }
            }
            Ok(())
        })
    }
}

fn keep_giving(
    t: &mut Transaction<'_>,
    job: JobId,
    offer: &EventId,
    giving: &Giving,
) -> Result<(), CrewError> {
    let compartment = t.compartment(&job.0)?;
    Ok(t.put(GIVING, &offer.0, Some(&compartment), &cbor::to_vec(giving))?)
}

/// Whether the receiver's tick is known and older than this phone's.
fn has_older_tick(hello: &Hello, trust: &Trust) -> bool {
    hello.tick.as_ref().is_some_and(|tick| tick.number < trust.tick.number)
}
