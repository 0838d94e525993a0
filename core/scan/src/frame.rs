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
    #[must_use]
    pub fn turn_point(self, point: Point, width: u32, height: u32) -> Point {
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
    #[must_use]
    pub fn turn_region(self, region: Region, width: u32, height: u32) -> Option<Region> {
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
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_is_no_picture_is_refused_by_name() {
        let pixels = [0; 100];
        let refused = |width, height, stride| Luma::new(width, height, stride, &pixels).err();
        assert_eq!(refused(0, 10, 10), Some(FrameError::Empty { width: 0, height: 10 }));
        assert_eq!(refused(10, 0, 10), Some(FrameError::Empty { width: 10, height: 0 }));
        assert_eq!(
            refused(16_385, 1, 20_000),
            Some(FrameError::TooLarge { width: 16_385, height: 1 })
        );
        assert_eq!(refused(11, 2, 10), Some(FrameError::Stride { stride: 10, width: 11 }));
        assert_eq!(
            refused(10, 3, usize::MAX),
            Some(FrameError::StrideTooLong { stride: usize::MAX })
        );
        assert_eq!(refused(10, 11, 10), Some(FrameError::Short { needed: 110, given: 100 }));
        assert_eq!(refused(10, 10, 10), None);
        let mut gathered = Vec::new();
        let mut refused = |pixel_stride, stride| {
            Luma::y_plane(5, 10, stride, pixel_stride, &pixels, &mut gathered).err()
        };
        assert_eq!(refused(0, 10), Some(FrameError::PixelStride));
        assert_eq!(refused(2, 8), Some(FrameError::Stride { stride: 8, width: 5 }));
        assert_eq!(refused(2, 9), None);
        assert_eq!(refused(2, 11), Some(FrameError::Short { needed: 108, given: 100 }));
        assert_eq!(refused(usize::MAX, 10), Some(FrameError::StrideTooLong { stride: usize::MAX }));
        let mut refused =
            |height, stride| Luma::bgra(5, height, stride, &pixels, &mut gathered).err();
        assert_eq!(refused(5, 19), Some(FrameError::Stride { stride: 19, width: 5 }));
        assert_eq!(refused(5, 21), Some(FrameError::Short { needed: 104, given: 100 }));
        assert_eq!(refused(5, 20), None);
    }

    #[test]
    fn only_quarter_turns_are_turns() {
        for (degrees, rotation) in [
            (0, Rotation::None),
            (90, Rotation::Quarter),
            (180, Rotation::Half),
            (270, Rotation::ThreeQuarters),
            (-90, Rotation::ThreeQuarters),
            (450, Rotation::Quarter),
        ] {
            assert_eq!(Rotation::from_degrees(degrees), Ok(rotation));
        }
        for degrees in [1, 45, 89, -1, i32::MAX, i32::MIN] {
            let refused = Rotation::from_degrees(degrees);
            assert_eq!(refused, Err(FrameError::Rotation { degrees }));
        }
    }

    /// What a person sees when this buffer is turned, pixel by pixel: 3 x 2,
    /// 1 2 3 above 4 5 6.
    #[test]
    fn turning_is_clockwise() {
        let size = |rotation: Rotation| rotation.size(3, 2);
        let four_at = |rotation: Rotation| {
            let Point { x, y } = rotation.turn_point(Point { x: 0.5, y: 1.5 }, 3, 2);
            let four = Region { left: 0, top: 1, width: 1, height: 1 };
            let Region { left, top, .. } = rotation.turn_region(four, 3, 2).unwrap();
            assert_eq!((coordinate(left) + 0.5, coordinate(top) + 0.5), (x, y));
            (left, top)
        };
        // 4 1 above 5 2 above 6 3.
        assert_eq!((size(Rotation::Quarter), four_at(Rotation::Quarter)), ((2, 3), (0, 0)));
        // 6 5 4 above 3 2 1.
        assert_eq!((size(Rotation::Half), four_at(Rotation::Half)), ((3, 2), (2, 0)));
        // 3 6 above 2 5 above 1 4.
        let three = Rotation::ThreeQuarters;
        assert_eq!((size(three), four_at(three)), ((2, 3), (1, 2)));
        assert_eq!((size(Rotation::None), four_at(Rotation::None)), ((3, 2), (0, 1)));
    }

    #[test]
    fn what_lies_otherwise_is_gathered_and_what_does_not_is_lent() {
        let mut memory = vec![7; 99];
        // Rows of three pixels, gaps of one byte, and a byte between the rows.
        let plane = [1, 0, 2, 0, 3, 0, 0, 4, 0, 5, 0, 6];
        let frame = Luma::y_plane(3, 2, 7, 2, &plane, &mut memory).unwrap();
        assert_eq!((frame.row(0), frame.row(1)), ([1, 2, 3].as_slice(), [4, 5, 6].as_slice()));
        let frame = Luma::y_plane(3, 2, 7, 1, &plane, &mut memory).unwrap();
        assert_eq!(frame.row(0).as_ptr(), plane.as_ptr());
        // Blue, green, red, white in a row; black and mid grey, and padding.
        let bgra = [
            [255, 0, 0, 9, 0, 255, 0, 9, 0, 0, 255, 9, 255, 255, 255, 9].as_slice(),
            &[0, 0, 0, 0],
            &[0, 0, 0, 255, 128, 128, 128, 0, 0, 0, 0, 0, 0, 0, 0, 0],
        ];
        let bgra = bgra.concat();
        let frame = Luma::bgra(4, 2, 20, &bgra, &mut memory).unwrap();
        assert_eq!(frame.row(0), [29, 149, 77, 255]);
        assert_eq!(frame.row(1), [0, 128, 0, 0]);
        assert_eq!(memory.capacity(), 99, "the memory is used again");
        for frame in [Luma::nv21(3, 2, 3, &plane), Luma::bi_planar(3, 2, 3, &plane)] {
            assert_eq!(frame.unwrap().row(1).as_ptr(), plane[3..].as_ptr());
        }
    }

    #[test]
    fn a_region_outside_is_refused() {
        let pixels = [0; 12];
        let frame = Luma::new(4, 3, 4, &pixels).unwrap().turned(Rotation::Quarter);
        let (whole, none) = ((0, 0, 3, 4), (1, 1, 0, 1));
        let region = |(left, top, width, height)| Region { left, top, width, height };
        assert!(frame.crop(region(whole)).is_ok());
        for outside in [none, (0, 0, 4, 3), (1, 0, 3, 4), (0, 4, 1, 1), (u32::MAX, 0, 2, 1)] {
            let region = region(outside);
            let refused = FrameError::Region { region, width: 3, height: 4 };
            assert_eq!(frame.crop(region).err(), Some(refused));
        }
        // A part of a part lies within it.
        let part = frame.crop(region((1, 1, 2, 2))).unwrap();
        assert!(part.crop(region((2, 2, 1, 1))).is_ok());
        assert!(part.crop(region((0, 1, 1, 1))).is_err());
        assert!(part.crop(region((2, 2, 2, 1))).is_err());
        assert!(frame.row(3).is_empty() && part.row(u32::MAX).is_empty());
    }

    #[test]
    fn padding_is_left_out_and_the_last_row_needs_none() {
        let padded = [1, 2, 3, 0, 4, 5, 6];
        let frame = Luma::new(3, 2, 4, &padded).unwrap();
        assert_eq!([frame.row(0), frame.row(1), frame.row(2)], [&[1, 2, 3][..], &[4, 5, 6], &[]]);
        let longer = [1, 2, 3, 4, 9];
        let frame = Luma::new(2, 2, 2, &longer).unwrap();
        assert_eq!([frame.row(0), frame.row(1)], [[1, 2], [3, 4]]);
    }

    fn rotation() -> impl Strategy<Value = Rotation> {
        (0..4).prop_map(|quarters| Rotation::from_degrees(quarters * 90).unwrap())
    }

    proptest! {
        #[test]
        fn turning_there_and_back_changes_nothing(
            rotation in rotation(),
            (width, height) in (1..=LONGEST_SIDE, 1..=LONGEST_SIDE),
            // A point in eighths of a pixel, and a region of which some are within.
            (x, y) in (any::<u16>(), any::<u16>()),
            (left, top) in (0..LONGEST_SIDE, 0..LONGEST_SIDE),
            (part_width, part_height) in (0..LONGEST_SIDE, 0..LONGEST_SIDE),
        ) {
            let point = Point { x: f32::from(x) / 8.0, y: f32::from(y) / 8.0 };
            let (turned_width, turned_height) = rotation.size(width, height);
            let back = rotation.inverse();
            let there = rotation.turn_point(point, width, height);
            prop_assert_eq!(back.turn_point(there, turned_width, turned_height), point);
            let (left, top) = (left % width, top % height);
            let region = Region { left, top, width: part_width, height: part_height };
            match rotation.turn_region(region, width, height) {
                Some(there) => {
                    let again = back.turn_region(there, turned_width, turned_height);
                    prop_assert_eq!(again, Some(region));
                }
                None => prop_assert!(!region.is_within(width, height)),
            }
        }

        /// Every pixel of a part is the pixel of the frame that its place says.
        #[test]
        fn a_part_is_where_it_says(
            rotation in rotation(),
            (width, height, padding) in (1..12_u32, 1..12_u32, 0..3_usize),
            (left, top, part_width, part_height) in (0..12_u32, 0..12_u32, 1..12_u32, 1..12_u32),
        ) {
            let stride = length(width) + padding;
            let pixels: Vec<u8> = (0..=255).cycle().take(stride * length(height)).collect();
            let frame = Luma::new(width, height, stride, &pixels).unwrap().turned(rotation);
            let region = Region { left, top, width: part_width, height: part_height };
            let (upright_width, upright_height) = frame.upright_size();
            let part = frame.crop(region);
            prop_assert_eq!(part.is_ok(), region.is_within(upright_width, upright_height));
            let Ok(part) = part else { return Ok(()) };
            prop_assert_eq!(part.upright_size(), (part_width, part_height));
            for y in 0..part.height() {
                prop_assert_eq!(part.row(y).len(), length(part.width()));
                for (x, pixel) in (0..).zip(part.row(y)) {
                    let centre = Point { x: coordinate(x) + 0.5, y: coordinate(y) + 0.5 };
                    let at = part.upright(centre);
                    let back = rotation.inverse();
                    let of_frame = back.turn_point(at, upright_width, upright_height);
                    let whole = (0..width)
                        .find(|column| (coordinate(*column) + 0.5 - of_frame.x).abs() < 0.1)
                        .zip((0..height).find(|row| {
                            (coordinate(*row) + 0.5 - of_frame.y).abs() < 0.1
                        }));
                    let (column, row) = whole.unwrap();
                    prop_assert_eq!(frame.row(row)[length(column)], *pixel);
                }
            }
        }

        #[test]
        fn every_accepted_frame_has_all_its_pixels(
            width: u32,
            height in 0..20_000_u32,
            stride: usize,
            pixels in proptest::collection::vec(any::<u8>(), 0..4096),
        ) {
            for (width, stride) in [(width, stride), (width % 80, stride % 100)] {
                if let Ok(frame) = Luma::new(width, height, stride, &pixels) {
                    let rows = (0..height).map(|y| frame.row(y).len());
                    prop_assert!(rows.eq((0..height).map(|_| length(width))));
                }
                let mut memory = Vec::new();
                for pixel_stride in [0, 2, 3, height % 7, width].map(length) {
                    let plane = Luma::y_plane(
                        width, height, stride, pixel_stride, &pixels, &mut memory,
                    );
                    if let Ok(frame) = plane {
                        let rows = (0..height).map(|y| frame.row(y).len());
                        prop_assert!(rows.eq((0..height).map(|_| length(width))));
                    }
                }
                if let Ok(frame) = Luma::bgra(width, height, stride, &pixels, &mut memory) {
                    let rows = (0..height).map(|y| frame.row(y).len());
                    prop_assert!(rows.eq((0..height).map(|_| length(width))));
                }
            }
        }
    }
}
