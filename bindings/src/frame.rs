//! Camera frames: lent by the app for the length of one call.

use std::fmt;
use std::time::{Duration, Instant};

pub use crewseal_scan::{Level, Point, Region};
use crewseal_scan::{Look, Luma, Reader, Rotation};

use crate::CrewError;

/// A place in the upright frame, in pixels from its top left corner.
#[uniffi::remote(Record)]
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
#[uniffi::remote(Record)]
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

/// What a buffer holds, and how its pixels lie. It changes with the camera or when the
/// phone is turned, not from frame to frame. Video range or full range makes no
/// difference. Whether it fits a buffer is seen when one is read.
///
/// An object, because that costs a call from Kotlin less than a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq, uniffi::Object)]
pub struct FrameFormat {
    width: u32,
    height: u32,
    layout: Layout,
    rotation_degrees: i32,
    region: Option<Region>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Layout {
    Luma { row_stride: u32, pixel_stride: u32 },
    Nv21 { row_stride: u32 },
    Bgra { row_stride: u32 },
}

#[uniffi::export]
impl FrameFormat {
    /// A plane of 8-bit luma: plane 0 of Android's `YUV_420_888`, with the strides that it
    /// says, or of iOS's `420v` and `420f`, with its bytes per row and a pixel stride of 1.
    /// Read where it lies, unless pixels have gaps.
    ///
    /// `width` is of pixels in a row of the buffer, `height` of rows; `row_stride` is bytes
    /// from the start of a row to the start of the next, `pixel_stride` from a pixel to the
    /// next: 1 or, rarely, 2. `rotation_degrees` is how far the buffer is to be turned
    /// clockwise for the picture to be upright, 0, 90, 180 or 270: `rotationDegrees` of
    /// `CameraX`. All places are those of the upright picture.
    #[uniffi::constructor(default(pixel_stride = 1, rotation_degrees = 0))]
    #[must_use]
    pub const fn luma(
        width: u32,
        height: u32,
        row_stride: u32,
        pixel_stride: u32,
        rotation_degrees: i32,
    ) -> Self {
        let layout = Layout::Luma { row_stride, pixel_stride };
        Self { width, height, layout, rotation_degrees, region: None }
    }

    /// One buffer with the luma first: `NV21`, `NV12`, `I420`. Read where it lies; the
    /// stride is usually the width.
    #[uniffi::constructor(default(rotation_degrees = 0))]
    #[must_use]
    pub const fn nv21(width: u32, height: u32, row_stride: u32, rotation_degrees: i32) -> Self {
        let layout = Layout::Nv21 { row_stride };
        Self { width, height, layout, rotation_degrees, region: None }
    }

    /// Four bytes a pixel, blue first: iOS's `32BGRA`. Its luma is computed.
    #[uniffi::constructor(default(rotation_degrees = 0))]
    #[must_use]
    pub const fn bgra(width: u32, height: u32, row_stride: u32, rotation_degrees: i32) -> Self {
        let layout = Layout::Bgra { row_stride };
        Self { width, height, layout, rotation_degrees, region: None }
    }

    /// The same, of which only a part of the upright picture is looked at. Places are
    /// still those of the whole.
    #[must_use]
    pub const fn cropped(&self, region: Region) -> Self {
        Self { region: Some(region), ..*self }
    }
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
            Some(region) => frame.crop(region)?,
            None => frame,
        })
    }
}

/// As many milliseconds as no frame takes: 49 days.
const NO_LIMIT: u32 = u32::MAX;

/// Calls `read` with a look that ends after so many milliseconds.
pub fn within<T>(budget_millis: u32, read: impl FnOnce(&Look<'_>) -> T) -> T {
    if budget_millis == NO_LIMIT {
        return read(&Look::default());
    }
    let start = Instant::now();
    let budget = Duration::from_millis(budget_millis.into());
    read(&Look::until(&|| start.elapsed() >= budget))
}

/// How much of a code may be destroyed before it cannot be read.
#[uniffi::remote(Enum)]
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
#[uniffi::export(default(budget_millis = 4294967295))]
pub fn read_frame(
    buffer: &[u8],
    format: &FrameFormat,
    budget_millis: u32,
) -> Result<Vec<Reading>, CrewError> {
    let mut converted = Vec::new();
    let frame = format.frame(buffer, &mut converted)?;
    let readings = within(budget_millis, |look| Reader::new().still(&frame, look));
    Ok(readings.into_iter().map(Reading::from).collect())
}

impl From<[Point; 4]> for Corners {
    fn from([top_left, top_right, bottom_right, bottom_left]: [Point; 4]) -> Self {
        Self { top_left, top_right, bottom_right, bottom_left }
    }
}

impl From<crewseal_scan::Reading> for Reading {
    fn from(reading: crewseal_scan::Reading) -> Self {
        let crewseal_scan::Reading { text, corners, version, level, .. } = reading;
        Self { text, corners: corners.into(), version, level }
    }
}
