//! Finds and reads QR codes in a picture as it lies in its buffer.
//!
//! Every step asks the grey picture itself, and black and white serve only to
//! know where to look:
//!
//! 1. [`gray`] halves the picture a few times: averaging takes noise and blur
//!    off what is large enough.
//! 2. [`threshold`] parts dark from light in single rows, each pixel against its
//!    surroundings.
//! 3. [`finder`] finds runs of 1:1:3:1:1 in these rows and fits a [`square`] to the
//!    edges around them.
//! 4. [`triple`] puts three such squares together that look along each other's
//!    sides.
//! 5. [`code`] lays a [`grid`] through them, shifts it until the known parts of
//!    the code agree with the picture, and samples it.
//! 6. [`symbol`] makes words of modules and mends them ([`galois`]), the least
//!    certain words taken for lost, and [`text`] says what they mean.
//!
//! A still picture gets all of it at every size. Of a camera's frames each gets
//! a glance first, at an eighth of its rows or at a sixteenth of its pixels, in
//! turns, and all of it only where a glance or the last frames saw something.
//!
//! Nothing a picture shows may take long: how many patterns, triples and tries
//! there are is bounded, and the caller is asked whether the time is over.
#![expect(
    clippy::indexing_slicing,
    clippy::cast_possible_truncation,
    clippy::cast_possible_wrap,
    clippy::cast_precision_loss,
    clippy::cast_sign_loss,
    reason = "arithmetic on pixels. Sides are at most 16,384, so sizes and places are exact in \
              f32 and fit all integers used here; places are clamped to the picture where it is \
              read, and casts from f32 saturate. A fuzz target runs all of it on mutated \
              photographs with checks of overflow on."
)]

mod code;
mod finder;
mod galois;
mod gray;
mod grid;
mod missing;
mod pattern;
mod square;
mod symbol;
#[cfg(test)]
mod tests;
mod text;
mod threshold;
mod triple;
mod version;

use code::{Effort, Workbench};
use finder::{Finder, Rows, Search};
use gray::{Gray, Vec2, halve, thin};
use threshold::{Blocks, Limits, Rule, Split};
use triple::Triples;

use super::{Luma, Point, Reading};

/// The whole, its half, quarter and eighth. In an eighth of a frame the largest
/// codes that fit into it have modules of some pixels.
const SIZES: usize = 4;

/// A picture of which a side is shorter than this is not halved again.
const SMALLEST_SIDE: usize = 40;

/// Blocks whose luma differs by less than this have nothing in them.
const FLAT: u8 = 20;

/// Every third row is searched: the middle of a pattern is three modules tall.
const STEP: usize = 3;

/// A pattern that is wider, in pixels, is left to the next smaller size.
const WIDEST: usize = 60;

/// Patterns that are kept of one picture. A sheet of 140 codes has 420.
const MOST_FINDERS: usize = 1_000;

/// Triples that are tried in one picture.
const MOST_TRIES: usize = 400;

/// How many frames are looked at in full after one that showed a code, or at
/// the start.
const ALERT: u64 = 8;
const ALERT_AT_FIRST: u64 = 2;

/// After so many frames in a row that promised something and held nothing, only
/// every fourth such frame is looked at in full.
const FRUITLESS: u32 = 2;

/// A pattern as clear as this is the corner of a code.
const CLEAR: f32 = 0.7;

/// Reads pictures in memory that it keeps.
#[derive(Default)]
pub(super) struct Decoder {
    halves: [Vec<u8>; SIZES - 1],
    thin: Vec<u8>,
    blocks: [Blocks; SIZES],
    limits: Limits,
    search: Search,
    fresh: Vec<Finder>,
    finders: Vec<Finder>,
    triples: Triples,
    workbench: Workbench,
    is_used: Vec<bool>,
    /// Corners that were tried in this picture, in vain.
    failed: Vec<[Vec2; 3]>,
    /// Places in this picture where a corner was looked for.
    searched: Vec<Vec2>,
    /// Triples that were tried in this picture.
    tries: usize,
    /// Frames so far.
    turn: u64,
    /// Frames up to this one are looked at in full.
    alert_until: u64,
    /// Frames of which a glance promised something.
    promises: u64,
    /// Full looks in a row that a glance asked for and that found nothing.
    fruitless: u32,
}

impl Decoder {
    /// Every QR in the picture, each once, ours or not, in coordinates of the
    /// buffer; those that were found until `is_over`.
    pub fn still(&mut self, frame: &Luma<'_>, is_over: &dyn Fn() -> bool) -> Vec<Reading> {
        let mut found = Vec::new();
        self.look(frame, &[Rule::Mean, Rule::Middle], Effort::Full, is_over, &mut found);
        found
    }

    /// One frame of a stream.
    pub fn live(&mut self, frame: &Luma<'_>, is_over: &dyn Fn() -> bool) -> Vec<Reading> {
        let turn = self.turn;
        self.turn += 1;
        let mut found = Vec::new();
        let is_alert = turn < self.alert_until.max(ALERT_AT_FIRST);
        if !is_alert {
            if !self.glance(frame, turn, is_over) {
                return found;
            }
            self.promises += 1;
            if self.fruitless >= FRUITLESS && !self.promises.is_multiple_of(4) {
                return found;
            }
        }
        let rule = if turn % 3 == 2 { Rule::Middle } else { Rule::Mean };
        self.look(frame, &[rule], Effort::Quick, is_over, &mut found);
        if !found.is_empty() {
            self.fruitless = 0;
            self.alert_until = turn + 1 + ALERT;
        } else if !is_alert && !is_over() {
            // One that was cut short may have held something.
            self.fruitless = self.fruitless.saturating_add(1);
        }
        found
    }

    /// Whether there may be a code: at least two patterns, in an eighth of the
    /// rows or, every second time, in every fourth pixel of every fourth row.
    fn glance(&mut self, frame: &Luma<'_>, turn: u64, is_over: &dyn Fn() -> bool) -> bool {
        let mut gray = Gray::of(frame);
        let (step, first);
        if turn.is_multiple_of(2) {
            // Five has no factor in common with eight: all rows have their turn.
            let offset = turn / 2 * 5 % threshold::BLOCK as u64;
            (step, first) = (threshold::BLOCK, offset as usize);
            self.blocks[0].measure_rows(gray, first);
        } else {
            thin(gray, (turn / 2) as usize, &mut self.thin);
            gray = gray.thinned(&self.thin);
            (step, first) = (STEP, 1);
            self.blocks[0].measure_rows(gray, 2);
        }
        self.limits.choose(&self.blocks[0], Rule::Mean, FLAT);
        let split = Split { gray, limits: &self.limits };
        self.finders.clear();
        let rows = Rows { first, step, widest: usize::MAX, longest: finder::SHARP };
        self.search.find(split, rows, is_over, &mut self.finders);
        self.finders.len() >= 2
    }

    /// Looks at all sizes and reads what it can, by one rule after the other for
    /// as long as nothing was read or there are corners of something unread.
    fn look(
        &mut self,
        frame: &Luma<'_>,
        rules: &[Rule],
        effort: Effort,
        is_over: &dyn Fn() -> bool,
        found: &mut Vec<Reading>,
    ) {
        self.finders.clear();
        self.failed.clear();
        self.searched.clear();
        self.tries = 0;
        self.workbench.begin(effort);
        let whole = Gray::of(frame);
        if whole.width < 4 || whole.height < 4 {
            return;
        }
        // Halving takes the memory out of `self` for as long as pictures borrow it.
        let mut halves = std::mem::take(&mut self.halves);
        let mut planes = [whole; SIZES];
        let mut count = 1;
        for half in &mut halves {
            let from = planes[count - 1];
            if count > 1 && from.width.min(from.height) / 2 < SMALLEST_SIDE {
                break;
            }
            planes[count] = halve(from, half);
            count += 1;
        }
        let planes = &planes[..count];
        self.blocks[0].measure(planes[1]);
        for index in 1..count {
            let (finer, coarser) = self.blocks.split_at_mut(index);
            finer[index - 1].halve(&mut coarser[0]);
        }
        for &rule in rules {
            self.search(planes, rule, is_over, found);
            self.read(planes, is_over, found);
            self.complete(planes, is_over, found);
            let is_clear = |finder: &Finder| finder.clarity() > CLEAR;
            if !found.is_empty() && !self.finders.iter().any(is_clear) {
                break;
            }
        }
        self.halves = halves;
    }

    /// Looks for patterns at all sizes.
    fn search(
        &mut self,
        planes: &[Gray<'_>],
        rule: Rule,
        is_over: &dyn Fn() -> bool,
        found: &[Reading],
    ) {
        for (size, &gray) in planes.iter().enumerate() {
            self.limits.choose(&self.blocks[size], rule, FLAT);
            let split = Split { gray, limits: &self.limits };
            let by = (1 << size) as f32;
            self.fresh.clear();
            let widest = if size + 1 < planes.len() { WIDEST } else { usize::MAX };
            let longest = if rule == Rule::Mean { finder::SHARP } else { finder::BLURRED };
            let rows = Rows { first: 1, step: STEP, widest, longest };
            self.search.find(split, rows, is_over, &mut self.fresh);
            for finder in &self.fresh {
                keep(&mut self.finders, finder.scaled(by), found);
            }
        }
    }

    /// Looks for the other corners where there are some, and reads what they
    /// complete.
    fn complete(
        &mut self,
        planes: &[Gray<'_>],
        is_over: &dyn Fn() -> bool,
        found: &mut Vec<Reading>,
    ) {
        // A corner alone first needs a second one.
        for _ in 0..2 {
            let Self { finders, searched, fresh, .. } = self;
            missing::find(planes, finders, is_over, searched, fresh);
            if self.fresh.is_empty() {
                return;
            }
            for finder in &self.fresh {
                keep(&mut self.finders, *finder, found);
            }
            self.read(planes, is_over, found);
        }
    }

    /// Reads what three patterns at a time enclose, the likeliest first.
    fn read(&mut self, planes: &[Gray<'_>], is_over: &dyn Fn() -> bool, found: &mut Vec<Reading>) {
        self.is_used.clear();
        self.is_used.resize(self.finders.len(), false);
        for triple in self.triples.of(&self.finders, is_over) {
            if triple.corners.iter().any(|&index| self.is_used[index]) {
                continue;
            }
            let oriented = triple.oriented(&self.finders);
            let places = oriented.corners.map(|corner| corner.centre);
            let near = oriented.finders[0].module() * 0.5;
            let is_near = |(a, b): (&Vec2, &Vec2)| (*a - *b).length() < near;
            if self.failed.iter().any(|failed| failed.iter().zip(&places).all(is_near)) {
                continue;
            }
            self.tries += 1;
            if self.tries > MOST_TRIES || is_over() {
                break;
            }
            let Some(reading) = self.workbench.read(planes, &oriented) else {
                self.failed.push(places);
                continue;
            };
            for (is_used, finder) in self.is_used.iter_mut().zip(&self.finders) {
                *is_used |= covers(&reading, finder.centre);
            }
            for index in triple.corners {
                self.is_used[index] = true;
            }
            if !found.iter().any(|known| known.is_of_the_same_code_as(&reading)) {
                found.push(reading);
            }
        }
        // What is left may yet go together with what another look finds.
        let mut is_used = self.is_used.iter();
        self.finders.retain(|_| is_used.next() == Some(&false));
    }
}

fn covers(reading: &Reading, at: Vec2) -> bool {
    reading.covers(Point { x: at.x, y: at.y })
}

/// Adds a pattern, unless it is known or within a code that was read. Of two at
/// one place the clearer one stays.
fn keep(finders: &mut Vec<Finder>, finder: Finder, found: &[Reading]) {
    if finders.len() >= MOST_FINDERS || found.iter().any(|code| covers(code, finder.centre)) {
        return;
    }
    let module = finder.module();
    let same = finders.iter_mut().find(|other| {
        let ratio = other.module() / module;
        (other.centre - finder.centre).length() < module * 2.0 && ratio < 1.6 && ratio > 0.6
    });
    match same {
        Some(other) if finder.clarity() > other.clarity() + 0.1 => *other = finder,
        Some(_) => {}
        None => finders.push(finder),
    }
}
