//! How light falls: a warm lamp at the ceiling, a cool window behind the
//! camera's shoulder, and what the surroundings throw back. It is gathered once
//! for a coarse grid on every face in view, which makes shadows soft and
//! pictures quick, and is blended between the grid's points.

use std::f32::consts::TAU;

use crate::grain::speck;
use crate::room::Room;
use crate::space::{Face, Ray, Vec3, vec3};

/// How well lit the place is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Light {
    /// A window nearby: bright, with little noise.
    Day,
    /// A hallway with one lamp, as on most moving days.
    #[default]
    Dim,
    /// A cellar: a weak lamp, a long exposure, a lot of noise.
    Dark,
}

impl Light {
    /// Strength of lamp and window.
    fn sources(self) -> (Vec3, Vec3) {
        let (lamp, window) = (vec3(1.0, 0.80, 0.56), vec3(0.72, 0.86, 1.0));
        match self {
            Self::Day => (lamp * 1.0, window * 1.7),
            Self::Dim => (lamp * 2.6, window * 0.40),
            Self::Dark => (lamp * 2.0, window * 0.08),
        }
    }
}

/// Distance between the grid's points, in metres.
const SPACING: f32 = 0.028;
/// Most points along a side of a face.
const MOST_POINTS: f32 = 170.0;
/// Rays to the lamp, and rays to everywhere.
const TO_LAMP: i32 = 12;
const AROUND: i32 = 22;
/// The lamp's radius, in metres.
const LAMP: f32 = 0.11;

/// The light on one face.
struct Lit {
    columns: usize,
    rows: usize,
    size: (f32, f32),
    points: Vec<Vec3>,
}

impl Lit {
    fn at(&self, u: f32, v: f32) -> Vec3 {
        let scale = |at: f32, size: f32, points: usize| {
            (at / size * points as f32 - 0.5).clamp(0.0, (points - 1) as f32)
        };
        let x = scale(u, self.size.0, self.columns);
        let y = scale(v, self.size.1, self.rows);
        let (left, top) = (x as usize, y as usize);
        let (right, bottom) = ((left + 1).min(self.columns - 1), (top + 1).min(self.rows - 1));
        let (across, down) = (x - left as f32, y - top as f32);
        let point = |column: usize, row: usize| self.points[row * self.columns + column];
        let upper = point(left, top).mixed(point(right, top), across);
        upper.mixed(point(left, bottom).mixed(point(right, bottom), across), down)
    }

    /// Takes the unevenness of few rays out.
    fn smoothed(mut self) -> Self {
        let (columns, rows) = (self.columns as isize, self.rows as isize);
        let mut points = Vec::with_capacity(self.points.len());
        for row in 0..rows {
            for column in 0..columns {
                let (mut sum, mut count) = (Vec3::ZERO, 0.0);
                for y in (row - 1).max(0)..(row + 2).min(rows) {
                    for x in (column - 1).max(0)..(column + 2).min(columns) {
                        sum = sum + self.points[(y * columns + x) as usize];
                        count += 1.0;
                    }
                }
                points.push(sum * (1.0 / count));
            }
        }
        self.points = points;
        self
    }
}

/// The light on everything that can be seen from one point.
pub struct Lighting {
    faces: Vec<[Option<Lit>; 6]>,
}

impl Lighting {
    /// Gathers it. `lamp` is where the lamp hangs.
    pub fn gather(room: &Room, light: Light, lamp: Vec3, eye: Vec3) -> Self {
        let sources = light.sources();
        // The floor and the wall are most of the work: one for each thread.
        let (even, odd): (Vec<usize>, Vec<usize>) =
            (0..room.things.len()).partition(|number| number.is_multiple_of(2));
        let faces_of = |numbers: &[usize]| -> Vec<(usize, [Option<Lit>; 6])> {
            numbers
                .iter()
                .map(|&number| {
                    let faces = Face::ALL.map(|face| {
                        let block = &room.things[number].block;
                        let looks_at_eye =
                            block.normal(face).dot(eye - block.point(face, 0.0, 0.0)) > 0.0;
                        looks_at_eye.then(|| gather_face(room, number, face, sources, lamp))
                    });
                    (number, faces)
                })
                .collect()
        };
        let mut faces = Vec::with_capacity(room.things.len());
        std::thread::scope(|scope| {
            let other = scope.spawn(|| faces_of(&odd));
            faces.extend(faces_of(&even));
            faces.extend(other.join().expect("gathering light does not panic"));
        });
        faces.sort_by_key(|(number, _)| *number);
        Self { faces: faces.into_iter().map(|(_, faces)| faces).collect() }
    }

    /// The light at a place of a face; none on faces that look away.
    pub fn at(&self, thing: usize, face: Face, u: f32, v: f32) -> Vec3 {
        self.faces[thing][face as usize].as_ref().map_or(Vec3::ZERO, |lit| lit.at(u, v))
    }
}

fn gather_face(room: &Room, number: usize, face: Face, colours: (Vec3, Vec3), lamp: Vec3) -> Lit {
    let block = &room.things[number].block;
    let size = block.face_size(face);
    let count = |side: f32| (side / SPACING).clamp(2.0, MOST_POINTS) as usize;
    let (columns, rows) = (count(size.0), count(size.1));
    let normal = block.normal(face);
    let across = if normal.y.abs() > 0.9 { vec3(1.0, 0.0, 0.0) } else { vec3(0.0, 1.0, 0.0) };
    let (tangent, other) = {
        let tangent = across.cross(normal).normalised();
        (tangent, normal.cross(tangent))
    };
    let mut points = Vec::with_capacity(columns * rows);
    for row in 0..rows {
        for column in 0..columns {
            let u = (column as f32 + 0.5) / columns as f32 * size.0;
            let v = (row as f32 + 0.5) / rows as f32 * size.1;
            let from = block.point(face, u, v) + normal * 0.0005;
            let turn = speck(column as i32, row as i32, number as u32);
            let place = Place { number, from, normal, turn };
            let lit = place.lit_by(room, lamp, colours.0);
            points.push(place.lit_from_around(room, (tangent, other), colours, lit));
        }
    }
    Lit { columns, rows, size, points }.smoothed()
}

/// A place on a face of a thing, and how its rays are turned.
struct Place {
    number: usize,
    from: Vec3,
    normal: Vec3,
    turn: f32,
}

impl Place {
    /// What comes straight from the lamp.
    fn lit_by(&self, room: &Room, lamp: Vec3, colour: Vec3) -> Vec3 {
        let mut sum = Vec3::ZERO;
        for i in 0..TO_LAMP {
            let (radius, angle) = spiral(i, TO_LAMP, self.turn);
            let on_lamp = lamp + vec3(angle.cos(), 0.0, angle.sin()) * (LAMP * radius.sqrt());
            let way = on_lamp - self.from;
            let square = way.dot(way);
            let slant = way.dot(self.normal) / square.sqrt();
            let ray = Ray { from: self.from, along: way };
            let is_dark = slant <= 0.0 || room.shades(&ray, |other| other != self.number);
            if !is_dark {
                sum = sum + colour * (slant / square / TO_LAMP as f32);
            }
        }
        sum
    }

    /// That and what comes from everywhere else: the window, walls, other things.
    fn lit_from_around(
        &self,
        room: &Room,
        (tangent, other): (Vec3, Vec3),
        (lamp_colour, window_colour): (Vec3, Vec3),
        mut sum: Vec3,
    ) -> Vec3 {
        for i in 0..AROUND {
            let (radius, angle) = spiral(i, AROUND, self.turn);
            let along = tangent * (angle.cos() * radius.sqrt())
                + other * (angle.sin() * radius.sqrt())
                + self.normal * (1.0 - radius).sqrt();
            let met = room.met_by(&Ray { from: self.from, along }, |other| other != self.number);
            let share = 1.0 / AROUND as f32;
            let arrives = match met {
                // What is near throws back little, in its own colour.
                Some((_, distance, _)) if distance < 1.2 => {
                    vec3(0.10, 0.075, 0.05) * (0.25 + distance)
                }
                _ => {
                    let from_window = (along.dot(vec3(-0.55, 0.25, 0.8))).max(0.0);
                    let bounced = lamp_colour * 0.055 + vec3(0.02, 0.019, 0.018);
                    bounced + window_colour * (0.12 + from_window * from_window)
                }
            };
            sum = sum + arrives * share;
        }
        sum
    }
}

/// Point `i` of `count` spread evenly over a disc: squared radius and angle.
fn spiral(i: i32, count: i32, turn: f32) -> (f32, f32) {
    ((i as f32 + 0.5) / count as f32, (i as f32 * 0.618_034 + turn) * TAU)
}
