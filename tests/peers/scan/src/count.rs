//! What counts as read, the same for every reader.

use std::time::Duration;

use crate::corpus::{Sample, Truth, is_plain};
use crate::readers::{Place, Read};
use crate::rounds::Calls;

/// The shortest text that counts where nobody wrote down what a picture says.
const SHORTEST_UNKNOWN: usize = 4;

/// What a corpus holds.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq, serde::Serialize)]
pub struct Contents {
    pub positives: usize,
    pub negatives: usize,
    pub big: usize,
    pub codes: usize,
    pub codes_without_lots: usize,
}

impl Contents {
    pub fn of(samples: &[Sample]) -> Self {
        let mut contents = Self::default();
        for sample in samples {
            if sample.truth.is_negative {
                contents.negatives += 1;
            } else {
                contents.positives += 1;
            }
            contents.big += usize::from(sample.is_big());
            if has_counted_codes(&sample.truth) {
                contents.codes += sample.truth.codes;
                if !is_lots(&sample.truth) {
                    contents.codes_without_lots += sample.truth.codes;
                }
            }
        }
        contents
    }
}

/// What one reader did. Times are the thread's CPU time, for each picture the
/// least of all rounds.
#[derive(Debug, Default, Clone, PartialEq, serde::Serialize)]
pub struct Figures {
    pub images: usize,
    pub codes: usize,
    pub codes_without_lots: usize,
    pub false_reads: usize,
    /// Over all big pictures.
    pub big_seconds: f64,
    pub slowest_milliseconds: f64,
    pub slowest_path: String,
    /// Zero if the corpus has no negatives.
    pub negative_median_milliseconds: f64,
    /// Calls that panicked, and therefore read nothing.
    pub panics: usize,
    /// Pictures left out of later rounds because one call took too long.
    pub cut_off: Vec<String>,
}

impl Figures {
    pub fn of(samples: &[Sample], calls: &[Calls]) -> Self {
        let mut figures = Self::default();
        let mut slowest = Duration::ZERO;
        let mut on_negatives = Vec::new();
        for (sample, calls) in samples.iter().zip(calls) {
            let truth = &sample.truth;
            if truth.is_negative {
                figures.false_reads += calls.reads.len();
                on_negatives.push(calls.least);
            } else {
                figures.images += usize::from(is_read(truth, &calls.reads));
            }
            if has_counted_codes(truth) {
                let read = places(&calls.reads).min(truth.codes);
                figures.codes += read;
                if !is_lots(truth) {
                    figures.codes_without_lots += read;
                }
            }
            if sample.is_big() {
                figures.big_seconds += calls.least.as_secs_f64();
            }
            if calls.least >= slowest {
                slowest = calls.least;
                figures.slowest_path.clone_from(&sample.path);
            }
            figures.panics += calls.panics;
            if calls.is_cut_off {
                figures.cut_off.push(sample.path.clone());
            }
        }
        figures.slowest_milliseconds = milliseconds(slowest);
        figures.negative_median_milliseconds = median(on_negatives).map_or(0.0, milliseconds);
        figures
    }
}

/// The middle one, the upper of two; none of nothing.
pub fn median<T: Copy + PartialOrd>(mut values: Vec<T>) -> Option<T> {
    values.sort_by(|a, b| a.partial_cmp(b).unwrap_or(std::cmp::Ordering::Equal));
    values.get(values.len() / 2).copied()
}

/// As they are printed.
pub fn milliseconds(time: Duration) -> f64 {
    time.as_secs_f64() * 1e3
}

/// Whether the codes of a picture were counted by hand; those of the set
/// `decoding` are drawn, not photographed.
fn has_counted_codes(truth: &Truth) -> bool {
    truth.source == "boofcv-v3" && truth.set != "decoding"
}

/// Four pictures with 60 codes each, which would otherwise decide alone.
fn is_lots(truth: &Truth) -> bool {
    truth.set == "lots"
}

fn is_read(truth: &Truth, reads: &[Read]) -> bool {
    reads.iter().any(|read| {
        if truth.payloads.is_empty() {
            read.text.chars().count() >= SHORTEST_UNKNOWN && read.text.chars().all(is_plain)
        } else {
            truth.payloads.iter().any(|payload| comparable(payload) == comparable(&read.text))
        }
    })
}

/// A text without what lists of payloads have in many ways: CR before LF, white
/// space at the ends, and characters beyond ASCII, which such lists leave out
/// because readers must guess their encoding.
fn comparable(text: &str) -> String {
    let kept: String =
        text.chars().filter(|character| is_plain(*character) && *character != '\r').collect();
    kept.trim().to_owned()
}

/// At how many places something was read, whatever it was. Two reads are at
/// one place if the centre of each lies within the corners of the other.
fn places(reads: &[Read]) -> usize {
    let mut known: Vec<&[Place; 4]> = Vec::new();
    let mut nowhere = 0;
    for read in reads {
        match &read.corners {
            Some(quad) => {
                let is_known = known.iter().any(|other| covers(other, quad) && covers(quad, other));
                if !is_known {
                    known.push(quad);
                }
            }
            None => nowhere += 1,
        }
    }
    known.len() + nowhere
}

/// Whether the centre of `other` is within `quad`, which is convex: then it is
/// on the same side of all four edges.
fn covers(quad: &[Place; 4], other: &[Place; 4]) -> bool {
    let (x, y) = centre(other);
    let sides = [0, 1, 2, 3].map(|corner| {
        let (from, to) = (quad[corner], quad[(corner + 1) % 4]);
        (to.0 - from.0) * (y - from.1) - (to.1 - from.1) * (x - from.0)
    });
    sides.iter().all(|side| *side >= 0.0) || sides.iter().all(|side| *side <= 0.0)
}

fn centre(quad: &[Place; 4]) -> Place {
    let sum = quad.iter().fold((0.0, 0.0), |sum, at| (sum.0 + at.0, sum.1 + at.1));
    (sum.0 / 4.0, sum.1 / 4.0)
}

#[cfg(test)]
mod tests {
    use image::DynamicImage;

    use super::*;

    fn read(text: &str, left: f64, top: f64, side: f64) -> Read {
        let (right, bottom) = (left + side, top + side);
        let corners = Some([(left, top), (right, top), (right, bottom), (left, bottom)]);
        Read { text: text.into(), corners }
    }

    fn truth(set: &str, codes: usize, payloads: &[&str]) -> Truth {
        Truth {
            is_negative: codes == 0,
            source: "boofcv-v3".into(),
            set: set.into(),
            codes,
            payloads: payloads.iter().map(|payload| (*payload).to_owned()).collect(),
        }
    }

    fn sample(truth: Truth, side: u32) -> Sample {
        Sample { path: truth.set.clone(), picture: DynamicImage::new_luma8(side, side), truth }
    }

    fn calls(reads: Vec<Read>, milliseconds: u64) -> Calls {
        Calls { reads, least: Duration::from_millis(milliseconds), ..Calls::default() }
    }

    #[test]
    fn any_true_payload_makes_a_picture_read() {
        let known = truth("dim", 2, &["left", "right"]);
        assert!(is_read(&known, &[read("wrong", 0.0, 0.0, 9.0), read("right", 20.0, 0.0, 9.0)]));
        assert!(!is_read(&known, &[read("wrong", 0.0, 0.0, 9.0)]));
        assert!(!is_read(&known, &[]));
    }

    #[test]
    fn line_ends_and_what_is_beyond_ascii_make_no_difference() {
        let known = truth("dim", 1, &["*QR*  \nline"]);
        assert!(is_read(&known, &[read("*\u{FF83}QR*  \r\nline \r\n", 0.0, 0.0, 9.0)]));
        assert!(!is_read(&known, &[read("*QR* \nline", 0.0, 0.0, 9.0)]));
    }

    #[test]
    fn where_nothing_is_known_four_plain_characters_do() {
        let unknown = truth("dim", 1, &[]);
        assert!(is_read(&unknown, &[read("abcd", 0.0, 0.0, 9.0)]));
        assert!(!is_read(&unknown, &[read("abc", 0.0, 0.0, 9.0)]));
        assert!(!is_read(&unknown, &[read("abc\u{FC}", 0.0, 0.0, 9.0)]));
    }

    #[test]
    fn one_place_counts_once() {
        let twice = [read("a", 0.0, 0.0, 10.0), read("b", 2.0, 2.0, 10.0)];
        assert_eq!(places(&twice), 1);
        let beside = [read("a", 0.0, 0.0, 10.0), read("a", 12.0, 0.0, 10.0)];
        assert_eq!(places(&beside), 2);
        // A small code within a large one, off its centre.
        let within = [read("a", 0.0, 0.0, 100.0), read("b", 5.0, 5.0, 10.0)];
        assert_eq!(places(&within), 2);
        let nowhere = Read { text: "c".into(), corners: None };
        assert_eq!(places(&[nowhere.clone(), nowhere]), 2);
    }

    #[test]
    fn figures_add_up() {
        let samples = [
            sample(truth("dim", 1, &["yes"]), 1300),
            sample(truth("lots", 60, &["yes"]), 100),
            sample(truth("decoding", 1, &["yes"]), 100),
            sample(truth("none", 0, &[]), 1300),
        ];
        let yes = || vec![read("yes", 0.0, 0.0, 9.0), read("yes", 20.0, 0.0, 9.0)];
        let calls = [calls(yes(), 500), calls(yes(), 900), calls(yes(), 1), calls(yes(), 7)];
        let figures = Figures::of(&samples, &calls);
        assert_eq!(
            figures,
            Figures {
                images: 3,
                codes: 3,
                codes_without_lots: 1,
                false_reads: 2,
                big_seconds: 0.5,
                slowest_milliseconds: 900.0,
                slowest_path: "lots".into(),
                negative_median_milliseconds: 7.0,
                ..Figures::default()
            }
        );
        let contents = Contents::of(&samples);
        let expected =
            Contents { positives: 3, negatives: 1, big: 1, codes: 61, codes_without_lots: 1 };
        assert_eq!(contents, expected);
    }
}
