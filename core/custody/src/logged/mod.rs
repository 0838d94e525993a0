//! What stands in HQ's log, and what a place in it proves.
//!
//! A [`Leaf`] commits to an event and to HQ's word on it, or to an act of HQ's own, and tells
//! nobody which. A [`Receipt`] shows that events stand in the log, under a checkpoint that HQ
//! signed. A [`Restore`] is how one log goes on from another whose end HQ lost,
//! a [`ClockCorrection`] why HQ's time goes back or leaps ahead.

mod clock_correction;
mod leaf;
mod receipt;
mod restore;

pub use clock_correction::ClockCorrection;
pub use leaf::{ActKind, LEAF_BYTES, Leaf, LeafSalt, Logged};
pub use receipt::{
    LoggedAct, LoggedRun, Proven, ProvenEvent, Receipt, ReceiptError, logged_runs, places, runs,
};
pub use restore::{Restore, UnverifiedRestore};
