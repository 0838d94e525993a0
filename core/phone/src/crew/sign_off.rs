//! Sign-offs, from the crew's phone to the supervisor's and back: what is asked is
//! kept before it is shown, what is answered likewise, so the identical bytes are
//! shown again after a crash.

use std::collections::BTreeSet;

use crewseal_custody::cbor::{self, Version};
use crewseal_custody::handoff::HandoffError;
use crewseal_custody::handoff::message::{self, Enclosed, MessageError};
use crewseal_custody::signed::{Signed, Unverified};
use crewseal_custody::{
    Act, Credential, Event, EventId, EventKind, JobId, OneTimeCode, Protection, Role, SignOffEntry,
    SignOffRequest, Subject, admit,
};
use minicbor::bytes::ByteVec;
use minicbor::{Decode, Encode};

use super::CrewError;
use super::act_cache::is_open;
use super::diary::{self, Line, read_lines};
use super::other_phone::{Introduction, again, again_from_hq, known_credential, showable};
use super::persisted::{ANSWERED, ASKED, read_packs, stored};
use super::phone::{Crew, salt};
use super::trust::Trust;
use crate::vault::Transaction;

/// What another phone asks this phone's carrier to sign off, verified.
#[derive(Debug, Clone)]
pub struct ToSign {
    /// The crew's device, by HQ's credential.
    pub crew: Signed<Credential>,
    /// What it says that it did. It signed this summary; the events themselves are
    /// in its queue to HQ.
    pub request: Signed<SignOffRequest>,
    /// Whether it introduced itself, and so may not know this device either.
    is_introduced: bool,
}

/// A sign-off that a supervisor gave on his own phone, verified.
#[derive(Debug, Clone)]
pub struct SignedOffBy {
    /// The supervisor, by HQ's credential.
    pub supervisor: Signed<Credential>,
    /// His sign-off.
    pub event: Signed<Event>,
}

/// What this phone asked a supervisor to sign off.
#[derive(Debug, Clone)]
pub struct Asked {
    /// What it says.
    pub request: SignOffRequest,
    /// What to show him, the identical bytes as before.
    pub shown: Vec<u8>,
    /// His sign-off, once it was read.
    pub signed: Option<SignedOffBy>,
}

/// What is kept of a request.
#[derive(Clone, PartialEq, Encode, Decode)]
#[cbor(map)]
struct Kept {
    #[n(0)]
    version: Version<1>,
    #[n(1)]
    request: ByteVec,
    #[n(2)]
    shown: ByteVec,
    /// The supervisor's credential and his event.
    #[n(3)]
    signed: Option<(ByteVec, ByteVec)>,
}

/// What is kept of an answer.
#[derive(Clone, PartialEq, Encode, Decode)]
#[cbor(map)]
struct Answered {
    #[n(0)]
    version: Version<1>,
    #[n(1)]
    shown: ByteVec,
}

impl Crew {
    /// Asks a supervisor to sign off one act of this phone in a job or, without an
    /// event, all since the last time that all were signed off. The bytes are what to
    /// show him; the same question is the same bytes.
    ///
    /// # Errors
    /// [`CrewError::NothingToSign`] and others.
    pub fn ask_sign_off(
        &self,
        job: JobId,
        event: Option<EventId>,
        introduction: Introduction,
    ) -> Result<Vec<u8>, CrewError> {
        self.phone.open_job(job)?;
        let (device, vault, salt) = (self.phone.device, &self.phone.vault, salt()?);
        let mut state = self.phone.state()?;
        let shown = state.store.transaction(|t| {
            let entries = to_sign(t, job, event)?;
            for asked in read_asked(t)? {
                let request = Unverified::<SignOffRequest>::parse(&asked.request);
                let request = request.map_err(|_| HandoffError::Damaged)?;
                let is_same = request.claims().job == job && request.claims().entries == entries;
                if is_same && asked.signed.is_none() {
                    return Ok(asked.shown.to_vec());
                }
            }
            let trust = Trust::read(t)?;
            let request = SignOffRequest { version: Version, device, job, entries, salt };
            let request = Signed::sign(request, &trust.credential.act_key, |bytes| {
                vault.sign(Protection::Act, bytes)
            })?;
            let credential = introduction.of(&trust.credential);
            let shown = showable(message::sign_off_request(&request, credential))?;
            keep(
                t,
                &request,
                &Kept {
                    version: Version,
                    request: request.as_bytes().to_vec().into(),
                    shown: shown.clone().into(),
                    signed: None,
                },
            )?;
            Ok::<_, CrewError>(shown)
        })?;
        self.phone.raise_high_water_mark_in(&mut state)?;
        Ok(shown)
    }

    /// Reads what a crew's phone asks this phone's carrier to sign off.
    ///
    /// # Errors
    /// [`CrewError::NotForMe`], [`CrewError::Stranger`], [`CrewError::Message`] and
    /// others.
    pub fn read_sign_off_request(&self, shown: &[u8]) -> Result<ToSign, CrewError> {
        let now = self.phone.clock.now();
        self.phone.state()?.store.transaction(|t| {
            let trust = Trust::read(t)?;
            let (request, enclosed) = message::read_sign_off_request(shown, trust.authority())?;
            let claims = request.claims();
            let packs = read_packs(t)?;
            let is_it = |pack: &&crewseal_custody::job::JobPack| pack.job == claims.job;
            let pack = packs.iter().find(is_it).ok_or(CrewError::NotForMe)?;
            if !is_open(pack, now) {
                return Err(CrewError::NotForMe);
            }
            let crew = known_credential(&pack.roster, enclosed.as_ref(), claims.device, &trust)?;
            trust.still_vouches_for(&crew)?;
            let request = request.verify(&crew.act_key).map_err(MessageError::Signed)?;
            Ok(ToSign { crew, request, is_introduced: enclosed.is_some() })
        })
    }

    /// Signs off what was asked, as the supervisor who carries this phone. The bytes
    /// are what to show the crew; signed once, they are the same each time.
    ///
    /// # Errors
    /// [`CrewError::NotASupervisor`] and others.
    pub fn answer_sign_off(&self, asked: &ToSign) -> Result<Vec<u8>, CrewError> {
        let request = &asked.request;
        self.phone.open_job(request.job)?;
        let (trust, before) = self.phone.state()?.store.transaction(|t| {
            let before = t.get(ANSWERED, &request.id().0)?;
            let before = before.map(|bytes| stored::<Answered>(&bytes)).transpose()?;
            Ok::<_, CrewError>((Trust::read(t)?, before))
        })?;
        if let Some(before) = before {
            self.phone.raise_high_water_mark()?;
            return Ok(before.shown.to_vec());
        }
        if trust.credential.role != Role::Supervisor {
            return Err(CrewError::NotASupervisor);
        }
        trust.may(EventKind::SignOff, &BTreeSet::new())?;
        let subject = Subject::of(&request.entries).ok_or(CrewError::NothingToSign)?;
        let act = Act { attachments: vec![request.id()], ..act(request.job, subject) };
        let credential = asked.is_introduced.then(|| trust.credential.clone());
        let shown = self.phone.record_to_show(
            act,
            None,
            &BTreeSet::new(),
            |event| Event { root: subject.root, ..event },
            |t, event| {
                let shown = message::sign_off(event, request, &Enclosed { credential, tick: None });
                let kept = Answered { version: Version, shown: shown.clone().into() };
                let compartment = t.compartment(&request.job.0)?;
                t.put(ANSWERED, &request.id().0, Some(&compartment), &cbor::to_vec(&kept))?;
                Ok(shown)
            },
        )?;
        Ok(shown)
    }

    /// Reads the sign-off that a supervisor's phone shows of what was asked here, and
    /// keeps it.
    ///
    /// # Errors
    /// [`CrewError::NotForMe`], [`CrewError::NotASupervisor`],
    /// [`HandoffError::Answered`] and others.
    pub fn read_sign_off(&self, shown: &[u8]) -> Result<SignedOffBy, CrewError> {
        let device = self.phone.device;
        self.phone.state()?.store.transaction(|t| {
            let trust = Trust::read(t)?;
            let packs = read_packs(t)?;
            let mut other = CrewError::NotForMe;
            for asked in read_asked(t)? {
                let request: Signed<SignOffRequest> =
                    again(&asked.request, &trust.credential.act_key)?;
                let read = message::read_sign_off(shown, &request, trust.authority());
                let (event, enclosed) = match read {
                    Ok(read) => read,
                    // Another request may be the one that it answers.
                    Err(error) => {
                        other = error.into();
                        continue;
                    }
                };
                let roster = packs.iter().find(|pack| pack.job == request.job);
                let roster = roster.map_or(&[][..], |pack| &pack.roster);
                let signer = event.claims().device;
                let credential = enclosed.credential.as_ref();
                let supervisor = known_credential(roster, credential, signer, &trust)?;
                trust.still_vouches_for(&supervisor)?;
                if supervisor.role != Role::Supervisor || supervisor.device() == device {
                    return Err(CrewError::NotASupervisor);
                }
                let event = admit(event, |_| Some(&*supervisor))?;
                if let Some((_, before)) = &asked.signed {
                    let before = Unverified::<Event>::parse(before);
                    let by = before.map_err(|_| HandoffError::Damaged)?.id();
                    if by != event.id() {
                        return Err(HandoffError::Answered { by }.into());
                    }
                }
                let signed =
                    (supervisor.as_bytes().to_vec().into(), event.as_bytes().to_vec().into());
                keep(t, &request, &Kept { signed: Some(signed), ..asked })?;
                if event.root.is_some() {
                    mark_signed_off(t, request.job, &request.entries)?;
                }
                return Ok(SignedOffBy { supervisor, event });
            }
            Err(other)
        })
    }

    /// What this phone asked to have signed off in a job, and what came of it.
    ///
    /// # Errors
    /// [`CrewError::Store`] and others.
    pub fn sign_offs(&self, job: JobId) -> Result<Vec<Asked>, CrewError> {
        // What was signed and not shown yet leaves the phone by this.
        self.phone.raise_high_water_mark()?;
        self.phone.state()?.store.transaction(|t| {
            let trust = Trust::read(t)?;
            let mut all = Vec::new();
            for kept in read_asked(t)? {
                let request: Signed<SignOffRequest> =
                    again(&kept.request, &trust.credential.act_key)?;
                if request.job != job {
                    continue;
                }
                let signed = match &kept.signed {
                    None => None,
                    Some((supervisor, event)) => {
                        let supervisor = again_from_hq::<Credential>(supervisor, &trust.hq)?;
                        let event = again::<Event>(event, &supervisor.handoff_key)?;
                        Some(SignedOffBy { supervisor, event })
                    }
                };
                let request = SignOffRequest::clone(&request);
                all.push(Asked { request, shown: kept.shown.to_vec(), signed });
            }
            Ok(all)
        })
    }

    /// Claims a supervisor's sign-off with his one-time code, typed or scanned here, of
    /// one act of this phone or of all since the last time. It goes to HQ sealed, is
    /// not kept here, and is a claim until HQ confirms it.
    ///
    /// # Errors
    /// [`CrewError::ReleaseCode`] for a slip in typing, [`CrewError::NothingToSign`],
    /// and others.
    pub fn claim_sign_off(
        &self,
        job: JobId,
        event: Option<EventId>,
        code: &str,
    ) -> Result<EventId, CrewError> {
        self.phone.open_job(job)?;
        let code = OneTimeCode::parse(code)?;
        let entries = self.phone.state()?.store.transaction(|t| to_sign(t, job, event))?;
        let subject = Subject::of(&entries).ok_or(CrewError::NothingToSign)?;
        self.phone.record_with(
            act(job, subject),
            &BTreeSet::new(),
            |event| Event { root: subject.root, code: Some(code), ..event },
            |t, event| {
                if subject.root.is_some() {
                    mark_signed_off(t, job, &entries)?;
                }
                Ok(event.id())
            },
        )
    }
}

/// One act, or all that were not among those of a sign-off yet.
fn to_sign(
    t: &Transaction<'_>,
    job: JobId,
    event: Option<EventId>,
) -> Result<Vec<SignOffEntry>, CrewError> {
    let wanted = |line: &Line| match event {
        Some(event) => line.entry.event == event,
        None => !line.is_signed_off,
    };
    let lines = read_lines(t, job)?.into_iter().filter(wanted);
    let entries: Vec<SignOffEntry> = lines.map(|line| line.entry).collect();
    Subject::of(&entries).ok_or(CrewError::NothingToSign)?;
    Ok(entries)
}

fn act(job: JobId, subject: Subject) -> Act {
    Act::about(EventKind::SignOff, job, subject.about)
}

fn read_asked(t: &Transaction<'_>) -> Result<Vec<Kept>, CrewError> {
    t.all(ASKED)?.iter().map(|bytes| stored(bytes)).collect()
}

fn keep(
    t: &mut Transaction<'_>,
    request: &Signed<SignOffRequest>,
    kept: &Kept,
) -> Result<(), CrewError> {
    let compartment = t.compartment(&request.job.0)?;
    Ok(t.put(ASKED, &request.id().0, Some(&compartment), &cbor::to_vec(kept))?)
}

fn mark_signed_off(
    t: &mut Transaction<'_>,
    job: JobId,
    entries: &[SignOffEntry],
) -> Result<(), CrewError> {
    let events: BTreeSet<EventId> = entries.iter().map(|entry| entry.event).collect();
    diary::sign_off(t, job, &events)
}
