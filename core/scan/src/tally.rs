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
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn token(number: u8) -> Token {
        Token::from_bytes([number; 16])
    }

    /// Boxes 0 to 9 are of the job, 10 to 19 are blank, 20 to 29 elsewhere.
    fn tally() -> Tally {
        Tally::new((0..10).map(token))
            .with_blank((10..20).map(token))
            .with_elsewhere((20..30).map(token))
    }

    #[test]
    fn each_label_is_told_for_what_it_is() {
        let mut tally = tally();
        assert_eq!(tally.sight(&token(3).to_text()), Sighting::New(token(3)));
        assert_eq!(tally.sight(&token(3).to_text().to_lowercase()), Sighting::Again(token(3)));
        assert_eq!(tally.sight(&token(10).to_text()), Sighting::Blank(token(10)));
        assert_eq!(tally.sight(&token(20).to_text()), Sighting::OtherJob(token(20)));
        assert_eq!(tally.sight(&token(99).to_text()), Sighting::UnknownLabel(token(99)));
        assert_eq!(
            tally.sight("https://example.com"),
            Sighting::NotOurs(LabelError::Character { position: 6 })
        );
        assert_eq!(tally.count().to_string(), "1 of 10");
        assert!(!tally.count().is_complete());
        assert_eq!(tally.seen().collect::<Vec<_>>(), [&token(3)]);
        assert_eq!(tally.missing().count(), 9);
        assert_eq!(
            tally.foreign().collect::<Vec<_>>(),
            [Sighting::OtherJob(token(20)), Sighting::UnknownLabel(token(99))]
        );
    }

    #[test]
    fn commissioning_brings_a_box_into_the_job() {
        let mut tally = tally();
        assert_eq!(tally.commission(token(10)), Commission::FromRoll);
        assert_eq!(tally.commission(token(10)), Commission::Already);
        assert_eq!(tally.sight(&token(10).to_text()), Sighting::Again(token(10)));
        assert_eq!(tally.commission(token(20)), Commission::OtherJob);
        assert_eq!(tally.sight(&token(99).to_text()), Sighting::UnknownLabel(token(99)));
        assert_eq!(tally.commission(token(99)), Commission::Provisional);
        assert_eq!(tally.foreign().count(), 0);
        assert_eq!(tally.count(), Count { seen: 2, expected: 12 });
        assert!(tally.commissioned().eq(&[token(10), token(99)]));
    }

    #[test]
    fn undo_takes_back_the_last_thing_done() {
        let mut tally = tally();
        assert!(!tally.undo(&token(3)));
        tally.sight(&token(3).to_text());
        tally.commission(token(10));
        tally.sight(&token(20).to_text());
        for label in [3, 10, 20] {
            assert!(tally.undo(&token(label)));
        }
        assert_eq!(tally.count(), Count { seen: 0, expected: 10 });
        assert_eq!(tally.foreign().count(), 0);
        assert_eq!(tally.sight(&token(3).to_text()), Sighting::New(token(3)));
        assert_eq!(tally.sight(&token(10).to_text()), Sighting::Blank(token(10)));
    }

    #[test]
    fn lists_that_contradict_each_other_have_an_order() {
        let mut tally = Tally::new([token(1)])
            .with_blank([token(1), token(2)])
            .with_elsewhere([token(1), token(2)]);
        assert_eq!(tally.sight(&token(1).to_text()), Sighting::New(token(1)));
        assert_eq!(tally.sight(&token(2).to_text()), Sighting::OtherJob(token(2)));
    }

    #[test]
    fn debug_shows_no_token() {
        let text = token(7).to_text();
        assert!(!format!("{:?} {:?}", tally(), tally().sight(&text)).contains(&text));
    }

    proptest! {
        #[test]
        fn order_and_repetition_do_not_matter(
            labels in proptest::collection::vec(0..40_u8, 0..80),
        ) {
            let sighted = |labels: &mut dyn Iterator<Item = u8>| {
                let mut tally = tally();
                labels.for_each(|label| { tally.sight(&token(label).to_text()); });
                let parts: [Vec<Token>; 2] =
                    [tally.seen().copied().collect(), tally.missing().copied().collect()];
                (parts, tally.foreign().count(), tally.count())
            };
            let mut once = labels.clone();
            once.sort_unstable();
            once.dedup();
            let straight = sighted(&mut labels.iter().copied());
            prop_assert_eq!(&straight, &sighted(&mut labels.iter().rev().copied()));
            prop_assert_eq!(&straight, &sighted(&mut once.into_iter()));
        }

        #[test]
        fn seen_and_missing_make_up_the_job(
            acts in proptest::collection::vec((0..40_u8, 0..3_u8), 0..80),
        ) {
            let mut tally = tally();
            for (label, act) in acts {
                match act {
                    0 => { tally.sight(&token(label).to_text()); }
                    1 => { tally.commission(token(label)); }
                    _ => { tally.undo(&token(label)); }
                }
                let count = tally.count();
                prop_assert_eq!(tally.seen().count(), count.seen);
                prop_assert_eq!(tally.seen().count() + tally.missing().count(), count.expected);
                prop_assert_eq!(count.is_complete(), tally.missing().next().is_none());
            }
        }
    }
}
