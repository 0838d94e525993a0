//! Drawn signatures: what a customer wrote with a finger, stroke by stroke.
//!
//! Kept are the strokes with their times, not a picture: they say more of how
//! it was written, take less room, and a picture of any size can be made of
//! them. An event names a drawing by its salted digest alone.
//!
//! A drawing that exists keeps to the limits below and is not blank, so nobody
//! can accept a required signature that is none.

use std::fmt;

use minicbor::{Decode, Encode};
use zeroize::{Zeroize, ZeroizeOnDrop};

use crate::Salt;
use crate::cbor::{self, CborError, Version};
use crate::signed::{Digest, Namespace};

/// The most bytes that a drawing within the limits can have: its longest
/// points, a head for each stroke, and what comes before.
const MOST_BYTES: usize = 12 * Drawing::MOST_POINTS + 3 * Drawing::MOST_STROKES + 32;

/// Where the finger was, and when.
#[derive(Clone, Copy, PartialEq, Eq, Zeroize, Encode, Decode)]
#[cbor(array)]
pub struct Point {
    /// From the left of the pad.
    #[n(0)]
    pub x: u16,
    /// From the top of the pad.
    #[n(1)]
    pub y: u16,
    /// Milliseconds since the pad was shown.
    #[n(2)]
    pub millis: u32,
}

/// What was drawn without lifting the finger.
#[derive(Clone, PartialEq, Eq, Zeroize, Encode, Decode)]
#[cbor(transparent)]
pub struct Stroke {
    /// In the order in which they were drawn.
    pub points: Vec<Point>,
}

/// A drawn signature.
///
/// `Debug` shows how much there is of it and no more: who can draw it again can
/// sign for the customer elsewhere.
#[derive(Clone, PartialEq, Eq, Zeroize, ZeroizeOnDrop)]
pub struct Drawing(Written);

/// A drawing as it is written, of which nobody has checked the limits.
#[derive(Clone, PartialEq, Eq, Zeroize, Encode, Decode)]
#[cbor(map)]
struct Written {
    /// Format version.
    #[n(0)]
    #[zeroize(skip)]
    version: Version<1>,
    /// How wide the pad was.
    #[n(1)]
    width: u16,
    /// How high the pad was.
    #[n(2)]
    height: u16,
    #[n(3)]
    strokes: Vec<Stroke>,
}

/// Why something is no drawn signature. Strokes and points count from 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum DrawingError {
    /// No stroke in which the finger moved: nothing was drawn, or the pad was
    /// only touched.
    #[error("nothing is drawn; the customer has yet to sign")]
    Blank,
    /// The pad has a side of no points or of more than [`Drawing::MOST_SIDE`].
    #[error("no drawing is made on a pad of {width} x {height} points")]
    Pad {
        /// Points in a row.
        width: u16,
        /// Rows.
        height: u16,
    },
    /// More than [`Drawing::MOST_STROKES`].
    #[error("more strokes than a signature has; let the customer sign again")]
    TooManyStrokes,
    /// More than [`Drawing::MOST_POINTS`].
    #[error("a longer drawing than a signature is; let the customer sign again")]
    TooManyPoints,
    /// A stroke without a point.
    #[error("stroke {stroke} has no points")]
    EmptyStroke {
        /// Which.
        stroke: usize,
    },
    /// A point that is not on the pad.
    #[error("point {point} of stroke {stroke} is not on the pad")]
    Outside {
        /// Of which stroke.
        stroke: usize,
        /// Which of its points.
        point: usize,
    },
    /// A point that is older than the one before.
    #[error("point {point} of stroke {stroke} is older than the one before")]
    Time {
        /// Of which stroke.
        stroke: usize,
        /// Which of its points.
        point: usize,
    },
    /// The bytes are no drawing.
    #[error("the drawing is unreadable: {0}")]
    Unreadable(#[from] CborError),
}

impl Drawing {
    /// The most strokes.
    pub const MOST_STROKES: usize = 256;

    /// The most points of all strokes together: over half a minute of writing
    /// without a pause on a screen that asks 120 times a second.
    pub const MOST_POINTS: usize = 4096;

    /// The longest side of a pad, in points, and of a picture, in pixels; so
    /// every drawing has a picture.
    pub const MOST_SIDE: u16 = 4096;

    /// The drawing of these strokes on a pad of this size.
    ///
    /// # Errors
    /// [`DrawingError`], by the first limit that it breaks.
    pub fn new(width: u16, height: u16, strokes: Vec<Stroke>) -> Result<Self, DrawingError> {
        Self::check(Written { version: Version, width, height, strokes })
    }

    /// Reads a drawing, and only in its one form.
    ///
    /// # Errors
    /// [`DrawingError`].
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, DrawingError> {
        if bytes.len() > MOST_BYTES {
            return Err(DrawingError::TooManyPoints);
        }
        Self::check(cbor::from_versioned::<Written, 1>(bytes)?)
    }

    /// The bytes that are kept and sent.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        cbor::to_vec(&self.0)
    }

    /// How wide the pad was.
    #[must_use]
    pub const fn width(&self) -> u16 {
        self.0.width
    }

    /// How high the pad was.
    #[must_use]
    pub const fn height(&self) -> u16 {
        self.0.height
    }

    /// The strokes, as they were drawn.
    #[must_use]
    pub fn strokes(&self) -> &[Stroke] {
        &self.0.strokes
    }

    /// What stands for it among an event's attachments.
    #[must_use]
    pub fn digest(&self, salt: &Salt) -> Digest {
        Namespace::Drawing.digest(&[&salt.0, &self.to_bytes()])
    }

    fn check(written: Written) -> Result<Self, DrawingError> {
        // A drawing from here on, so that what is refused is wiped too.
        let drawing = Self(written);
        let Written { width, height, strokes, .. } = &drawing.0;
        let (width, height) = (*width, *height);
        if !(1..=Drawing::MOST_SIDE).contains(&width) || !(1..=Drawing::MOST_SIDE).contains(&height)
        {
            return Err(DrawingError::Pad { width, height });
        }
        if strokes.len() > Drawing::MOST_STROKES {
            return Err(DrawingError::TooManyStrokes);
        }
        if strokes.iter().map(|stroke| stroke.points.len()).sum::<usize>() > Drawing::MOST_POINTS {
            return Err(DrawingError::TooManyPoints);
        }
        let mut moved = false;
        let mut before = 0;
        for (stroke, Stroke { points }) in strokes.iter().enumerate() {
            let Some(first) = points.first() else {
                return Err(DrawingError::EmptyStroke { stroke });
            };
            for (point, at) in points.iter().enumerate() {
                if at.x >= width || at.y >= height {
                    return Err(DrawingError::Outside { stroke, point });
                }
                // Two of the same time are in order: screens report in bursts.
                if at.millis < before {
                    return Err(DrawingError::Time { stroke, point });
                }
                before = at.millis;
                moved |= (at.x, at.y) != (first.x, first.y);
            }
        }
        if moved { Ok(drawing) } else { Err(DrawingError::Blank) }
    }
}

impl fmt::Debug for Drawing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let strokes = &self.0.strokes;
        let points: usize = strokes.iter().map(|stroke| stroke.points.len()).sum();
        write!(f, "Drawing({} strokes, {points} points)", strokes.len())
    }
}

impl fmt::Debug for Stroke {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Stroke({} points)", self.points.len())
    }
}

impl fmt::Debug for Point {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Point(..)")
    }
}

#[cfg(test)]
mod tests;
