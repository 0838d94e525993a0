//! The log is walked as far as it is whole, and what ends it is named.

use std::fs;
use std::io::Cursor;

use crewseal::vault::wal::{self, End, Walk};
use fixtures::files::log;
use rand::rngs::SmallRng;
use rand::{Rng, SeedableRng};

use super::{FRAME, small};

fn walk(bytes: &[u8]) -> Walk {
    wal::walk(Cursor::new(bytes)).unwrap()
}

fn bytes() -> Vec<u8> {
    let (home, ..) = small();
    fs::read(log(home.path())).unwrap()
}

/// For each frame, whether it ends a transaction.
fn ends(log: &[u8]) -> Vec<bool> {
    log[32..].chunks(FRAME).map(|frame| frame[4..8] != [0; 4]).collect()
}

#[test]
fn that_are_whole_are_walked_to_the_end() {
    let log = bytes();
    let frames = ends(&log).len();
    assert!(ends(&log)[frames - 1] && ends(&log).iter().filter(|end| **end).count() >= 4);
    let frames = u64::try_from(frames).unwrap();
    assert_eq!(walk(&log), Walk { frames, end: End::Whole });
}

#[test]
fn cut_off_anywhere_are_torn_and_keep_whole_transactions() {
    let log = bytes();
    let ends = ends(&log);
    for length in (0..log.len()).step_by(97).chain([31, 32, 33, log.len() - 1]) {
        let whole = length.saturating_sub(32) / FRAME;
        let kept = ends[..whole].iter().rposition(|end| *end).map_or(0, |last| last + 1);
        let found = walk(&log[..length]);
        assert_eq!(found.frames, u64::try_from(kept).unwrap(), "{length} bytes");
        let is_end = length >= 32 && length == 32 + kept * FRAME;
        let end = if is_end { End::Whole } else { End::Torn };
        assert_eq!(found.end, end, "{length} bytes");
    }
}

/// SQLite itself stops at such a frame without a word.
#[test]
fn with_a_bad_frame_before_others_are_corrupt() {
    let log = bytes();
    let frames = ends(&log).len();
    for at in (32..log.len() - FRAME).step_by(61) {
        let mut altered = log.clone();
        altered[at] ^= 1 << (at % 8);
        let frame = (at - 32) / FRAME;
        assert!(frame < frames - 1);
        let expected = End::Corrupt { frame: u64::try_from(frame).unwrap() };
        assert_eq!(walk(&altered).end, expected, "byte {at}");
    }
}

#[test]
fn with_a_bad_header_before_frames_are_corrupt() {
    let log = bytes();
    for at in 0..32 {
        let mut altered = log.clone();
        altered[at] ^= 1 << (at % 8);
        assert_eq!(walk(&altered), Walk { frames: 0, end: End::Corrupt { frame: 0 } }, "{at}");
    }
}

/// Pages of the cache get lost whole in a power cut, in any order.
#[test]
fn torn_within_the_last_transaction_are_torn() {
    let log = bytes();
    let ends = ends(&log);
    let begin = 32 + FRAME * (ends[..ends.len() - 1].iter().rposition(|end| *end).unwrap() + 1);
    let first = begin.next_multiple_of(4_096);
    let kept = u64::try_from((begin - 32) / FRAME).unwrap();
    for lost in (first..log.len()).step_by(4_096) {
        let mut torn = log.clone();
        let end = (lost + 4_096).min(log.len());
        torn[lost..end].fill(0);
        assert_eq!(walk(&torn), Walk { frames: kept, end: End::Torn }, "page at {lost}");
    }
}

#[test]
fn of_an_earlier_round_after_the_end_are_passed_over() {
    let log = bytes();
    let mut longer = log.clone();
    let mut old = log[32..].to_vec();
    for frame in old.chunks_mut(FRAME) {
        frame[8] ^= 1;
    }
    longer.extend(old);
    assert_eq!(walk(&longer), Walk { end: End::Whole, ..walk(&log) });
}

#[test]
fn of_any_bytes_are_walked_without_a_panic() {
    let log = bytes();
    for seed in 0..300 {
        let mut random = SmallRng::seed_from_u64(seed);
        let mut bytes = log.clone();
        for _ in 0..random.random_range(1..20) {
            let at = random.random_range(0..bytes.len());
            let end = (at + random.random_range(1..5_000)).min(bytes.len());
            match random.random_range(0..3) {
                0 => random.fill(&mut bytes[at..end]),
                1 => bytes[at..end].fill(0),
                _ => drop(bytes.drain(at..end)),
            }
            if bytes.is_empty() {
                break;
            }
        }
        let found = walk(&bytes);
        assert!(found.frames <= u64::try_from(log.len()).unwrap(), "seed {seed}");
    }
}
