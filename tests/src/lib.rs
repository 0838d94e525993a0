//! The moving day: one move from printed labels to HQ's receipts, played with
//! five phones, real pictures, a network that fails, and HQ.
//!
//! `cargo demo` plays it for a person to look at; the end-to-end test plays it
//! and checks everything that the demo promises.

pub mod camera;
pub mod day;
pub mod error;
pub mod network;
pub mod screen;
pub mod time;
