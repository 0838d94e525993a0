//! Phones whose process dies, is killed, or is looked into from outside.
//!
//! These tests start themselves again as children, and lie apart from the others for two
//! reasons: the memory of a child is measured whole, and a child that has just begun
//! holds for a moment every lock that its parent had. Other tests close a store and open
//! it again at once; beside these they would find it in use.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "what is not as it should be is what the tests are to fail on"
)]

mod keys;
mod lock;
#[cfg(target_os = "linux")]
mod memory;
mod store;
