//! Reads every QR in a frame: what is asked of a decoder, and where in the
//! picture its answers are.
//!
//! The decoder works on the buffer as it lies, a part of one if need be. Turning
//! and moving what it found, so that every place is one of the whole, upright
//! frame, is done here and nowhere else.

use std::fmt;

use crate::decoder::Decoder;
use crate::{Luma, Reading};

/// How long to look. The default is as long as it takes.
///
/// Nothing here knows a clock; whoever has one asks it:
///
/// ```
/// # use crewseal_scan::{Look, Luma, Reader};
/// # use std::time::{Duration, Instant};
/// # let pixels = [0; 64 * 64];
/// # let frame = Luma::new(64, 64, 64, &pixels).unwrap();
/// let start = Instant::now();
/// let is_over = || start.elapsed() > Duration::from_millis(30);
/// let readings = Reader::new().still(&frame, &Look::until(&is_over));
/// ```
#[derive(Clone, Copy, Default)]
pub struct Look<'a> {
    /// Whether the time is over. It is asked often, from the reading thread, and
    /// once it has said yes, the reader returns soon with what it has.
    pub is_over: Option<&'a dyn Fn() -> bool>,
}

impl<'a> Look<'a> {
    /// Looks until the time is over.
    #[must_use]
    pub const fn until(is_over: &'a dyn Fn() -> bool) -> Self {
        Self { is_over: Some(is_over) }
    }

    /// Whether the time is over.
    #[must_use]
    pub fn is_over(&self) -> bool {
        self.is_over.is_some_and(|is_over| is_over())
    }
}

impl fmt::Debug for Look<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Look").field("is_limited", &self.is_over.is_some()).finish()
    }
}

/// Reads frame after frame in memory that it keeps, so that a stream of frames
/// of one size asks the allocator for next to nothing.
#[derive(Default)]
pub struct Reader {
    decoder: Decoder,
}

impl Reader {
    /// A reader that has seen nothing yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Every QR in the frame, each once, ours or not, with every effort: for a
    /// picture that there is only one of. The corners are upright and, if the
    /// frame is a [part](Luma::crop) of one, in coordinates of the whole.
    #[must_use]
    pub fn still(&mut self, frame: &Luma<'_>, look: &Look<'_>) -> Vec<Reading> {
        let found = self.decoder.still(&frame.as_it_lies(), &|| look.is_over());
        upright(frame, found)
    }

    /// As [`still`](Self::still), for one of many frames of the same things: the
    /// efforts are shared out over the frames, so that each is quick and what
    /// one does not see, one of the next ones does.
    #[must_use]
    pub fn live(&mut self, frame: &Luma<'_>, look: &Look<'_>) -> Vec<Reading> {
        let found = self.decoder.live(&frame.as_it_lies(), &|| look.is_over());
        upright(frame, found)
    }
}

/// Shows nothing: the memory of a reader holds pictures.
impl fmt::Debug for Reader {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Reader").finish_non_exhaustive()
    }
}

/// Every QR in the frame, each once, ours or not, by a [`Reader`] of its own.
#[must_use]
pub fn read(frame: &Luma<'_>) -> Vec<Reading> {
    Reader::new().still(frame, &Look::default())
}

/// Readings in coordinates of the frame's buffer, in those of the upright
/// whole.
fn upright(frame: &Luma<'_>, mut readings: Vec<Reading>) -> Vec<Reading> {
    for corner in readings.iter_mut().flat_map(|reading| &mut reading.corners) {
        *corner = frame.upright(*corner);
    }
    readings
}

#[cfg(test)]
mod tests;
