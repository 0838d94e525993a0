//! A crew scanning with the camera running: which code means what, once.
//!
//! Thirty frames a second show the same boxes again and again, and no frame
//! shows all of them readable. So a session remembers, besides the tally, what
//! is in view:
//!
//! * A code is *in view* from the frame that reads it until
//!   [`GONE`](Session::GONE) frames in a row have not. It [enters](Sighted::is_entering) the view once, which is
//!   when a phone should beep or warn, however long it stays.
//! * A code that the last frames read and this one did not is told with the
//!   corners it had, for up to [`SHOWN`](Session::SHOWN) frames, so that what is drawn on the
//!   screen does not flicker.
//! * A box that is [taken back](Session::undo) while it is in view would be
//!   counted again by the very next frame. It is held back instead, as
//!   [`Sighting::Undone`], until it has gone out of view, or is typed or
//!   commissioned: until somebody means it.
//!
//! Time is counted in frames, as there is no clock here.

use std::collections::hash_map::RandomState;
use std::hash::BuildHasher;

use crewseal_label::Token;

use super::{Commission, Look, Luma, Point, Reader, Reading, Sighting, Tally};

/// Scanning against the tally of a job, frame after frame.
#[derive(Debug, Default)]
pub struct Session {
    reader: Reader,
    tally: Tally,
    /// The frames so far.
    frames: u64,
    in_view: Vec<InView>,
    /// The labels that this session counted and did not take back, the last one
    /// at the end.
    counted: Vec<Token>,
    /// For telling foreign codes apart without keeping what they say.
    hasher: RandomState,
}

/// What a code in view is, and where.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Sighted {
    /// What it is.
    pub sighting: Sighting,
    /// Its corners in the upright frame, clockwise from the code's own top left.
    pub corners: [Point; 4],
    /// Whether it was not in view before: the one moment for a sound, whether it
    /// counts, was counted before or does not belong. True only with age 0.
    pub is_entering: bool,
    /// How many frames ago it was read and had these corners, 0 to [`Session::SHOWN`]; 0 is
    /// this frame.
    pub age: u32,
}

/// A code in view.
#[derive(Debug)]
struct InView {
    code: Code,
    sighting: Sighting,
    corners: [Point; 4],
    /// The number of the frame that read it last.
    last_read: u64,
    /// Whether it was taken back since it entered.
    is_undone: bool,
}

/// What makes two readings the same code. Two stickers with one text are one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Code {
    Label(Token),
    /// The hash of a foreign code's text, in this session only.
    Foreign(u64),
}

impl Session {
    /// After so many frames without it a code is no longer in view: a second of
    /// a usual camera. A hand before the label or a blurred step does not make
    /// it enter again, and whoever comes back to a box a moment later hears that
    /// it was counted.
    pub const GONE: u32 = 30;

    /// For so many frames a code that is in view but was not read is still
    /// shown: a reader that shares its efforts out over frames needs that many
    /// for all of them, and hardly any code moves far meanwhile.
    pub const SHOWN: u32 = 4;

    /// A session that scans against this tally.
    #[must_use]
    pub fn new(tally: Tally) -> Self {
        Self { tally, ..Self::default() }
    }

    /// Reads a frame of the camera, and says of each code in view what it is. A
    /// wrong or foreign code is one of these, not an error.
    pub fn frame(&mut self, frame: &Luma<'_>) -> Vec<Sighted> {
        self.frame_within(frame, &Look::default())
    }

    /// As [`frame`](Self::frame), with a limit of time.
    pub fn frame_within(&mut self, frame: &Luma<'_>, look: &Look<'_>) -> Vec<Sighted> {
        let readings = self.reader.live(frame, look);
        self.sight(&readings)
    }

    /// Takes note of what was read in one frame elsewhere, by a [`Reader`] on
    /// another thread or in a [photo](super::photo).
    ///
    /// First come the codes that were read, in the order given, then those in
    /// view that were not.
    pub fn sight(&mut self, readings: &[Reading]) -> Vec<Sighted> {
        self.frames = self.frames.saturating_add(1);
        let now = self.frames;
        self.in_view.retain(|code| now - code.last_read <= u64::from(Self::GONE));
        let mut sighted: Vec<Sighted> =
            readings.iter().map(|reading| self.sight_one(reading)).collect();
        sighted.extend(self.in_view.iter().filter_map(|code| {
            let age = u32::try_from(now - code.last_read).ok()?;
            (1..=Self::SHOWN).contains(&age).then_some(Sighted {
                sighting: code.sighting,
                corners: code.corners,
                is_entering: false,
                age,
            })
        }));
        sighted
    }

    /// Takes note of a text that somebody typed, or scanned with something else
    /// than the camera. It is meant: a label that was held back counts.
    pub fn typed(&mut self, text: &str) -> Sighting {
        if let Ok(token) = Token::parse(text) {
            self.release(&token);
        }
        self.tell(text)
    }

    /// Takes a box into the job, because the crew has just stuck this label on
    /// it.
    pub fn commission(&mut self, token: Token) -> Commission {
        let before = self.tally.count().seen;
        let outcome = self.tally.commission(token);
        if self.tally.count().seen > before {
            self.counted.push(token);
        }
        if outcome != Commission::OtherJob {
            self.release(&token);
            self.show(&token, Sighting::Again(token));
        }
        outcome
    }

    /// Takes back what was last done with a label: a commissioned one leaves the
    /// job, any other one is unseen again. While it is in view it is held back.
    /// Says whether there was anything to take back.
    pub fn undo(&mut self, token: &Token) -> bool {
        let is_undone = self.tally.undo(token);
        if is_undone {
            self.counted.retain(|counted| counted != token);
            for code in self.in_view.iter_mut().filter(|code| code.code == Code::Label(*token)) {
                code.is_undone = true;
            }
            self.show(token, Sighting::Undone(*token));
        }
        is_undone
    }

    /// Takes back the label that counted last, if this session counted any: the
    /// button for a scan that was not meant.
    pub fn undo_last(&mut self) -> Option<Token> {
        let token = *self.counted.last()?;
        self.undo(&token);
        Some(token)
    }

    /// How far the job is, what is missing and what does not belong.
    #[must_use]
    pub const fn tally(&self) -> &Tally {
        &self.tally
    }

    fn sight_one(&mut self, reading: &Reading) -> Sighted {
        let code = match Token::parse(&reading.text) {
            Ok(token) => Code::Label(token),
            Err(_) => Code::Foreign(self.hasher.hash_one(&reading.text)),
        };
        let known = self.in_view.iter().position(|known| known.code == code);
        let held = known.and_then(|at| self.in_view.get(at)).filter(|known| known.is_undone);
        let sighting = match (held, code) {
            (Some(_), Code::Label(token)) => Sighting::Undone(token),
            _ => self.tell(&reading.text),
        };
        let corners = reading.corners;
        // A box that counts by this frame was counted before in the next.
        let later = match sighting {
            Sighting::New(token) => Sighting::Again(token),
            other => other,
        };
        match known.and_then(|at| self.in_view.get_mut(at)) {
            Some(known) => {
                known.sighting = later;
                known.corners = corners;
                known.last_read = self.frames;
            }
            None => self.in_view.push(InView {
                code,
                sighting: later,
                corners,
                last_read: self.frames,
                is_undone: false,
            }),
        }
        Sighted { sighting, corners, is_entering: known.is_none(), age: 0 }
    }

    /// Tells the tally, and remembers what counted.
    fn tell(&mut self, text: &str) -> Sighting {
        let sighting = self.tally.sight(text);
        if let Sighting::New(token) = sighting {
            self.counted.push(token);
            self.show(&token, Sighting::Again(token));
        }
        sighting
    }

    /// A label that was held back is so no longer.
    fn release(&mut self, token: &Token) {
        for code in self.in_view.iter_mut().filter(|code| code.code == Code::Label(*token)) {
            code.is_undone = false;
        }
    }

    /// Changes what a label in view is shown as until it is read again.
    fn show(&mut self, token: &Token, sighting: Sighting) {
        for code in self.in_view.iter_mut().filter(|code| code.code == Code::Label(*token)) {
            code.sighting = sighting;
        }
    }
}

#[cfg(test)]
mod tests;
