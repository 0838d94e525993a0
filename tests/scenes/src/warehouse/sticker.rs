//! A label on a box before the camera: bent around it, shining in the light.

use crewseal_label::Token;

use super::film::Film;
use super::plane::{Eye, Homography, Plane, rows};
use super::texture::Label;
use crate::grain::cloud;
use crate::space::Vec3;

/// Flat strips that a bent label is made of.
const STRIPS: usize = 14;
/// Samples of a pixel each way.
const SAMPLES: i32 = 2;

/// How a label is bent around the box.
#[derive(Debug, Clone, Copy)]
pub struct Bend {
    /// By what angle in all, in radians.
    pub by: f32,
    /// From which part of its length on it goes around an edge; over a bulging
    /// side if none.
    pub from: Option<f32>,
    /// Whether what it is bent around stands upright.
    pub is_upright: bool,
}

impl Bend {
    /// None.
    pub const FLAT: Self = Self { by: 0.0, from: None, is_upright: true };

    /// The angle off the front at a part of the label's length.
    fn angle(&self, part: f32) -> f32 {
        match self.from {
            None => self.by * (part - 0.5),
            Some(from) => self.by * 1.4 * ((part - from) / (1.0 - from).max(0.1)).clamp(0.0, 1.0),
        }
    }
}

/// A reflection, brightest at a place and longer than broad.
#[derive(Debug, Clone, Copy)]
pub struct Glare {
    pub strength: f32,
    /// In millimetres of the label, for a camera right before it.
    pub centre: (f32, f32),
    pub size: (f32, f32),
    pub turn: f32,
    pub seed: u32,
}

impl Glare {
    /// Light that is thrown at the camera. A mirror's image moves with whoever
    /// looks into it.
    fn at(&self, x: f32, y: f32, moved: (f32, f32)) -> f32 {
        let (x, y) = (x - self.centre.0 - moved.0, y - self.centre.1 - moved.1);
        let (sin, cos) = self.turn.sin_cos();
        let along = (x * cos + y * sin) / self.size.0;
        let across = (y * cos - x * sin) / self.size.1;
        let off = along * along + across * across;
        if off > 9.0 {
            return 0.0;
        }
        let crease = 0.75 + 0.25 * cloud(x / 2.5, y / 2.5, self.seed);
        self.strength * crease / ((1.0 + off) * (1.0 + off))
    }
}

/// A label on a box.
pub struct Sticker {
    pub token: Token,
    label: Label,
    strips: Vec<(Plane, [f32; 4])>,
    glare: Option<Glare>,
    /// Where the camera would stand right before it.
    normal: Vec3,
}

impl Sticker {
    /// `plane` is where it would lie if it were flat.
    pub fn new(token: Token, label: Label, plane: Plane, bend: Bend, glare: Option<Glare>) -> Self {
        let strips = strips(label.size, &plane, &bend);
        Self { token, label, strips, glare, normal: plane.normal() }
    }

    /// A place on the label, in millimetres, in the room.
    fn point(&self, x: f32, y: f32) -> Vec3 {
        let holds = |area: &[f32; 4]| x <= area[2] && y <= area[3];
        let strip = self.strips.iter().find(|(_, area)| holds(area)).or(self.strips.last());
        let (plane, _) = strip.expect("a label has at least one strip");
        plane.point(x, y)
    }

    /// The middle of its code.
    pub fn middle(&self) -> Vec3 {
        let ((left, top), half) = (self.label.code, self.label.side / 2.0);
        self.point(left + half, top + half)
    }

    /// The side of a module, in millimetres.
    pub const fn module(&self) -> f32 {
        self.label.module
    }

    /// The corners of the code in the picture, clockwise from its own top left.
    pub fn corners(&self, eye: &Eye) -> [(f32, f32); 4] {
        let ((left, top), side) = (self.label.code, self.label.side);
        [(left, top), (left + side, top), (left + side, top + side), (left, top + side)]
            .map(|(x, y)| eye.sees(self.point(x, y)))
    }

    /// The corners of the paper in the picture.
    pub fn paper(&self, eye: &Eye) -> [(f32, f32); 4] {
        let (width, height) = self.label.size;
        [(0.0, 0.0), (width, 0.0), (width, height), (0.0, height)]
            .map(|(x, y)| eye.sees(self.point(x, y)))
    }

    /// Paints it with several samples a pixel: modules are only some pixels
    /// wide, and their edges are what a reader goes by.
    pub fn paint(&self, film: &mut Film, eye: &Eye) {
        let quads: Vec<[(f32, f32); 4]> =
            self.strips.iter().map(|(plane, area)| plane.outline(eye, *area)).collect();
        let bound = |pick: fn(&(f32, f32)) -> f32, fold: fn(f32, f32) -> f32, start: f32| {
            quads.iter().flatten().map(pick).fold(start, fold)
        };
        let left = (bound(|at| at.0, f32::min, f32::MAX).floor() as i32).max(film.left());
        let top = (bound(|at| at.1, f32::min, f32::MAX).floor() as i32).max(film.top());
        let right = (bound(|at| at.0, f32::max, f32::MIN).ceil() as i32 + 1).min(film.right());
        let bottom = (bound(|at| at.1, f32::max, f32::MIN).ceil() as i32 + 1).min(film.bottom());
        if left >= right || top >= bottom {
            return;
        }
        let moved = self.moved(eye);
        let columns = (right - left) as usize;
        // Light and cover of all samples of a pixel: strips meet within pixels.
        let mut sums = vec![(0.0_f32, 0.0_f32); columns * (bottom - top) as usize];
        for ((plane, area), quad) in self.strips.iter().zip(&quads) {
            if !plane.is_seen_by(eye) {
                continue;
            }
            let homography = Homography::new(plane, eye);
            let [from_x, from_y, to_x, to_y] = *area;
            let facing = plane.normal().dot(self.normal).clamp(0.2, 1.0);
            rows(film, quad, |y, from, to| {
                let row = &mut sums[(y - top) as usize * columns..][..columns];
                let from = from.max(left);
                for (sum, x) in row[(from - left) as usize..].iter_mut().zip(from..to) {
                    for sample in 0..SAMPLES * SAMPLES {
                        let part = |at: i32| (at as f32 + 0.5) / SAMPLES as f32;
                        let at_x = x as f32 + part(sample % SAMPLES);
                        let at_y = y as f32 + part(sample / SAMPLES);
                        let (x, y) = homography.place(at_x, at_y);
                        if x < from_x || x >= to_x || y < from_y || y >= to_y {
                            continue;
                        }
                        let (light, cover) = self.label.texture.at(x, y);
                        let glare = self.glare.map_or(0.0, |glare| glare.at(x, y, moved));
                        sum.0 += (light * facing + glare) * cover;
                        sum.1 += cover;
                    }
                }
            });
        }
        let share = 1.0 / (SAMPLES * SAMPLES) as f32;
        for (y, sums) in (top..bottom).zip(sums.chunks_exact(columns)) {
            for (pixel, (light, cover)) in film.row_mut(y, left, right).iter_mut().zip(sums) {
                *pixel = *pixel * (1.0 - cover * share) + light * share;
            }
        }
    }

    /// How far a reflection has moved on the label, in its millimetres.
    fn moved(&self, eye: &Eye) -> (f32, f32) {
        let (plane, _) = &self.strips[0];
        let way = eye.at - self.middle();
        let off = way - self.normal * way.dot(self.normal);
        // Most of it is the place where the crew stands, which the reflection
        // was put for; what remains is the hand.
        let wrapped = |at: f32| (at * 0.35).rem_euclid(14.0) - 7.0;
        (wrapped(off.dot(plane.along)), wrapped(off.dot(plane.down)))
    }
}

/// The flat strips of a label, each a plane on which its own part of the label
/// has the label's own coordinates.
fn strips((width, height): (f32, f32), plane: &Plane, bend: &Bend) -> Vec<(Plane, [f32; 4])> {
    if bend.by == 0.0 {
        return vec![(*plane, [0.0, 0.0, width, height])];
    }
    let (length, direction) =
        if bend.is_upright { (width, plane.along) } else { (height, plane.down) };
    let normal = plane.normal();
    let step = length / STRIPS as f32;
    let way = |number: usize| {
        let angle = bend.angle((number as f32 + 0.5) / STRIPS as f32);
        direction * angle.cos() - normal * angle.sin()
    };
    // The middle stays where it was.
    let half = (0..STRIPS / 2).fold(Vec3::ZERO, |sum, number| sum + way(number) * step);
    let mut at = plane.corner + direction * (length / 2.0) - half;
    let mut strips = Vec::with_capacity(STRIPS);
    for number in 0..STRIPS {
        let way = way(number);
        let from = number as f32 * step;
        // So that `from` along the strip is where it begins.
        let corner = at - way * from;
        strips.push(if bend.is_upright {
            (Plane { corner, along: way, down: plane.down }, [from, 0.0, from + step, height])
        } else {
            (Plane { corner, along: plane.along, down: way }, [0.0, from, width, from + step])
        });
        at = at + way * step;
    }
    strips
}
