//! The first decoder: rxing's port of zxing-cpp, pure Rust, run on the frame
//! and on its half and quarter size. The smaller ones are not for speed:
//! averaging four pixels into one takes noise and blur off a code that is large
//! enough. On 884 real photos of up to 1920 pixels the three together read 682,
//! the frame alone 599; no other decoder in pure Rust read more than 590 by
//! itself.

use std::borrow::Cow;
use std::collections::HashSet;
use std::panic::{AssertUnwindSafe, catch_unwind};

use qrcode::{EcLevel, Version, bits};
use rxing::common::HybridBinarizer;
use rxing::multi::MultipleBarcodeReader;
use rxing::qrcode::cpp_port::QrReader;
use rxing::{
    BarcodeFormat, BinaryBitmap, DecodeHints, Luma8Source, RXingResult, RXingResultMetadataType,
    RXingResultMetadataValue,
};

use super::{Level, Luma, Point, Reading};

/// How many frame pixels a pixel is wide at each size that is read.
const SIZES: [f32; 3] = [1.0, 2.0, 4.0];

/// A QR has at least 21 modules a side, and none is smaller than a pixel.
const SMALLEST_SIDE: u32 = 21;

/// Finds and reads codes in a frame as it lies in its buffer.
#[derive(Default)]
pub(super) struct Decoder;

impl Decoder {
    /// Every QR in the frame, each once, ours or not, in coordinates of the
    /// buffer; those that were found until `is_over`.
    ///
    /// Two codes that overlap so far that each covers the other's centre are one
    /// code seen at several sizes; the finest one gives its corners.
    pub fn still(&mut self, frame: &Luma<'_>, is_over: &dyn Fn() -> bool) -> Vec<Reading> {
        let mut readings: Vec<Reading> = Vec::new();
        let mut size =
            Size { width: frame.width(), height: frame.height(), pixels: frame.packed() };
        for pixel in SIZES {
            if size.width.min(size.height) < SMALLEST_SIDE || is_over() {
                break;
            }
            for reading in size.decode().iter().filter_map(|found| place(found, pixel)) {
                if !readings.iter().any(|known| known.is_of_the_same_code_as(&reading)) {
                    readings.push(reading);
                }
            }
            size = size.halved();
        }
        readings
    }

    /// One frame of a stream. This decoder knows no cheaper way to look.
    pub fn live(&mut self, frame: &Luma<'_>, is_over: &dyn Fn() -> bool) -> Vec<Reading> {
        self.still(frame, is_over)
    }
}

/// The frame at one size, rows without padding.
struct Size<'a> {
    width: u32,
    height: u32,
    pixels: Cow<'a, [u8]>,
}

impl Size<'_> {
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
        // hold the next one before the camera, so a size that does counts as
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
    fn halved(&self) -> Size<'static> {
        let width = usize::try_from(self.width).unwrap_or(usize::MAX);
        let mut pixels = Vec::with_capacity(self.pixels.len() / 4);
        for rows in self.pixels.chunks_exact(width.saturating_mul(2)) {
            let (upper, lower) = rows.split_at(width);
            let (upper, lower) = (upper.as_chunks().0, lower.as_chunks().0);
            pixels.extend(upper.iter().zip(lower).map(
                |(&[a, b], &[c, d]): (&[u8; 2], &[u8; 2])| a.midpoint(b).midpoint(c.midpoint(d)),
            ));
        }
        Size { width: self.width / 2, height: self.height / 2, pixels: Cow::Owned(pixels) }
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
    let text = found.getText().to_owned();
    let metadata = found.getRXingResultMetadata();
    let level = match metadata.get(&RXingResultMetadataType::ERROR_CORRECTION_LEVEL) {
        Some(RXingResultMetadataValue::ErrorCorrectionLevel(level)) => match level.as_str() {
            "L" => Level::L,
            "Q" => Level::Q,
            "H" => Level::H,
            _ => Level::M,
        },
        _ => Level::M,
    };
    let version = smallest_version(&text, level);
    Some(Reading { text, corners, version, level })
}

/// The decoder does not tell the version: the smallest one that holds the text,
/// which is what nearly everyone prints.
fn smallest_version(text: &str, level: Level) -> u8 {
    let level = match level {
        Level::L => EcLevel::L,
        Level::M => EcLevel::M,
        Level::Q => EcLevel::Q,
        Level::H => EcLevel::H,
    };
    match bits::encode_auto(text.as_bytes(), level).map(|bits| bits.version()) {
        Ok(Version::Normal(version)) => u8::try_from(version).unwrap_or(40),
        _ => 40,
    }
}
