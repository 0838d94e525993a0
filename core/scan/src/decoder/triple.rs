//! Three finder patterns that are the corners of one code.
//!
//! A line through two corners of a code stays a line in any picture of it, so
//! from each pattern the next lies in the very direction of its modules. And
//! whatever the perspective, the modules between two patterns are their
//! distance over the geometric mean of the module at the one and at the other:
//! both sides of a code must give about the same number.

use super::finder::Finder;
use super::gray::Vec2;

/// A corner of a code with its modules put in order.
#[derive(Debug, Clone, Copy)]
pub struct Corner {
    pub centre: Vec2,
    /// To the next module as the code itself has it.
    pub right: Vec2,
    pub down: Vec2,
}

impl Corner {
    pub fn scaled(&self, by: f32) -> Self {
        Self { centre: self.centre * by, right: self.right * by, down: self.down * by }
    }
}

/// Which three patterns: top left, top right, bottom left.
#[derive(Debug, Clone, Copy)]
pub struct Triple {
    pub corners: [usize; 3],
    /// Modules from centre to centre, as measured.
    modules: f32,
    /// The smaller, the likelier.
    doubt: f32,
}

/// A triple with the modules of all three put in one order.
pub struct Oriented<'a> {
    pub finders: [&'a Finder; 3],
    pub corners: [Corner; 3],
    /// Modules from centre to centre, as measured.
    pub modules: f32,
}

impl Triple {
    pub fn oriented<'a>(&self, finders: &'a [Finder]) -> Oriented<'a> {
        let three = self.corners.map(|index| &finders[index]);
        let [corner, right, down] = three.map(|finder| finder.centre);
        let corners = three.map(|finder| Corner {
            centre: finder.centre,
            right: nearest_axis(finder, right - corner),
            down: nearest_axis(finder, down - corner),
        });
        Oriented { finders: three, corners, modules: self.modules }
    }
}

/// Centres of corner patterns are this many modules apart: version 1 and 40,
/// with something for what is measured wrong.
pub const FEWEST: f32 = 10.5;
const MOST: f32 = 190.0;

/// How far beside the line of modules the next pattern may be.
const ASLANT: f32 = 0.27;

/// How much longer one side may seem than the other, in modules.
const UNEVEN: f32 = 1.4;

/// Patterns each way from a pattern that are looked at.
const NEAREST: usize = 8;

/// From one pattern to another.
#[derive(Debug, Clone, Copy)]
struct Side {
    to: usize,
    /// Of the pattern it starts from: 0 across, 1 along, 2 and 3 back.
    axis: usize,
    modules: f32,
    aslant: f32,
}

fn axis(finder: &Finder, axis: usize) -> Vec2 {
    match axis {
        0 => finder.across,
        1 => finder.along,
        2 => finder.across * -1.0,
        _ => finder.along * -1.0,
    }
}

/// A way in modules of a pattern, across and along.
pub fn in_modules(finder: &Finder, way: Vec2) -> Option<(f32, f32)> {
    let det = finder.across.cross(finder.along);
    (det.abs() > 1e-6).then(|| (way.cross(finder.along) / det, finder.across.cross(way) / det))
}

/// Along which of its axes a way from a pattern leads, how many modules, and how
/// far beside the axis.
fn on_axis(finder: &Finder, way: Vec2) -> Option<(usize, f32, f32)> {
    let (u, v) = in_modules(finder, way)?;
    let (long, short, axis) = if u.abs() >= v.abs() {
        (u, v, if u > 0.0 { 0 } else { 2 })
    } else {
        (v, u, if v > 0.0 { 1 } else { 3 })
    };
    Some((axis, long.abs(), short.abs() / long.abs()))
}

fn sides(finders: &[Finder], from: usize, sides: &mut Vec<Side>) {
    sides.clear();
    let here = &finders[from];
    for (to, there) in finders.iter().enumerate() {
        if to == from || here.is_inverted() != there.is_inverted() {
            continue;
        }
        let ratio = here.module() / there.module();
        if !(0.4..2.5).contains(&ratio) {
            continue;
        }
        let way = there.centre - here.centre;
        let Some((axis, long, aslant)) = on_axis(here, way) else { continue };
        let Some((_, back, aslant_back)) = on_axis(there, way) else { continue };
        let modules = (long * back).sqrt();
        if aslant > ASLANT || aslant_back > ASLANT * 1.6 || !(FEWEST..MOST).contains(&modules) {
            continue;
        }
        let uneven = (long / back).max(back / long);
        if uneven > 2.6 {
            continue;
        }
        sides.push(Side { to, axis, modules, aslant: aslant + aslant_back });
    }
    // The next one of a code is among the nearest that way; the rest of a sheet
    // full of codes is none of its business.
    sides.sort_unstable_by(|a, b| a.axis.cmp(&b.axis).then(a.modules.total_cmp(&b.modules)));
    let mut run = 0;
    let mut before = usize::MAX;
    sides.retain(|side| {
        run = if side.axis == before { run + 1 } else { 0 };
        before = side.axis;
        run < NEAREST
    });
}

/// The axis of a pattern that is nearest to a way.
fn nearest_axis(finder: &Finder, way: Vec2) -> Vec2 {
    let mut best = (f32::MIN, finder.across);
    for index in 0..4 {
        let axis = axis(finder, index);
        let cos = axis.dot(way) / (axis.length() * way.length()).max(1e-6);
        if cos > best.0 {
            best = (cos, axis);
        }
    }
    best.1
}

/// Triples of one top left corner that are kept.
const MOST_OF_ONE: usize = 12;

/// Finds triples, in memory that is used again.
#[derive(Default)]
pub struct Triples {
    sides: Vec<Side>,
    all: Vec<Triple>,
}

impl Triples {
    /// Likely triples, the likeliest first; those of the patterns that were
    /// compared with all others until `is_over`.
    pub fn of(&mut self, finders: &[Finder], is_over: &dyn Fn() -> bool) -> &[Triple] {
        self.all.clear();
        for (index, corner) in finders.iter().enumerate() {
            if is_over() {
                break;
            }
            sides(finders, index, &mut self.sides);
            let first = self.all.len();
            for (at, one) in self.sides.iter().enumerate() {
                for other in &self.sides[at + 1..] {
                    self.all.extend(triple(finders, (index, corner), one, other));
                }
            }
            let of_this = &mut self.all[first..];
            of_this.sort_unstable_by(|a, b| a.doubt.total_cmp(&b.doubt));
            self.all.truncate(first + MOST_OF_ONE);
        }
        self.all.sort_unstable_by(|a, b| a.doubt.total_cmp(&b.doubt));
        &self.all
    }
}

/// The triple of a corner and two sides from it, if there can be one.
fn triple(
    finders: &[Finder],
    (index, corner): (usize, &Finder),
    one: &Side,
    other: &Side,
) -> Option<Triple> {
    let uneven = (one.modules / other.modules).max(other.modules / one.modules);
    // At a right angle as the code has it, and the sides alike.
    if one.axis % 2 == other.axis % 2 || uneven > UNEVEN {
        return None;
    }
    let [to_one, to_other] = [one, other].map(|side| finders[side.to].centre - corner.centre);
    let (right, down) = if to_one.cross(to_other) > 0.0 { (one, other) } else { (other, one) };
    let modules = f32::midpoint(one.modules, other.modules);
    // Sizes come in steps of four modules.
    let version = ((modules - 10.0) / 4.0).round().max(1.0);
    let off = (modules - 10.0 - 4.0 * version).abs() / modules;
    let corners = [index, right.to, down.to];
    let vagueness: f32 = corners.iter().map(|&at| 1.0 - finders[at].clarity()).sum();
    let doubt = (uneven - 1.0) * 2.0
        + one.aslant
        + other.aslant
        + off * 2.0
        + vagueness * 0.25
        + modules / 800.0;
    Some(Triple { corners, modules, doubt })
}
