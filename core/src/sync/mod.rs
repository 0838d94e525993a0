//! Sync: between the phone's queue and HQ.
//!
//! [`wire`] holds what travels; HQ uses the same types. [`Client`] speaks
//! HTTPS to one HQ and knows no other. [`pause`] decides how long to wait after
//! a failure, as a function of its inputs.

mod backoff;
mod client;
pub mod wire;

pub use backoff::pause;
pub(crate) use client::NOT_FOUND;
pub use client::{Client, SyncError};
