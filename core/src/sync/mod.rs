//! Sync: between the phone's queue and HQ.
//!
//! [`wire`] holds what travels; HQ uses the same types. Everything that decides
//! (when to try again, what an answer means) is a function of its inputs.

pub mod wire;
