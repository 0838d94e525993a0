//! Flat things before a camera. A flat thing is seen through a homography, so
//! painting one costs a division a pixel and no search for what a ray meets.

use crate::space::{Vec3, vec3};

use super::film::Film;

/// Distance of the sensor in pixels: a phone's main camera, 62 degrees wide.
pub const FOCAL: f32 = 1600.0;

/// A camera at a place, looking somewhere. Millimetres.
pub struct Eye {
    pub at: Vec3,
    right: Vec3,
    up: Vec3,
    ahead: Vec3,
    /// The middle of the picture, in pixels.
    middle: (f32, f32),
}

impl Eye {
    /// Looks from one point to another, rolled by an angle.
    pub fn new(at: Vec3, target: Vec3, roll: f32, middle: (f32, f32)) -> Self {
        let ahead = (target - at).normalised();
        let level = ahead.cross(vec3(0.0, 1.0, 0.0)).normalised();
        let upright = level.cross(ahead);
        Self {
            at,
            right: level * roll.cos() + upright * roll.sin(),
            up: upright * roll.cos() - level * roll.sin(),
            ahead,
            middle,
        }
    }

    /// Where a point is in the picture, in pixels.
    pub fn sees(&self, point: Vec3) -> (f32, f32) {
        let way = point - self.at;
        let scale = FOCAL / way.dot(self.ahead).max(1.0);
        (self.middle.0 + way.dot(self.right) * scale, self.middle.1 - way.dot(self.up) * scale)
    }

    /// Pixels to a millimetre at a point, square to the line of sight.
    pub fn scale(&self, point: Vec3) -> f32 {
        FOCAL / (point - self.at).dot(self.ahead).max(1.0)
    }
}

/// A flat thing: a corner, and the directions in which its two measures run.
#[derive(Debug, Clone, Copy)]
pub struct Plane {
    pub corner: Vec3,
    pub along: Vec3,
    pub down: Vec3,
}

impl Plane {
    /// The point so many millimetres along and down.
    pub fn point(&self, along: f32, down: f32) -> Vec3 {
        self.corner + self.along * along + self.down * down
    }

    /// The direction that it faces.
    pub fn normal(&self) -> Vec3 {
        self.down.cross(self.along)
    }

    /// The four corners of a rectangle on it, in the picture.
    pub fn outline(&self, eye: &Eye, [left, top, right, bottom]: [f32; 4]) -> [(f32, f32); 4] {
        [(left, top), (right, top), (right, bottom), (left, bottom)]
            .map(|(along, down)| eye.sees(self.point(along, down)))
    }

    /// Whether its front is turned to the camera.
    pub fn is_seen_by(&self, eye: &Eye) -> bool {
        (eye.at - self.corner).dot(self.normal()) > 0.0
    }
}

/// From a pixel to a place on a plane.
#[derive(Clone, Copy)]
pub struct Homography {
    along: [f32; 3],
    down: [f32; 3],
    depth: [f32; 3],
}

impl Homography {
    pub fn new(plane: &Plane, eye: &Eye) -> Self {
        let to = plane.corner - eye.at;
        // Each of the three is linear in the direction of a pixel's ray, and
        // that direction is linear in the pixel's place.
        let linear = |normal: Vec3| {
            let (x, y) = (normal.dot(eye.right), -normal.dot(eye.up));
            [x, y, normal.dot(eye.ahead) * FOCAL - x * eye.middle.0 - y * eye.middle.1]
        };
        Self {
            along: linear(plane.down.cross(to)),
            down: linear(to.cross(plane.along)),
            depth: linear(plane.along.cross(plane.down)),
        }
    }

    /// Millimetres along and down.
    pub fn place(&self, x: f32, y: f32) -> (f32, f32) {
        let at = |[by_x, by_y, rest]: [f32; 3]| by_x * x + by_y * y + rest;
        let share = 1.0 / at(self.depth);
        (at(self.along) * share, at(self.down) * share)
    }
}

/// The pixels, row by row, that a convex quad touches: `row` is told the row,
/// the first column and the one after the last.
pub fn rows(film: &Film, quad: &[(f32, f32); 4], mut row: impl FnMut(i32, i32, i32)) {
    let top = quad.iter().fold(f32::MAX, |top, at| top.min(at.1)).floor() as i32;
    let bottom = quad.iter().fold(f32::MIN, |bottom, at| bottom.max(at.1)).ceil() as i32;
    for y in top.max(film.top())..bottom.min(film.bottom()) {
        let (upper, lower) = (y as f32, (y + 1) as f32);
        let (mut left, mut right) = (f32::MAX, f32::MIN);
        for (from, to) in quad.iter().zip(quad.iter().cycle().skip(1)) {
            let (from, to) = if from.1 <= to.1 { (from, to) } else { (to, from) };
            if to.1 < upper || from.1 > lower {
                continue;
            }
            let slope = (to.0 - from.0) / (to.1 - from.1).max(1e-6);
            for edge in [upper.max(from.1), lower.min(to.1)] {
                let x = from.0 + (edge - from.1) * slope;
                left = left.min(x);
                right = right.max(x);
            }
            // A level edge has no slope to speak of.
            if to.1 - from.1 < 1e-3 {
                left = left.min(from.0).min(to.0);
                right = right.max(from.0).max(to.0);
            }
        }
        let from = (left.floor() as i32).max(film.left());
        let to = (right.ceil() as i32).min(film.right());
        if from < to {
            row(y, from, to);
        }
    }
}

/// Paints a rectangle of a plane. `surface` says for a place how much light it
/// throws back and how far it covers what is behind.
pub fn paint(
    film: &mut Film,
    eye: &Eye,
    plane: &Plane,
    area: [f32; 4],
    surface: impl Fn(f32, f32) -> (f32, f32),
) {
    if !plane.is_seen_by(eye) {
        return;
    }
    let quad = plane.outline(eye, area);
    let [left, top, right, bottom] = area;
    let middle = plane.point((left + right) / 2.0, (top + bottom) / 2.0);
    let sharpness = eye.scale(middle);
    let homography = Homography::new(plane, eye);
    let mut spans = Vec::new();
    rows(film, &quad, |y, from, to| spans.push((y, from, to)));
    for (y, from, to) in spans {
        let row = film.row_mut(y, from, to);
        for (pixel, x) in row.iter_mut().zip(from..) {
            let (along, down) = homography.place(x as f32 + 0.5, y as f32 + 0.5);
            let inside = (along - left).min(right - along).min(down - top).min(bottom - down);
            let edge = (inside * sharpness + 0.5).clamp(0.0, 1.0);
            if edge > 0.0 {
                let (light, cover) = surface(along, down);
                *pixel += (light - *pixel) * (cover * edge);
            }
        }
    }
}
