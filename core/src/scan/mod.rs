//! Scanning: from a picture to what it means for the job.
//!
//! A [`Luma`] frame or a still [photo] goes to the [`read`]er, which
//! finds every QR in view; the [`Tally`] of a job says of each text whether it
//! is a box of the job, a blank label, another job's or nothing of ours.
//! Nothing here is stored: what counts is recorded elsewhere, by whoever holds
//! the keys.

mod frame;
pub mod photo;
mod reader;
mod tally;

pub use frame::{FrameError, LONGEST_SIDE, Luma};
pub use reader::{Point, Reading, read};
pub use tally::{Commission, Count, Sighting, Tally};
