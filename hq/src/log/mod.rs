//! HQ's log: whatever HQ takes in or says gets a place in it, in the very transaction that
//! stores it, and nobody gets an answer before that and the checkpoint over it are on the disk.
//!
//! | file | what |
//! |---|---|
//! | `tree` | the hashes in the database's tiles, of which roots and proofs are made |
//! | `writing` | leaves are added, and the checkpoint over them signed |
//! | `mark` | a file beside the database that knows how far the log is |
//! | `time` | HQ's time, which never goes back by itself |
//! | `earlier` | what was stored before there was a log gets its places |
//! | `proofs` | tiles, and what is proven to phones |
//! | `receipts` | receipts for events |
//! | [`files`] | the log as files, which anybody can check |
//! | `restore` | the log that goes on after the end of one was lost |

mod earlier;
pub mod files;
mod mark;
mod proofs;
mod receipts;
mod restore;
mod time;
mod tree;
mod writing;

pub use mark::LogEnd;
pub(crate) use mark::Mark;
pub(crate) use proofs::{places_of_runs, proof_bytes};
pub use restore::Restored;
pub(crate) use time::SeenTime;
pub(crate) use tree::{TileCache, TileNodes};
pub(crate) use writing::{LogWriter, Standing};

/// What an open HQ has at hand of its log.
pub(crate) struct LogState {
    pub(crate) tiles: TileCache,
    pub(crate) mark: Mark,
    pub(crate) time: SeenTime,
}
