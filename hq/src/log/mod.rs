//! HQ's log: whatever HQ takes in or says gets a place in it, in the very transaction that
//! stores it, and nobody gets an answer before that and the checkpoint over it are on the disk.
//!
//! | file | what |
//! |---|---|
//! | `writing` | leaves are added, and the checkpoint over them signed |
//! | `marked` | whether the database is the one that was signed last |
//! | `time` | HQ's time, and corrections of it |
//! | `earlier` | what was stored before there was a log gets its places |
//! | `proofs` | tiles, and what is proven to phones |
//! | `receipts` | receipts for events |
//! | [`files`] | the log as files, which anybody can check |
//! | `restore` | the log that goes on after the end of one was lost |

mod earlier;
pub mod files;
mod marked;
mod proofs;
mod receipts;
mod restore;
mod time;
mod writing;

pub(crate) use proofs::{places_of_runs, proof_bytes};
pub use restore::Restored;
