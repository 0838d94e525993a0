//! Our session over frames: how soon it has counted every label in view of a
//! hand that is never quite still, and what a frame costs that shows none.

use std::collections::HashSet;
use std::time::Duration;

use cpu_time::ThreadTime;
use crewseal_scan::{Luma, Session, Sighting};
use image::{DynamicImage, GrayImage};
use rand::rngs::SmallRng;
use rand::{Rng, SeedableRng};
use scenes::{Level, Setting, Warehouse};

use crate::allocations;
use crate::corpus::Sample;
use crate::count::{median, milliseconds};
use crate::readers::{ALL, FULL};

/// Sequences that are counted.
const SEQUENCES: u32 = 20;
/// Nobody holds a phone up for longer than two seconds and calls it at once.
const MOST_FRAMES: u32 = 60;
/// How often each negative is shown before memory is looked at.
const SHOWN: usize = 16;
/// How often after that.
const SHOWN_AFTER: usize = 4;
/// Pixels that a negative moves at most from frame to frame.
const SHIFT: i32 = 6;

/// Frames until all labels were counted.
#[derive(Debug, Clone, PartialEq, serde::Serialize)]
pub struct Counted {
    /// For each sequence; one more than [`MOST_FRAMES`] if some never were.
    pub frames: Vec<u32>,
    /// The same for FULL if it read every frame and somebody kept what it read.
    pub frames_of_full: Vec<u32>,
    /// Codes of our session that no label bears.
    pub wrong: usize,
    /// CPU of a frame, median.
    pub frame_milliseconds: f64,
}

impl Counted {
    pub fn median_frames(&self) -> u32 {
        median(self.frames.clone()).unwrap_or_default()
    }

    pub fn median_frames_of_full(&self) -> u32 {
        median(self.frames_of_full.clone()).unwrap_or_default()
    }
}

/// Shows the hand-held sequences of a seed.
pub fn count(seed: u64) -> Counted {
    let mut counted = Counted {
        frames: Vec::new(),
        frames_of_full: Vec::new(),
        wrong: 0,
        frame_milliseconds: 0.0,
    };
    let mut times = Vec::new();
    for setting in Setting::sequences(seed, Level::Two, SEQUENCES) {
        eprintln!("sequence {} of {SEQUENCES}", setting.number + 1);
        let warehouse = Warehouse::new(&setting);
        let mut session = Session::default();
        let (mut ours, mut full) = (Progress::default(), Progress::default());
        for number in 0..MOST_FRAMES {
            let frame = warehouse.frame(number);
            let labels: HashSet<String> =
                frame.labels.iter().map(|label| label.token.to_text()).collect();
            if !ours.is_done(labels.len()) {
                let start = ThreadTime::now();
                let texts = look(&mut session, &frame.luma);
                times.push(start.elapsed());
                counted.wrong += ours.note(&labels, texts);
            }
            let picture = DynamicImage::ImageLuma8(frame.luma);
            if !full.is_done(labels.len()) {
                let texts = (ALL[FULL].read)(&picture).into_iter().map(|read| Some(read.text));
                full.note(&labels, texts.collect());
            }
            if ours.is_done(labels.len()) && full.is_done(labels.len()) {
                break;
            }
        }
        let needed = |progress: &Progress| {
            if progress.is_done(setting.labels) { progress.frames } else { MOST_FRAMES + 1 }
        };
        counted.frames.push(needed(&ours));
        counted.frames_of_full.push(needed(&full));
    }
    counted.frame_milliseconds = median(times).map_or(0.0, milliseconds);
    counted
}

/// How far a sequence is counted.
#[derive(Default)]
struct Progress {
    known: HashSet<String>,
    frames: u32,
}

impl Progress {
    fn is_done(&self, labels: usize) -> bool {
        self.known.len() == labels
    }

    /// Takes one frame's texts, and says how many of them no label bears.
    fn note(&mut self, labels: &HashSet<String>, texts: Vec<Option<String>>) -> usize {
        self.frames += 1;
        let all = texts.len();
        let right = texts.into_iter().flatten().filter(|text| labels.contains(text));
        let mut count = 0;
        for text in right {
            count += 1;
            self.known.insert(text);
        }
        all - count
    }
}

/// What a session says of one frame: the label's text, or none for a code that
/// is not of ours. What it remembers of frames before is no reading of this one.
fn look(session: &mut Session, luma: &GrayImage) -> Vec<Option<String>> {
    let Some(frame) = frame(luma) else { return Vec::new() };
    session
        .frame(&frame)
        .iter()
        .filter(|sighted| sighted.age == 0)
        .map(|sighted| match sighted.sighting {
            Sighting::New(token)
            | Sighting::Again(token)
            | Sighting::Blank(token)
            | Sighting::OtherJob(token)
            | Sighting::UnknownLabel(token)
            | Sighting::Undone(token) => Some(token.to_text()),
            Sighting::NotOurs(_) => None,
        })
        .collect()
}

/// None for a picture beyond the limits of a frame.
fn frame(luma: &GrayImage) -> Option<Luma<'_>> {
    Luma::new(luma.width(), luma.height(), luma.width() as usize, luma.as_raw()).ok()
}

/// What frames without a code cost.
#[derive(Debug, Default, Clone, PartialEq, serde::Serialize)]
pub struct Idle {
    /// CPU of a frame, median over all.
    pub frame_milliseconds: f64,
    /// Bytes asked of the allocator in a call after the first 16, over width x
    /// height, median.
    pub bytes_per_pixel: f64,
    /// Codes seen where there are none.
    pub false_reads: usize,
}

/// Shows each negative of a corpus as a hand would hold it, to a session of its
/// own.
pub fn idle(samples: &[Sample]) -> Idle {
    let mut idle = Idle::default();
    let (mut times, mut bytes): (Vec<Duration>, Vec<f64>) = (Vec::new(), Vec::new());
    let negatives = samples.iter().filter(|sample| sample.truth.is_negative);
    for (number, sample) in negatives.enumerate() {
        let Some(picture) = sample.picture.as_luma8() else { continue };
        let mut rng = SmallRng::seed_from_u64(number as u64);
        let mut session = Session::default();
        for shown in 0..SHOWN + SHOWN_AFTER {
            let held = held(picture, &mut rng);
            let Some(luma) = frame(&held) else { continue };
            let asked = allocations::asked();
            let start = ThreadTime::now();
            let seen = session.frame(&luma);
            let time = start.elapsed();
            let asked = allocations::asked() - asked;
            if shown < SHOWN {
                times.push(time);
            } else {
                let pixels = f64::from(held.width()) * f64::from(held.height());
                bytes.push(asked as f64 / pixels);
            }
            idle.false_reads += seen.iter().filter(|sighted| sighted.age == 0).count();
        }
    }
    idle.frame_milliseconds = median(times).map_or(0.0, milliseconds);
    idle.bytes_per_pixel = median(bytes).unwrap_or_default();
    idle
}

/// The picture as a frame of a sequence: moved, in another light, with noise of
/// its own. What comes in at an edge is the edge's last pixel.
fn held(picture: &GrayImage, rng: &mut SmallRng) -> GrayImage {
    let (right, down) = (rng.random_range(-SHIFT..=SHIFT), rng.random_range(-SHIFT..=SHIFT));
    let gain: f32 = rng.random_range(0.88..1.12);
    let lift: f32 = rng.random_range(-6.0..6.0);
    let deviation: f32 = rng.random_range(1.0..3.0);
    let (width, height) = picture.dimensions();
    let moved = |at: u32, by: i32, side: u32| at.saturating_add_signed(by).min(side - 1);
    GrayImage::from_fn(width, height, |x, y| {
        let image::Luma([light]) =
            *picture.get_pixel(moved(x, right, width), moved(y, down, height));
        // The sum of four uniform numbers is close to a bell.
        let bits: u32 = rng.random();
        let sum: u32 = bits.to_be_bytes().into_iter().map(u32::from).sum();
        let noise = (sum as f32 - 510.0) / 147.8 * deviation;
        image::Luma([(f32::from(light) * gain + lift + noise + 0.5) as u8])
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_frame_counts_whether_or_not_it_shows_something_new() {
        let labels = ["a", "b"].map(str::to_owned).into();
        let text = |text: &str| Some(text.to_owned());
        let mut progress = Progress::default();
        assert_eq!(progress.note(&labels, vec![text("a"), text("x"), None]), 2);
        assert_eq!(progress.note(&labels, Vec::new()), 0);
        assert!(!progress.is_done(2));
        assert_eq!(progress.note(&labels, vec![text("a"), text("b")]), 0);
        assert!(progress.is_done(2));
        assert_eq!(progress.frames, 3);
    }

    #[test]
    fn no_two_frames_of_a_negative_are_equal() {
        let picture = GrayImage::from_fn(40, 30, |x, y| image::Luma([(x * 3 + y) as u8]));
        let mut rng = SmallRng::seed_from_u64(1);
        let frames: HashSet<Vec<u8>> =
            (0..SHOWN).map(|_| held(&picture, &mut rng).into_raw()).collect();
        assert_eq!(frames.len(), SHOWN);
    }
}
