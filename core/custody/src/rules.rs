//! Rules: who may do what with which boxes, when that holds, and who else must
//! sign.
//!
//! They are functions of what is known, and the same ones judge before and
//! after: a phone asks them before it signs or hands over, with what it knows
//! of HQ, and verification asks them again with everything. A time is judged
//! by the interval in which HQ's signatures prove the act: a rule is broken if
//! all of the interval lies outside, and if only a part does, nothing is
//! proven and nobody accused.
//!
//! What a credential does not say is not held against anybody: licences,
//! agreement, training and classes are judged only where HQ's credential has
//! [`Qualifications`]. Where it has them, what is missing there is missing.

use std::collections::BTreeSet;
use std::fmt;

use crate::{
    BoxClass, Contact, Credential, DoneBy, EventKind, FindingKind, Needs, Qualifications, Role,
};

/// When an act was done, in seconds since 1970-01-01 UTC, as far as HQ's
/// signatures bound it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Interval {
    /// Not before this.
    pub not_before: Option<u64>,
    /// Not after this. None as long as HQ has neither the act nor what it caused:
    /// then what may have ended meanwhile is not judged yet.
    pub not_after: Option<u64>,
}

impl Interval {
    /// The time of an act that is about to be signed, after this tick of HQ.
    #[must_use]
    pub const fn from(tick: u64) -> Self {
        Self { not_before: Some(tick), not_after: None }
    }

    /// Whether the act was done at this end or later.
    fn is_past(self, end: u64) -> Proof {
        match (self.not_before, self.not_after) {
            (Some(earliest), _) if earliest >= end => Proof::Broken,
            (_, Some(latest)) if latest >= end => Proof::NotProvable,
            _ => Proof::Kept,
        }
    }

    /// Whether the act was done before this beginning.
    fn is_before(self, begin: u64) -> Proof {
        match (self.not_before, self.not_after) {
            (_, Some(latest)) if latest < begin => Proof::Broken,
            (earliest, Some(_)) if earliest.is_none_or(|at| at < begin) => Proof::NotProvable,
            _ => Proof::Kept,
        }
    }
}

/// What an interval proves of a rule. The worst of several counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Proof {
    Kept,
    NotProvable,
    Broken,
}

impl From<bool> for Proof {
    fn from(is_kept: bool) -> Self {
        if is_kept { Self::Kept } else { Self::Broken }
    }
}

/// A rule. Its text says what to do before it is broken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Rule {
    /// HQ vouches for the device at that time.
    Credential,
    /// HQ has not revoked the device.
    Revocation,
    /// The role does such things: only a mover, driver, warehouse or contractor
    /// holds boxes, only a supervisor signs off.
    Role,
    /// The training has not run out.
    Training,
    /// Whoever takes or opens boxes with papers or devices has signed an
    /// agreement that holds.
    Nda,
    /// Whoever takes boxes may take their class.
    Classes,
    /// Driving off asks for a licence to drive, destroying for one to destroy.
    Licence,
    /// Nobody signs off what he did himself.
    OwnSignOff,
    /// Two people sign where boxes of a higher class are taken over, collected or
    /// delivered.
    SecondPerson,
    /// A supervisor signs off whatever is destroyed, and what is found missing,
    /// damaged or with a broken seal among boxes of a higher class.
    Supervisor,
}

impl fmt::Display for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Credential => "HQ does not vouch for this device now; enrol it again",
            Self::Revocation => "HQ has revoked this device; ask a supervisor",
            Self::Role => "this is not this role's to do; let somebody do it whose task it is",
            Self::Training => "no training holds now; let somebody trained do it",
            Self::Nda => "papers and devices need a signed agreement; let somebody with one do it",
            Self::Classes => "boxes that this carrier may not take; leave them to somebody who may",
            Self::Licence => "this needs a licence; let somebody with one do it",
            Self::OwnSignOff => "nobody signs off his own act; let another supervisor do it",
            Self::SecondPerson => {
                "a second person must sign; hand the boxes over, or let a supervisor sign it off"
            }
            Self::Supervisor => "a supervisor must sign this off",
        })
    }
}

/// A rule that an act does not keep, for sure or perhaps.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Broken {
    /// HQ's signatures prove it.
    Proven(Rule),
    /// Nothing proves it: the act may have been in order.
    NotProvable(Rule),
}

impl Broken {
    /// Which rule.
    #[must_use]
    pub const fn rule(self) -> Rule {
        match self {
            Self::Proven(rule) | Self::NotProvable(rule) => rule,
        }
    }
}

/// Somebody as HQ knows him.
#[derive(Debug, Clone, Copy)]
pub struct Person<'a> {
    /// HQ's word about him and his device.
    pub credential: &'a Credential,
    /// Since when the device is revoked, if it is known to be, in seconds since
    /// 1970-01-01 UTC.
    pub revoked_since: Option<u64>,
}

/// The rules that somebody breaks by doing this himself with boxes of these
/// classes. Whom boxes are handed to is asked as one who accepts them.
#[must_use]
pub fn of_person(
    kind: EventKind,
    classes: &BTreeSet<BoxClass>,
    person: Person<'_>,
    when: Interval,
) -> Vec<Broken> {
    let Person { credential, revoked_since } = person;
    let vouched = when.is_past(credential.valid_to).max(when.is_before(credential.valid_from));
    let mut judged = vec![
        (Rule::Credential, vouched),
        (Rule::Revocation, revoked_since.map_or(Proof::Kept, |since| when.is_past(since))),
        (Rule::Role, may_do(credential.role, kind).into()),
    ];
    if let Some(qualifications) = &credential.qualifications {
        judged.extend(of_qualifications(kind, classes, qualifications, when));
    }
    broken(judged)
}

fn of_qualifications(
    kind: EventKind,
    classes: &BTreeSet<BoxClass>,
    has: &Qualifications,
    when: Interval,
) -> [(Rule, Proof); 4] {
    let until = |end: Option<u64>| end.map_or(Proof::Broken, |end| when.is_past(end));
    let row = kind.row();
    let is_trained_for = row.contact != Contact::Nothing;
    let trained = if is_trained_for { until(has.trained_until) } else { Proof::Kept };
    let tells = classes.contains(&BoxClass::Papers) || classes.contains(&BoxClass::Devices);
    let silent = if tells && matches!(row.contact, Contact::Takes | Contact::Opens) {
        until(has.nda.map(|nda| nda.until))
    } else {
        Proof::Kept
    };
    // Whoever has boxes may always give them away.
    let may_take = row.contact != Contact::Takes || classes.is_subset(&has.classes);
    let mut licences = row.licences.iter();
    let is_licensed = row.licences.is_empty() || licences.any(|one| has.licences.contains(one));
    [
        (Rule::Training, trained),
        (Rule::Nda, silent),
        (Rule::Classes, may_take.into()),
        (Rule::Licence, is_licensed.into()),
    ]
}

fn broken(judged: impl IntoIterator<Item = (Rule, Proof)>) -> Vec<Broken> {
    let broken = judged.into_iter().filter_map(|(rule, proof)| match proof {
        Proof::Kept => None,
        Proof::NotProvable => Some(Broken::NotProvable(rule)),
        Proof::Broken => Some(Broken::Proven(rule)),
    });
    broken.collect()
}

/// Whose signature an act needs besides its own: [`Rule::SecondPerson`],
/// [`Rule::Supervisor`], or nobody's. `classes` are those of its boxes,
/// `in_trouble` those of the boxes that it finds [`is_trouble`] with.
#[must_use]
pub fn needs(
    kind: EventKind,
    classes: &BTreeSet<BoxClass>,
    in_trouble: &BTreeSet<BoxClass>,
) -> Option<Rule> {
    let row = kind.row();
    let is_with_boxes = !matches!(row.contact, Contact::Sees | Contact::Nothing);
    match row.needs {
        Needs::Supervisor => Some(Rule::Supervisor),
        Needs::SecondPerson | Needs::Nobody if is_with_boxes && !in_trouble.is_empty() => {
            Some(Rule::Supervisor)
        }
        Needs::SecondPerson if !classes.is_empty() => Some(Rule::SecondPerson),
        Needs::SecondPerson | Needs::Nobody => None,
    }
}

/// Whether such a finding on a box of a higher class is a supervisor's to see.
#[must_use]
pub const fn is_trouble(finding: FindingKind) -> bool {
    matches!(finding, FindingKind::Missing | FindingKind::Damaged | FindingKind::SealBroken)
}

/// Whether somebody else signed for an act. The best of several counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Countersignature {
    /// Nobody did.
    Missing,
    /// Somebody signed several events at once, or claims it with a code, and whether
    /// this one is among them, or the code good, is not known here.
    Perhaps,
    /// Somebody did.
    Given,
}

/// Who else signed for an act.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Countersigned {
    /// A supervisor other than the actor, who signed it off.
    pub(crate) by_supervisor: Countersignature,
    /// Another device, to which the boxes of a higher class went from the actor.
    pub(crate) by_receiver: Countersignature,
}

impl Countersigned {
    /// Whether a rule of [`needs`] is broken by what was signed.
    pub(crate) fn breaks(self, rule: Rule) -> Option<Broken> {
        let signed = match rule {
            Rule::SecondPerson => self.by_supervisor.max(self.by_receiver),
            Rule::Supervisor => self.by_supervisor,
            _ => Countersignature::Given,
        };
        match signed {
            Countersignature::Given => None,
            Countersignature::Perhaps => Some(Broken::NotProvable(rule)),
            Countersignature::Missing => Some(Broken::Proven(rule)),
        }
    }
}

/// Whether a role does such things at all.
const fn may_do(role: Role, kind: EventKind) -> bool {
    let is_supervisor = matches!(role, Role::Supervisor);
    match kind.row().done_by {
        DoneBy::Anybody => true,
        DoneBy::Carrier => !is_supervisor,
        DoneBy::Supervisor => is_supervisor,
    }
}
