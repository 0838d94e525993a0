//! What a text means for the job at hand. Pure: the lists come in, the crew's
//! scans come in, and what is there, missing and foreign comes out. A label
//! counts once, however often the camera passes over it.

use std::collections::BTreeSet;
use std::fmt;

use crewseal_label::{LabelError, Token};

/// The boxes of a job against what was scanned.
#[derive(Debug, Clone, Default)]
pub struct Tally {
    /// Boxes that were labelled and listed beforehand.
    listed: BTreeSet<Token>,
    /// Boxes that entered the job here, by a label from a roll.
    commissioned: BTreeSet<Token>,
    /// Labels of the rolls that this phone holds.
    blank: BTreeSet<Token>,
    /// Labels of other jobs that this phone knows.
    elsewhere: BTreeSet<Token>,
    /// Labels of this job that were scanned.
    seen: BTreeSet<Token>,
    /// Labels that were scanned and do not belong here.
    strays: BTreeSet<Token>,
}

/// What a scanned text turned out to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sighting {
    /// A box of this job, for the first time.
    New(Token),
    /// A box of this job that was counted before.
    Again(Token),
    /// A label of a roll on this phone, on no box yet: ask whether to
    /// [commission](Tally::commission) it.
    Blank(Token),
    /// A box of another job: it does not belong here.
    OtherJob(Token),
    /// A label of ours by its form, but in no list that this phone holds:
    /// perhaps of a roll that it was never told of.
    UnknownLabel(Token),
    /// A label that was taken back and has been in view of the camera ever
    /// since: it changes nothing until it is meant again. Only a
    /// [`Session`](super::Session) says so; a tally does not know what is in
    /// view.
    Undone(Token),
    /// Not a label of ours, and why.
    NotOurs(LabelError),
}

/// What became of a label that was to be commissioned.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Commission {
    /// It is of a roll on this phone; the box is in the job and seen.
    FromRoll,
    /// It is of no list on this phone; the box is in the job and seen, and HQ
    /// decides later whether it ever issued the label.
    Provisional,
    /// The box was in the job already; it is seen now.
    Already,
    /// It is on a box of another job; nothing was changed.
    OtherJob,
}

/// How far a tally is: "37 of 42".
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Count {
    /// Boxes of the job that were scanned.
    pub seen: usize,
    /// Boxes of the job.
    pub expected: usize,
}

impl Count {
    /// Whether nothing is missing.
    #[must_use]
    pub const fn is_complete(&self) -> bool {
        self.seen == self.expected
    }
}

impl fmt::Display for Count {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} of {}", self.seen, self.expected)
    }
}

impl Tally {
    /// A tally of the boxes that are known to be of the job; none, where all
    /// of them are labelled on the spot.
    #[must_use]
    pub fn new(expected: impl IntoIterator<Item = Token>) -> Self {
        Self { listed: expected.into_iter().collect(), ..Self::default() }
    }

    /// Adds the labels of a roll that are on no box yet.
    #[must_use]
    pub fn with_blank(mut self, labels: impl IntoIterator<Item = Token>) -> Self {
        self.blank.extend(labels);
        self
    }

    /// Adds the boxes of another job. Where lists contradict each other, this
    /// job's comes first, then another job's, then a roll's: a label that some
    /// job claims is not blank.
    #[must_use]
    pub fn with_elsewhere(mut self, labels: impl IntoIterator<Item = Token>) -> Self {
        self.elsewhere.extend(labels);
        self
    }

    /// Takes note of a text that was scanned or typed.
    pub fn sight(&mut self, text: &str) -> Sighting {
        let token = match Token::parse(text) {
            Ok(token) => token,
            Err(reason) => return Sighting::NotOurs(reason),
        };
        if self.is_expected(&token) {
            return if self.seen.insert(token) {
                Sighting::New(token)
            } else {
                Sighting::Again(token)
            };
        }
        let stray = self.stray(token);
        if !matches!(stray, Sighting::Blank(_)) {
            self.strays.insert(token);
        }
        stray
    }

    /// Takes a box into the job, because the crew has just stuck this label on
    /// it. It counts as seen.
    pub fn commission(&mut self, token: Token) -> Commission {
        let outcome = if self.is_expected(&token) {
            Commission::Already
        } else if self.elsewhere.contains(&token) {
            return Commission::OtherJob;
        } else if self.blank.contains(&token) {
            Commission::FromRoll
        } else {
            Commission::Provisional
        };
        if outcome != Commission::Already {
            self.commissioned.insert(token);
            self.strays.remove(&token);
        }
        self.seen.insert(token);
        outcome
    }

    /// Takes back what was last done with a label: a commissioned one leaves
    /// the job, any other one is unseen again. Says whether there was anything
    /// to take back.
    pub fn undo(&mut self, token: &Token) -> bool {
        let commissioned = self.commissioned.remove(token);
        let seen = self.seen.remove(token);
        let stray = self.strays.remove(token);
        commissioned || seen || stray
    }

    /// Boxes of the job that were scanned.
    pub fn seen(&self) -> impl Iterator<Item = &Token> {
        self.seen.iter()
    }

    /// Boxes that entered the job here and were not taken back: what is to be
    /// recorded as commissioned.
    pub fn commissioned(&self) -> impl Iterator<Item = &Token> {
        self.commissioned.iter()
    }

    /// Boxes of the job that were not scanned yet.
    pub fn missing(&self) -> impl Iterator<Item = &Token> {
        self.listed.difference(&self.seen)
    }

    /// What was scanned and does not belong: boxes of other jobs and unknown
    /// labels. Codes that are not ours are not kept; they may say anything
    /// about anyone.
    pub fn foreign(&self) -> impl Iterator<Item = Sighting> {
        self.strays.iter().map(|token| self.stray(*token))
    }

    /// How far the tally is.
    #[must_use]
    pub fn count(&self) -> Count {
        // A commissioned box is seen as long as it is in the job.
        Count { seen: self.seen.len(), expected: self.listed.len() + self.commissioned.len() }
    }

    fn is_expected(&self, token: &Token) -> bool {
        self.listed.contains(token) || self.commissioned.contains(token)
    }

    /// What a label that is on no box of this job is.
    fn stray(&self, token: Token) -> Sighting {
        if self.elsewhere.contains(&token) {
            Sighting::OtherJob(token)
        } else if self.blank.contains(&token) {
            Sighting::Blank(token)
        } else {
            Sighting::UnknownLabel(token)
        }
    }
}

#[cfg(test)]
mod tests;
