//! What this phone knows of HQ, and what the rules make of it before anything is
//! signed or handed over.

use std::collections::BTreeSet;

use crewseal_custody::handoff::message::Authority;
use crewseal_custody::job::JobPack;
use crewseal_custody::rules::{self, Broken, Interval, Person, Rule};
use crewseal_custody::signed::Signed;
use crewseal_custody::{BoxClass, Credential, EventKind, HqKeys, Lists, Revocations, Tick};
use crewseal_label::Token;

use super::CrewError;
use super::persisted::{KeptTick, ONLY, REVOCATIONS, TICK, read_enrolment, stored};
use crate::vault::Transaction;

pub(super) struct Trust {
    pub(super) hq: HqKeys,
    /// The newest one, fetched or shown by another phone.
    pub(super) tick: Signed<Tick>,
    /// This device's.
    pub(super) credential: Signed<Credential>,
    pub(super) revocations: Option<Signed<Revocations>>,
}

impl Trust {
    pub(super) fn read(t: &Transaction<'_>) -> Result<Self, CrewError> {
        let enrolment = read_enrolment(t)?;
        let kept: KeptTick = stored(&t.get(TICK, ONLY)?.ok_or(CrewError::NoTick)?)?;
        let hq = enrolment.keys()?;
        Ok(Self {
            tick: hq.open(&kept.tick).map_err(CrewError::FromHq)?,
            credential: enrolment.credential()?,
            revocations: read_revocations(t, &hq)?,
            hq,
        })
    }

    pub(super) fn authority(&self) -> Authority<'_> {
        Authority { hq: &self.hq, origin: &self.tick.origin }
    }

    /// Whether HQ has revoked devices since the list that is here. Which ones is not
    /// known then, and nothing waits for it.
    pub(super) fn has_old_revocations(&self) -> bool {
        self.tick.epoch.unwrap_or(0) > self.revocations.as_ref().map_or(0, |list| list.epoch)
    }

    /// Whether this phone's carrier may do this with boxes of these classes.
    pub(super) fn may(
        &self,
        kind: EventKind,
        classes: &BTreeSet<BoxClass>,
    ) -> Result<(), CrewError> {
        self.broken(kind, classes, &self.credential)
            .map_or(Ok(()), |rule| Err(CrewError::Forbidden(rule)))
    }

    /// The same of the other side of a handoff.
    pub(super) fn other_may(
        &self,
        kind: EventKind,
        classes: &BTreeSet<BoxClass>,
        other: &Credential,
    ) -> Result<(), CrewError> {
        match self.broken(kind, classes, other) {
            None => Ok(()),
            Some(Rule::Credential) => Err(CrewError::Expired),
            Some(rule) => Err(CrewError::OtherForbidden(rule)),
        }
    }

    /// Whether HQ still vouches for another device. HQ's newest time that is known
    /// here decides: what ended before it has ended for sure.
    pub(super) fn still_vouches_for(&self, other: &Credential) -> Result<(), CrewError> {
        self.other_may(EventKind::Ack, &BTreeSet::new(), other)
    }

    /// The first rule that would be broken for sure. HQ's newest time that is known
    /// here decides: what ended before it has ended.
    fn broken(
        &self,
        kind: EventKind,
        classes: &BTreeSet<BoxClass>,
        credential: &Credential,
    ) -> Option<Rule> {
        let device = credential.device();
        let list = self.revocations.as_ref();
        let revoked_since = list.and_then(|list| list.revoked_since(&device));
        let person = Person { credential, revoked_since };
        let broken = rules::of_person(kind, classes, person, Interval::from(self.tick.at));
        broken.into_iter().find_map(|broken| match broken {
            Broken::Proven(rule) => Some(rule),
            Broken::NotProvable(_) => None,
        })
    }
}

/// HQ's list of revoked devices, if it ever came here.
pub(super) fn read_revocations(
    t: &Transaction<'_>,
    hq: &HqKeys,
) -> Result<Option<Signed<Revocations>>, CrewError> {
    let bytes = t.get(REVOCATIONS, ONLY)?;
    // One of an HQ before this is of no use to it.
    Ok(bytes.and_then(|bytes| hq.open(&bytes).ok()))
}

/// The classes of these boxes, as far as they are not ordinary.
pub(super) fn classes_of(
    pack: &JobPack,
    lists: &Lists,
    boxes: &BTreeSet<Token>,
) -> Result<BTreeSet<BoxClass>, CrewError> {
    let classes = pack.box_classes(lists)?;
    Ok(boxes.iter().filter_map(|token| classes.get(token)).flatten().copied().collect())
}
