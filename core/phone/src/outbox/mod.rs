//! The outbox: what waits for HQ, and what not even this phone can read.
//!
//! From the moment an event is queued, it exists on the phone only sealed to
//! HQ's key, in an [`Envelope`](crewseal_custody::envelope::Envelope): whole in
//! itself, so it can be carved out of a damaged file and delivered by any carrier.

pub mod answered;
mod answers;
pub mod attachment;
pub mod delivery_grant;
pub mod kept;
mod opening;
mod photo;
pub mod queue;
mod salvage;

pub use answers::Parked;
pub use opening::{open_store, reopen_store};
pub use photo::{LONGEST_SIDE, prepare_photo};
