//! A scanning session: a draft on the screen, of which nothing is recorded.

use std::sync::{Mutex, MutexGuard, PoisonError};

use crewseal::custody::JobId;
use crewseal::scan::{self, Tally};

use crate::label::{labels, token};
use crate::{Corners, CrewError, Label, LabelFault, Reading, read_frame};

/// Boxes scanned against a job's list. Nothing of it is kept until it is given
/// to `Crew.commission`, `Crew.record`, `Crew.offer` or `Crew.accept`.
///
/// Start a new one after anything was fetched or recorded: it knows the lists as
/// they were when it began.
#[derive(uniffi::Object)]
pub struct ScanSession {
    job: JobId,
    tally: Mutex<Tally>,
}

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
    /// No label of ours.
    NotOurs {
        /// Why.
        fault: LabelFault,
    },
}

/// What a code in a frame turned out to be, and where it is.
#[derive(Debug, Clone, PartialEq, uniffi::Record)]
pub struct Sighted {
    /// What it is.
    pub sighting: Sighting,
    /// Where it is.
    pub corners: Corners,
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

impl ScanSession {
    pub(crate) fn new(job: JobId, tally: Tally) -> Self {
        Self { job, tally: Mutex::new(tally) }
    }

    /// A panic while it was locked leaves sets of labels, whole each.
    fn tally(&self) -> MutexGuard<'_, Tally> {
        self.tally.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[uniffi::export]
impl ScanSession {
    /// The job.
    #[must_use]
    pub fn job(&self) -> JobId {
        self.job
    }

    /// Takes note of a text that was scanned or typed. Spaces, hyphens, lower
    /// case, O for 0 and I or L for 1 are forgiven; nothing else is.
    pub fn sight(&self, text: &str) -> Sighting {
        self.tally().sight(text).into()
    }

    /// Takes note of every code in a frame of 8-bit luma: what each is and
    /// where, in no particular order. For the buffer the same holds as for
    /// `readFrame`.
    pub fn sight_frame(
        &self,
        luma: &[u8],
        width: u32,
        height: u32,
        stride: u32,
    ) -> Result<Vec<Sighted>, CrewError> {
        let readings = read_frame(luma, width, height, stride)?;
        let mut tally = self.tally();
        let sighted = readings.into_iter().map(|Reading { text, corners }| Sighted {
            sighting: tally.sight(&text).into(),
            corners,
        });
        Ok(sighted.collect())
    }

    /// Takes a box into the job, because the crew has just stuck this label on
    /// it.
    pub fn commission(&self, label: Label) -> Result<Commission, CrewError> {
        let token = token(&label)?;
        Ok(match self.tally().commission(token) {
            scan::Commission::FromRoll => Commission::FromRoll,
            scan::Commission::Provisional => Commission::Provisional,
            scan::Commission::Already => Commission::Already,
            scan::Commission::OtherJob => Commission::OtherJob,
        })
    }

    /// Takes back what was last done with a label: a commissioned box leaves
    /// the job, any other is not counted any more. Says whether there was
    /// anything to take back.
    pub fn undo(&self, label: Label) -> Result<bool, CrewError> {
        Ok(self.tally().undo(&token(&label)?))
    }

    /// How far the session is.
    #[must_use]
    pub fn count(&self) -> Count {
        let scan::Count { seen, expected } = self.tally().count();
        let number = |count| u64::try_from(count).unwrap_or(u64::MAX);
        Count { seen: number(seen), expected: number(expected) }
    }

    /// Boxes of the job that were scanned.
    #[must_use]
    pub fn seen(&self) -> Vec<Label> {
        labels(self.tally().seen())
    }

    /// Boxes of the job that were not scanned yet; `callOut` is what to shout
    /// across the room.
    #[must_use]
    pub fn missing(&self) -> Vec<Label> {
        labels(self.tally().missing())
    }

    /// Boxes that entered the job in this session: give them to
    /// `Crew.commission`.
    #[must_use]
    pub fn commissioned(&self) -> Vec<Label> {
        labels(self.tally().commissioned())
    }

    /// What was scanned and does not belong here: boxes of other jobs and
    /// unknown labels.
    #[must_use]
    pub fn foreign(&self) -> Vec<Sighting> {
        self.tally().foreign().map(Sighting::from).collect()
    }
}

impl From<scan::Sighting> for Sighting {
    fn from(sighting: scan::Sighting) -> Self {
        match sighting {
            scan::Sighting::New(token) => Self::New { label: token.into() },
            scan::Sighting::Again(token) => Self::Again { label: token.into() },
            scan::Sighting::Blank(token) => Self::Blank { label: token.into() },
            scan::Sighting::OtherJob(token) => Self::OtherJob { label: token.into() },
            scan::Sighting::UnknownLabel(token) => Self::UnknownLabel { label: token.into() },
            scan::Sighting::NotOurs(error) => Self::NotOurs { fault: error.into() },
        }
    }
}
