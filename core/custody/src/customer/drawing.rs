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
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn stroke(points: &[(u16, u16, u32)]) -> Stroke {
        Stroke { points: points.iter().map(|&(x, y, millis)| Point { x, y, millis }).collect() }
    }

    /// A hook and a dot.
    fn strokes() -> Vec<Stroke> {
        vec![
            stroke(&[(4, 20, 0), (30, 5, 16), (50, 33, 33), (50, 33, 33)]),
            stroke(&[(10, 8, 300)]),
        ]
    }

    fn refused(width: u16, height: u16, strokes: Vec<Stroke>) -> DrawingError {
        let bytes =
            cbor::to_vec(&Written { version: Version, width, height, strokes: strokes.clone() });
        let refused = Drawing::new(width, height, strokes).unwrap_err();
        assert_eq!(Drawing::from_bytes(&bytes), Err(refused), "made and read by one rule");
        refused
    }

    #[test]
    fn a_blank_pad_is_no_signature() {
        assert_eq!(refused(60, 40, Vec::new()), DrawingError::Blank);
        assert_eq!(refused(60, 40, vec![stroke(&[(5, 5, 0)])]), DrawingError::Blank);
        let taps = vec![stroke(&[(5, 5, 0), (5, 5, 9)]), stroke(&[(9, 9, 20)])];
        assert_eq!(refused(60, 40, taps), DrawingError::Blank);
        assert_eq!(
            refused(60, 40, vec![stroke(&[(4, 4, 0), (5, 5, 1)]), stroke(&[])]),
            DrawingError::EmptyStroke { stroke: 1 }
        );
    }

    #[test]
    fn limits_hold_to_the_last() {
        for (width, height) in [(0, 40), (60, 0), (Drawing::MOST_SIDE + 1, 40), (60, u16::MAX)] {
            assert_eq!(refused(width, height, strokes()), DrawingError::Pad { width, height });
        }
        let edge = stroke(&[(0, 0, 0), (59, 39, 0)]);
        assert!(Drawing::new(60, 40, vec![edge]).is_ok());
        for outside in [(60, 39), (59, 40), (u16::MAX, 0)] {
            let points = [(0, 0, 0), (outside.0, outside.1, 0)];
            let expected = DrawingError::Outside { stroke: 0, point: 1 };
            assert_eq!(refused(60, 40, vec![stroke(&points)]), expected);
        }
        let fallen = vec![stroke(&[(0, 0, 0), (1, 1, 9)]), stroke(&[(2, 2, 8)])];
        assert_eq!(refused(60, 40, fallen), DrawingError::Time { stroke: 1, point: 0 });

        let many = |strokes: usize, points: usize| {
            let points = [(1, 1, 0), (2, 2, u32::MAX)].into_iter().cycle().take(points);
            vec![stroke(&points.map(|(x, y, _)| (x, y, u32::MAX)).collect::<Vec<_>>()); strokes]
        };
        assert!(
            Drawing::new(
                60,
                40,
                many(Drawing::MOST_STROKES, Drawing::MOST_POINTS / Drawing::MOST_STROKES)
            )
            .is_ok()
        );
        assert_eq!(
            refused(60, 40, many(Drawing::MOST_STROKES + 1, 2)),
            DrawingError::TooManyStrokes
        );
        assert!(Drawing::new(60, 40, many(1, Drawing::MOST_POINTS)).is_ok());
        assert_eq!(refused(60, 40, many(1, Drawing::MOST_POINTS + 1)), DrawingError::TooManyPoints);
        assert_eq!(Drawing::from_bytes(&vec![0; MOST_BYTES + 1]), Err(DrawingError::TooManyPoints));
    }

    /// The largest drawing that is allowed is not refused for its bytes.
    #[test]
    fn the_largest_drawing_is_read() {
        let at = Drawing::MOST_SIDE - 1;
        let mut points = vec![(at, at, u32::MAX); Drawing::MOST_POINTS / Drawing::MOST_STROKES];
        points[0].0 = at - 1;
        let drawing = Drawing::new(
            Drawing::MOST_SIDE,
            Drawing::MOST_SIDE,
            vec![stroke(&points); Drawing::MOST_STROKES],
        )
        .unwrap();
        let bytes = drawing.to_bytes();
        assert!(bytes.len() <= MOST_BYTES && bytes.len() > MOST_BYTES * 8 / 10, "{}", bytes.len());
        assert_eq!(Drawing::from_bytes(&bytes), Ok(drawing));
    }

    #[test]
    fn what_was_frozen_is_written_the_same_today() {
        let drawing = Drawing::new(60, 40, strokes()).unwrap();
        let frozen = [
            0xa4, 0, 1, 1, 0x18, 60, 2, 0x18, 40, 3, 0x82, // map, pad, two strokes
            0x84, 0x83, 4, 20, 0, 0x83, 0x18, 30, 5, 16, // four points
            0x83, 0x18, 50, 0x18, 33, 0x18, 33, 0x83, 0x18, 50, 0x18, 33, 0x18, 33, //
            0x81, 0x83, 10, 8, 0x19, 1, 44, // one point
        ];
        assert_eq!(drawing.to_bytes(), frozen);
        assert_eq!(Drawing::from_bytes(&frozen), Ok(drawing.clone()));
        let digest = drawing.digest(&Salt([1; 16]));
        let hex: String = digest.0.iter().map(|byte| format!("{byte:02x}")).collect();
        assert_eq!(hex, "5b31dc069bf98682e660d7a80f946d20e68f260df47ac8f045348c9dd48f7262");
        assert_ne!(digest, drawing.digest(&Salt([2; 16])));

        let mut newer = frozen;
        newer[2] = 2;
        let unknown = CborError::Version { found: 2 };
        assert_eq!(Drawing::from_bytes(&newer), Err(DrawingError::Unreadable(unknown)));
    }

    #[test]
    fn nothing_shows_a_drawing() {
        let drawing = Drawing::new(60, 40, strokes()).unwrap();
        assert_eq!(format!("{drawing:?}"), "Drawing(2 strokes, 5 points)");
        assert_eq!(format!("{:?}", drawing.strokes()), "[Stroke(4 points), Stroke(1 points)]");
        assert_eq!(format!("{:?}", drawing.strokes()[1].points), "[Point(..)]");
    }

    fn any_strokes() -> impl Strategy<Value = Vec<Stroke>> {
        let points = proptest::collection::vec((0..80_u16, 0..50_u16, 0..99_u32), 0..9);
        proptest::collection::vec(points.prop_map(|points| stroke(&points)), 0..6)
    }

    /// As the strokes are, but with times that rise.
    fn in_time(mut strokes: Vec<Stroke>) -> Vec<Stroke> {
        let mut now = 0;
        for point in strokes.iter_mut().flat_map(|stroke| &mut stroke.points) {
            now += point.millis;
            point.millis = now;
        }
        strokes
    }

    proptest! {
        #[test]
        fn what_is_drawn_is_read_and_shown(width in 0..99_u16, strokes in any_strokes()) {
            if let Ok(drawing) = Drawing::new(width, 50, in_time(strokes)) {
                prop_assert_eq!(Drawing::from_bytes(&drawing.to_bytes()), Ok(drawing.clone()));
                }
        }

        #[test]
        fn no_bytes_bring_it_down(
            random in proptest::collection::vec(any::<u8>(), 0..256),
            damage in proptest::collection::vec((any::<u16>(), any::<u8>()), 0..4),
        ) {
            let mut bytes = Drawing::new(60, 40, strokes()).unwrap().to_bytes();
            for (at, byte) in damage {
                let at = usize::from(at) % bytes.len();
                bytes[at] = byte;
            }
            for bytes in [random, bytes] {
                if let Ok(drawing) = Drawing::from_bytes(&bytes) {
                    prop_assert_eq!(drawing.to_bytes(), bytes);
                }
            }
        }
    }
}
