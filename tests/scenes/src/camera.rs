//! A phone held in the hand: where it is, what its lens and sensor make of the
//! light.

use image::{Rgb, RgbImage};
use rand::rngs::SmallRng;
use rand::{Rng, SeedableRng};

use crate::grain::step;
use crate::light::{Light, Lighting};
use crate::room::{Room, is_label};
use crate::space::{Face, Ray, Vec3, vec3};

/// Pixels in a row of a photograph.
pub const WIDTH: u32 = 1920;
/// Rows of a photograph.
pub const HEIGHT: u32 = 1080;

/// Distance of the sensor in pixels: a phone's main camera, 62 degrees wide.
const FOCAL: f32 = 1600.0;
/// Pixels that stay free around the boxes.
const BORDER: f32 = 45.0;
/// Samples of a pixel where there is something fine to see.
const SAMPLES: i32 = 16;
/// The tone curve is looked up, in so many steps up to this much light.
const CURVE: usize = 8192;
const BRIGHTEST: f32 = 6.0;
/// Rows that a thread takes at a time.
const BAND: u32 = 24;

/// A camera at a place, looking somewhere.
pub struct Camera {
    pub eye: Vec3,
    right: Vec3,
    up: Vec3,
    ahead: Vec3,
    /// Pixels that the picture moves during the exposure.
    shake: (f32, f32),
    /// Standard deviation of the lens's blur, in pixels.
    blur: f32,
    noise_seed: u64,
}

impl Camera {
    /// Steps back until all cartons are in view, then shakes a little: `shot`
    /// tells one picture of the same scene from the next.
    pub fn aim(room: &Room, light: Light, rng: &mut SmallRng, seed: u64, shot: u32) -> Self {
        let corners: Vec<Vec3> = room.cartons().flat_map(|(block, _)| block.corners()).collect();
        let bound = |axis: fn(&Vec3) -> f32| {
            let all = || corners.iter().map(axis);
            (all().fold(f32::MAX, f32::min), all().fold(f32::MIN, f32::max))
        };
        let ((left, right), (bottom, top)) = (bound(|c| c.x), bound(|c| c.y));
        let middle = |(a, b): (f32, f32)| if a < b { (a + b) / 2.0 } else { 0.4 };
        let target = vec3(middle((left, right)), middle((bottom, top)) * 0.94, 0.45);
        let aside: f32 = rng.random_range(-0.20..0.20);
        let lift: f32 = rng.random_range(0.16..0.30);

        let mut hand = SmallRng::seed_from_u64(seed ^ (u64::from(shot) << 32));
        let mut tremble = |reach: f32| hand.random_range(-reach..reach);
        let roll = tremble(0.02);
        let off_target = vec3(tremble(0.015), tremble(0.012), 0.0);
        let aside = aside + tremble(0.02);
        let lift = lift + tremble(0.012);
        let (angle, length) = (tremble(std::f32::consts::PI), 1.3 + tremble(0.5));
        let (length, blur) = match light {
            Light::Day => (length * 0.4, 0.45),
            Light::Dim => (length, 0.6),
            Light::Dark => (length * 1.8, 0.8),
        };
        let towards = vec3(aside.sin() * lift.cos(), lift.sin(), aside.cos() * lift.cos());
        let mut camera = Self {
            eye: target,
            right: Vec3::ZERO,
            up: Vec3::ZERO,
            ahead: towards * -1.0,
            shake: (angle.cos() * length, angle.sin() * length),
            blur,
            noise_seed: hand.random(),
        };
        let level = camera.ahead.cross(vec3(0.0, 1.0, 0.0)).normalised();
        let upright = level.cross(camera.ahead);
        camera.right = level * roll.cos() + upright * roll.sin();
        camera.up = upright * roll.cos() - level * roll.sin();
        let mut distance = 1.05;
        loop {
            camera.eye = target + off_target + towards * distance;
            let is_in_view = corners.iter().all(|corner| {
                let (x, y) = camera.project(*corner);
                (BORDER..WIDTH as f32 - BORDER).contains(&x)
                    && (BORDER..HEIGHT as f32 - BORDER).contains(&y)
            });
            if is_in_view || distance > 4.0 {
                return camera;
            }
            distance += 0.02;
        }
    }

    /// Where a point of the room is in the picture, in pixels.
    pub fn project(&self, point: Vec3) -> (f32, f32) {
        let way = point - self.eye;
        let scale = FOCAL / way.dot(self.ahead);
        (
            WIDTH as f32 / 2.0 + way.dot(self.right) * scale,
            HEIGHT as f32 / 2.0 - way.dot(self.up) * scale,
        )
    }

    fn ray(&self, x: f32, y: f32) -> Ray {
        let along = self.ahead * FOCAL
            + self.right * (x - WIDTH as f32 / 2.0)
            + self.up * (HEIGHT as f32 / 2.0 - y);
        Ray { from: self.eye, along: along.normalised() }
    }

    /// Takes the picture.
    pub fn expose(&self, room: &Room, lighting: &Lighting, light: Light) -> RgbImage {
        let view = View { camera: self, room, lighting, windows: self.windows(room) };
        let mut film = vec![Vec3::ZERO; (WIDTH * HEIGHT) as usize];
        let bands = film.chunks_mut((WIDTH * BAND) as usize).zip((0..).step_by(BAND as usize));
        let (even, odd): (Vec<_>, Vec<_>) =
            bands.partition(|(_, top)| (top / BAND).is_multiple_of(2));
        std::thread::scope(|scope| {
            for share in [even, odd] {
                let view = &view;
                scope.spawn(move || {
                    for (band, top) in share {
                        view.fill(band, top);
                    }
                });
            }
        });
        self.develop(&film, light)
    }

    /// The rectangle of the picture that each thing can be seen in: left, top,
    /// right and bottom. A ray need not look for it elsewhere.
    fn windows(&self, room: &Room) -> Vec<[f32; 4]> {
        room.things
            .iter()
            .map(|thing| {
                let everywhere = [f32::MIN, f32::MIN, f32::MAX, f32::MAX];
                let corners = thing.block.corners();
                if corners.iter().any(|c| (*c - self.eye).dot(self.ahead) < 0.1) {
                    return everywhere;
                }
                corners.iter().map(|corner| self.project(*corner)).fold(
                    [f32::MAX, f32::MAX, f32::MIN, f32::MIN],
                    |[left, top, right, bottom], (x, y)| {
                        [left.min(x), top.min(y), right.max(x), bottom.max(y)]
                    },
                )
            })
            .collect()
    }

    /// Where the samples of a pixel lie: the lens's blur, smeared along the
    /// hand's movement.
    fn spread(&self) -> Vec<(f32, f32)> {
        (0..SAMPLES)
            .map(|i| {
                let share = (i as f32 + 0.5) / SAMPLES as f32;
                let angle = i as f32 * 2.399_963;
                // The pixel itself adds a standard deviation of about 0.3.
                let radius =
                    (self.blur * self.blur + 0.09).sqrt() * (-2.0 * (1.0 - share).ln()).sqrt();
                // Every step of the way with every distance from the centre.
                let way = ((i * 7) % SAMPLES) as f32 / (SAMPLES - 1) as f32 - 0.5;
                (
                    radius * angle.cos() + self.shake.0 * way,
                    radius * angle.sin() + self.shake.1 * way,
                )
            })
            .collect()
    }

    /// From light to numbers: exposure, vignette, noise, the tone curve.
    fn develop(&self, film: &[Vec3], light: Light) -> RgbImage {
        let (brightness, noise) = match light {
            Light::Day => (0.36, 0.006),
            Light::Dim => (0.30, 0.013),
            Light::Dark => (0.11, 0.030),
        };
        // The camera meters the picture's mean, and balances white half way.
        let mean = film.iter().step_by(17).fold(Vec3::ZERO, |sum, light| sum + *light)
            * (17.0 / film.len() as f32);
        let grey = (mean.x + mean.y + mean.z) / 3.0;
        let gain = |channel: f32| brightness / grey * (grey * 1.06 / channel).powf(0.35);
        let gains = vec3(gain(mean.x), gain(mean.y), gain(mean.z));
        let mut grain = Grain(self.noise_seed | 1);
        let curve: Vec<u8> = (0..=CURVE)
            .map(|step| (tone(step as f32 / CURVE as f32 * BRIGHTEST) * 255.0 + 0.5) as u8)
            .collect();
        RgbImage::from_fn(WIDTH, HEIGHT, |x, y| {
            let right = (x as f32 - WIDTH as f32 / 2.0) / FOCAL;
            let down = (y as f32 - HEIGHT as f32 / 2.0) / FOCAL;
            let square = right * right + down * down;
            let vignette = 1.0 / ((1.0 + square) * (1.0 + 0.55 * square));
            let light = film[(y * WIDTH + x) as usize].tinted(gains) * vignette;
            // Most of the noise is common to the channels once a phone's
            // software is through with it.
            let common = grain.next();
            let mut channel = |light: f32| {
                let deviation = noise * (0.12 + light.max(0.0).sqrt());
                let seen = light + deviation * (0.8 * common + 0.45 * grain.next());
                // The cast saturates at 0.
                curve[((seen * (CURVE as f32 / BRIGHTEST)) as usize).min(CURVE)]
            };
            Rgb([channel(light.x), channel(light.y), channel(light.z)])
        })
    }
}

/// The tone curve: sRGB with a soft shoulder, so that white paper keeps its
/// drawing under the lamp, and some of the contrast that phones add.
fn tone(light: f32) -> f32 {
    let soft = light * (1.0 + light / 4.0) / (1.0 + light);
    let soft = soft.min(1.0);
    let encoded =
        if soft < 0.003_130_8 { 12.92 * soft } else { 1.055 * soft.powf(1.0 / 2.4) - 0.055 };
    encoded + 0.5 * (step(0.0, 1.0, encoded) - encoded)
}

/// Normally distributed noise, quick: the sum of four uniform numbers.
struct Grain(u64);

impl Grain {
    fn next(&mut self) -> f32 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        let parts = (0..4).map(|i| ((self.0 >> (16 * i)) & 0xFFFF) as f32).sum::<f32>();
        // Four uniform numbers from 0 to 1 have a variance of one third.
        (parts / 65_535.0 - 2.0) * 1.732_05
    }
}

/// What is needed to colour a pixel.
struct View<'a> {
    camera: &'a Camera,
    room: &'a Room,
    lighting: &'a Lighting,
    windows: Vec<[f32; 4]>,
}

/// What a sample met.
#[derive(Clone, Copy, PartialEq)]
struct Met {
    thing: usize,
    face: Face,
    is_label: bool,
}

impl View<'_> {
    /// Colours some rows, the first of which is `top`.
    fn fill(&self, band: &mut [Vec3], top: u32) {
        let width = WIDTH as usize;
        // One sample everywhere first, with a rim of a pixel around.
        let rows = band.len() / width;
        let wide = width + 2;
        let coarse: Vec<(Vec3, Option<Met>)> = (0..(rows + 2) * wide)
            .map(|i| {
                let x = (i % wide) as f32 - 0.5;
                let y = (i / wide) as f32 - 0.5 + top as f32;
                self.sample(x, y)
            })
            .collect();
        let spread = self.camera.spread();
        for row in 0..rows {
            for column in 0..width {
                let here = (row + 1) * wide + column + 1;
                let (light, met) = coarse[here];
                let is_plain = met.is_some_and(|met| !met.is_label)
                    && [here - wide, here - 1, here + 1, here + wide]
                        .iter()
                        .all(|near| coarse[*near].1 == met);
                band[row * width + column] = if is_plain {
                    light
                } else {
                    let centre = (column as f32 + 0.5, (row as u32 + top) as f32 + 0.5);
                    let sum = spread.iter().fold(Vec3::ZERO, |sum, (right, down)| {
                        sum + self.sample(centre.0 + right, centre.1 + down).0
                    });
                    sum * (1.0 / SAMPLES as f32)
                };
            }
        }
    }

    /// The light that reaches a point of the sensor, and from where.
    fn sample(&self, x: f32, y: f32) -> (Vec3, Option<Met>) {
        let ray = self.camera.ray(x, y);
        let in_window = |number: usize| {
            let [left, top, right, bottom] = self.windows[number];
            left <= x && x <= right && top <= y && y <= bottom
        };
        let Some((thing, distance, face)) = self.room.met_by(&ray, in_window) else {
            return (Vec3::ZERO, None);
        };
        let it = &self.room.things[thing];
        let (u, v) = it.block.place(face, ray.from + ray.along * distance);
        let light = it.colour(face, u, v).tinted(self.lighting.at(thing, face, u, v));
        (light, Some(Met { thing, face, is_label: is_label(it, face, u, v) }))
    }
}
