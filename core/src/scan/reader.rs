//! Finds and reads every QR in a frame.
//!
//! The decoder is rxing's port of zxing-cpp, pure Rust, run on the frame and
//! on its half and quarter size. The smaller ones are not for speed: averaging
//! four pixels into one takes noise and blur off a code that is large enough.
//! On 884 real photos of up to 1920 pixels the three together read 682, the
//! frame alone 599; no other decoder in pure Rust read more than 590 by itself.

use std::borrow::Cow;
use std::collections::HashSet;
use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};

use rxing::common::HybridBinarizer;
use rxing::multi::MultipleBarcodeReader;
use rxing::qrcode::cpp_port::QrReader;
use rxing::{BarcodeFormat, BinaryBitmap, DecodeHints, Luma8Source, RXingResult};

use super::Luma;

/// How many frame pixels a pixel is wide on each level that is read.
const LEVELS: [f32; 3] = [1.0, 2.0, 4.0];

/// A QR has at least 21 modules a side, and none is smaller than a pixel.
const SMALLEST_SIDE: u32 = 21;

/// A place in a frame, in pixels from its top left corner; (0.5, 0.5) is the
/// centre of the first pixel.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Point {
    /// Pixels to the right.
    pub x: f32,
    /// Pixels down.
    pub y: f32,
}

/// One QR that was read.
#[derive(Clone, PartialEq)]
pub struct Reading {
    /// What it says, whoever printed it: nothing is known of its length or
    /// characters.
    pub text: String,
    /// Where it is: the outer corners of its modules, clockwise from the
    /// code's own top left. They may lie a little outside the frame.
    pub corners: [Point; 4],
}

impl Reading {
    fn centre(&self) -> Point {
        let sum = |of: fn(&Point) -> f32| self.corners.iter().map(of).sum::<f32>() / 4.0;
        Point { x: sum(|corner| corner.x), y: sum(|corner| corner.y) }
    }

    /// Whether `point` lies in the quad of the corners, which is convex: then
    /// it is on the same side of all four edges.
    fn covers(&self, point: Point) -> bool {
        let [a, b, c, d] = self.corners;
        let sides = [(a, b), (b, c), (c, d), (d, a)].map(|(from, to)| {
            (to.x - from.x) * (point.y - from.y) - (to.y - from.y) * (point.x - from.x)
        });
        sides.iter().all(|side| *side >= 0.0) || sides.iter().all(|side| *side <= 0.0)
    }

    fn is_of_the_same_code_as(&self, other: &Self) -> bool {
        self.covers(other.centre()) && other.covers(self.centre())
    }
}

/// Shows where, not what: the text may be a label's.
impl fmt::Debug for Reading {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Reading").field("corners", &self.corners).finish_non_exhaustive()
    }
}

/// Every QR in the frame, each once, ours or not.
///
/// Two codes that overlap so far that each covers the other's centre are one
/// code seen on several levels; the finest one gives its corners.
#[must_use]
pub fn read(frame: &Luma<'_>) -> Vec<Reading> {
    let mut readings: Vec<Reading> = Vec::new();
    let mut level = Level { width: frame.width(), height: frame.height(), pixels: frame.packed() };
    for pixel in LEVELS {
        if level.width.min(level.height) < SMALLEST_SIDE {
            break;
        }
        for reading in level.decode().iter().filter_map(|found| place(found, pixel)) {
            if !readings.iter().any(|known| known.is_of_the_same_code_as(&reading)) {
                readings.push(reading);
            }
        }
        level = level.halved();
    }
    readings
}

/// The frame at one size, rows without padding.
struct Level<'a> {
    width: u32,
    height: u32,
    pixels: Cow<'a, [u8]>,
}

impl Level<'_> {
    fn decode(&self) -> Vec<RXingResult> {
        let Ok(source) = Luma8Source::new_with_slice(&self.pixels, self.width, self.height) else {
            return Vec::new();
        };
        let hints = DecodeHints {
            PossibleFormats: Some(HashSet::from([BarcodeFormat::QR_CODE])),
            TryHarder: Some(true),
            ..DecodeHints::default()
        };
        // The decoder's sources say that tracing an edge may panic. 14,000
        // frames full of torn finder patterns did not make it, but anyone may
        // hold the next one before the camera, so a level that does counts as
        // unread. Nothing of it is used afterwards.
        catch_unwind(AssertUnwindSafe(|| {
            let mut bitmap = BinaryBitmap::new(HybridBinarizer::new(source));
            QrReader.decode_multiple_with_hints(&mut bitmap, &hints)
        }))
        .ok()
        .and_then(Result::ok)
        .unwrap_or_default()
    }

    /// Half as wide and high, four pixels averaged into one. An odd last
    /// column or row is left out.
    fn halved(&self) -> Level<'static> {
        let width = usize::try_from(self.width).unwrap_or(usize::MAX);
        let mut pixels = Vec::with_capacity(self.pixels.len() / 4);
        for rows in self.pixels.chunks_exact(width.saturating_mul(2)) {
            let (upper, lower) = rows.split_at(width);
            let (upper, lower) = (upper.as_chunks().0, lower.as_chunks().0);
            pixels.extend(upper.iter().zip(lower).map(
                |(&[a, b], &[c, d]): (&[u8; 2], &[u8; 2])| a.midpoint(b).midpoint(c.midpoint(d)),
            ));
        }
        Level { width: self.width / 2, height: self.height / 2, pixels: Cow::Owned(pixels) }
    }
}

/// The decoder's result in the frame's coordinates. It names the corners row by
/// row, and each half a pixel too far to the right and down.
fn place(found: &RXingResult, pixel: f32) -> Option<Reading> {
    let &[top_left, top_right, bottom_left, bottom_right] = found.getPoints() else {
        return None;
    };
    let corners = [top_left, top_right, bottom_right, bottom_left]
        .map(|corner| Point { x: (corner.x - 0.5) * pixel, y: (corner.y - 0.5) * pixel });
    Some(Reading { text: found.getText().to_owned(), corners })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::label::{Code, LabelError, Strength, Token};

    /// A grey picture to draw codes on.
    struct Canvas {
        width: usize,
        pixels: Vec<u8>,
    }

    impl Canvas {
        fn new(width: usize, height: usize) -> Self {
            Self { width, pixels: vec![255; width * height] }
        }

        /// Draws dark modules of `module` pixels, the first at `(left, top)`.
        fn draw(
            &mut self,
            (left, top): (usize, usize),
            module: usize,
            size: usize,
            is_dark: impl Fn(usize, usize) -> bool,
        ) {
            for y in 0..size * module {
                for x in 0..size * module {
                    if is_dark(x / module, y / module) {
                        self.pixels[(top + y) * self.width + left + x] = 0;
                    }
                }
            }
        }

        fn read(&self) -> Vec<Reading> {
            let width = u32::try_from(self.width).unwrap();
            let height = u32::try_from(self.pixels.len() / self.width).unwrap();
            read(&Luma::new(width, height, self.width, &self.pixels).unwrap())
        }
    }

    fn token(seed: u8) -> Token {
        Token::from_bytes(std::array::from_fn(|i| {
            seed.wrapping_mul(31) ^ u8::try_from(i * 13).unwrap()
        }))
    }

    fn photographed_label(token: &Token, strength: Strength, module: usize) -> Canvas {
        let code = Code::of(token, strength).unwrap();
        let side = (code.size() + 2 * Code::QUIET) * module;
        let mut canvas = Canvas::new(side, side);
        let at = Code::QUIET * module;
        canvas.draw((at, at), module, code.size(), |column, row| code.is_dark(column, row));
        canvas
    }

    /// Any text as a QR of 4 pixels a module.
    fn photographed_text(text: &str) -> Canvas {
        let code = qrcode::QrCode::new(text).unwrap();
        let dark = code.to_colors();
        let size = code.width();
        let mut canvas = Canvas::new((size + 8) * 4, (size + 8) * 4);
        canvas.draw((16, 16), 4, size, |column, row| {
            dark[row * size + column] == qrcode::Color::Dark
        });
        canvas
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]
        #[test]
        fn every_label_is_read(bytes: [u8; 16], module in 3..9_usize, rough: bool) {
            let token = Token::from_bytes(bytes);
            let strength = if rough { Strength::Rough } else { Strength::Normal };
            let readings = photographed_label(&token, strength, module).read();
            prop_assert_eq!(readings.len(), 1);
            prop_assert_eq!(Token::parse(&readings[0].text), Ok(token));
        }

        #[test]
        fn torn_finder_patterns_are_read_as_nothing(
            patterns in proptest::collection::vec((1..6_usize, 0..118_usize, 0..78_usize), 0..16),
        ) {
            let mut canvas = Canvas::new(160, 120);
            for (module, left, top) in patterns {
                canvas.draw((left, top), module, 7, |column, row| {
                    let ring = column.min(row).min(6 - column).min(6 - row);
                    ring != 1
                });
            }
            prop_assert_eq!(canvas.read().len(), 0);
        }

        #[test]
        fn noise_is_read_as_nothing(
            pixels in proptest::collection::vec(any::<u8>(), 64 * 64),
            width in 1..64_u32,
        ) {
            let height = 4096 / width;
            let stride = usize::try_from(width).unwrap();
            prop_assert_eq!(read(&Luma::new(width, height, stride, &pixels).unwrap()).len(), 0);
        }
    }

    #[test]
    fn corners_are_the_outer_corners_of_the_modules() {
        for module in [3, 8] {
            let readings = photographed_label(&token(1), Strength::Normal, module).read();
            let near = f32::from(u8::try_from(4 * module).unwrap());
            let far = f32::from(u8::try_from(29 * module).unwrap());
            let expected = [(near, near), (far, near), (far, far), (near, far)];
            for (corner, (x, y)) in readings[0].corners.iter().zip(expected) {
                assert!((corner.x - x).abs() < 2.0, "{module}: {corner:?} for {x}, {y}");
                assert!((corner.y - y).abs() < 2.0, "{module}: {corner:?} for {x}, {y}");
            }
        }
    }

    #[test]
    fn two_codes_in_view_are_both_read_once() {
        let mut canvas = Canvas::new(400, 200);
        for (seed, left) in [(1, 30), (2, 230)] {
            let code = Code::of(&token(seed), Strength::Rough).unwrap();
            canvas.draw((left, 40), 4, code.size(), |column, row| code.is_dark(column, row));
        }
        let mut read: Vec<Token> =
            canvas.read().iter().map(|reading| Token::parse(&reading.text).unwrap()).collect();
        read.sort();
        let mut expected = vec![token(1), token(2)];
        expected.sort();
        assert_eq!(read, expected);
    }

    #[test]
    fn padded_rows_are_read_alike() {
        let canvas = photographed_label(&token(3), Strength::Normal, 3);
        let padded: Vec<u8> = canvas
            .pixels
            .chunks(canvas.width)
            .flat_map(|row| row.iter().copied().chain([0; 13]))
            .collect();
        let side = u32::try_from(canvas.width).unwrap();
        let frame = Luma::new(side, side, canvas.width + 13, &padded).unwrap();
        assert_eq!(read(&frame), canvas.read());
    }

    #[test]
    fn foreign_codes_are_read_and_left_to_others() {
        let label = token(4).to_text();
        for (text, meaning) in [
            ("https://example.com/box/1", Err(LabelError::Character { position: 6 })),
            (&label[..21], Err(LabelError::Length { characters: 21 })),
            (&label.to_lowercase(), Ok(token(4))),
            ("", Err(LabelError::Length { characters: 0 })),
            ("Umzugskarton \u{1F4E6} \u{FC}ber", Err(LabelError::Character { position: 1 })),
        ] {
            let readings = photographed_text(text).read();
            let texts: Vec<&str> = readings.iter().map(|reading| reading.text.as_str()).collect();
            assert_eq!(texts, [text]);
            assert_eq!(Token::parse(texts[0]), meaning);
        }
    }

    #[test]
    fn debug_does_not_show_the_text() {
        let reading = &photographed_label(&token(5), Strength::Normal, 4).read()[0];
        assert!(!format!("{reading:?}").contains(&reading.text));
    }
}
