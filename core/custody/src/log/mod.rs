//! HQ's log: an append-only tree of hashes over all that HQ ever took in or said.
//!
//! A leaf commits to an event and to HQ's word on it, or to an act of HQ's own, and tells
//! nobody which. HQ signs the tree as a whole: a [`Checkpoint`] is its size and its root. A
//! place in the log with a proof up to a checkpoint is the receipt for an event: HQ cannot
//! deny it later, and cannot show two people two different logs without signing a
//! contradiction.
//!
//! | file | what |
//! |---|---|
//! | `tree` | the hashes of RFC 9162 section 2.1, and which of them make a root |
//! | `inclusion` | that a leaf is in a tree |
//! | `runs` | that leaves in a few runs are in a tree, with one proof |
//! | `consistency` | that a tree goes on from an earlier one |
//! | `checkpoint` | a tree's size and root, signed, in the text form of C2SP |
//! | `tile` | how the hashes lie in files, in the layout of C2SP |
//!
//! It knows nothing of what stands in it: that is [`logged`](crate::logged).

mod checkpoint;
mod consistency;
mod inclusion;
mod runs;
mod tile;
mod tree;

pub use checkpoint::{Checkpoint, CheckpointError, LogKey, MAX_CHECKPOINT, SignedCheckpoint};
pub use consistency::{consistency, proves_consistency};
pub use inclusion::{inclusion, root_by_inclusion};
pub use runs::{MOST_RUNS, Run, RunsError, prove_runs, root_by_runs};
pub use tile::{TILE_WIDTH, Tile, TileError};
pub use tree::{Nodes, Subtree, TreeHead, leaf_hash, log_name, node_hash, root};
