//! Camera frames: lent by the app for the length of one call.

use std::fmt;

use crewseal::scan::{self, Luma};

use crate::CrewError;

/// A place in a frame, in pixels from its top left corner.
#[derive(Debug, Clone, Copy, PartialEq, uniffi::Record)]
pub struct Point {
    /// Pixels to the right.
    pub x: f32,
    /// Pixels down.
    pub y: f32,
}

/// Where a code is in a frame: its corners as the code itself has them, so
/// `top_left` is elsewhere if the box stands on its head. They may lie a little
/// outside the frame.
#[derive(Debug, Clone, Copy, PartialEq, uniffi::Record)]
pub struct Corners {
    /// The code's own top left.
    pub top_left: Point,
    /// The code's own top right.
    pub top_right: Point,
    /// The code's own bottom right.
    pub bottom_right: Point,
    /// The code's own bottom left.
    pub bottom_left: Point,
}

/// A QR code that was read, ours or not.
#[derive(Clone, PartialEq, uniffi::Record)]
#[uniffi::export(Debug)]
pub struct Reading {
    /// What it says. Whoever printed it may have written anything.
    pub text: String,
    /// Where it is.
    pub corners: Corners,
}

/// Where, not what: the text may be a label's.
impl fmt::Debug for Reading {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Reading").field("corners", &self.corners).finish_non_exhaustive()
    }
}

/// Reads every QR code in a frame of 8-bit luma, ours or not: for what another
/// phone shows. For boxes there is `ScanSession.sightFrame`.
///
/// `luma` is the Y plane as the camera gave it, `stride` how many bytes lie
/// between the starts of two rows. It is read where it lies and not copied, and
/// not touched after the call. In Kotlin it must be a direct `ByteBuffer`;
/// its position is ignored, so pass `slice()`.
///
/// Takes up to a few tenths of a second: call it from the camera's thread.
#[uniffi::export]
pub fn read_frame(
    luma: &[u8],
    width: u32,
    height: u32,
    stride: u32,
) -> Result<Vec<Reading>, CrewError> {
    let stride = usize::try_from(stride).unwrap_or(usize::MAX);
    let frame = Luma::new(width, height, stride, luma)?;
    Ok(scan::read(&frame).into_iter().map(Reading::from).collect())
}

impl From<scan::Reading> for Reading {
    fn from(reading: scan::Reading) -> Self {
        let [top_left, top_right, bottom_right, bottom_left] =
            reading.corners.map(|scan::Point { x, y }| Point { x, y });
        let corners = Corners { top_left, top_right, bottom_right, bottom_left };
        Self { text: reading.text, corners }
    }
}
