//! What a person does with boxes: whether he may, whose signature it needs besides, and the
//! event of it.

use std::collections::{BTreeMap, BTreeSet};

use crewseal_custody::job::JobPack;
use crewseal_custody::rules::{self, Rule};
use crewseal_custody::{
    Act, Body, BoxClass, EventId, EventKind, Finding, FindingKind, JobId, Manifests, Statement,
};
use crewseal_label::Token;
use crewseal_scan::Commission;

use super::CrewError;
use super::act_cache::ActCache;
use super::phone::{Crew, Phone, State, salt};
use super::trust::{Trust, classes_of};

/// What was found wrong with which boxes.
pub type Found = (FindingKind, BTreeSet<Token>);

/// An act that a person does alone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ActRequest {
    /// What was done.
    pub kind: EventKind,
    /// On which boxes.
    pub boxes: BTreeSet<Token>,
    /// What was found wrong.
    pub findings: Vec<Found>,
    /// The event that a supervisor signs off.
    pub about: Option<EventId>,
    /// What is said beside it of persons or contents: a note on what was found, the number
    /// of a seal.
    pub said: Option<Body>,
}

impl ActRequest {
    /// One of which there is nothing more to say.
    #[must_use]
    pub const fn new(kind: EventKind, boxes: BTreeSet<Token>) -> Self {
        Self { kind, boxes, findings: Vec::new(), about: None, said: None }
    }
}

impl Crew {
    /// Records that labels were stuck on boxes of a job.
    ///
    /// # Errors
    /// [`CrewError::OtherJob`] if one of them is on a box of another job that
    /// this phone knows; then none is recorded. Others as everywhere.
    pub fn commission(&self, job: JobId, boxes: &BTreeSet<Token>) -> Result<EventId, CrewError> {
        let mut tally = self.tally(job)?;
        if boxes.iter().any(|token| tally.commission(*token) == Commission::OtherJob) {
            return Err(CrewError::OtherJob);
        }
        let pack = self.phone.open_job(job)?;
        self.phone.check(EventKind::Commission, &pack, boxes)?;
        let act = self.phone.act(EventKind::Commission, job, boxes)?;
        self.phone.record(act, boxes)
    }

    /// Whose signature an act will need besides this one, to be said before it is
    /// signed: a second person's, a supervisor's or nobody's.
    ///
    /// # Errors
    /// [`CrewError::Forbidden`] if a rule forbids the act to this phone's carrier,
    /// and others.
    pub fn needs(
        &self,
        kind: EventKind,
        job: JobId,
        boxes: &BTreeSet<Token>,
        findings: &[Found],
    ) -> Result<Option<Rule>, CrewError> {
        let pack = self.phone.open_job(job)?;
        self.phone.check(kind, &pack, boxes)?;
        let trouble = findings.iter().filter(|(finding, _)| rules::is_trouble(*finding));
        let in_trouble = trouble.flat_map(|(_, boxes)| boxes).copied().collect();
        let (classes, in_trouble) =
            (self.phone.classes(&pack, boxes)?, self.phone.classes(&pack, &in_trouble)?);
        Ok(rules::needs(kind, &classes, &in_trouble))
    }

    /// Records one act on boxes of a job.
    ///
    /// # Errors
    /// [`CrewError::CallOfItsOwn`] for what is recorded otherwise,
    /// [`CrewError::Forbidden`] for what a rule forbids this phone's carrier, and
    /// others.
    pub fn record(&self, job: JobId, request: &ActRequest) -> Result<EventId, CrewError> {
        self.phone.record(self.phone.act_alone(job, request)?, &BTreeSet::new())
    }

    /// Records several acts of a job in one commit, which costs one wait for the
    /// disk: all of them, or none. The ids come in the order of the acts.
    ///
    /// # Errors
    /// As of [`record`](Self::record).
    pub fn record_all(
        &self,
        job: JobId,
        requests: &[ActRequest],
    ) -> Result<Vec<EventId>, CrewError> {
        let acts = requests.iter().map(|request| self.phone.act_alone(job, request));
        self.phone.record_all(acts.collect::<Result<_, _>>()?)
    }

    /// Records that boxes turned up that are of no job on this phone. Its carrier has them
    /// until he hands them over or gives them back.
    ///
    /// # Errors
    /// [`CrewError::NoTick`], [`CrewError::Forbidden`] and others.
    pub fn found(&self, boxes: &BTreeSet<Token>, said: Option<Body>) -> Result<EventId, CrewError> {
        let trust = self.phone.state()?.store.transaction(|t| Trust::read(t))?;
        trust.may(EventKind::Found, &BTreeSet::new())?;
        let statement = said.map(statement).transpose()?;
        let act = Act { statement, ..self.phone.act(EventKind::Found, JobId::NONE, boxes)? };
        self.phone.record(act, &BTreeSet::new())
    }
}

/// Whether such an act is recorded by a call of its own: one that asks for more, or says more
/// in the event, than [`Crew::record`] does.
const fn has_call_of_its_own(kind: EventKind) -> bool {
    match kind {
        EventKind::Commission
        | EventKind::Offer
        | EventKind::Accept
        | EventKind::Ack
        | EventKind::Withdraw
        | EventKind::Release
        | EventKind::Resume
        | EventKind::Informed
        | EventKind::Found => true,
        EventKind::TakeOver
        | EventKind::Load
        | EventKind::Store
        | EventKind::Count
        | EventKind::Deliver
        | EventKind::SignOff
        | EventKind::Pack
        | EventKind::Seal
        | EventKind::Depart
        | EventKind::Arrive
        | EventKind::Unload
        | EventKind::Unpack
        | EventKind::CollectForDestruction
        | EventKind::Destroy
        | EventKind::HandBack
        | EventKind::VoidLabel => false,
    }
}

/// What is said, with salt.
fn statement(said: Body) -> Result<Statement, CrewError> {
    Ok(Statement::new(salt()?, said)?)
}

impl Phone {
    pub(super) fn act(
        &self,
        kind: EventKind,
        job: JobId,
        boxes: &BTreeSet<Token>,
    ) -> Result<Act, CrewError> {
        self.act_for(kind, job, boxes, |_| u32::MAX)
    }

    /// An act whose boxes are named to somebody who has these versions of manifests.
    pub(super) fn act_for(
        &self,
        kind: EventKind,
        job: JobId,
        boxes: &BTreeSet<Token>,
        newest: impl Fn(&Manifests) -> u32,
    ) -> Result<Act, CrewError> {
        Ok(Act::new(kind, job, self.state()?.lists.name_for(boxes, newest)?))
    }

    /// The classes of these boxes of a job.
    pub(super) fn classes(
        &self,
        pack: &JobPack,
        boxes: &BTreeSet<Token>,
    ) -> Result<BTreeSet<BoxClass>, CrewError> {
        classes_of(pack, &self.state()?.lists, boxes)
    }

    /// Whether the rules let this phone's carrier do this, before it is signed.
    pub(super) fn check(
        &self,
        kind: EventKind,
        pack: &JobPack,
        boxes: &BTreeSet<Token>,
    ) -> Result<(), CrewError> {
        let classes = self.classes(pack, boxes)?;
        let trust = self.state()?.store.transaction(|t| Trust::read(t))?;
        trust.may(kind, &classes)
    }

    /// An act that a person does alone, in a job that is open, and that no rule forbids
    /// to this phone's carrier.
    pub(super) fn act_alone(&self, job: JobId, request: &ActRequest) -> Result<Act, CrewError> {
        let kind = request.kind;
        {
            let mut state = self.state()?;
            let State { store, act_cache, lists, .. } = &mut *state;
            let known = match act_cache.take() {
                Some(known) => known,
                None => match store.transaction(ActCache::read) {
                    // Then no job came from HQ either, which is what to say first.
                    Err(CrewError::NoTick) => {
                        drop(state);
                        self.open_job(job)?;
                        return Err(CrewError::NoTick);
                    }
                    read => read?,
                },
            };
            let known = act_cache.insert(known);
            let pack = known.open_job(job, self.clock.now())?;
            if has_call_of_its_own(kind) {
                return Err(CrewError::CallOfItsOwn);
            }
            known.trust.may(kind, &classes_of(pack, lists, &request.boxes)?)?;
        }
        let findings = self.findings(&request.findings)?;
        let statement = request.said.clone().map(statement).transpose()?;
        let act = self.act(kind, job, &request.boxes)?;
        Ok(Act { findings, about: request.about, statement, ..act })
    }

    pub(super) fn findings(&self, findings: &[Found]) -> Result<Vec<Finding>, CrewError> {
        self.findings_for(findings, |_| u32::MAX)
    }

    pub(super) fn findings_for(
        &self,
        findings: &[Found],
        newest: impl Fn(&Manifests) -> u32,
    ) -> Result<Vec<Finding>, CrewError> {
        // What was found of one kind is one finding, however often it was said.
        let mut by_kind: BTreeMap<FindingKind, BTreeSet<Token>> = BTreeMap::new();
        for (kind, boxes) in findings {
            by_kind.entry(*kind).or_default().extend(boxes);
        }
        let state = self.state()?;
        let named = by_kind.iter().map(|(kind, boxes)| {
            let boxes = state.lists.name_for(boxes, &newest)?;
            Ok(Finding { kind: *kind, boxes, photo: None })
        });
        named.collect()
    }
}
