//! From three corners to a text.

use super::finder::Finder;
use super::gray::{Gray, Shades, Vec2, vec2};
use super::grid::{Frame, Grid, Known, Movable, find_alignment, sample, timing};
use super::symbol::{self, Layout, Modules, Words};
use super::text;
use super::triple::{Corner, Oriented};
use super::version::Version;
use crate::{Point, Reading};

/// How much may be tried where the plain way does not read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Effort {
    /// For one of many frames: the next one shows it again.
    #[default]
    Quick,
    /// For the only picture there is.
    Full,
}

impl Effort {
    /// How many grids may be shifted and bent in one picture.
    const fn refinements(self) -> usize {
        match self {
            Self::Quick => 12,
            Self::Full => 40,
        }
    }
}

/// A module should be this wide at least, in pixels of the size that is sampled.
const WIDE: f32 = 2.4;

/// How well timing patterns must agree for three corners to be worth a try, and
/// all known modules for the grid to be worth shifting.
const TIMING: f32 = 0.08;
const KNOWN: f32 = 0.25;

/// Modules that say enough for shifting a grid; large codes know thousands.
const ENOUGH_KNOWN: usize = 300;

/// Modules that are told dark from light in one picture, over and over again ones
/// counted again. 140 codes of version 3 have 120 thousand; a trap has no end.
const MOST_MODULES: usize = 1_500_000;

/// Memory for reading one code after the other.
#[derive(Default)]
pub struct Workbench {
    known: Known,
    layout: Layout,
    samples: Vec<f32>,
    sharp: Vec<f32>,
    values: Vec<f32>,
    sums: Vec<f32>,
    refinements: usize,
    /// Modules that may still be told dark from light in this picture.
    modules: usize,
}

/// Three corners at the size of the picture at which they are read.
struct Sight<'a> {
    gray: Gray<'a>,
    /// What its places are multiplied by to be places in the whole picture.
    scale: f32,
    corners: [Corner; 3],
    /// Where the fourth corner's pattern would be, if the sides ran on straight.
    fourths: [Vec2; 2],
    module: f32,
    shades: Shades,
}

impl Workbench {
    /// Begins another picture.
    pub fn begin(&mut self, effort: Effort) {
        self.refinements = effort.refinements();
        self.modules = MOST_MODULES;
    }

    /// Reads what three corners enclose, at the size of the picture that suits
    /// its modules.
    pub fn read(&mut self, planes: &[Gray<'_>], corners: &Oriented<'_>) -> Option<Reading> {
        let sight = Sight::of(planes, corners);
        let (version, mut frame) = sight.version(corners.modules)?;
        sight.find_fourth(version, &mut frame);
        self.known.learn(version);
        self.layout.become_of(version);
        let mut grid = sight.grid(version, &frame)?;
        let mut words = self.sample(&sight, &grid, version);
        if words.is_none() {
            let agreement = self.known.agreement(sight.gray, &grid, sight.shades);
            if agreement < KNOWN {
                return None;
            }
            self.known.thin_out(ENOUGH_KNOWN);
            // A large code is bent by its mesh.
            let ways: &[Movable] = if version.has_mesh() {
                &[Movable::Places]
            } else {
                &[Movable::Places, Movable::PlacesAndBends]
            };
            for &movable in ways {
                self.refinements = self.refinements.checked_sub(1)?;
                frame.refine(movable, sight.module, |frame| match frame.grid(version) {
                    Some(grid) => self.known.agreement(sight.gray, &grid, sight.shades),
                    None => f32::MIN,
                });
                grid = sight.grid(version, &frame)?;
                words = self.sample(&sight, &grid, version);
                if words.is_some() {
                    break;
                }
            }
        }
        let words = words?;
        let text = text::text(version, &words.data)?;
        let side = version.side() as f32;
        let mut corners = [vec2(0.0, 0.0), vec2(side, 0.0), vec2(side, side), vec2(0.0, side)];
        if words.is_mirrored {
            // Its rows are the picture's columns.
            corners.swap(1, 3);
        }
        let corners = corners.map(|at| {
            let Vec2 { x, y } = grid.place(at) * sight.scale;
            Point { x, y }
        });
        let is_finite = corners.iter().all(|corner| corner.x.is_finite() && corner.y.is_finite());
        is_finite.then_some(Reading {
            text,
            corners,
            version: version.number() as u8,
            level: words.level,
        })
    }

    /// Samples a grid and decodes it, with one way after the other of telling
    /// dark from light.
    fn sample(&mut self, sight: &Sight<'_>, grid: &Grid, version: Version) -> Option<Words> {
        sample(sight.gray, grid, version, sight.module, &mut self.samples);
        Telling::ALL.into_iter().find_map(|telling| {
            self.modules = self.modules.checked_sub(self.samples.len())?;
            self.tell(telling, version.side(), sight.shades);
            symbol::decode(&Modules { version, layout: &self.layout, values: &self.values })
        })
    }

    /// Tells dark from light.
    fn tell(&mut self, telling: Telling, side: usize, shades: Shades) {
        let contrast = shades.light - shades.dark;
        self.values.clear();
        let Self { samples, sharp, values, sums, .. } = self;
        match telling {
            Telling::Near => against_around(samples, side, 4, contrast, sums, values),
            Telling::Sharp => {
                sharpen(samples, side, sharp);
                against_around(sharp, side, 4, contrast, sums, values);
            }
            Telling::Wide => against_around(samples, side, 9, contrast, sums, values),
            Telling::Shades => values.extend(samples.iter().map(|&luma| shades.of(luma))),
        }
    }
}

/// Against what a module is dark or light, the likeliest to be right first.
#[derive(Debug, Clone, Copy)]
enum Telling {
    /// The modules next to it.
    Near,
    /// The same, after taking away some blur.
    Sharp,
    /// More of the modules around: for large even patches.
    Wide,
    /// The dark and the light of the corners.
    Shades,
}

impl Telling {
    const ALL: [Self; 4] = [Self::Near, Self::Sharp, Self::Wide, Self::Shades];
}

impl<'a> Sight<'a> {
    fn of(planes: &[Gray<'a>], corners: &Oriented<'_>) -> Self {
        let of_finders = |of: fn(&Finder) -> f32| {
            corners.finders.iter().map(|finder| of(finder)).sum::<f32>() / 3.0
        };
        let whole_module = of_finders(Finder::module);
        let (gray, scale) = suitable(planes, whole_module);
        let corners = corners.corners.map(|corner| corner.scaled(1.0 / scale));
        let [top_left, top_right, bottom_left] = corners;
        let straight = top_right.centre + bottom_left.centre - top_left.centre;
        let crossing =
            crossing(top_right.centre, top_right.down, bottom_left.centre, bottom_left.right);
        Self {
            gray,
            scale,
            corners,
            fourths: [crossing.unwrap_or(straight), straight],
            module: whole_module / scale,
            shades: Shades {
                dark: of_finders(|finder| finder.dark),
                light: of_finders(|finder| finder.light),
            },
        }
    }

    fn frame(&self, fourth: Vec2) -> Frame {
        let [top_left, top_right, bottom_left] = self.corners.map(|corner| corner.centre);
        Frame::new([top_left, top_right, fourth, bottom_left])
    }

    fn grid(&self, version: Version, frame: &Frame) -> Option<Grid> {
        let mut grid = frame.grid(version)?;
        if version.has_mesh() {
            grid.fit_mesh(self.gray, version, self.shades);
        }
        Some(grid)
    }

    /// The version whose timing patterns agree best, among those that so many
    /// modules from corner to corner allow. Large codes say it themselves.
    fn version(&self, modules: f32) -> Option<(Version, Frame)> {
        let mut guess = ((modules - 10.0) / 4.0).round() as i32;
        let mut reach = 1 + guess / 10;
        if guess >= 6 {
            let written = [false, true].into_iter().find_map(|is_below| {
                let version = self.written_version(is_below)?;
                (version.abs_diff(guess) as i32 <= reach + 1).then_some(version)
            });
            if let Some(version) = written {
                (guess, reach) = (version, 0);
            }
        }
        let [crossing, straight] = self.fourths;
        let mut best = None;
        let mut most = TIMING;
        for number in guess - reach..=guess + reach {
            let Some(version) = usize::try_from(number).ok().and_then(Version::new) else {
                continue;
            };
            for fourth in [crossing, straight, (crossing + straight) * 0.5] {
                let frame = self.frame(fourth);
                let Some(grid) = frame.grid(version) else { continue };
                let agreement = timing(self.gray, &grid, version, self.shades);
                if agreement > most {
                    most = agreement;
                    best = Some((version, frame));
                }
            }
        }
        best
    }

    /// The version that is written beside the top right or above the bottom left
    /// corner of codes from version 7 on, if that can be made out.
    fn written_version(&self, is_below: bool) -> Option<i32> {
        let [_, top_right, bottom_left] = self.corners;
        let corner = if is_below { bottom_left } else { top_right };
        let mut bits = 0u32;
        for index in 0..18u8 {
            // Six by three modules, as seen from the middle of the corner.
            let (long, short) = (f32::from(index / 3) - 3.0, f32::from(index % 3) - 7.0);
            let (x, y) = if is_below { (long, short) } else { (short, long) };
            let at = corner.centre + corner.right * x + corner.down * y;
            bits |= u32::from(self.shades.of(self.gray.at(at)) > 0.0) << index;
        }
        symbol::nearest_version(bits)
    }

    /// Puts the fourth corner where the alignment pattern next to it says. It is
    /// looked for where each guess would have it.
    fn find_fourth(&self, version: Version, frame: &mut Frame) {
        if version.number() < 2 {
            return;
        }
        let far = version.side() as f32 - 3.5;
        let near = far - 3.0;
        let mut best: Option<(Vec2, f32)> = None;
        for fourth in [frame.places[2], self.fourths[0], self.fourths[1]] {
            let Some(grid) = self.frame(fourth).grid(version) else { continue };
            let found = find_alignment(self.gray, &grid, vec2(near, near), 2.5, self.shades);
            if let Some((at, agreement)) = found
                && best.is_none_or(|(_, most)| agreement > most)
            {
                best = Some((at, agreement));
            }
            if best.is_some_and(|(_, agreement)| agreement > 0.7) {
                break;
            }
        }
        let Some((at, _)) = best else { return };
        let modules = [vec2(3.5, 3.5), vec2(far, 3.5), vec2(near, near), vec2(3.5, far)];
        let [top_left, top_right, _, bottom_left] = frame.places;
        if let Some(grid) = Grid::through(version, modules, [top_left, top_right, at, bottom_left])
        {
            frame.places[2] = grid.place(vec2(far, far));
        }
    }
}

/// The smallest size of a picture at which modules are still wide enough, and
/// what its places are multiplied by to be places in the whole picture.
pub fn suitable<'a>(planes: &[Gray<'a>], module: f32) -> (Gray<'a>, f32) {
    let mut scale = 1.0;
    let mut gray = planes[0];
    for &half in &planes[1..] {
        if module / (scale * 2.0) < WIDE {
            break;
        }
        scale *= 2.0;
        gray = half;
    }
    (gray, scale)
}

/// Where two lines meet; none, if they run side by side.
fn crossing(from: Vec2, way: Vec2, other: Vec2, other_way: Vec2) -> Option<Vec2> {
    let det = way.cross(other_way);
    if det.abs() < 0.05 * way.length() * other_way.length() {
        return None;
    }
    Some(from + way * ((other - from).cross(other_way) / det))
}

/// Each module against the mean of those within `radius`: masks see to it that
/// about half of them are dark, so no light or shadow that is wider matters.
fn against_around(
    samples: &[f32],
    side: usize,
    radius: usize,
    contrast: f32,
    sums: &mut Vec<f32>,
    values: &mut Vec<f32>,
) {
    let wide = side + 1;
    sums.clear();
    sums.resize(wide * wide, 0.0);
    for row in 0..side {
        let mut line = 0.0;
        for column in 0..side {
            line += samples[row * side + column];
            sums[(row + 1) * wide + column + 1] = sums[row * wide + column + 1] + line;
        }
    }
    for row in 0..side {
        let (top, bottom) = (row.saturating_sub(radius), (row + radius + 1).min(side));
        for column in 0..side {
            let (left, right) = (column.saturating_sub(radius), (column + radius + 1).min(side));
            let sum =
                sums[bottom * wide + right] - sums[top * wide + right] - sums[bottom * wide + left]
                    + sums[top * wide + left];
            let mean = sum / ((bottom - top) * (right - left)) as f32;
            values.push((mean - samples[row * side + column]) / contrast * 2.0);
        }
    }
}

/// How much of the difference to its neighbours is added to a module. Blur and
/// small modules mix each with them.
const SHARPEN: f32 = 0.8;

fn sharpen(samples: &[f32], side: usize, sharp: &mut Vec<f32>) {
    sharp.clear();
    sharp.extend(samples.iter().enumerate().map(|(at, &here)| {
        let (row, column) = (at / side, at % side);
        // Beyond the edge is more of the same.
        let left = samples[at - usize::from(column > 0)];
        let right = samples[at + usize::from(column + 1 < side)];
        let above = samples[if row > 0 { at - side } else { at }];
        let below = samples[if row + 1 < side { at + side } else { at }];
        here + SHARPEN * (here - (left + right + above + below) / 4.0)
    }));
}
