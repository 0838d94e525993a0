//! The nested squares of a code as a whole: how well they agree with a place.
//!
//! Finder and alignment patterns are dark, but for one ring of light modules.
//! Where one of them must be is mostly known, so it can be looked for by
//! comparing all of its modules, which works long after its outline is gone.

use super::gray::{Gray, Shades, Vec2};

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

    /// How well what is so many modules to the right and down of a place agrees, at
    /// best 1; light and dark count the same.
    #[inline]
    fn agrees(self, value: impl Fn(i32, i32) -> f32) -> f32 {
        let (radius, ring) = (i32::from(self.radius), i32::from(self.light));
        let (mut dark, mut darks, mut light, mut lights) = (0.0, 0.0, 0.0, 0.0);
        for dy in -radius..=radius {
            for dx in -radius..=radius {
                let value = value(dx, dy);
                if dx.abs().max(dy.abs()) == ring {
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

    /// How well a place agrees.
    fn agreement(
        self,
        gray: Gray<'_>,
        at: Vec2,
        (right, down): (Vec2, Vec2),
        shades: Shades,
    ) -> f32 {
        self.agrees(|dx, dy| shades.of(gray.at(at + right * dx as f32 + down * dy as f32)))
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
        let place = |x: i32, y: i32| middle + right * (x as f32 * STEP) + down * (y as f32 * STEP);
        // Modules are two steps apart, so neighbours share nearly all of what they
        // look at: it is looked at once.
        let reach = steps + 2 * i32::from(self.radius);
        let side = 2 * reach + 1;
        let samples: Vec<f32> = (-reach..=reach)
            .flat_map(|y| (-reach..=reach).map(move |x| (x, y)))
            .map(|(x, y)| shades.of(gray.at(place(x, y))))
            .collect();
        let sample = |x: i32, y: i32| samples[((y + reach) * side + x + reach) as usize];
        for y in -steps..=steps {
            for x in -steps..=steps {
                let at = place(x, y);
                if !gray.contains(at) {
                    continue;
                }
                // The farther, the better it must be.
                let far = ((x * x + y * y) as f32).sqrt() * STEP;
                let value = self.agrees(|dx, dy| sample(x + 2 * dx, y + 2 * dy)) - far * 0.02;
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
