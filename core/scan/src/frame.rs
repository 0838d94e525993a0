//! What a camera hands over: 8-bit luma in somebody else's memory. Frames come
//! dozens of times a second, so they are borrowed, never copied at the door
//! where their layout allows it, and every number that describes them is
//! checked once, here.
//!
//! Phones deliver frames as the sensor lies, which is on its side when the phone
//! is held upright. Turning a frame would touch every pixel; instead it says how
//! it is to be turned, codes are read as they lie, and only what was found is
//! turned. Two systems of coordinates follow: those of the *buffer*, in which
//! rows are rows of memory, and the *upright* ones, in which a person sees the
//! picture. All places that leave or enter the scanner are upright.

use std::fmt;

/// The longest side of a frame, in pixels. No camera of a phone comes near it,
/// and a coordinate within it is exact in `f32`.
pub const LONGEST_SIDE: u32 = 16_384;

/// A place in a frame, in pixels from its top left corner; (0.5, 0.5) is the
/// centre of the first pixel.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Point {
    /// Pixels to the right.
    pub x: f32,
    /// Pixels down.
    pub y: f32,
}

/// A part of a frame, in whole pixels from its top left corner.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
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

impl Region {
    /// Whether it has pixels and all of them are of a picture of this size.
    #[must_use]
    pub fn is_within(&self, width: u32, height: u32) -> bool {
        let ends = |start: u32, length: u32, side: u32| {
            length > 0 && start.checked_add(length).is_some_and(|end| end <= side)
        };
        ends(self.left, self.width, width) && ends(self.top, self.height, height)
    }
}

/// How far a buffer is to be turned clockwise for the picture to be upright:
/// `rotationDegrees` of Android's CameraX, the rotation angle of an iOS capture
/// connection that does not turn its buffers itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Rotation {
    /// It is upright.
    #[default]
    None,
    /// By 90 degrees: a phone held upright, as most sensors lie.
    Quarter,
    /// By 180 degrees.
    Half,
    /// By 270 degrees.
    ThreeQuarters,
}

impl Rotation {
    /// The rotation of so many degrees clockwise; whole turns make no
    /// difference.
    ///
    /// # Errors
    /// [`FrameError::Rotation`] for what is no multiple of 90.
    pub const fn from_degrees(degrees: i32) -> Result<Self, FrameError> {
        match degrees.rem_euclid(360) {
            0 => Ok(Self::None),
            90 => Ok(Self::Quarter),
            180 => Ok(Self::Half),
            270 => Ok(Self::ThreeQuarters),
            _ => Err(FrameError::Rotation { degrees }),
        }
    }

    /// What undoes it.
    #[must_use]
    pub const fn inverse(self) -> Self {
        match self {
            Self::None => Self::None,
            Self::Quarter => Self::ThreeQuarters,
            Self::Half => Self::Half,
            Self::ThreeQuarters => Self::Quarter,
        }
    }

    /// Width and height of a picture of this width and height once it is
    /// turned.
    #[must_use]
    pub const fn size(self, width: u32, height: u32) -> (u32, u32) {
        match self {
            Self::None | Self::Half => (width, height),
            Self::Quarter | Self::ThreeQuarters => (height, width),
        }
    }

    /// Where a point of a picture of this width and height comes to lie when the
    /// picture is turned. From upright to buffer it is the
    /// [inverse](Self::inverse) that turns, with the upright size.
    fn turn_point(self, point: Point, width: u32, height: u32) -> Point {
        let Point { x, y } = point;
        let (width, height) = (coordinate(width), coordinate(height));
        match self {
            Self::None => point,
            Self::Quarter => Point { x: height - y, y: x },
            Self::Half => Point { x: width - x, y: height - y },
            Self::ThreeQuarters => Point { x: y, y: width - x },
        }
    }

    /// Where a region of a picture of this width and height comes to lie when
    /// the picture is turned; nothing if it is not
    /// [within](Region::is_within) the picture.
    fn turn_region(self, region: Region, width: u32, height: u32) -> Option<Region> {
        if !region.is_within(width, height) {
            return None;
        }
        let Region { left, top, .. } = region;
        // Nothing wraps: the region is within the picture.
        let right = width.wrapping_sub(left).wrapping_sub(region.width);
        let below = height.wrapping_sub(top).wrapping_sub(region.height);
        let (left, top) = match self {
            Self::None => (left, top),
            Self::Quarter => (below, left),
            Self::Half => (right, below),
            Self::ThreeQuarters => (top, right),
        };
        let (width, height) = self.size(region.width, region.height);
        Some(Region { left, top, width, height })
    }
}

/// A borrowed picture of 8-bit luma, or a part of one, and how it is to be
/// turned to be upright.
///
/// Whether luma has the full range (0 to 255, iOS `420f`, JPEG) or that of video
/// (16 to 235, iOS `420v`, most Android cameras) makes no difference to reading,
/// which compares pixels with their neighbours only: none is stretched.
#[derive(Clone, Copy)]
pub struct Luma<'a> {
    width: u32,
    height: u32,
    stride: usize,
    pixels: &'a [u8],
    rotation: Rotation,
    /// Where its top left corner is in the whole frame, both upright.
    left: u32,
    top: u32,
}

impl<'a> Luma<'a> {
    /// A frame of `width` x `height` pixels, each row starting `stride` bytes
    /// after the one before, upright unless [told](Self::turned) otherwise.
    /// `pixels` may be longer than the frame, and its last row need not be
    /// padded.
    ///
    /// # Errors
    /// [`FrameError`], when these numbers and this memory make no picture.
    pub fn new(
        width: u32,
        height: u32,
        stride: usize,
        pixels: &'a [u8],
    ) -> Result<Self, FrameError> {
        check(width, height, [1, 1], stride, pixels)?;
        Ok(Self { width, height, stride, pixels, rotation: Rotation::None, left: 0, top: 0 })
    }

    /// The Y plane of an Android image in `YUV_420_888`, with the row stride and
    /// the pixel stride that the plane says. Pixels side by side, which is what
    /// nearly every camera delivers, are borrowed; those with gaps are gathered
    /// into `gathered`, which is for the caller to use again.
    ///
    /// # Errors
    /// [`FrameError`], when these numbers and this memory make no picture.
    pub fn y_plane(
        width: u32,
        height: u32,
        row_stride: usize,
        pixel_stride: usize,
        plane: &'a [u8],
        gathered: &'a mut Vec<u8>,
    ) -> Result<Self, FrameError> {
        if pixel_stride == 1 {
            return Self::new(width, height, row_stride, plane);
        }
        check(width, height, [pixel_stride, 1], row_stride, plane)?;
        let row = length(width);
        gathered.clear();
        for line in plane.chunks(row_stride).take(length(height)) {
            gathered.extend(line.iter().step_by(pixel_stride).take(row));
        }
        Self::new(width, height, row, gathered)
    }

    /// An Android buffer in `NV21` (or `NV12`, or `I420`): the luma comes first,
    /// in rows that start every `stride` bytes, and is borrowed; the colours
    /// after it are not looked at and need not be there.
    ///
    /// # Errors
    /// [`FrameError`], when these numbers and this memory make no picture.
    pub fn nv21(
        width: u32,
        height: u32,
        stride: usize,
        bytes: &'a [u8],
    ) -> Result<Self, FrameError> {
        Self::new(width, height, stride, bytes)
    }

    /// An iOS pixel buffer in `420v` or `420f`: the bytes from the base address
    /// of plane 0, borrowed, and that plane's bytes per row.
    ///
    /// # Errors
    /// [`FrameError`], when these numbers and this memory make no picture.
    pub fn bi_planar(
        width: u32,
        height: u32,
        bytes_per_row: usize,
        plane: &'a [u8],
    ) -> Result<Self, FrameError> {
        Self::new(width, height, bytes_per_row, plane)
    }

    /// A picture of four bytes a pixel, blue first, as iOS and screens have it:
    /// its luma is computed into `converted`, which is for the caller to use
    /// again. Rows start every `bytes_per_row` bytes; alpha is not looked at.
    ///
    /// # Errors
    /// [`FrameError`], when these numbers and this memory make no picture.
    pub fn bgra(
        width: u32,
        height: u32,
        bytes_per_row: usize,
        bytes: &'a [u8],
        converted: &'a mut Vec<u8>,
    ) -> Result<Self, FrameError> {
        check(width, height, [BGRA, BGRA], bytes_per_row, bytes)?;
        let row = length(width);
        converted.clear();
        converted.reserve(row * length(height));
        for line in bytes.chunks(bytes_per_row).take(length(height)) {
            converted.extend(line.as_chunks().0.iter().take(row).map(luma_of));
        }
        Self::new(width, height, row, converted)
    }

    /// The same frame, to be turned clockwise by `rotation` to be upright.
    #[must_use]
    pub const fn turned(mut self, rotation: Rotation) -> Self {
        self.rotation = rotation;
        self
    }

    /// A part of the frame, without copying it. What is found in it is still
    /// told in coordinates of the whole frame, and so is `region`: upright.
    ///
    /// # Errors
    /// [`FrameError::Region`], if any of it lies outside.
    pub fn crop(&self, region: Region) -> Result<Self, FrameError> {
        let (width, height) = self.upright_size();
        let outside = FrameError::Region { region, width, height };
        let left = region.left.checked_sub(self.left).ok_or(outside)?;
        let top = region.top.checked_sub(self.top).ok_or(outside)?;
        let upright = Region { left, top, ..region };
        let buffer = self.rotation.inverse().turn_region(upright, width, height).ok_or(outside)?;
        let start = length(buffer.top) * self.stride + length(buffer.left);
        Ok(Self {
            width: buffer.width,
            height: buffer.height,
            stride: self.stride,
            pixels: self.pixels.get(start..).unwrap_or_default(),
            rotation: self.rotation,
            left: region.left,
            top: region.top,
        })
    }

    /// Pixels in a row of the buffer.
    #[must_use]
    pub const fn width(&self) -> u32 {
        self.width
    }

    /// Rows of the buffer.
    #[must_use]
    pub const fn height(&self) -> u32 {
        self.height
    }

    /// Bytes from the start of a row of the buffer to the start of the next.
    #[must_use]
    pub const fn stride(&self) -> usize {
        self.stride
    }

    /// How it is to be turned to be upright.
    #[must_use]
    pub const fn rotation(&self) -> Rotation {
        self.rotation
    }

    /// Width and height when it is upright.
    #[must_use]
    pub const fn upright_size(&self) -> (u32, u32) {
        self.rotation.size(self.width, self.height)
    }

    /// A row of the buffer, [`width`](Self::width) pixels; none beyond the last.
    #[must_use]
    pub fn row(&self, y: u32) -> &'a [u8] {
        if y >= self.height {
            return &[];
        }
        let start = length(y) * self.stride;
        self.pixels.get(start..start + length(self.width)).unwrap_or_default()
    }

    /// Where a point of this buffer is in the whole frame when it is upright.
    #[must_use]
    pub fn upright(&self, point: Point) -> Point {
        let Point { x, y } = self.rotation.turn_point(point, self.width, self.height);
        Point { x: x + coordinate(self.left), y: y + coordinate(self.top) }
    }

    /// The same pixels as a frame of its own, whose upright coordinates are
    /// those of its buffer: what a decoder looks at, which need not know how the
    /// phone was held.
    pub(super) const fn as_it_lies(mut self) -> Self {
        self.rotation = Rotation::None;
        self.left = 0;
        self.top = 0;
        self
    }

    /// The buffer: a row starts every [`stride`](Self::stride) bytes.
    pub(super) const fn pixels(&self) -> &'a [u8] {
        self.pixels
    }
}

/// Shows the size; what the camera saw is nobody's business in a log.
impl fmt::Debug for Luma<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Luma({} x {}, {:?})", self.width, self.height, self.rotation)
    }
}

/// Bytes of a pixel that has blue, green, red and alpha.
const BGRA: usize = 4;

/// The luma of BT.601, with weights of 256 parts; white is 255 and black 0.
fn luma_of(&[blue, green, red, _]: &[u8; BGRA]) -> u8 {
    let sum = 29 * u16::from(blue) + 150 * u16::from(green) + 77 * u16::from(red) + 128;
    let [parts, _] = sum.to_be_bytes();
    parts
}

/// Whether a buffer holds `width` x `height` pixels, which start every
/// `pixel_stride` bytes and take `pixel` of them, in rows that start every
/// `stride` bytes.
fn check(
    width: u32,
    height: u32,
    [pixel_stride, pixel]: [usize; 2],
    stride: usize,
    buffer: &[u8],
) -> Result<(), FrameError> {
    if width == 0 || height == 0 {
        return Err(FrameError::Empty { width, height });
    }
    if width > LONGEST_SIDE || height > LONGEST_SIDE {
        return Err(FrameError::TooLarge { width, height });
    }
    if pixel_stride < pixel {
        return Err(FrameError::PixelStride);
    }
    // The last pixel of a row need not be followed by its gap.
    let row = pixel_stride
        .checked_mul(length(width - 1))
        .and_then(|before_last| before_last.checked_add(pixel))
        .ok_or(FrameError::StrideTooLong { stride: pixel_stride })?;
    if stride < row {
        return Err(FrameError::Stride { stride, width });
    }
    let needed = stride
        .checked_mul(length(height - 1))
        .and_then(|before_last| before_last.checked_add(row))
        .ok_or(FrameError::StrideTooLong { stride })?;
    if buffer.len() < needed {
        return Err(FrameError::Short { needed, given: buffer.len() });
    }
    Ok(())
}

/// A side of at most [`LONGEST_SIDE`] as a coordinate.
fn coordinate(side: u32) -> f32 {
    f32::from(u16::try_from(side).unwrap_or(u16::MAX))
}

/// A side of at most [`LONGEST_SIDE`] as a length in memory.
fn length(side: u32) -> usize {
    usize::try_from(side).unwrap_or(usize::MAX)
}

/// Why a buffer is no frame. Each of these is a bug of whoever filled it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum FrameError {
    /// A side of no pixels.
    #[error("a frame of {width} x {height} pixels shows nothing")]
    Empty {
        /// Pixels in a row.
        width: u32,
        /// Rows.
        height: u32,
    },
    /// A side above [`LONGEST_SIDE`].
    #[error(
        "a frame of {width} x {height} pixels; neither side may exceed {LONGEST_SIDE}, \
         scale it down"
    )]
    TooLarge {
        /// Pixels in a row.
        width: u32,
        /// Rows.
        height: u32,
    },
    /// Rows that would overlap.
    #[error("rows of {width} pixels cannot start every {stride} bytes")]
    Stride {
        /// Bytes from one row's start to the next.
        stride: usize,
        /// Pixels in a row.
        width: u32,
    },
    /// Rows so far apart that the frame would not fit in memory.
    #[error("rows that start every {stride} bytes fit in no memory")]
    StrideTooLong {
        /// Bytes from one row's start to the next.
        stride: usize,
    },
    /// Fewer bytes than the size asks for.
    #[error("the frame needs {needed} bytes, the buffer holds {given}")]
    Short {
        /// Bytes up to the end of the last row.
        needed: usize,
        /// Bytes in the buffer.
        given: usize,
    },
    /// Pixels that would lie on one another.
    #[error("pixels cannot start every 0 bytes")]
    PixelStride,
    /// A rotation that is no quarter turn.
    #[error("a frame can be turned by 0, 90, 180 or 270 degrees, not by {degrees}")]
    Rotation {
        /// Degrees clockwise.
        degrees: i32,
    },
    /// A region of no pixels, or with pixels that the frame does not have.
    #[error(
        "a region of {} x {} pixels at ({}, {}) is not within a picture of {width} x {height}",
        region.width, region.height, region.left, region.top
    )]
    Region {
        /// The region.
        region: Region,
        /// Width of the upright frame.
        width: u32,
        /// Height of the upright frame.
        height: u32,
    },
}

#[cfg(test)]
mod tests;
