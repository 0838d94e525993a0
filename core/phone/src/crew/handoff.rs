//! The steps of a handoff, in their order: what was scanned is checked against
//! what this phone waits for, signed, committed with the state in one
//! transaction, and only then shown.

use std::collections::BTreeSet;

use crewseal_custody::cbor::{self, Version};
use crewseal_custody::handoff::message::{self, Enclosed, ManifestVersions};
use crewseal_custody::handoff::text::MAX_MESSAGE;
use crewseal_custody::handoff::{
    Compared, Giving, GivingState, HandoffError, Hello, MessageError, Receiving, ReceivingState,
    drawn,
};
use crewseal_custody::signed::{PublicKey, Signed, Unverified};
use crewseal_custody::{
    Act, BoxList, Credential, DeviceId, Event, EventId, JobId, Kind, Manifests, Since, SpotCheck,
    Tick, admit,
};
use crewseal_label::Token;
use zeroize::Zeroizing;

use super::kept::{GIVING, KeptTick, ONLY, RECEIVING, TICK, read_packs, stored};
use super::known::{Known, classes_of};
use super::life::job_of;
use super::phone::salt;
use super::{Crew, CrewError, Found};
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

/// A handoff that is not over.
#[derive(Debug, Clone)]
pub enum Open {
    /// This phone gives.
    Giving {
        /// The offer.
        offer: EventId,
        /// To whom.
        to: DeviceId,
        /// How it stands.
        state: GivingState,
        /// What to show, the identical bytes as before.
        shown: Vec<u8>,
    },
    /// This phone receives.
    Receiving {
        /// How it stands.
        state: ReceivingState,
        /// What to show, the identical bytes as before.
        shown: Vec<u8>,
    },
}

impl Crew {
    /// Begins to receive: HELLO, to show the giver. It takes the place of a handoff
    /// that is over or came to nothing; one that waits for its ACK goes on waiting. `introduce` puts this device's
    /// credential into it, for a giver who does not know it.
    ///
    /// # Errors
    /// [`CrewError`].
    pub fn hello(&self, introduce: bool) -> Result<Vec<u8>, CrewError> {
        let me = self.phone.device;
        let opening = salt()?;
        let now = self.now();
        let clock = self.phone.clock.now();
        let mut state = self.phone.state()?;
        let super::phone::State { store, lists, .. } = &mut *state;
        store.transaction(|t| {
            let known = Known::read(t)?;
            let open: BTreeSet<JobId> = read_packs(t)?
                .iter()
                .filter(|pack| super::is_open(pack, clock))
                .map(|pack| pack.job)
                .collect();
            let is_open = |manifests: &&Manifests| {
                manifests.newest().is_some_and(|newest| open.contains(&newest.job))
            };
            let manifests = ManifestVersions::of(lists.manifests().filter(is_open));
            let begun = Receiving::begin(opening, Vec::new(), now);
            let hello = Hello {
                device: me,
                commitment: begun.commitment(&me),
                tick: (!introduce).then(|| known.tick.clone()),
                credential: introduce.then(|| known.credential.clone()),
                manifests: Some(manifests),
            };
            let bytes = hello.to_bytes();
            keep_aside(t)?;
            keep_receiving(t, &Receiving::begin(opening, bytes.clone(), now))?;
            Ok(bytes)
        })
    }

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
        let now = self.now();
        let mut state = self.phone.state()?;
        // His tick may be newer than ours.
        state.ready = None;
        let (hello, known) = state.store.transaction(|t| {
            let known = Known::read(t)?;
            let hello = Hello::read(hello, known.authority())?;
            let known = self.keep_newer(t, hello.tick.as_ref(), known)?;
            Ok::<_, CrewError>((hello, known))
        })?;
        drop(state);
        let receiver =
            known_credential(&pack.roster, hello.credential.as_ref(), hello.device, &known)?;
        let classes = self.phone.classes(&pack, boxes)?;
        known.may(Kind::Offer, &classes)?;
        known.other_may(Kind::Accept, &classes, &receiver)?;
        self.check_not_offered(boxes, now)?;
        // A greeting that does not say is of one who has what this phone has.
        let newest = |manifests: &Manifests| match (&hello.manifests, manifests.newest()) {
            (Some(versions), Some(newest)) => versions.version(newest.job),
            _ => u32::MAX,
        };
        let mut act = self.phone.act_for(Kind::Offer, job, boxes, newest)?;
        act.findings = self.phone.findings_for(findings, newest)?;
        act.to = Some(hello.device);
        let enclosed = Enclosed {
            credential: hello.credential.is_some().then(|| known.credential.clone()),
            tick: has_older_tick(&hello, &known).then(|| known.tick.clone()),
        };
        let commitment = hello.commitment;
        let shown = self.phone.record_to_show(
            act,
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

    /// Reads the OFFER that the giver shows, and checks who signed it.
    ///
    /// # Errors
    /// [`CrewError::NotForMe`], [`CrewError::FromPhone`] and others.
    pub fn read_offer(&self, shown: &[u8]) -> Result<OfferView, CrewError> {
        let me = self.phone.device;
        let now = self.now();
        let mut state = self.phone.state()?;
        let super::phone::State { store, lists, ready, .. } = &mut *state;
        // His tick may be newer than ours.
        *ready = None;
        store.transaction(|t| {
            let known = Known::read(t)?;
            let mut receiving = read_receiving(t)?;
            let greeting = Hello {
                device: me,
                commitment: receiving.commitment(&me),
                tick: None,
                credential: None,
                manifests: None,
            };
            let (offer, enclosed) = message::read_offer(shown, &greeting, known.authority())?;
            let known = self.keep_newer(t, enclosed.tick.as_ref(), known)?;
            let claims = offer.claims();
            let (job, giver) = (claims.job, claims.device);
            let packs = read_packs(t)?;
            let pack = packs.iter().find(|pack| pack.job == job).ok_or(CrewError::NotForMe)?;
            if !super::is_open(pack, self.phone.clock.now()) {
                return Err(CrewError::NotForMe);
            }
            let giver =
                known_credential(&pack.roster, enclosed.credential.as_ref(), giver, &known)?;
            let offer = admit(offer, |_| Some(&*giver))?;
            let boxes = lists.resolve(&offer.boxes)?;
            known.other_may(Kind::Offer, &classes_of(pack, lists, &boxes)?, &giver)?;
            receiving.offered(&me, &offer, &giver, now)?;
            keep_receiving(t, &receiving)?;
            let check = drawn(&offer.id(), &receiving.opening(), &boxes);
            let may_be_revoked = known.has_old_revocations();
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
        is_checked: bool,
    ) -> Result<Vec<u8>, CrewError> {
        let pack = self.phone.open_job(offer.job)?;
        let (offered, receiving, known) = self.phone.state()?.store.transaction(|t| {
            let known = Known::read(t)?;
            let receiving = read_receiving(t)?;
            let bytes = receiving.offer().ok_or(HandoffError::OtherHandoff)?;
            let offered = again::<Event>(bytes, &offer.giver.handoff_key)?;
            if offered.id() != offer.offer {
                return Err(HandoffError::OtherHandoff.into());
            }
            Ok::<_, CrewError>((offered, receiving, known))
        })?;
        if receiving.acceptance().is_some() {
            // After a crash, or a second tap: the identical bytes.
            self.phone.release()?;
            return Ok(receiving.shown().to_vec());
        }
        match receiving.state(self.now()) {
            ReceivingState::Lapsed => return Err(HandoffError::Lapsed.into()),
            ReceivingState::Withdrawn => return Err(HandoffError::Withdrawn.into()),
            _ => {}
        }
        let classes = self.phone.classes(&pack, scanned)?;
        known.may(Kind::Accept, &classes)?;
        known.other_may(Kind::Offer, &classes, &offer.giver)?;
        // What the giver named boxes by he has, and of the two that is the older.
        let named: BTreeSet<_> = offered.boxes.manifests().copied().collect();
        let newest = |manifests: &Manifests| {
            let versions = manifests.versions().iter();
            let common = versions.filter(|version| named.contains(&version.id()));
            common.map(|version| version.number).max().unwrap_or_default()
        };
        let mut act = self.phone.act_for(Kind::Accept, offer.job, scanned, newest)?;
        act.findings = self.phone.findings_for(findings, newest)?;
        act.about = Some(offer.offer);
        let opening = receiving.opening();
        let spot_check = if is_checked { SpotCheck::Done } else { SpotCheck::NotDone };
        let did_greet_with_tick = greeted_with_tick(receiving.shown(), &known);
        let shown = self.phone.record_to_show(
            act,
            scanned,
            |event| Event { opening: Some(opening), spot_check: Some(spot_check), ..event },
            |t, event| {
                let enclosed = Enclosed {
                    credential: None,
                    tick: (!did_greet_with_tick).then(|| known.tick.clone()),
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

    /// Reads the ACCEPT of an open offer of this device, compares the lists, and
    /// signs the ACK.
    ///
    /// # Errors
    /// [`CrewError::NotForMe`], [`CrewError::FromPhone`] and others.
    pub fn read_acceptance(&self, shown: &[u8]) -> Result<Acceptance, CrewError> {
        let now = self.now();
        let (mut giving, offer, accept, receiver, compared, may_be_revoked) = {
            let mut state = self.phone.state()?;
            let super::phone::State { store, lists, ready, .. } = &mut *state;
            // His tick may be newer than ours.
            *ready = None;
            store.transaction(|t| {
                let known = Known::read(t)?;
                let mut other = MessageError::OtherHandoff;
                for bytes in t.all(GIVING)? {
                    let mut giving: Giving = stored(&bytes)?;
                    let offer = again::<Event>(giving.offer(), &known.credential.handoff_key)?;
                    let (accept, enclosed) =
                        match message::read_accept(shown, &offer, known.authority()) {
                            Ok(read) => read,
                            Err(error) => {
                                other = error;
                                continue;
                            }
                        };
                    let receiver = again::<Credential>(giving.receiver(), &known.hq)?;
                    let accept = admit(accept, |_| Some(&*receiver))?;
                    giving.accepted(&offer, &accept, now)?;
                    let known = self.keep_newer(t, enclosed.tick.as_ref(), known)?;
                    let (offered, accepted) =
                        (lists.resolve(&offer.boxes)?, lists.resolve(&accept.boxes)?);
                    let compared = Compared::of(&offered, &accepted);
                    let may_be_revoked = known.has_old_revocations();
                    return Ok((giving, offer, accept, receiver, compared, may_be_revoked));
                }
                Err(CrewError::Message(other))
            })?
        };
        if giving.state(now) == GivingState::Acknowledged {
            self.phone.release()?;
            let ack = giving.shown().to_vec();
            return Ok(Acceptance { receiver, compared, ack, may_be_revoked });
        }
        let act = Act {
            kind: Kind::Ack,
            job: offer.job,
            boxes: BoxList::default(),
            findings: Vec::new(),
            place: None,
            attachments: Vec::new(),
            to: None,
            about: Some(accept.id()),
        };
        let ack = self.phone.record_to_show(
            act,
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

    /// Reads the ACK of this device's acceptance: the handoff is confirmed.
    ///
    /// # Errors
    /// [`CrewError::NotForMe`], [`CrewError::FromPhone`] and others.
    pub fn read_ack(&self, shown: &[u8]) -> Result<EventId, CrewError> {
        let mut state = self.phone.state()?;
        state.store.transaction(|t| {
            let known = Known::read(t)?;
            let mut other = CrewError::NotForMe;
            for bytes in t.all(RECEIVING)? {
                let mut receiving: Receiving = stored(&bytes)?;
                let parts = (receiving.acceptance(), receiving.offer(), receiving.giver());
                let (Some(accept), Some(offer), Some(giver)) = parts else { continue };
                let accept = again::<Event>(accept, &known.credential.handoff_key)?;
                let giver = again::<Credential>(giver, &known.hq)?;
                let offer = again::<Event>(offer, &giver.handoff_key)?;
                match message::read_ack(shown, &offer, &accept, known.authority()) {
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
        let now = self.now();
        let mut state = self.phone.state()?;
        state.store.transaction(|t| {
            let known = Known::read(t)?;
            let mut other = CrewError::NotForMe;
            for bytes in t.all(RECEIVING)? {
                let mut receiving: Receiving = stored(&bytes)?;
                let (Some(offer), Some(giver)) = (receiving.offer(), receiving.giver()) else {
                    continue;
                };
                let giver = again::<Credential>(giver, &known.hq)?;
                let offer = again::<Event>(offer, &giver.handoff_key)?;
                match message::read_withdraw(shown, &offer, known.authority()) {
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

    /// Takes an offer back that nobody answered, so that its boxes can be offered
    /// again. The answer is WITHDRAW, to show the other phone if it is still there.
    ///
    /// # Errors
    /// [`HandoffError::Answered`] and others.
    pub fn withdraw(&self, offer: EventId) -> Result<Vec<u8>, CrewError> {
        let (mut giving, offer) = self.phone.state()?.store.transaction(|t| {
            let known = Known::read(t)?;
            let bytes = t.get(GIVING, &offer.0)?.ok_or(CrewError::NotForMe)?;
            let giving: Giving = stored(&bytes)?;
            let offer = again::<Event>(giving.offer(), &known.credential.handoff_key)?;
            Ok::<_, CrewError>((giving, offer))
        })?;
        if giving.state(self.now()) == GivingState::Withdrawn {
            self.phone.release()?;
            return Ok(giving.shown().to_vec());
        }
        // Before anything is signed: an offer that was answered stays.
        giving.clone().withdrawn(Vec::new())?;
        let act = Act {
            kind: Kind::Withdraw,
            job: offer.job,
            boxes: BoxList::default(),
            findings: Vec::new(),
            place: None,
            attachments: Vec::new(),
            to: None,
            about: Some(offer.id()),
        };
        let shown = self.phone.record_to_show(
            act,
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

    /// The handoffs of this phone that are not over, with the bytes to show
    /// again: after a crash, the identical ones.
    ///
    /// # Errors
    /// [`CrewError::Store`].
    pub fn handoffs(&self) -> Result<Vec<Open>, CrewError> {
        let now = self.now();
        // What was signed and not shown yet leaves the phone by this.
        self.phone.release()?;
        self.phone.state()?.store.transaction(|t| {
            let mut open = Vec::new();
            for bytes in t.all(GIVING)? {
                let giving: Giving = stored(&bytes)?;
                let state = giving.state(now);
                if matches!(state, GivingState::Acknowledged | GivingState::Withdrawn) {
                    continue;
                }
                let offer = Unverified::<Event>::parse(giving.offer())
                    .map_err(|_| HandoffError::Damaged)?;
                open.push(Open::Giving {
                    offer: offer.id(),
                    to: giving.to(),
                    state,
                    shown: giving.shown().to_vec(),
                });
            }
            for bytes in t.all(RECEIVING)? {
                let receiving: Receiving = stored(&bytes)?;
                let state = receiving.state(now);
                let is_over = matches!(
                    state,
                    ReceivingState::Confirmed | ReceivingState::Lapsed | ReceivingState::Withdrawn
                );
                if !is_over {
                    open.push(Open::Receiving { state, shown: receiving.shown().to_vec() });
                }
            }
            Ok(open)
        })
    }

    fn now(&self) -> Since {
        let (boot, millis) = self.phone.clock.since_boot();
        Since { boot, millis }
    }

    /// While an offer is open its boxes cannot be offered to anybody else.
    fn check_not_offered(&self, boxes: &BTreeSet<Token>, now: Since) -> Result<(), CrewError> {
        let mut state = self.phone.state()?;
        let super::phone::State { store, lists, .. } = &mut *state;
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

    /// Keeps a tick of another phone that is newer than this one's. The next event
    /// here names it, so an HQ that tells two phones two stories is found out.
    fn keep_newer(
        &self,
        t: &mut Transaction<'_>,
        tick: Option<&Signed<Tick>>,
        known: Known,
    ) -> Result<Known, CrewError> {
        let Some(tick) = tick.filter(|tick| tick.number > known.tick.number) else {
            return Ok(known);
        };
        let (boot, millis) = self.phone.clock.since_boot();
        let kept =
            KeptTick { version: Version, tick: tick.as_bytes().to_vec().into(), boot, millis };
        t.put(TICK, ONLY, None, &cbor::to_vec(&kept))?;
        Ok(Known { tick: tick.clone(), ..known })
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

/// A message that a phone can show: nothing is signed and kept that cannot be.
pub(super) fn showable(message: Vec<u8>) -> Result<Vec<u8>, CrewError> {
    if message.len() > MAX_MESSAGE { Err(CrewError::TooMuch) } else { Ok(message) }
}

/// What was verified before it was kept, verified again.
pub(super) fn again<T: crewseal_custody::signed::Message>(
    bytes: &[u8],
    key: &PublicKey,
) -> Result<Signed<T>, CrewError> {
    Signed::open(bytes, key).map_err(|_| HandoffError::Damaged.into())
}

/// The credential of a device, from the job's roster or as it came along.
pub(super) fn known_credential(
    roster: &[minicbor::bytes::ByteVec],
    enclosed: Option<&Signed<Credential>>,
    device: DeviceId,
    known: &Known,
) -> Result<Signed<Credential>, CrewError> {
    let on_roster =
        roster.iter().filter_map(|bytes| Signed::<Credential>::open(bytes, &known.hq).ok());
    on_roster
        .chain(enclosed.cloned())
        .find(|credential| credential.device() == device)
        .ok_or(CrewError::Stranger)
}

/// Whether the receiver's tick is known and older than this phone's.
fn has_older_tick(hello: &Hello, known: &Known) -> bool {
    hello.tick.as_ref().is_some_and(|tick| tick.number < known.tick.number)
}

fn greeted_with_tick(hello: &[u8], known: &Known) -> bool {
    Hello::read(hello, known.authority()).is_ok_and(|hello| hello.tick.is_some())
}
