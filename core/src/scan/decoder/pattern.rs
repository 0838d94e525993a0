//! The nested squares of a code as a whole: how well they agree with a place.
//!
//! Finder and alignment patterns are dark, but for one ring of light modules.
//! Where one of them must be is mostly known, so it can be looked for by
//! comparing all of its modules, which works long after its outline is gone.

use super::gray::{Gray, Vec2};
use super::grid::Shades;

/// A pattern around a dark module.
#[derive(Debug, Clone, Copy)]
pub struct Pattern {
    /// Modules from the middle to the outermost ring.
    radius: i8,
    /// The light ring.
    light: i8,
}

/// Where to look for a pattern.
#[derive(Debug, Clone, Copy)]
pub struct Around {
    pub middle: Vec2,
    /// To the next module.
    pub right: Vec2,
    pub down: Vec2,
    /// How far the middle may be off, in modules.
    pub within: f32,
}

impl Pattern {
    /// 7 x 7 modules in three corners.
    pub const FINDER: Self = Self { radius: 3, light: 2 };

    /// 5 x 5 modules, from version 2 on.
    pub const ALIGNMENT: Self = Self { radius: 2, light: 1 };

    /// How well a place agrees, at best 1; light and dark count the same.
    fn agreement(
        self,
        gray: Gray<'_>,
        at: Vec2,
        (right, down): (Vec2, Vec2),
        shades: Shades,
    ) -> f32 {
        let (mut dark, mut darks, mut light, mut lights) = (0.0, 0.0, 0.0, 0.0);
        for dy in -self.radius..=self.radius {
            for dx in -self.radius..=self.radius {
                let place = at + right * f32::from(dx) + down * f32::from(dy);
                let value = shades.of(gray.at(place));
                if dx.abs().max(dy.abs()) == self.light {
                    light -= value;
                    lights += 1.0;
                } else {
                    dark += value;
                    darks += 1.0;
                }
            }
        }
        f32::midpoint(dark / darks, light / lights)
    }

    /// The place that agrees best, if any agrees by at least so much.
    pub fn search(
        self,
        gray: Gray<'_>,
        around: Around,
        least: f32,
        shades: Shades,
    ) -> Option<(Vec2, f32)> {
        const STEP: f32 = 0.5;
        let Around { middle, right, down, within } = around;
        let score = |at: Vec2| self.agreement(gray, at, (right, down), shades);
        let mut best = (Vec2::default(), f32::MIN);
        let steps = (within / STEP).ceil() as i32;
        for y in -steps..=steps {
            for x in -steps..=steps {
                let at = middle + right * (x as f32 * STEP) + down * (y as f32 * STEP);
                if !gray.contains(at) {
                    continue;
                }
                // The farther, the better it must be.
                let far = ((x * x + y * y) as f32).sqrt() * STEP;
                let value = score(at) - far * 0.02;
                if value > best.1 {
                    best = (at, value);
                }
            }
        }
        if best.1 < least {
            return None;
        }
        // From there to the top, in quarters and then eighths of a module. A top that
        // is farther than a few of them away belongs to something else.
        let mut step = 0.25;
        for _ in 0..8 {
            let (at, _) = best;
            for way in [right, right * -1.0, down, down * -1.0] {
                let other = at + way * step;
                let value = score(other);
                if value > best.1 {
                    best = (other, value);
                }
            }
            if best.0 == at {
                step *= 0.5;
                if step < 0.1 {
                    break;
                }
            }
        }
        Some(best)
    }
}
