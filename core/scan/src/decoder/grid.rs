//! Where each module of a code lies in the picture.
//!
//! A flat code is seen through a homography, eight numbers. A label around an
//! edge or on a bulging box is bent besides: one more arc along each axis. Both
//! are found the same way: the patterns that every code has (finders, timing,
//! alignment) are known, so the grid is shifted until the picture agrees with
//! them best.

use super::gray::{Gray, Shades, Vec2, vec2};
use super::pattern::{Around, Pattern};
use super::version::Version;

/// Maps places in a code, in modules, to places in a picture.
#[derive(Debug, Clone)]
pub struct Grid {
    h: [f32; 9],
    side: f32,
    mesh: Option<Box<Mesh>>,
    /// Added at the middle of an axis, falling to nothing at its ends.
    pub bends: [Vec2; 2],
}

impl Grid {
    /// The one that maps four places to four.
    pub fn through(version: Version, modules: [Vec2; 4], places: [Vec2; 4]) -> Option<Self> {
        let from = square_to(modules)?;
        let to = square_to(places)?;
        let h = product(to, adjoint(from));
        Some(Self { h, side: version.side() as f32, mesh: None, bends: [Vec2::default(); 2] })
    }

    #[inline]
    pub fn place(&self, module: Vec2) -> Vec2 {
        let h = &self.h;
        let w = h[6] * module.x + h[7] * module.y + h[8];
        let flat = vec2(
            (h[0] * module.x + h[1] * module.y + h[2]) / w,
            (h[3] * module.x + h[4] * module.y + h[5]) / w,
        );
        if let Some(mesh) = &self.mesh {
            return flat + mesh.shift(module);
        }
        let (u, v) = (module.x / self.side, module.y / self.side);
        flat + self.bends[0] * (4.0 * u * (1.0 - u)) + self.bends[1] * (4.0 * v * (1.0 - v))
    }
}

/// The homography from the unit square to a quadrilateral.
fn square_to(q: [Vec2; 4]) -> Option<[f32; 9]> {
    let d1 = q[1] - q[2];
    let d2 = q[3] - q[2];
    let d3 = q[0] - q[1] + q[2] - q[3];
    let det = d1.x * d2.y - d2.x * d1.y;
    if det.abs() < 1e-6 {
        return None;
    }
    let g = (d3.x * d2.y - d2.x * d3.y) / det;
    let h = (d1.x * d3.y - d3.x * d1.y) / det;
    Some([
        q[1].x - q[0].x + g * q[1].x,
        q[3].x - q[0].x + h * q[3].x,
        q[0].x,
        q[1].y - q[0].y + g * q[1].y,
        q[3].y - q[0].y + h * q[3].y,
        q[0].y,
        g,
        h,
        1.0,
    ])
}

fn adjoint(m: [f32; 9]) -> [f32; 9] {
    [
        m[4] * m[8] - m[5] * m[7],
        m[2] * m[7] - m[1] * m[8],
        m[1] * m[5] - m[2] * m[4],
        m[5] * m[6] - m[3] * m[8],
        m[0] * m[8] - m[2] * m[6],
        m[2] * m[3] - m[0] * m[5],
        m[3] * m[7] - m[4] * m[6],
        m[1] * m[6] - m[0] * m[7],
        m[0] * m[4] - m[1] * m[3],
    ]
}

fn product(a: [f32; 9], b: [f32; 9]) -> [f32; 9] {
    let mut m = [0.0; 9];
    for row in 0..3 {
        for column in 0..3 {
            m[3 * row + column] = (0..3).map(|k| a[3 * row + k] * b[3 * k + column]).sum();
        }
    }
    m
}

/// Four places that carry a grid: the centres of three finders, and of the
/// fourth if there were one.
#[derive(Debug, Clone, Copy)]
pub struct Frame {
    pub places: [Vec2; 4],
    pub bends: [Vec2; 2],
}

impl Frame {
    pub fn new(places: [Vec2; 4]) -> Self {
        Self { places, bends: [Vec2::default(); 2] }
    }

    pub fn grid(&self, version: Version) -> Option<Grid> {
        let far = version.side() as f32 - 3.5;
        let modules = [vec2(3.5, 3.5), vec2(far, 3.5), vec2(far, far), vec2(3.5, far)];
        let mut grid = Grid::through(version, modules, self.places)?;
        grid.bends = self.bends;
        Some(grid)
    }
}

/// Modules whose colour is known beforehand: place and 1 for dark, -1 for light.
#[derive(Default)]
pub struct Known {
    modules: Vec<(Vec2, f32)>,
}

impl Known {
    /// All of a version.
    pub fn learn(&mut self, version: Version) {
        let side = version.side();
        self.modules.clear();
        let mut put = |column: usize, row: usize, is_dark: bool| {
            self.modules.push((
                vec2(column as f32 + 0.5, row as f32 + 0.5),
                if is_dark { 1.0 } else { -1.0 },
            ));
        };
        for at in 8..side - 8 {
            put(at, 6, at % 2 == 0);
            put(6, at, at % 2 == 0);
        }
        let (centres, count) = version.alignment();
        for (i, &x) in centres[..count].iter().enumerate() {
            for (j, &y) in centres[..count].iter().enumerate() {
                if (i == 0 && (j == 0 || j + 1 == count)) || (j == 0 && i + 1 == count) {
                    continue;
                }
                for dy in 0..5usize {
                    for dx in 0..5usize {
                        let ring = dx.abs_diff(2).max(dy.abs_diff(2));
                        put(x as usize + dx - 2, y as usize + dy - 2, ring != 1);
                    }
                }
            }
        }
        for (left, top) in [(0, 0), (side - 7, 0), (0, side - 7)] {
            for dy in 0..7usize {
                for dx in 0..7usize {
                    let ring = dx.abs_diff(3).max(dy.abs_diff(3));
                    // The middle says nothing about where it ends.
                    if ring > 0 {
                        put(left + dx, top + dy, ring != 2);
                    }
                }
            }
        }
        // What parts finders from the rest.
        for at in 0..8 {
            put(7, at, false);
            put(side - 8, at, false);
            put(7, side - 8 + at, false);
            if at < 7 {
                put(at, 7, false);
                put(at, side - 8, false);
                put(side - 7 + at, 7, false);
            }
        }
    }

    /// Keeps about so many, spread over all.
    pub fn thin_out(&mut self, count: usize) {
        let step = self.modules.len().div_ceil(count).max(1);
        let mut index = 0;
        self.modules.retain(|_| {
            index += 1;
            index % step == 0
        });
    }

    /// How well they agree with the picture, at best 1.
    pub fn agreement(&self, gray: Gray<'_>, grid: &Grid, shades: Shades) -> f32 {
        let sum: f32 =
            self.modules.iter().map(|&(at, sign)| sign * shades.of(gray.at(grid.place(at)))).sum();
        sum / self.modules.len().max(1) as f32
    }
}

/// How well the two timing patterns agree with the picture, at best 1.
pub fn timing(gray: Gray<'_>, grid: &Grid, version: Version, shades: Shades) -> f32 {
    let side = version.side();
    let mut sum = 0.0;
    for at in 8..side - 8 {
        let sign = if at % 2 == 0 { 1.0 } else { -1.0 };
        let at = at as f32 + 0.5;
        sum += sign * shades.of(gray.at(grid.place(vec2(at, 6.5))));
        sum += sign * shades.of(gray.at(grid.place(vec2(6.5, at))));
    }
    sum / (2 * (side - 16)) as f32
}

/// The alignment pattern next to where a grid expects it, within so many
/// modules; the place and how well it agrees.
pub fn find_alignment(
    gray: Gray<'_>,
    grid: &Grid,
    centre: Vec2,
    within: f32,
    shades: Shades,
) -> Option<(Vec2, f32)> {
    find_alignment_from(gray, grid, centre, Vec2::default(), within, shades)
}

fn find_alignment_from(
    gray: Gray<'_>,
    grid: &Grid,
    centre: Vec2,
    shift: Vec2,
    within: f32,
    shades: Shades,
) -> Option<(Vec2, f32)> {
    let middle = grid.place(centre) + shift;
    let right = (grid.place(centre + vec2(1.0, 0.0)) - grid.place(centre - vec2(1.0, 0.0))) * 0.5;
    let down = (grid.place(centre + vec2(0.0, 1.0)) - grid.place(centre - vec2(0.0, 1.0))) * 0.5;
    let around = Around { middle, right, down, within };
    Pattern::ALIGNMENT.search(gray, around, 0.35, shades)
}

/// How far alignment patterns are from where a homography has them: large codes
/// have many, and between them the paper is as good as flat.
#[derive(Debug, Clone)]
pub struct Mesh {
    centres: [f32; 7],
    count: usize,
    shifts: [[Vec2; 7]; 7],
}

impl Mesh {
    fn shift(&self, at: Vec2) -> Vec2 {
        let cell = |value: f32| {
            let mut index = 0;
            while index + 2 < self.count && value > self.centres[index + 1] {
                index += 1;
            }
            let (from, to) = (self.centres[index], self.centres[index + 1]);
            (index, (value - from) / (to - from))
        };
        let ((i, u), (j, v)) = (cell(at.x), cell(at.y));
        let s = &self.shifts;
        (s[j][i] * (1.0 - u) + s[j][i + 1] * u) * (1.0 - v)
            + (s[j + 1][i] * (1.0 - u) + s[j + 1][i + 1] * u) * v
    }
}

impl Grid {
    /// Looks for all alignment patterns, from the top left on, each where its
    /// neighbours say.
    pub fn fit_mesh(&mut self, gray: Gray<'_>, version: Version, shades: Shades) -> usize {
        let (centres, count) = version.alignment();
        if count < 3 {
            return 0;
        }
        let mut mesh = Mesh {
            centres: centres.map(|centre| f32::from(centre) + 0.5),
            count,
            shifts: [[Vec2::default(); 7]; 7],
        };
        let mut found = 0;
        for sum in 0..2 * count - 1 {
            for j in 0..count {
                let Some(i) = sum.checked_sub(j).filter(|&i| i < count) else { continue };
                let s = &mesh.shifts;
                let guess = match (i, j) {
                    (0, 0) => Vec2::default(),
                    (_, 0) => s[0][i - 1],
                    (0, _) => s[j - 1][0],
                    _ => s[j][i - 1] + s[j - 1][i] - s[j - 1][i - 1],
                };
                let is_finder =
                    (i == 0 && (j == 0 || j + 1 == count)) || (j == 0 && i + 1 == count);
                if is_finder {
                    mesh.shifts[j][i] = Vec2::default();
                    continue;
                }
                let centre = vec2(mesh.centres[i], mesh.centres[j]);
                mesh.shifts[j][i] =
                    match find_alignment_from(gray, self, centre, guess, 1.5, shades) {
                        Some((at, _)) => {
                            found += 1;
                            at - self.place(centre)
                        }
                        None => guess,
                    };
            }
        }
        self.mesh = Some(Box::new(mesh));
        found
    }
}

/// What of a frame is moved to lay it better.
#[derive(Debug, Clone, Copy)]
pub enum Movable {
    /// The four places that it goes through.
    Places,
    /// These, and how far its sides are bent.
    PlacesAndBends,
}

impl Frame {
    /// Shifts it until it agrees best with what is known. The first shifts are of about
    /// the length of a `module`.
    pub fn refine(&mut self, movable: Movable, module: f32, agreement: impl Fn(&Self) -> f32) {
        let mut best = agreement(self);
        let movable = match movable {
            Movable::Places => 4,
            Movable::PlacesAndBends => 6,
        };
        for step in [0.6, 0.3, 0.15] {
            for _ in 0..3 {
                let before = best;
                for index in 0..movable {
                    for way in [vec2(1.0, 0.0), vec2(-1.0, 0.0), vec2(0.0, 1.0), vec2(0.0, -1.0)] {
                        // The fourth corner was never seen, so it may be farther off.
                        let far = if index == 2 { 1.6 } else { 0.7 };
                        let mut other = *self;
                        let point = match index {
                            4 | 5 => &mut other.bends[index - 4],
                            _ => &mut other.places[index],
                        };
                        *point = *point + way * (step * far * module);
                        let value = agreement(&other);
                        if value > best {
                            best = value;
                            *self = other;
                        }
                    }
                }
                if best - before < 0.002 {
                    break;
                }
            }
        }
    }
}

/// Luma of every module, row by row.
pub fn sample(gray: Gray<'_>, grid: &Grid, version: Version, module: f32, out: &mut Vec<f32>) {
    let side = version.side();
    out.clear();
    out.reserve(side * side);
    // Large modules are noisy at one point and even over many.
    let spread = if module >= 3.0 { 0.2 } else { 0.0 };
    for row in 0..side {
        for column in 0..side {
            let centre = vec2(column as f32 + 0.5, row as f32 + 0.5);
            let value = if spread > 0.0 {
                let at = |dx: f32, dy: f32| gray.at(grid.place(centre + vec2(dx, dy)));
                (at(-spread, -spread)
                    + at(spread, -spread)
                    + at(-spread, spread)
                    + at(spread, spread))
                    / 4.0
            } else {
                gray.at(grid.place(centre))
            };
            out.push(value);
        }
    }
}
