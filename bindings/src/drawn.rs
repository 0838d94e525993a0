//! A signature that the customer draws.

use std::fmt;

use crewseal_custody::{Drawing, DrawingError, EventId, Stroke};

/// Where a finger was on a pad, and when.
#[derive(Clone, Copy, PartialEq, Eq, uniffi::Record)]
#[uniffi::export(Debug)]
pub struct PadPoint {
    /// From the left of the pad.
    pub x: u16,
    /// From the top of the pad.
    pub y: u16,
    /// Milliseconds since the pad was shown.
    pub millis: u32,
}

/// What was drawn on a pad.
#[derive(Clone, PartialEq, Eq, uniffi::Record)]
#[uniffi::export(Debug)]
pub struct DrawnSignature {
    /// How wide the pad is, in points.
    pub width: u16,
    /// How high it is.
    pub height: u16,
    /// Stroke by stroke, as the finger went.
    pub strokes: Vec<Vec<PadPoint>>,
}

/// An act with a drawn signature. Whoever is to show later that it was this drawing
/// keeps drawing and salt.
#[derive(Clone, PartialEq, Eq, uniffi::Record)]
#[uniffi::export(Debug)]
pub struct Drawn {
    /// The event.
    pub event: EventId,
    /// The strokes, as they are kept.
    pub drawing: Vec<u8>,
    /// What the drawing's digest among the event's attachments is salted with.
    pub salt: Vec<u8>,
    /// The drawing as PNG.
    pub picture: Vec<u8>,
}

/// Who can draw it again can sign for the customer elsewhere.
impl fmt::Debug for PadPoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PadPoint(..)")
    }
}

impl fmt::Debug for DrawnSignature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "DrawnSignature({} strokes)", self.strokes.len())
    }
}

impl fmt::Debug for Drawn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Drawn({})", self.event)
    }
}

impl From<PadPoint> for crewseal_custody::Point {
    fn from(point: PadPoint) -> Self {
        Self { x: point.x, y: point.y, millis: point.millis }
    }
}

impl TryFrom<DrawnSignature> for Drawing {
    type Error = DrawingError;

    fn try_from(signature: DrawnSignature) -> Result<Self, DrawingError> {
        let DrawnSignature { width, height, strokes } = signature;
        let points = |stroke: Vec<PadPoint>| stroke.into_iter().map(Into::into).collect();
        let strokes = strokes.into_iter().map(|stroke| Stroke { points: points(stroke) });
        Self::new(width, height, strokes.collect())
    }
}
