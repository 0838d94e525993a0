//! The hand that holds the phone: it sways, drifts off its aim and trembles,
//! as a function of time.

use std::f32::consts::TAU;

use rand::Rng;
use rand::rngs::SmallRng;

use crate::space::{Vec3, vec3};

/// Frames in a second of a phone's camera.
pub const FRAMES: f32 = 30.0;

/// One swing: millimetres, times a second, and where it starts.
struct Swing {
    reach: f32,
    frequency: f32,
    start: f32,
}

impl Swing {
    fn new(rng: &mut SmallRng, reach: f32, frequency: (f32, f32)) -> Self {
        Self {
            reach: reach * rng.random_range(0.7..1.3),
            frequency: rng.random_range(frequency.0..frequency.1),
            start: rng.random_range(0.0..TAU),
        }
    }

    fn at(&self, seconds: f32) -> f32 {
        self.reach * (TAU * self.frequency * seconds + self.start).sin()
    }
}

/// A hand.
pub struct Hand {
    sway: [Swing; 3],
    drift: [Swing; 2],
    tremble: [[Swing; 2]; 2],
    roll: Swing,
    focus: Swing,
}

impl Hand {
    /// `unrest` is 1 for somebody who stands still and takes a breath.
    /// `near` is the distance of the boxes: what the hand turns moves far things
    /// more.
    pub fn new(rng: &mut SmallRng, unrest: f32, near: f32) -> Self {
        let far = near / 450.0;
        let mut tremble = || {
            [
                Swing::new(rng, 0.34 * unrest * far, (6.5, 8.5)),
                Swing::new(rng, 0.16 * unrest * far, (9.0, 12.0)),
            ]
        };
        let tremble = [tremble(), tremble()];
        Self {
            tremble,
            sway: [(); 3].map(|()| Swing::new(rng, 12.0 * unrest.sqrt(), (0.2, 0.5))),
            drift: [(); 2].map(|()| Swing::new(rng, 2.6 * unrest.sqrt() * far, (0.4, 1.0))),
            roll: Swing::new(rng, 0.014, (0.3, 0.6)),
            focus: Swing::new(rng, 1.0, (0.5, 1.6)),
        }
    }

    /// How far the phone is from where it was meant to be.
    pub fn sway(&self, seconds: f32) -> Vec3 {
        let [x, y, z] = &self.sway;
        vec3(x.at(seconds), y.at(seconds) * 0.6, z.at(seconds))
    }

    /// How far it looks beside what it was meant to look at.
    pub fn aim(&self, seconds: f32) -> Vec3 {
        let off = |drift: &Swing, tremble: &[Swing; 2]| {
            drift.at(seconds) + tremble.iter().map(|swing| swing.at(seconds)).sum::<f32>()
        };
        let [across, down] = &self.drift;
        let [sideways, upwards] = &self.tremble;
        vec3(off(across, sideways), off(down, upwards), 0.0)
    }

    /// By what angle it is rolled.
    pub fn roll(&self, seconds: f32) -> f32 {
        self.roll.at(seconds)
    }

    /// How far the focus is off, 0 to 1: it hunts a little.
    pub fn focus(&self, seconds: f32) -> f32 {
        self.focus.at(seconds).powi(2)
    }
}
