//! Which scene it is, and what is drawn from that.

use rand::rngs::SmallRng;
use rand::seq::SliceRandom;
use rand::{Rng, SeedableRng};

use super::conditions::Level;

/// Scenes of a series that share out the range of a condition among them.
const SERIES: u32 = 8;
/// Which scene: the same four always give the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Setting {
    /// What everything is drawn from.
    pub seed: u64,
    /// How hard it is.
    pub level: Level,
    /// Labels in view: 1, 6, 12 or 24.
    pub labels: usize,
    /// Scenes of one series differ in this. Eight in a row share out good and
    /// bad conditions evenly.
    pub number: u32,
}

impl Setting {
    /// How many labels a still has in view, each as often as the others.
    pub const IN_VIEW: [usize; 4] = [1, 6, 12, 24];

    /// The stills of a level: 96 with 1032 labels of the first two, where a label
    /// in a hundred makes a difference, and 64 with 688 of the third.
    pub fn stills(seed: u64, level: Level) -> impl Iterator<Item = Self> {
        let series = if level == Level::Three { 2 } else { 3 };
        (0..series * SERIES).flat_map(move |number| {
            Self::IN_VIEW.map(|labels| Self { seed, level, labels, number })
        })
    }

    /// Hand-held sequences: so many, of one level, with 24 labels in view.
    /// None of them is the scene of a still.
    pub fn sequences(seed: u64, level: Level, count: u32) -> impl Iterator<Item = Self> {
        (0..count).map(move |number| Self { seed: !seed, level, labels: 24, number })
    }
}

/// Shares of what a level's scenes are drawn from, 0 to 1: over a series of scenes each
/// is gone through evenly, and in another order than the others.
pub(super) struct Shares<'a> {
    setting: &'a Setting,
    next: u64,
}

impl<'a> Shares<'a> {
    pub fn of(setting: &'a Setting) -> Self {
        Self { setting, next: 0 }
    }

    pub fn next(&mut self) -> f32 {
        let Setting { seed, level, labels, number } = *self.setting;
        let series = u64::from(number / SERIES);
        let drawn = mixed(&[seed, u64::from(level.number()), labels as u64, series, self.next]);
        self.next += 1;
        let mut rng = SmallRng::seed_from_u64(drawn);
        let mut order: Vec<u32> = (0..SERIES).collect();
        order.shuffle(&mut rng);
        let parts: [f32; SERIES as usize] = rng.random();
        let place = (number % SERIES) as usize;
        (order[place] as f32 + parts[place]) / SERIES as f32
    }
}

/// Several numbers as one seed.
pub(super) fn mixed(numbers: &[u64]) -> u64 {
    numbers.iter().fold(0x9E37_79B9_7F4A_7C15, |sum, number| {
        let mut h = (sum ^ number).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        h ^= h >> 29;
        h = h.wrapping_mul(0x94D0_49BB_1331_11EB);
        h ^ (h >> 32)
    })
}
