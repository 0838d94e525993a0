//! A QR that was read: what it says, and where in the picture it is.

use std::fmt;

use crate::Point;

/// How much of a code may be destroyed before it cannot be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Level {
    /// About 7 %.
    L,
    /// About 15 %.
    M,
    /// About 25 %: labels as they are usually printed.
    Q,
    /// About 30 %: labels for rough places.
    H,
}

/// One QR that was read.
#[derive(Clone, PartialEq)]
pub struct Reading {
    /// What it says, whoever printed it: nothing is known of its length or
    /// characters.
    pub text: String,
    /// Where it is in the upright frame: the outer corners of its modules,
    /// clockwise from the code's own top left; counter-clockwise if the code is
    /// seen in a mirror. They may lie a little outside the frame.
    pub corners: [Point; 4],
    /// Its version, 1 to 40: it has 17 + 4 x version modules a side.
    pub version: u8,
    /// Its error correction.
    pub level: Level,
}

impl Reading {
    fn centre(&self) -> Point {
        let sum = |of: fn(&Point) -> f32| self.corners.iter().map(of).sum::<f32>() / 4.0;
        Point { x: sum(|corner| corner.x), y: sum(|corner| corner.y) }
    }

    /// Whether `point` lies in the quad of the corners, which is convex: then
    /// it is on the same side of all four edges.
    pub(crate) fn covers(&self, point: Point) -> bool {
        let [a, b, c, d] = self.corners;
        let sides = [(a, b), (b, c), (c, d), (d, a)].map(|(from, to)| {
            (to.x - from.x) * (point.y - from.y) - (to.y - from.y) * (point.x - from.x)
        });
        sides.iter().all(|side| *side >= 0.0) || sides.iter().all(|side| *side <= 0.0)
    }

    /// Whether each covers the other's centre.
    pub(crate) fn is_of_the_same_code_as(&self, other: &Self) -> bool {
        self.covers(other.centre()) && other.covers(self.centre())
    }
}

/// Shows where and how, not what: the text may be a label's.
impl fmt::Debug for Reading {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Reading")
            .field("corners", &self.corners)
            .field("version", &self.version)
            .field("level", &self.level)
            .finish_non_exhaustive()
    }
}
