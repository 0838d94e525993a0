//! What a scan session says of a code, and how far it is.

use crate::{Corners, Label, LabelFault};

/// What a text turned out to be.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Enum)]
pub enum Sighting {
    /// A box of this job, for the first time.
    New {
        /// Its label.
        label: Label,
    },
    /// A box of this job that was counted before.
    Again {
        /// Its label.
        label: Label,
    },
    /// A label from a roll that is on no box yet: ask whether to commission it.
    Blank {
        /// The label.
        label: Label,
    },
    /// A box of another job; it does not belong here.
    OtherJob {
        /// Its label.
        label: Label,
    },
    /// Right in form, but in no list on this phone: perhaps from a roll that it
    /// was never told of.
    UnknownLabel {
        /// The label.
        label: Label,
    },
    /// A label that was taken back and has been in view of the camera ever since.
    /// It changes nothing until it was out of view for about a second, or is
    /// typed or commissioned.
    Undone {
        /// The label.
        label: Label,
    },
    /// No label of ours.
    NotOurs {
        /// Why.
        fault: LabelFault,
    },
}

/// What a code in view turned out to be, and where it is.
#[derive(Debug, Clone, PartialEq, uniffi::Record)]
pub struct Sighted {
    /// What it is.
    pub sighting: Sighting,
    /// Where it is, or was `age` frames ago.
    pub corners: Corners,
    /// Whether it was not in view before: the moment to beep for a box or to
    /// warn of a foreign code. A code that stays in view, or is covered for less
    /// than about a second, enters once.
    pub is_entering: bool,
    /// How many frames ago it was read: 0 in this one. Codes that a single frame
    /// does not show are told for a few frames more, so that what is drawn over
    /// the picture does not flicker.
    pub age: u32,
}

/// What became of a label that was to be commissioned.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, uniffi::Enum)]
pub enum Commission {
    /// It is from a roll on this phone; the box is in the job and counted.
    FromRoll,
    /// It is in no list on this phone; the box is in the job and counted, and
    /// HQ decides later whether it ever issued the label.
    Provisional,
    /// The box was in the job already; it is counted now.
    Already,
    /// It is on a box of another job; nothing was changed.
    OtherJob,
}

/// How far the session is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, uniffi::Record)]
pub struct Count {
    /// Boxes of the job that were scanned.
    pub seen: u64,
    /// Boxes of the job.
    pub expected: u64,
}

impl From<crewseal_scan::Count> for Count {
    fn from(crewseal_scan::Count { seen, expected }: crewseal_scan::Count) -> Self {
        let number = |count| u64::try_from(count).unwrap_or(u64::MAX);
        Self { seen: number(seen), expected: number(expected) }
    }
}

impl From<crewseal_scan::Sighted> for Sighted {
    fn from(sighted: crewseal_scan::Sighted) -> Self {
        Self {
            sighting: sighted.sighting.into(),
            corners: sighted.corners.into(),
            is_entering: sighted.is_entering,
            age: sighted.age,
        }
    }
}

impl From<crewseal_scan::Sighting> for Sighting {
    fn from(sighting: crewseal_scan::Sighting) -> Self {
        match sighting {
            crewseal_scan::Sighting::New(token) => Self::New { label: token.into() },
            crewseal_scan::Sighting::Again(token) => Self::Again { label: token.into() },
            crewseal_scan::Sighting::Blank(token) => Self::Blank { label: token.into() },
            crewseal_scan::Sighting::OtherJob(token) => Self::OtherJob { label: token.into() },
            crewseal_scan::Sighting::UnknownLabel(token) => {
                Self::UnknownLabel { label: token.into() }
            }
            crewseal_scan::Sighting::Undone(token) => Self::Undone { label: token.into() },
            crewseal_scan::Sighting::NotOurs(error) => Self::NotOurs { fault: error.into() },
        }
    }
}
