//! HQ's log: places, proofs, time, and what becomes of it where something was lost.

mod commands;
pub mod earlier;
mod killed;
mod places;
mod restore;
mod time;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;

use crewseal_custody::log::{SignedCheckpoint, Subtree, Tile, leaf_hash, root};
use crewseal_custody::signed::Digest;
use rusqlite::Connection;

use crate::phone::Site;

/// Where the site's HQ lies.
fn data(site: &Site) -> PathBuf {
    site.dir.path().join("data")
}

/// The newest checkpoint, verified.
fn checkpoint(site: &Site) -> SignedCheckpoint {
    site.hq.keys().open_checkpoint(site.hq.checkpoint().unwrap().as_bytes()).unwrap()
}

/// The leaves of a log, as they lie in the database.
fn leaves(data: &Path, generation: u32) -> Vec<Vec<u8>> {
    let db = Connection::open(data.join("hq.db")).unwrap();
    let mut query =
        db.prepare("SELECT bytes FROM log_leaves WHERE generation = ?1 ORDER BY place").unwrap();
    query.query_map([generation], |row| row.get(0)).unwrap().map(Result::unwrap).collect()
}

/// The root over the first leaves, computed from nothing but them.
fn root_of(leaves: &[Vec<u8>], size: u64) -> Digest {
    let hashes: Vec<Digest> = leaves.iter().map(|leaf| leaf_hash(leaf)).collect();
    let mut nodes = |of: Subtree| -> Result<Digest, ()> {
        let (first, count) = (of.index << of.level, 1 << of.level);
        let (first, count) = (usize::try_from(first).unwrap(), usize::try_from(count).unwrap_or(1));
        let mut level = hashes[first..first + count].to_vec();
        while level.len() > 1 {
            let (pairs, _) = level.as_chunks::<2>();
            level = pairs
                .iter()
                .map(|[left, right]| crewseal_custody::log::node_hash(left, right))
                .collect();
        }
        Ok(level[0])
    };
    root(size, &mut nodes).unwrap()
}

/// All tiles of a log of this size.
fn tiles(size: u64) -> BTreeMap<String, Tile> {
    Tile::between(0, size).map(|tile| (tile.path(), tile)).collect()
}

/// What `crewseal-hq` says, in the site's directory.
fn hq(directory: &Path, line: &str) -> (Option<i32>, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_crewseal-hq"));
    let done = command.args(line.split(' ')).current_dir(directory).output().unwrap();
    let said = String::from_utf8([done.stdout, done.stderr].concat()).unwrap();
    (done.status.code(), said)
}
