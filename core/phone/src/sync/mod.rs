//! Sync: between the phone's queue and HQ.
//!
//! What travels is in [`crewseal_custody::wire`]; HQ uses the same types. [`Client`] speaks
//! HTTPS to one HQ and knows no other. [`pause`] decides how long to wait after
//! a failure, and [`Pace`] how much to send at once, as functions of their inputs.

mod backoff;
mod client;
mod log;
mod pace;

pub use backoff::pause;
pub(crate) use client::NOT_FOUND;
pub use client::{Audience, Client, Cursors, SyncError};
pub use pace::Pace;
