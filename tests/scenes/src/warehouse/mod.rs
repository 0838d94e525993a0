//! Warehouse scenes: shelves and stacks of boxes with our labels, as the camera
//! of a phone in a moving hand sees them.
//!
//! Reading is measured on these, so there must be many and all different, and
//! what is in them must be known to the pixel. Everything in view is flat or
//! made of flat strips, which is quick to paint; what makes labels hard to read
//! is not the room but distance, hand, lens, sensor, light, and what happened
//! to the label.

mod aisle;
mod conditions;
mod film;
mod hand;
mod plane;
mod setting;
mod sticker;
mod texture;

use aisle::{Aisle, between};
pub use conditions::Level;
use conditions::Range;
use crewseal_label::Token;
use film::{Exposure, Shine};
pub use hand::{FRAMES, Hand};
use image::GrayImage;
use plane::{Eye, FOCAL};
use rand::rngs::SmallRng;
use rand::{Rng, SeedableRng};
pub use setting::Setting;
use setting::{Shares, mixed};
use sticker::Sticker;

use crate::camera::{HEIGHT, WIDTH};
use crate::space::{Vec3, vec3};

/// Pixels that stay free around the labels.
const BORDER: f32 = 46.0;
/// Steps of the hand's way during an exposure.
const STEPS: usize = 16;

/// A scene, ready to be photographed.
pub struct Warehouse {
    aisle: Aisle,
    hand: Hand,
    conditions: Drawn,
    shine: Shine,
    /// From where it is looked at, and at what.
    from: Vec3,
    target: Vec3,
    roll: f32,
    seed: u64,
}

/// What a scene drew of its level's conditions.
struct Drawn {
    exposure: f32,
    softness: f32,
    hunting: f32,
    tilt: (f32, f32),
    noise: f32,
    brightness: f32,
    haze: f32,
}

/// A picture and what is really in it.
pub struct Frame {
    /// 1920 x 1080 pixels of 8-bit luma.
    pub luma: GrayImage,
    /// All labels in view.
    pub labels: Vec<Shown>,
}

/// Where a label is in a frame.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Shown {
    /// What it bears.
    pub token: Token,
    /// The outer corners of its modules in pixels, clockwise from the code's
    /// own top left, half way through the exposure.
    pub corners: [(f32, f32); 4],
}

impl Warehouse {
    /// Puts up the boxes and the camera.
    #[must_use]
    pub fn new(setting: &Setting) -> Self {
        let seed = mixed(&[
            setting.seed,
            u64::from(setting.level.number()),
            setting.labels as u64,
            u64::from(setting.number),
        ]);
        let mut rng = SmallRng::seed_from_u64(seed);
        let conditions = setting.level.conditions();
        let mut shares = Shares::of(setting);
        let aisle = Aisle::new(setting.labels, conditions, &mut shares, &mut rng);
        let mut drawn = |range: Range| between(range, shares.next());

        let slant = drawn(conditions.slant);
        let around: f32 = rng.random_range(0.0..std::f32::consts::TAU);
        // More from the side than from above or below.
        let (aside, lift) = (slant * around.cos(), 0.6 * slant * around.sin());
        let towards = vec3(aside.sin() * lift.cos(), lift.sin(), aside.cos() * lift.cos());
        let roll = rng.random_range(-0.06..0.06);
        let unrest = drawn(conditions.unrest);
        let pixels = drawn(conditions.module);
        let (target, distance) = stand(&aisle, towards, roll, pixels, &mut rng);
        let from = target + towards * distance;
        let hand = Hand::new(&mut rng, unrest, distance);
        let tilt = drawn(conditions.tilt);
        let turn: f32 = rng.random_range(0.0..std::f32::consts::TAU);
        let shadow = drawn(conditions.shadow);
        let shine = Shine {
            lamp: (
                target.x + rng.random_range(-0.6..0.6) * distance,
                target.y + rng.random_range(-0.1..0.7) * distance,
            ),
            reach: distance * rng.random_range(0.5..1.4),
            rest: rng.random_range(0.25..0.7),
            shadow: if rng.random_bool(0.6) { shadow } else { 0.0 },
            seed: rng.random(),
        };
        let conditions = Drawn {
            exposure: drawn(conditions.exposure),
            softness: drawn(conditions.softness),
            hunting: conditions.hunting,
            tilt: (tilt * turn.cos(), tilt * turn.sin()),
            noise: drawn(conditions.noise),
            brightness: drawn(conditions.brightness),
            haze: drawn(conditions.haze),
        };
        Self { aisle, hand, conditions, shine, from, target, roll, seed }
    }

    /// The picture at a time: frame 0 for a still, 30 frames to a second.
    #[must_use]
    pub fn frame(&self, number: u32) -> Frame {
        let mut rng = SmallRng::seed_from_u64(mixed(&[self.seed, u64::from(number)]));
        let Drawn { exposure, softness, hunting, tilt, noise, brightness, haze } = self.conditions;
        let seconds = number as f32 / FRAMES;
        let eye = self.eye(seconds);
        let middle = eye.sees(self.target);
        let exposure = exposure * rng.random_range(0.85..1.15);
        let path = (0..STEPS)
            .map(|step| {
                let part = (step as f32 + 0.5) / STEPS as f32 - 0.5;
                let then = self.eye(seconds + part * exposure).sees(self.target);
                (then.0 - middle.0, then.1 - middle.1)
            })
            .collect();
        let mut film = self.aisle.painted(&eye);
        film.lit(|x, y| {
            let share = 1.0 / FOCAL;
            let distance = (eye.at - self.target).z;
            let x = (x - middle.0) * share * distance + self.target.x;
            let y = self.target.y - (y - middle.1) * share * distance;
            self.shine.at((x, y))
        });
        let luma = film.expose(&Exposure {
            path,
            softness: softness * (1.0 + hunting * self.hand.focus(seconds)),
            tilt,
            brightness: brightness * rng.random_range(0.93..1.07),
            noise: noise * rng.random_range(0.9..1.1),
            haze,
            seed: rng.random(),
        });
        let labels = self
            .aisle
            .stickers
            .iter()
            .map(|sticker| Shown { token: sticker.token, corners: sticker.corners(&eye) })
            .collect();
        Frame { luma, labels }
    }

    fn eye(&self, seconds: f32) -> Eye {
        Eye::new(
            self.from + self.hand.sway(seconds),
            self.target + self.hand.aim(seconds),
            self.roll + self.hand.roll(seconds),
            MIDDLE,
        )
    }
}

const MIDDLE: (f32, f32) = (WIDTH as f32 / 2.0, HEIGHT as f32 / 2.0);

/// At what to look, and from how far: so that a module has so many pixels, or
/// from farther, where the labels need it to be all in view.
fn stand(aisle: &Aisle, towards: Vec3, roll: f32, pixels: f32, rng: &mut SmallRng) -> (Vec3, f32) {
    let modules = aisle.stickers.iter().map(Sticker::module);
    let module = modules.fold(1.0, f32::min);
    let mut distance = FOCAL * module / pixels;
    let middle = aisle.middle();
    // Nobody aims at the very middle; as far off it as labels stay in view.
    let off = vec3(rng.random_range(-0.3..0.3), rng.random_range(-0.16..0.16), 0.0);
    let mut share = 1.0;
    loop {
        let target = middle + off * (distance * share);
        let eye = Eye::new(target + towards * distance, target, roll, MIDDLE);
        let is_in_view =
            aisle.stickers.iter().flat_map(|sticker| sticker.paper(&eye)).all(|(x, y)| {
                (BORDER..WIDTH as f32 - BORDER).contains(&x)
                    && (BORDER..HEIGHT as f32 - BORDER).contains(&y)
            });
        if is_in_view || distance > 4000.0 {
            return (target, distance);
        }
        if share > 0.05 {
            share -= 0.1;
        } else {
            distance *= 1.01;
        }
    }
}
