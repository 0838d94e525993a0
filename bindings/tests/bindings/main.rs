//! The bindings: as an app calls them, as what an app brings fails, and as they come out
//! in Kotlin and Swift.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that cannot go on should stop"
)]

mod api;
mod foreign;
mod generated;
mod hq;
mod phone;
mod texts;
mod told;
