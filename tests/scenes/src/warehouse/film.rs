//! What falls on the sensor: light of one colour, before the hand and the lens
//! blur it and the sensor makes numbers of it.

use image::GrayImage;
use rand::rngs::SmallRng;
use rand::{Rng, SeedableRng};

use crate::camera::{HEIGHT, WIDTH};
use crate::grain::cloud;

/// Pixels around the picture that are painted too, for what blur draws in.
const RIM: i32 = 32;
const COLUMNS: usize = WIDTH as usize + 2 * RIM as usize;
const ROWS: usize = HEIGHT as usize + 2 * RIM as usize;

/// Light over the picture and its rim.
pub struct Film {
    light: Vec<f32>,
}

/// How one exposure went.
pub struct Exposure {
    /// How the picture moved during it, in pixels from where it was half way.
    pub path: Vec<(f32, f32)>,
    /// Standard deviation of the lens's blur where it is sharpest, in pixels.
    pub softness: f32,
    /// How far the sharp plane is tilted off the boxes: per pixel of the
    /// picture's half width and height, 0 for not at all.
    pub tilt: (f32, f32),
    /// Mean of the picture, linear.
    pub brightness: f32,
    /// Of the sensor: 0.05 in daylight, 0.4 in a cellar.
    pub noise: f32,
    /// Light that the lens scatters over all of the picture.
    pub haze: f32,
    pub seed: u64,
}

/// Steps of the tone curve up to twice white.
const CURVE: usize = 4096;
/// Random numbers drawn for a frame; each row starts at another one.
const GRAINS: usize = 1 << 16;

impl Film {
    /// All of it in one light.
    pub fn new(light: f32) -> Self {
        Self { light: vec![light; COLUMNS * ROWS] }
    }

    pub const fn left(&self) -> i32 {
        -RIM
    }

    pub const fn top(&self) -> i32 {
        -RIM
    }

    pub const fn right(&self) -> i32 {
        COLUMNS as i32 - RIM
    }

    pub const fn bottom(&self) -> i32 {
        ROWS as i32 - RIM
    }

    /// Part of a row; the caller stays within the film.
    pub fn row_mut(&mut self, y: i32, from: i32, to: i32) -> &mut [f32] {
        let start = (y + RIM) as usize * COLUMNS;
        &mut self.light[start + (from + RIM) as usize..start + (to + RIM) as usize]
    }

    /// Lights everything: `strength` is asked every 16 pixels.
    pub fn lit(&mut self, strength: impl Fn(f32, f32) -> f32) {
        const CELL: usize = 16;
        let columns = COLUMNS / CELL + 2;
        let grid: Vec<f32> = (0..ROWS / CELL + 2)
            .flat_map(|row| (0..columns).map(move |column| (column, row)))
            .map(|(column, row)| {
                let at = |cell: usize| (cell * CELL) as f32 - RIM as f32;
                strength(at(column), at(row))
            })
            .collect();
        let mut line = vec![0.0; columns];
        for (y, row) in self.light.chunks_exact_mut(COLUMNS).enumerate() {
            let below = (y % CELL) as f32 / CELL as f32;
            let upper = &grid[y / CELL * columns..][..columns];
            let lower = &grid[(y / CELL + 1) * columns..][..columns];
            for (column, value) in line.iter_mut().enumerate() {
                *value = upper[column] + (lower[column] - upper[column]) * below;
            }
            for (cell, pixels) in row.chunks_mut(CELL).enumerate() {
                let rise = (line[cell + 1] - line[cell]) / CELL as f32;
                for (x, pixel) in pixels.iter_mut().enumerate() {
                    *pixel *= line[cell] + rise * x as f32;
                }
            }
        }
    }

    /// Takes the picture.
    pub fn expose(mut self, exposure: &Exposure) -> GrayImage {
        self.light = smeared(&self.light, &exposure.path);
        let radius = (exposure.softness * 2.6).ceil() as usize;
        let kernel: Vec<f32> = bell(exposure.softness, radius);
        self.light = softened(&self.light, &kernel);
        let (tilt_x, tilt_y) = exposure.tilt;
        if tilt_x != 0.0 || tilt_y != 0.0 {
            // Far from the sharp plane it is twice as soft.
            let softer = softened(&self.light, &bell(exposure.softness * 1.7, radius * 2));
            for (y, (row, soft)) in
                self.light.chunks_exact_mut(COLUMNS).zip(softer.chunks_exact(COLUMNS)).enumerate()
            {
                let down = tilt_y * (y as f32 / ROWS as f32 * 2.0 - 1.0);
                for (x, (sharp, soft)) in row.iter_mut().zip(soft).enumerate() {
                    let off = (tilt_x * (x as f32 / COLUMNS as f32 * 2.0 - 1.0) + down).abs();
                    *sharp += (*soft - *sharp) * off.min(1.0);
                }
            }
        }
        self.develop(exposure)
    }

    /// From light to numbers: exposure, vignette, noise, the tone curve.
    fn develop(&self, exposure: &Exposure) -> GrayImage {
        let mut rng = SmallRng::seed_from_u64(exposure.seed);
        let sampled = self.light.iter().step_by(31);
        let mean = sampled.clone().sum::<f32>() / sampled.count() as f32;
        let gain = exposure.brightness / mean.max(1e-4);
        let curve: Vec<u8> =
            (0..=CURVE).map(|step| tone(step as f32 * 2.0 / CURVE as f32)).collect();
        let deviations: Vec<f32> = (0..=CURVE)
            .map(|step| exposure.noise * (0.012 + 0.09 * (step as f32 * 2.0 / CURVE as f32).sqrt()))
            .collect();
        let grains = grains(&mut rng);
        let mut pixels = Vec::with_capacity((WIDTH * HEIGHT) as usize);
        let rows = self.light.chunks_exact(COLUMNS).skip(RIM as usize).take(HEIGHT as usize);
        for (y, row) in rows.enumerate() {
            let down = (y as f32 / HEIGHT as f32 - 0.5) * 0.68;
            let start = rng.random_range(0..GRAINS - WIDTH as usize);
            let row = &row[RIM as usize..][..WIDTH as usize];
            pixels.extend(row.iter().zip(&grains[start..]).enumerate().map(
                |(x, (light, grain))| {
                    let right = (x as f32 / WIDTH as f32 - 0.5) * 1.2;
                    let vignette = 1.0 - 0.75 * (right * right + down * down);
                    let light = light * gain * vignette + exposure.haze;
                    let step = ((light * (CURVE as f32 / 2.0)) as usize).min(CURVE);
                    let seen = light + deviations[step] * grain;
                    curve[((seen * (CURVE as f32 / 2.0)) as usize).min(CURVE)]
                },
            ));
        }
        GrayImage::from_vec(WIDTH, HEIGHT, pixels).expect("so many were collected")
    }
}

/// Standard normal numbers, neighbours a little alike: what a phone's software
/// does against noise smears what is left of it.
fn grains(rng: &mut SmallRng) -> Vec<f32> {
    let raw: Vec<f32> = (0..GRAINS + 2)
        .map(|_| {
            // Four uniform numbers of 16 bits have a variance of a third.
            let bits: u64 = rng.random();
            let sum: u64 = (0..4).map(|part| (bits >> (16 * part)) & 0xFFFF).sum();
            (sum as f32 / 65536.0 - 2.0) * 1.732
        })
        .collect();
    raw.windows(3).map(|near| 0.9 * near[1] + 0.31 * (near[0] + near[2])).collect()
}

/// The camera's curve: a gamma with a shoulder.
fn tone(light: f32) -> u8 {
    let shoulder =
        if light > 0.8 { 0.8 + 0.2 * (1.0 - (-(light - 0.8) / 0.2).exp()) } else { light };
    (shoulder.powf(1.0 / 2.2) * 255.0 + 0.5) as u8
}

/// One half of a bell and the other, summing to 1.
fn bell(deviation: f32, radius: usize) -> Vec<f32> {
    let weight = |at: f32| (-at * at / (2.0 * deviation * deviation)).exp();
    let kernel: Vec<f32> = (0..=2 * radius).map(|at| weight(at as f32 - radius as f32)).collect();
    let sum: f32 = kernel.iter().sum();
    kernel.into_iter().map(|weight| weight / sum).collect()
}

/// The picture averaged over the places that it was at.
fn smeared(light: &[f32], path: &[(f32, f32)]) -> Vec<f32> {
    let mut weights: Vec<((i32, i32), f32)> = Vec::new();
    let share = 1.0 / path.len().max(1) as f32;
    for (x, y) in path {
        let reach = (RIM - 8) as f32;
        let (x, y) = (x.clamp(-reach, reach), y.clamp(-reach, reach));
        let (left, top) = (x.floor(), y.floor());
        for (right, below) in [(0, 0), (1, 0), (0, 1), (1, 1)] {
            let part = |at: f32, from: f32, is_next: i32| {
                if is_next == 1 { at - from } else { 1.0 - at + from }
            };
            let weight = share * part(x, left, right) * part(y, top, below);
            let offset = (left as i32 + right, top as i32 + below);
            match weights.iter_mut().find(|(known, _)| *known == offset) {
                Some((_, sum)) => *sum += weight,
                None => weights.push((offset, weight)),
            }
        }
    }
    weights.retain(|(_, weight)| *weight > 0.004);
    let sum: f32 = weights.iter().map(|(_, weight)| weight).sum();
    let mut smeared = vec![0.0; light.len()];
    let rim = RIM as usize;
    for y in rim / 2..ROWS - rim / 2 {
        let line = &mut smeared[y * COLUMNS..][..COLUMNS];
        for ((x_off, y_off), weight) in &weights {
            let source_row = (y as i32 - y_off).clamp(0, ROWS as i32 - 1) as usize;
            let source = &light[source_row * COLUMNS..][..COLUMNS];
            let weight = weight / sum;
            let from = (*x_off).max(0) as usize;
            let to = (COLUMNS as i32 + (*x_off).min(0)) as usize;
            let shifted = &source[(from as i32 - x_off) as usize..(to as i32 - x_off) as usize];
            for (pixel, light) in line[from..to].iter_mut().zip(shifted) {
                *pixel += weight * light;
            }
        }
    }
    smeared
}

/// The picture through a soft lens: along the rows, then along the columns.
fn softened(light: &[f32], kernel: &[f32]) -> Vec<f32> {
    let radius = kernel.len() / 2;
    let mut across = vec![0.0; light.len()];
    for (line, source) in across.chunks_exact_mut(COLUMNS).zip(light.chunks_exact(COLUMNS)) {
        let inner = &mut line[radius..COLUMNS - radius];
        for (offset, weight) in kernel.iter().enumerate() {
            for (pixel, light) in inner.iter_mut().zip(&source[offset..]) {
                *pixel += weight * light;
            }
        }
    }
    let mut softened = vec![0.0; light.len()];
    for y in radius..ROWS - radius {
        let line = &mut softened[y * COLUMNS..][..COLUMNS];
        for (offset, weight) in kernel.iter().enumerate() {
            let source = &across[(y + offset - radius) * COLUMNS..][..COLUMNS];
            for (pixel, light) in line.iter_mut().zip(source) {
                *pixel += weight * light;
            }
        }
    }
    softened
}

/// Light in a room, around 1: brighter towards a lamp, with soft shadows.
pub struct Shine {
    /// Where the lamp shines most, in millimetres.
    pub lamp: (f32, f32),
    /// How far it reaches, in millimetres.
    pub reach: f32,
    /// Light that comes from everywhere.
    pub rest: f32,
    /// How dark shadows are, 0 to 1.
    pub shadow: f32,
    pub seed: u32,
}

impl Shine {
    /// How much light there is at a place on the wall of boxes.
    pub fn at(&self, (x, y): (f32, f32)) -> f32 {
        let (across, down) = ((x - self.lamp.0) / self.reach, (y - self.lamp.1) / self.reach);
        let lamp = self.rest + (1.0 - self.rest) / (1.0 + across * across + down * down);
        if self.shadow == 0.0 {
            return lamp;
        }
        // Somebody's arm, a pillar: a broad band with a soft edge.
        let edge =
            cloud(x / 190.0 + y / 900.0, 0.5, self.seed) + 0.4 * cloud(y / 210.0, 1.5, self.seed);
        let lit = crate::grain::step(-0.12, 0.12, edge);
        lamp * (1.0 - self.shadow * (1.0 - lit))
    }
}
