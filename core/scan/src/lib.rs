//! Scanning: from a picture to what it means for the job.
//!
//! A [`Luma`] frame or a still [photo] goes to a [`Reader`], which finds every
//! QR in view; the [`Tally`] of a job says of each text whether it is a box of
//! the job, a blank label, another job's or nothing of ours. A [`Session`] does
//! both, frame after frame, and knows what was in view before.
//! Nothing here is stored: what counts is recorded elsewhere, by whoever holds
//! the keys.

mod decoder;
mod frame;
pub mod photo;
mod reader;
mod reading;
mod session;
mod tally;

pub use frame::{FrameError, LONGEST_SIDE, Luma, Point, Region, Rotation};
pub use reader::{Look, Reader, read};
pub use reading::{Level, Reading};
pub use session::{Session, Sighted};
pub use tally::{Commission, Count, Sighting, Tally};
