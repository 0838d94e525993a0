//! HQ's end of Crewseal: what a dispatcher prepares, what phones deliver, and
//! what an auditor gets.
//!
//! An [`Hq`] is a directory with two files: `hq.db`, which may be copied, and
//! `hq.keys`, which may not. Whatever decides whether a signed act is believed
//! is `crewseal_custody`, the same code that runs on the phones.

pub mod clock;
pub mod dispatch;
mod error;
pub mod evidence;
mod hash;
mod hq;
mod intake;
mod keys;
mod objects;
mod operations;
mod people;
mod phones;
mod private_file;
mod random;
mod store;
mod ticks;

pub use dispatch::plan::JobPlan;
pub use error::{HqError, KeysError};
pub use hq::Hq;
pub use intake::{Delivered, Stats};
pub use keys::fingerprint;
pub use objects::photos::Photo;
pub use operations::{Listen, Running, serve};
pub use people::EnrolError;
