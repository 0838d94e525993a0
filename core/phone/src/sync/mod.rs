//! Sync: between the phone's queue and HQ.
//!
//! What travels is in [`crewseal_custody::wire`]; HQ uses the same types. [`Client`] speaks
//! HTTPS to one HQ and knows no other. [`pause`] decides how long to wait after
//! a failure, as a function of its inputs.

mod backoff;
mod client;

pub use backoff::pause;
pub(crate) use client::NOT_FOUND;
pub use client::{Audience, Client, SyncError};
