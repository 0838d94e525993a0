//! Pictures of 8-bit luma at falling sizes.
//!
//! Places are in pixels from the top left corner of the top left pixel, so its
//! centre is (0.5, 0.5), and going to half the size halves every number.

use std::ops::{Add, Mul, Sub};

use crate::Luma;

/// A place or a way in a picture.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Vec2 {
    pub x: f32,
    pub y: f32,
}

pub const fn vec2(x: f32, y: f32) -> Vec2 {
    Vec2 { x, y }
}

impl Vec2 {
    pub fn dot(self, other: Self) -> f32 {
        self.x * other.x + self.y * other.y
    }

    /// Positive if `other` is clockwise of this, as y grows downwards.
    pub fn cross(self, other: Self) -> f32 {
        self.x * other.y - self.y * other.x
    }

    pub fn length(self) -> f32 {
        self.dot(self).sqrt()
    }
}

impl Add for Vec2 {
    type Output = Self;
    fn add(self, other: Self) -> Self {
        vec2(self.x + other.x, self.y + other.y)
    }
}

impl Sub for Vec2 {
    type Output = Self;
    fn sub(self, other: Self) -> Self {
        vec2(self.x - other.x, self.y - other.y)
    }
}

impl Mul<f32> for Vec2 {
    type Output = Self;
    fn mul(self, by: f32) -> Self {
        vec2(self.x * by, self.y * by)
    }
}

/// A borrowed picture.
#[derive(Clone, Copy)]
pub struct Gray<'a> {
    pub width: usize,
    pub height: usize,
    pub stride: usize,
    pub pixels: &'a [u8],
}

impl<'a> Gray<'a> {
    /// All of a frame.
    pub fn of(frame: &Luma<'a>) -> Self {
        let (width, height) = (frame.width() as usize, frame.height() as usize);
        Self { width, height, stride: frame.stride(), pixels: frame.pixels() }
    }

    /// Pixels in a row of their own, from [`thin`].
    pub fn thinned<'b>(&self, pixels: &'b [u8]) -> Gray<'b> {
        let (width, height) = (self.width.div_ceil(THIN), self.height.div_ceil(THIN));
        Gray { width, height, stride: width, pixels }
    }

    pub fn row(&self, y: usize) -> &'a [u8] {
        &self.pixels[y * self.stride..][..self.width]
    }

    pub fn contains(&self, at: Vec2) -> bool {
        at.x >= 0.0 && at.y >= 0.0 && at.x < self.width as f32 && at.y < self.height as f32
    }

    /// Between the four pixels around a place; beyond the edge, the edge.
    #[expect(clippy::inline_always, reason = "a tenth of a frame where a library called it")]
    #[inline(always)]
    pub fn at(&self, place: Vec2) -> f32 {
        let x = (place.x - 0.5).clamp(0.0, (self.width - 1) as f32);
        let y = (place.y - 0.5).clamp(0.0, (self.height - 1) as f32);
        // Through i32: the way that costs least.
        let (column, row) = (x as i32 as usize, y as i32 as usize);
        let (fx, fy) = (x - column as f32, y - row as f32);
        let right = usize::from(column + 1 < self.width);
        let below = if row + 1 < self.height { self.stride } else { 0 };
        let first = row * self.stride + column;
        let p = |offset: usize| f32::from(self.pixels[first + offset]);
        let upper = p(0) + (p(right) - p(0)) * fx;
        let lower = p(below) + (p(below + right) - p(below)) * fx;
        upper + (lower - upper) * fy
    }
}

/// What dark and light are in a picture of a code.
#[derive(Debug, Clone, Copy)]
pub struct Shades {
    pub dark: f32,
    pub light: f32,
}

impl Shades {
    /// -1 as light as light modules, 1 as dark as dark ones.
    #[inline]
    pub fn of(&self, luma: f32) -> f32 {
        let middle = f32::midpoint(self.dark, self.light);
        ((middle - luma) * 2.0 / (self.light - self.dark)).clamp(-1.0, 1.0)
    }
}

/// Half the size, each pixel the mean of four. An odd last row or column is
/// left out.
pub fn halve<'a>(gray: Gray<'_>, half: &'a mut Vec<u8>) -> Gray<'a> {
    let (width, height) = (gray.width / 2, gray.height / 2);
    half.resize(width * height, 0);
    for (y, line) in half.chunks_exact_mut(width.max(1)).enumerate() {
        let upper = gray.row(2 * y).as_chunks::<2>().0;
        let lower = gray.row(2 * y + 1).as_chunks::<2>().0;
        for ((pixel, &a), &b) in line.iter_mut().zip(upper).zip(lower) {
            // Pairs of bytes as one number each: compilers do eight at once.
            let (a, b) = (u16::from_le_bytes(a), u16::from_le_bytes(b));
            let sum = (a & 0xff) + (a >> 8) + (b & 0xff) + (b >> 8);
            *pixel = ((sum + 2) >> 2) as u8;
        }
    }
    Gray { width, height, stride: width, pixels: half }
}

/// One of so many pixels of each row, and one of so many rows, make a thin
/// picture.
const THIN: usize = 4;

/// A sixteenth of the pixels, as they are; which ones, `turn` says.
pub fn thin(gray: Gray<'_>, turn: usize, pixels: &mut Vec<u8>) {
    pixels.clear();
    for y in (0..gray.height).step_by(THIN) {
        let row = gray.row((y + turn % THIN).min(gray.height - 1));
        pixels.extend(row.iter().step_by(THIN));
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Two rows of three, and one byte between them that is none of the picture.
    const PIXELS: [u8; 7] = [0, 100, 200, 99, 40, 140, 240];
    const GRAY: Gray<'_> = Gray { width: 3, height: 2, stride: 4, pixels: &PIXELS };

    #[test]
    fn between_pixels_is_between_their_luma() {
        for (x, y, luma) in [
            (0.5, 0.5, 0.0),
            (2.5, 1.5, 240.0),
            (1.0, 0.5, 50.0),
            (1.5, 1.0, 120.0),
            (1.0, 1.0, 70.0),
        ] {
            assert!((GRAY.at(vec2(x, y)) - luma).abs() < 0.01, "{x}, {y}");
        }
    }

    #[test]
    fn beyond_the_edge_is_the_edge() {
        for far in [0.0, -0.1, -5.0, -1e30, f32::NEG_INFINITY] {
            assert!(GRAY.at(vec2(far, far)).abs() < 0.01, "{far}");
            assert!((GRAY.at(vec2(10.0 - far, 0.5)) - 200.0).abs() < 0.01, "{far}");
            assert!((GRAY.at(vec2(far, 10.0 - far)) - 40.0).abs() < 0.01, "{far}");
        }
        // A place that is none makes no panic.
        assert!(GRAY.at(vec2(f32::NAN, 1.0)).is_nan());
        assert!(!GRAY.contains(vec2(f32::NAN, 1.0)));
        assert!(GRAY.contains(vec2(0.0, 0.0)) && !GRAY.contains(vec2(3.0, 0.0)));
    }

    #[test]
    fn one_pixel_is_everywhere() {
        let gray = Gray { width: 1, height: 1, stride: 1, pixels: &[7] };
        for (x, y) in [(0.5, 0.5), (-3.0, 9.0), (1e9, -1e9)] {
            assert!((gray.at(vec2(x, y)) - 7.0).abs() < 0.01);
        }
        assert_eq!(halve(gray, &mut Vec::new()).pixels, []);
    }

    proptest! {
        #[test]
        fn half_the_size_is_the_mean_of_four(
            (width, gap) in (1..70_usize, 0..5_usize),
            pixels in prop::collection::vec(any::<u8>(), 80..1_000),
        ) {
            let stride = width + gap;
            let gray = Gray { width, height: pixels.len() / stride, stride, pixels: &pixels };
            let mut memory = vec![1; 5];
            let half = halve(gray, &mut memory);
            prop_assert_eq!((half.width, half.height), (width / 2, gray.height / 2));
            for y in 0..half.height {
                for x in 0..half.width {
                    let four = [0, 1, stride, stride + 1]
                        .map(|offset| u32::from(pixels[2 * y * stride + 2 * x + offset]));
                    let mean = (four.iter().sum::<u32>() + 2) / 4;
                    prop_assert_eq!(u32::from(half.row(y)[x]), mean);
                }
            }
        }

        #[test]
        fn a_thin_picture_has_pixels_of_the_whole(
            width in 1..70_usize,
            pixels in prop::collection::vec(any::<u8>(), 80..1_000),
            turn in 0..9_usize,
        ) {
            let gray = Gray { width, height: pixels.len() / width, stride: width, pixels: &pixels };
            let mut memory = Vec::new();
            thin(gray, turn, &mut memory);
            let thin = gray.thinned(&memory);
            prop_assert_eq!(thin.width * thin.height, memory.len());
            for y in 0..thin.height {
                let of_whole = (y * THIN + turn % THIN).min(gray.height - 1);
                for x in 0..thin.width {
                    prop_assert_eq!(thin.row(y)[x], gray.row(of_whole)[x * THIN]);
                }
            }
        }
    }
}
