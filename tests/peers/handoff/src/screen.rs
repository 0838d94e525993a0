//! Whether a camera reads the messages off a phone's screen.
//!
//! A drawn phone, bright screen and dark rim, before a room; seen by a second
//! phone in another hand. Light, lens, sensor and hands are those of the middle
//! level of the warehouse's scenes (tests/scenes/src/warehouse), drawn anew for
//! each seed; what happens to paper does not happen here, but a reflection does.

use std::f32::consts::TAU;

use crewseal_scan::{Look, Luma, Reader};
use qrcode::Color;
use rand::rngs::SmallRng;
use rand::{Rng, SeedableRng};
use scenes::Hand;

use fixtures::messages::{Shown, code};

const WIDTH: usize = 1920;
const HEIGHT: usize = 1080;
/// Pixels that are one radian wide in the middle of the picture.
const FOCAL: f32 = 1500.0;
/// Frames in a second.
const FRAMES: f32 = 30.0;
/// How many frames a person waits.
pub const MOST_FRAMES: u32 = 30;
/// For each message.
pub const SEEDS: u64 = 100;
/// Times of an exposure that are looked at for each pixel, each at another place
/// in it.
const SAMPLES: usize = 6;

/// Half of the phone, of its screen and of the code without its quiet zone, in
/// millimetres.
const PHONE: (f32, f32) = (36.0, 76.0);
const SCREEN: (f32, f32) = (33.5, 72.5);
/// Half of the code with its quiet zone.
const CODE: f32 = 31.0;
const QUIET: f32 = 4.0;

/// How one message was read.
pub struct Read {
    pub name: &'static str,
    pub version: u16,
    /// For each seed after how many frames; one more than [`MOST_FRAMES`] if
    /// never.
    pub frames: Vec<u32>,
    /// Codes that were read where there are none, or as something else.
    pub wrong: usize,
}

impl Read {
    /// Seeds that were read in time.
    pub fn count(&self) -> usize {
        self.frames.iter().filter(|frames| **frames <= MOST_FRAMES).count()
    }

    pub fn slowest(&self) -> u32 {
        self.frames.iter().copied().filter(|frames| *frames <= MOST_FRAMES).max().unwrap_or(0)
    }

    pub fn median(&self) -> u32 {
        let mut frames = self.frames.clone();
        frames.sort_unstable();
        frames.get(frames.len() / 2).copied().unwrap_or(0)
    }
}

/// Shows each message to a camera, each seed another one.
pub fn read(messages: &[Shown]) -> Vec<Read> {
    messages
        .iter()
        .map(|message| {
            eprintln!("{} on a screen", message.name);
            let mut read =
                Read { name: message.name, version: message.version, frames: Vec::new(), wrong: 0 };
            for seed in 0..SEEDS {
                let scene = Scene::new(&message.text, seed);
                let mut reader = Reader::new();
                let mut is_read = |number: u32| {
                    let pixels = scene.frame(number);
                    let (width, height) = (WIDTH as u32, HEIGHT as u32);
                    let frame = Luma::new(width, height, WIDTH, &pixels).expect("its size");
                    let readings = reader.live(&frame, &Look::default());
                    let right = readings.iter().filter(|one| one.text == message.text).count();
                    read.wrong += readings.len() - right;
                    right > 0
                };
                let at = (0..MOST_FRAMES).find(|number| is_read(*number)).unwrap_or(MOST_FRAMES);
                read.frames.push(at + 1);
            }
            read
        })
        .collect()
}

/// A phone, and a hand that looks at it.
struct Scene {
    modules: Vec<bool>,
    side: usize,
    hands: [Hand; 2],
    distance: f32,
    /// From aside and from above, in radians.
    slant: (f32, f32),
    roll: f32,
    exposure: f32,
    softness: f32,
    noise: f32,
    brightness: f32,
    haze: f32,
    room: f32,
    /// Where on the screen something is reflected, and how brightly.
    glare: (f32, f32, f32),
    seed: u64,
}

impl Scene {
    fn new(text: &str, seed: u64) -> Self {
        let mut rng = SmallRng::seed_from_u64(seed);
        let code = code(text);
        let side = code.width();
        let modules = code.to_colors().iter().map(|color| *color == Color::Dark).collect();
        // The code without its quiet zone fills so much of the picture's height.
        let fills: f32 = rng.random_range(0.4..0.6);
        let distance = FOCAL * Self::code_side(side) / (fills * HEIGHT as f32);
        let slant: f32 = rng.random_range(0.0..0.35);
        let towards: f32 = rng.random_range(0.0..TAU);
        let unrest = rng.random_range(0.8..1.05);
        let glare = if rng.random_bool(0.2) { rng.random_range(0.2..0.7) } else { 0.0 };
        Self {
            modules,
            side,
            // The one that holds the screen is as restless as the one that looks.
            hands: [(); 2].map(|()| Hand::new(&mut rng, unrest, distance)),
            distance,
            slant: (slant * towards.cos(), slant * towards.sin()),
            roll: rng.random_range(-0.2..0.2),
            exposure: rng.random_range(0.006..0.0115),
            softness: rng.random_range(0.42..0.74),
            noise: rng.random_range(0.1..0.34),
            brightness: rng.random_range(0.09..0.25),
            haze: rng.random_range(0.0..0.03),
            room: rng.random_range(0.1..0.6),
            glare: (rng.random_range(-25.0..25.0), rng.random_range(-25.0..25.0), glare),
            seed,
        }
    }

    /// Without the quiet zone, in millimetres.
    fn code_side(side: usize) -> f32 {
        2.0 * CODE * side as f32 / (side as f32 + 2.0 * QUIET)
    }

    /// The light of a place on the plane of the screen; none beside the phone.
    fn light(&self, x: f32, y: f32) -> Option<f32> {
        if x.abs() > PHONE.0 || y.abs() > PHONE.1 {
            return None;
        }
        let away = ((x - self.glare.0).powi(2) + (y - self.glare.1).powi(2)) / 300.0;
        let reflected = 0.02 + self.glare.2 * (-away).exp();
        if x.abs() > SCREEN.0 || y.abs() > SCREEN.1 {
            return Some(reflected);
        }
        let module = (self.side as f32 + 2.0 * QUIET) / (2.0 * CODE);
        let at = |place: f32| (place + CODE) * module - QUIET;
        let (column, row) = (at(x), at(y));
        let inside = 0.0..self.side as f32;
        let is_dark = inside.contains(&column)
            && inside.contains(&row)
            && self.modules[row as usize * self.side + column as usize];
        Some(reflected + if is_dark { 0.01 } else { 1.0 })
    }

    /// What the camera hands over.
    fn frame(&self, number: u32) -> Vec<u8> {
        let time = number as f32 / FRAMES;
        let views: [View; SAMPLES] = std::array::from_fn(|at| {
            let during = (at as f32 + 0.5) / SAMPLES as f32 - 0.5;
            self.view(time + self.exposure * during)
        });
        let mut light = Vec::with_capacity(WIDTH * HEIGHT);
        let phone = views[SAMPLES / 2].bounds();
        for y in 0..HEIGHT {
            for x in 0..WIDTH {
                let (right, down) = (x as f32, y as f32);
                let around = self.room * (0.8 + 0.3 * (right / 400.0).sin() * (down / 270.0).cos());
                if !phone.contains(right, down) {
                    light.push(around);
                    continue;
                }
                let seen: f32 = views
                    .iter()
                    .enumerate()
                    .map(|(at, view)| {
                        // Spread over the pixel, so that edges are smooth.
                        let across = (at as f32 + 0.5) / SAMPLES as f32;
                        let along = (at as f32 * 0.618).fract();
                        let (x, y) = view.on_screen(right + across, down + along);
                        self.light(x, y).unwrap_or(around)
                    })
                    .sum();
                light.push(seen / SAMPLES as f32);
            }
        }
        let hunting = 0.54 * self.hands[0].focus(time);
        let soft = soften(&light, self.softness * (1.0 + hunting));
        self.develop(&soft, number)
    }

    fn view(&self, time: f32) -> View {
        let [camera, screen] = &self.hands;
        let sway = camera.sway(time);
        let eye = (
            self.distance * self.slant.0.sin() + sway.x,
            self.distance * self.slant.1.sin() + sway.y,
            self.distance * self.slant.0.cos() * self.slant.1.cos() + sway.z,
        );
        let (aim, moved) = (camera.aim(time), screen.aim(time));
        let target = (aim.x - moved.x, aim.y - moved.y);
        View::new(eye, target, self.roll + camera.roll(time) + screen.roll(time))
    }

    /// From light to numbers: exposure, vignette, noise, the tone curve.
    fn develop(&self, light: &[f32], number: u32) -> Vec<u8> {
        let mut rng = SmallRng::seed_from_u64(self.seed << 8 | u64::from(number));
        let mean = light.iter().step_by(31).sum::<f32>() / light.len().div_ceil(31) as f32;
        let gain = self.brightness / mean;
        // From a table: half of a frame's time went into powers.
        let curve: Vec<u8> = (0..=4096).map(|step| tone(step as f32 / 2048.0)).collect();
        light
            .iter()
            .enumerate()
            .map(|(at, light)| {
                let right = ((at % WIDTH) as f32 / WIDTH as f32 - 0.5) * 1.2;
                let down = ((at / WIDTH) as f32 / HEIGHT as f32 - 0.5) * 0.68;
                let vignette = 1.0 - 0.75 * (right * right + down * down);
                let light = light * gain * vignette + self.haze;
                // The sum of four uniform numbers is close to a bell.
                let bits: u32 = rng.random();
                let sum: u32 = bits.to_be_bytes().into_iter().map(u32::from).sum();
                let grain = (sum as f32 - 510.0) / 147.8;
                let seen = light + self.noise * (0.012 + 0.09 * light.sqrt()) * grain;
                curve[((seen * 2048.0) as usize).min(4096)]
            })
            .collect()
    }
}

/// The camera's curve: a gamma with a shoulder.
fn tone(light: f32) -> u8 {
    let shoulder =
        if light > 0.8 { 0.8 + 0.2 * (1.0 - (-(light - 0.8) / 0.2).exp()) } else { light };
    (shoulder.powf(1.0 / 2.2) * 255.0 + 0.5) as u8
}

/// The picture through a soft lens: along the rows, then along the columns.
fn soften(light: &[f32], deviation: f32) -> Vec<f32> {
    const RADIUS: usize = 3;
    let weight =
        |at: usize| (-(at as f32 - RADIUS as f32).powi(2) / (2.0 * deviation * deviation)).exp();
    let kernel: [f32; 2 * RADIUS + 1] = std::array::from_fn(weight);
    let sum: f32 = kernel.iter().sum();
    let pass = |source: &[f32], step: usize| {
        let mut to = source.to_vec();
        let edge = RADIUS * step;
        let inner = edge..source.len() - edge;
        to[inner.clone()].fill(0.0);
        for (at, weight) in kernel.iter().enumerate() {
            let from = &source[at * step..];
            for (pixel, light) in to[inner.clone()].iter_mut().zip(from) {
                *pixel += weight / sum * light;
            }
        }
        to
    };
    pass(&pass(light, 1), WIDTH)
}

type Place = (f32, f32, f32);

/// A camera at a moment.
struct View {
    eye: Place,
    right: Place,
    down: Place,
    ahead: Place,
}

impl View {
    /// From an eye to a target on the screen's plane, which is z = 0.
    fn new(eye: Place, target: (f32, f32), roll: f32) -> Self {
        let ahead = unit((target.0 - eye.0, target.1 - eye.1, -eye.2));
        // Right, down and ahead turn into each other, y being down.
        let level = unit(cross((0.0, 1.0, 0.0), ahead));
        let level = if level.0 < 0.0 { (-level.0, -level.1, -level.2) } else { level };
        let under = unit(cross(level, ahead));
        let under = if under.1 < 0.0 { (-under.0, -under.1, -under.2) } else { under };
        let turned = |a: Place, b: Place, sin: f32| {
            let cos = roll.cos();
            (a.0 * cos + b.0 * sin, a.1 * cos + b.1 * sin, a.2 * cos + b.2 * sin)
        };
        let (right, down) = (turned(level, under, roll.sin()), turned(under, level, -roll.sin()));
        Self { eye, right, down, ahead }
    }

    /// What of the screen's plane a pixel shows.
    fn on_screen(&self, x: f32, y: f32) -> (f32, f32) {
        let across = (x - WIDTH as f32 / 2.0) / FOCAL;
        let below = (y - HEIGHT as f32 / 2.0) / FOCAL;
        let ray = |of: fn(&Place) -> f32| {
            of(&self.ahead) + across * of(&self.right) + below * of(&self.down)
        };
        let reach = -self.eye.2 / ray(|place| place.2);
        (self.eye.0 + reach * ray(|place| place.0), self.eye.1 + reach * ray(|place| place.1))
    }

    /// What of the picture may show the phone.
    fn bounds(&self) -> Bounds {
        let corners = [(-1.0, -1.0), (1.0, -1.0), (1.0, 1.0), (-1.0, 1.0)].map(|(x, y)| {
            let to = (x * PHONE.0 - self.eye.0, y * PHONE.1 - self.eye.1, -self.eye.2);
            let depth = dot(to, self.ahead) / FOCAL;
            (
                dot(to, self.right) / depth + WIDTH as f32 / 2.0,
                dot(to, self.down) / depth + HEIGHT as f32 / 2.0,
            )
        });
        let (xs, ys) = (corners.map(|corner| corner.0), corners.map(|corner| corner.1));
        let least = |of: [f32; 4]| of.into_iter().fold(f32::MAX, f32::min) - 8.0;
        let most = |of: [f32; 4]| of.into_iter().fold(f32::MIN, f32::max) + 8.0;
        Bounds { left: least(xs), right: most(xs), top: least(ys), bottom: most(ys) }
    }
}

/// A part of a picture.
struct Bounds {
    left: f32,
    right: f32,
    top: f32,
    bottom: f32,
}

impl Bounds {
    fn contains(&self, x: f32, y: f32) -> bool {
        (self.left..self.right).contains(&x) && (self.top..self.bottom).contains(&y)
    }
}

fn dot(a: Place, b: Place) -> f32 {
    a.0 * b.0 + a.1 * b.1 + a.2 * b.2
}

fn cross(a: Place, b: Place) -> Place {
    (a.1 * b.2 - a.2 * b.1, a.2 * b.0 - a.0 * b.2, a.0 * b.1 - a.1 * b.0)
}

fn unit(place: Place) -> Place {
    let length = dot(place, place).sqrt();
    (place.0 / length, place.1 / length, place.2 / length)
}
