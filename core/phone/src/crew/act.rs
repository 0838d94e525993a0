//! What a person does with boxes: whether he may, whose signature it needs besides, and the
//! event of it.

use std::collections::{BTreeMap, BTreeSet};

use crewseal_custody::job::JobPack;
use crewseal_custody::rules::{self, Rule};
use crewseal_custody::{Act, BoxClass, EventId, EventKind, Finding, FindingKind, JobId, Manifests};
use crewseal_label::Token;
use crewseal_scan::Commission;

use super::CrewError;
use super::act_cache::ActCache;
use super::phone::{Crew, Phone, State};
use super::trust::{Trust, classes_of};

/// What was found wrong with which boxes.
pub type Found = (FindingKind, BTreeSet<Token>);

/// One act of several that are recorded together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ActRequest {
    /// What was done.
    pub kind: EventKind,
    /// On which boxes.
    pub boxes: BTreeSet<Token>,
    /// What was found wrong.
    pub findings: Vec<Found>,
    /// The event that it answers.
    pub about: Option<EventId>,
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

    /// Records one act on boxes of a job, with what was found wrong.
    ///
    /// # Errors
    /// [`CrewError::OnlyByHandoff`] for what two phones do together,
    /// [`CrewError::Forbidden`] for what a rule forbids this phone's carrier, and
    /// others.
    pub fn record(
        &self,
        kind: EventKind,
        job: JobId,
        boxes: &BTreeSet<Token>,
        findings: &[Found],
        about: Option<EventId>,
    ) -> Result<EventId, CrewError> {
        let act = self.phone.act_alone(kind, job, boxes, findings, about)?;
        self.phone.record(act, &BTreeSet::new())
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
        let act = |request: &ActRequest| {
            self.phone.act_alone(
                request.kind,
                job,
                &request.boxes,
                &request.findings,
                request.about,
            )
        };
        self.phone.record_all(requests.iter().map(act).collect::<Result<_, _>>()?)
    }
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
    pub(super) fn act_alone(
        &self,
        kind: EventKind,
        job: JobId,
        boxes: &BTreeSet<Token>,
        findings: &[Found],
        about: Option<EventId>,
    ) -> Result<Act, CrewError> {
        use EventKind::{Accept, Ack, Offer, Release, Resume, Withdraw};
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
            if matches!(kind, Offer | Accept | Ack | Withdraw | Release | Resume) {
                return Err(CrewError::OnlyByHandoff);
            }
            known.trust.may(kind, &classes_of(pack, lists, boxes)?)?;
        }
        let findings = self.findings(findings)?;
        Ok(Act { findings, about, ..self.act(kind, job, boxes)? })
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
