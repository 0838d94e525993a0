//! Points, directions and blocks of the room. Metres; x to the right, y up,
//! z from the back wall towards the camera.

use std::ops::{Add, Mul, Sub};

/// A point, a direction or a linear colour.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Vec3 {
    /// To the right.
    pub x: f32,
    /// Up.
    pub y: f32,
    /// Towards the camera.
    pub z: f32,
}

/// Short for a [`Vec3`].
pub const fn vec3(x: f32, y: f32, z: f32) -> Vec3 {
    Vec3 { x, y, z }
}

impl Vec3 {
    pub const ZERO: Self = vec3(0.0, 0.0, 0.0);

    pub fn dot(self, other: Self) -> f32 {
        self.x * other.x + self.y * other.y + self.z * other.z
    }

    pub fn cross(self, other: Self) -> Self {
        vec3(
            self.y * other.z - self.z * other.y,
            self.z * other.x - self.x * other.z,
            self.x * other.y - self.y * other.x,
        )
    }

    pub fn normalised(self) -> Self {
        self * (1.0 / self.dot(self).sqrt())
    }

    /// Component by component: light of one colour on a surface of another.
    pub fn tinted(self, other: Self) -> Self {
        vec3(self.x * other.x, self.y * other.y, self.z * other.z)
    }

    pub fn mixed(self, other: Self, share: f32) -> Self {
        self * (1.0 - share) + other * share
    }
}

impl Add for Vec3 {
    type Output = Self;
    fn add(self, other: Self) -> Self {
        vec3(self.x + other.x, self.y + other.y, self.z + other.z)
    }
}

impl Sub for Vec3 {
    type Output = Self;
    fn sub(self, other: Self) -> Self {
        vec3(self.x - other.x, self.y - other.y, self.z - other.z)
    }
}

impl Mul<f32> for Vec3 {
    type Output = Self;
    fn mul(self, by: f32) -> Self {
        vec3(self.x * by, self.y * by, self.z * by)
    }
}

/// A line of sight or of light.
#[derive(Clone, Copy)]
pub struct Ray {
    pub from: Vec3,
    pub along: Vec3,
}

/// A side of a block, named as seen by whoever stands before its front.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Face {
    Right,
    Left,
    Top,
    Bottom,
    Front,
    Back,
}

impl Face {
    pub const ALL: [Self; 6] =
        [Self::Right, Self::Left, Self::Top, Self::Bottom, Self::Front, Self::Back];
}

/// A cuboid that stands upright and is turned by some angle.
#[derive(Debug, Clone, Copy)]
pub struct Block {
    pub centre: Vec3,
    /// Half of width, height and depth.
    pub half: Vec3,
    sin: f32,
    cos: f32,
}

impl Block {
    /// `turn` in radians, anticlockwise as seen from above.
    pub fn new(centre: Vec3, half: Vec3, turn: f32) -> Self {
        Self { centre, half, sin: turn.sin(), cos: turn.cos() }
    }

    fn turned(&self, v: Vec3) -> Vec3 {
        vec3(v.x * self.cos + v.z * self.sin, v.y, v.z * self.cos - v.x * self.sin)
    }

    fn turned_back(&self, v: Vec3) -> Vec3 {
        vec3(v.x * self.cos - v.z * self.sin, v.y, v.z * self.cos + v.x * self.sin)
    }

    /// Where a ray enters, as distance and face; not if it starts inside.
    pub fn entered_by(&self, ray: &Ray) -> Option<(f32, Face)> {
        let from = self.turned_back(ray.from - self.centre);
        let along = self.turned_back(ray.along);
        let slab = |from: f32, along: f32, half: f32| {
            let (a, b) = ((-half - from) / along, (half - from) / along);
            if a < b { (a, b) } else { (b, a) }
        };
        let x = slab(from.x, along.x, self.half.x);
        let y = slab(from.y, along.y, self.half.y);
        let z = slab(from.z, along.z, self.half.z);
        let enter = x.0.max(y.0).max(z.0);
        if enter < 1e-4 || enter > x.1.min(y.1).min(z.1) {
            return None;
        }
        let face = if enter == x.0 {
            if along.x < 0.0 { Face::Right } else { Face::Left }
        } else if enter == y.0 {
            if along.y < 0.0 { Face::Top } else { Face::Bottom }
        } else if along.z < 0.0 {
            Face::Front
        } else {
            Face::Back
        };
        Some((enter, face))
    }

    /// Width and height of a face.
    pub fn face_size(&self, face: Face) -> (f32, f32) {
        let whole = self.half * 2.0;
        match face {
            Face::Right | Face::Left => (whole.z, whole.y),
            Face::Top | Face::Bottom => (whole.x, whole.z),
            Face::Front | Face::Back => (whole.x, whole.y),
        }
    }

    /// The point of a face that lies `u` to the right of and `v` below its top
    /// left corner, as seen from before it (the top one: from the front).
    pub fn point(&self, face: Face, u: f32, v: f32) -> Vec3 {
        let h = self.half;
        let local = match face {
            Face::Right => vec3(h.x, h.y - v, h.z - u),
            Face::Left => vec3(-h.x, h.y - v, u - h.z),
            Face::Top => vec3(u - h.x, h.y, v - h.z),
            Face::Bottom => vec3(u - h.x, -h.y, h.z - v),
            Face::Front => vec3(u - h.x, h.y - v, h.z),
            Face::Back => vec3(h.x - u, h.y - v, -h.z),
        };
        self.centre + self.turned(local)
    }

    /// The inverse of [`Block::point`].
    pub fn place(&self, face: Face, point: Vec3) -> (f32, f32) {
        let (h, p) = (self.half, self.turned_back(point - self.centre));
        match face {
            Face::Right => (h.z - p.z, h.y - p.y),
            Face::Left => (p.z + h.z, h.y - p.y),
            Face::Top => (p.x + h.x, p.z + h.z),
            Face::Bottom => (p.x + h.x, h.z - p.z),
            Face::Front => (p.x + h.x, h.y - p.y),
            Face::Back => (h.x - p.x, h.y - p.y),
        }
    }

    /// The direction that a face looks in.
    pub fn normal(&self, face: Face) -> Vec3 {
        self.turned(match face {
            Face::Right => vec3(1.0, 0.0, 0.0),
            Face::Left => vec3(-1.0, 0.0, 0.0),
            Face::Top => vec3(0.0, 1.0, 0.0),
            Face::Bottom => vec3(0.0, -1.0, 0.0),
            Face::Front => vec3(0.0, 0.0, 1.0),
            Face::Back => vec3(0.0, 0.0, -1.0),
        })
    }

    /// The eight corners.
    pub fn corners(&self) -> [Vec3; 8] {
        std::array::from_fn(|i| {
            let sign = |bit: usize| if i & bit == 0 { -1.0 } else { 1.0 };
            let local = vec3(sign(1) * self.half.x, sign(2) * self.half.y, sign(4) * self.half.z);
            self.centre + self.turned(local)
        })
    }
}
