//! What a camera hands over: 8-bit luma in somebody else's memory. Frames come
//! dozens of times a second, so they are borrowed, never copied at the door,
//! and every number that describes them is checked once, here.

use std::borrow::Cow;
use std::fmt;

/// The longest side of a frame, in pixels. No camera of a phone comes near it,
/// and a coordinate within it is exact in `f32`.
pub const LONGEST_SIDE: u32 = 16_384;

/// A borrowed picture of 8-bit luma, rows from top to bottom.
#[derive(Clone, Copy)]
pub struct Luma<'a> {
    width: u32,
    height: u32,
    stride: usize,
    pixels: &'a [u8],
}

impl<'a> Luma<'a> {
    /// A frame of `width` x `height` pixels, each row starting `stride` bytes
    /// after the one before. `pixels` may be longer than the frame, and its
    /// last row need not be padded.
    ///
    /// # Errors
    /// [`FrameError`], when these numbers and this memory make no picture.
    pub fn new(
        width: u32,
        height: u32,
        stride: usize,
        pixels: &'a [u8],
    ) -> Result<Self, FrameError> {
        if width == 0 || height == 0 {
            return Err(FrameError::Empty { width, height });
        }
        if width > LONGEST_SIDE || height > LONGEST_SIDE {
            return Err(FrameError::TooLarge { width, height });
        }
        let row = length(width);
        if stride < row {
            return Err(FrameError::Stride { stride, width });
        }
        let needed = stride
            .checked_mul(length(height - 1))
            .and_then(|before_last| before_last.checked_add(row))
            .ok_or(FrameError::StrideTooLong { stride })?;
        if pixels.len() < needed {
            return Err(FrameError::Short { needed, given: pixels.len() });
        }
        Ok(Self { width, height, stride, pixels })
    }

    /// Pixels in a row.
    #[must_use]
    pub const fn width(&self) -> u32 {
        self.width
    }

    /// Rows.
    #[must_use]
    pub const fn height(&self) -> u32 {
        self.height
    }

    /// The pixels without padding, row after row; borrowed where there is none.
    pub(super) fn packed(&self) -> Cow<'a, [u8]> {
        let row = length(self.width);
        let pixels = self.pixels;
        if self.stride == row {
            let all = pixels.get(..row * length(self.height)).unwrap_or(pixels);
            return Cow::Borrowed(all);
        }
        let rows = pixels.chunks(self.stride).take(length(self.height));
        Cow::Owned(rows.filter_map(|line| line.get(..row)).flatten().copied().collect())
    }
}

/// Shows the size; what the camera saw is nobody's business in a log.
impl fmt::Debug for Luma<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Luma({} x {})", self.width, self.height)
    }
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
    }

    #[test]
    fn padding_is_left_out_and_the_last_row_needs_none() {
        let padded = [1, 2, 3, 0, 4, 5, 6];
        let frame = Luma::new(3, 2, 4, &padded).unwrap();
        assert_eq!(*frame.packed(), [1, 2, 3, 4, 5, 6]);
        let longer = [1, 2, 3, 4, 9];
        let frame = Luma::new(2, 2, 2, &longer).unwrap();
        assert!(matches!(frame.packed(), Cow::Borrowed([1, 2, 3, 4])));
    }

    proptest! {
        #[test]
        fn every_accepted_frame_has_all_its_pixels(
            width: u32,
            height in 0..20_000_u32,
            stride: usize,
            pixels in proptest::collection::vec(any::<u8>(), 0..4096),
        ) {
            for (width, stride) in [(width, stride), (width % 80, stride % 100)] {
                if let Ok(frame) = Luma::new(width, height, stride, &pixels) {
                    prop_assert_eq!(frame.packed().len(), length(width) * length(height));
                }
            }
        }
    }
}
