//! Scanning: from a picture to what it means for the job.
//!
//! A [`Luma`] frame or a still [photo] goes to a [`Reader`], which finds every
//! QR in view; the [`Tally`] of a job says of each text whether it is a box of
//! the job, a blank label, another job's or nothing of ours. A [`Session`] does
//! both, frame after frame, and knows what was in view before.
//!
//! ```
//! use crewseal_label::{Code, Strength, Token};
//! use crewseal_scan::{Luma, Session, Sighting, Tally};
//!
//! // What a camera would see: one label, four pixels a module.
//! let token = Token::from_bytes(*b"16 random bytes!");
//! let code = Code::of(&token, Strength::Normal)?;
//! let side = 4 * (code.size() + 2 * Code::QUIET);
//! let is_dark = |x: usize, y: usize| {
//!     code.is_dark((x / 4).wrapping_sub(Code::QUIET), (y / 4).wrapping_sub(Code::QUIET))
//! };
//! let pixels: Vec<u8> = (0..side * side)
//!     .map(|at| if is_dark(at % side, at / side) { 0 } else { 255 })
//!     .collect();
//! let frame = Luma::new(side.try_into()?, side.try_into()?, side, &pixels)?;
//!
//! let mut session = Session::new(Tally::new([token]));
//! let sighted = session.frame(&frame);
//! assert_eq!(sighted[0].sighting, Sighting::New(token));
//! assert!(session.tally().count().is_complete());
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! The decoder is our own; how it works and how it is measured, `docs/scanning.md` says.
//! Nothing here is stored or signed and nothing knows a clock: what counts is recorded
//! elsewhere, by whoever holds the keys.

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
