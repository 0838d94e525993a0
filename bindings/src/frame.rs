//! Camera frames: lent by the app for the length of one call.

use std::fmt;
use std::time::{Duration, Instant};

use crewseal::scan::{self, Look, Luma, Reader, Rotation};

use crate::CrewError;

/// A place in the upright frame, in pixels from its top left corner.
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

/// A part of the upright frame, in whole pixels from its top left corner.
#[derive(Debug, Clone, Copy, PartialEq, Eq, uniffi::Record)]
pub struct Region {
    /// Pixels left of it.
    pub left: u32,
    /// Rows above it.
    pub top: u32,
    /// Pixels in each of its rows.
    pub width: u32,
    /// Its rows.
    pub height: u32,
}

/// How the pixels of a frame lie in its buffer. Video range or full range makes
/// no difference.
#[derive(Debug, Clone, Copy, PartialEq, Eq, uniffi::Enum)]
pub enum Layout {
    /// A plane of 8-bit luma: plane 0 of Android's `YUV_420_888`, with the
    /// strides that it says, or of iOS's `420v` and `420f`, with its bytes per
    /// row and a pixel stride of 1. Read where it lies, unless pixels have gaps.
    Luma {
        /// Bytes from the start of a row to the start of the next.
        row_stride: u32,
        /// Bytes from a pixel to the next: 1 or, rarely, 2.
        pixel_stride: u32,
    },
    /// One buffer with the luma first: `NV21`, `NV12`, `I420`. Read where it
    /// lies.
    Nv21 {
        /// Bytes from the start of a row to the start of the next; usually the
        /// width.
        row_stride: u32,
    },
    /// Four bytes a pixel, blue first: iOS's `32BGRA`. Its luma is computed.
    Bgra {
        /// Bytes from the start of a row to the start of the next.
        row_stride: u32,
    },
}

/// What a buffer holds. It changes with the camera or when the phone is turned,
/// not from frame to frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq, uniffi::Record)]
pub struct FrameFormat {
    /// Pixels in a row of the buffer.
    pub width: u32,
    /// Rows of the buffer.
    pub height: u32,
    /// How they lie.
    pub layout: Layout,
    /// How far the buffer is to be turned clockwise for the picture to be
    /// upright, in degrees: `rotationDegrees` of `CameraX`. 0, 90, 180 or 270;
    /// all places are those of the upright picture.
    #[uniffi(default = 0)]
    pub rotation_degrees: i32,
    /// Which part of the upright picture to look at; all of it if nothing is
    /// said. Places are still those of the whole.
    #[uniffi(default = None)]
    pub region: Option<Region>,
}

impl FrameFormat {
    /// The frame in a buffer. `converted` is for pixels that cannot be read
    /// where they lie.
    pub(crate) fn frame<'a>(
        &self,
        buffer: &'a [u8],
        converted: &'a mut Vec<u8>,
    ) -> Result<Luma<'a>, CrewError> {
        let bytes = |stride: u32| usize::try_from(stride).unwrap_or(usize::MAX);
        let (width, height) = (self.width, self.height);
        let frame = match self.layout {
            Layout::Luma { row_stride, pixel_stride } => {
                let (row_stride, pixel_stride) = (bytes(row_stride), bytes(pixel_stride));
                Luma::y_plane(width, height, row_stride, pixel_stride, buffer, converted)
            }
            Layout::Nv21 { row_stride } => Luma::nv21(width, height, bytes(row_stride), buffer),
            Layout::Bgra { row_stride } => {
                Luma::bgra(width, height, bytes(row_stride), buffer, converted)
            }
        }?;
        let frame = frame.turned(Rotation::from_degrees(self.rotation_degrees)?);
        Ok(match self.region {
            Some(Region { left, top, width, height }) => {
                frame.crop(scan::Region { left, top, width, height })?
            }
            None => frame,
        })
    }
}

/// Calls `read` with a look that ends after so many milliseconds; never, if
/// none are given.
pub fn within<T>(budget_millis: Option<u32>, read: impl FnOnce(&Look<'_>) -> T) -> T {
    let Some(millis) = budget_millis else {
        return read(&Look::default());
    };
    let start = Instant::now();
    let budget = Duration::from_millis(millis.into());
    read(&Look::until(&|| start.elapsed() >= budget))
}

/// How much of a code may be destroyed before it cannot be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, uniffi::Enum)]
pub enum Level {
    /// About 7 %.
    L,
    /// About 15 %.
    M,
    /// About 25 %.
    Q,
    /// About 30 %.
    H,
}

/// A QR code that was read, ours or not.
#[derive(Clone, PartialEq, uniffi::Record)]
#[uniffi::export(Debug)]
pub struct Reading {
    /// What it says. Whoever printed it may have written anything.
    pub text: String,
    /// Where it is.
    pub corners: Corners,
    /// Its version, 1 to 40.
    pub version: u8,
    /// Its error correction.
    pub level: Level,
}

/// Where and how, not what: the text may be a label's.
impl fmt::Debug for Reading {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Reading")
            .field("corners", &self.corners)
            .field("version", &self.version)
            .field("level", &self.level)
            .finish_non_exhaustive()
    }
}

/// Reads every QR code in a frame, ours or not, with every effort: for what
/// another phone shows. For boxes there is `ScanSession.sightFrame`.
///
/// `buffer` is as the camera gave it and `format` says what is in it. It is read
/// where it lies and not touched after the call. In Kotlin it must be a direct
/// `ByteBuffer`; its position is ignored, so pass `slice()`.
///
/// Takes up to a few tenths of a second: call it from the camera's thread.
/// `budget_millis` sets a limit; what was found until then is returned.
#[uniffi::export(default(budget_millis = None))]
pub fn read_frame(
    buffer: &[u8],
    format: FrameFormat,
    budget_millis: Option<u32>,
) -> Result<Vec<Reading>, CrewError> {
    let mut converted = Vec::new();
    let frame = format.frame(buffer, &mut converted)?;
    let readings = within(budget_millis, |look| Reader::new().still(&frame, look));
    Ok(readings.into_iter().map(Reading::from).collect())
}

impl From<[scan::Point; 4]> for Corners {
    fn from(corners: [scan::Point; 4]) -> Self {
        let [top_left, top_right, bottom_right, bottom_left] =
            corners.map(|scan::Point { x, y }| Point { x, y });
        Self { top_left, top_right, bottom_right, bottom_left }
    }
}

impl From<scan::Reading> for Reading {
    fn from(reading: scan::Reading) -> Self {
        let level = match reading.level {
            scan::Level::L => Level::L,
            scan::Level::M => Level::M,
            scan::Level::Q => Level::Q,
            scan::Level::H => Level::H,
        };
        let (corners, version) = (reading.corners.into(), reading.version);
        Self { text: reading.text, corners, version, level }
    }
}
