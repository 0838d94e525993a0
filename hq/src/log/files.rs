//! The log as files, in the static layout of C2SP `tlog-tiles`: a directory with a checkpoint
//! and tiles, which anybody can check, and which proves what its checkpoint says.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use crewseal_custody::log::{
    Nodes, SignedCheckpoint, Subtree, TILE_WIDTH, Tile, TreeHead, leaf_hash, node_hash, root,
};
use crewseal_custody::logged::Leaf;
use crewseal_custody::signed::Digest;

use super::proofs::tile_of;
use crate::error::HqError;
use crate::hq::Hq;
use crate::log_end::LogEnd;
use crate::store;

/// The name of the file with the checkpoint.
pub const CHECKPOINT: &str = "checkpoint";

/// What is wrong with a log in files.
#[derive(Debug, thiserror::Error)]
pub enum FilesError {
    /// A file cannot be read.
    #[error("{path}: {error}")]
    File {
        /// Which.
        path: PathBuf,
        /// Why.
        error: io::Error,
    },
    /// Not a checkpoint.
    #[error("the checkpoint cannot be read; look whether the directory is that of a log")]
    Checkpoint,
    /// A leaf that is none.
    #[error("{path}: leaf {place} of the log is none of HQ's")]
    Leaf {
        /// In which file.
        path: PathBuf,
        /// Its place.
        place: u64,
    },
    /// A bundle that has not as many leaves as the checkpoint says.
    #[error("{path}: does not have the leaves that the checkpoint says")]
    Count {
        /// Which.
        path: PathBuf,
    },
    /// A tile whose hashes are not those of what is below.
    #[error("{path}: its hashes are not those of what lies below")]
    Tile {
        /// Which.
        path: PathBuf,
    },
    /// All tiles fit each other, and the root is another.
    #[error("the tiles do not lead to the root in the checkpoint")]
    Root,
}

/// A log's name and head out of a checkpoint, whoever signed it.
///
/// # Errors
/// [`FilesError::Checkpoint`].
pub fn read_checkpoint(bytes: &[u8]) -> Result<(String, SignedCheckpoint), FilesError> {
    let text = std::str::from_utf8(bytes).map_err(|_| FilesError::Checkpoint)?;
    let name = text.lines().next().ok_or(FilesError::Checkpoint)?;
    let (origin, _) = name.rsplit_once('/').ok_or(FilesError::Checkpoint)?;
    let read = SignedCheckpoint::read_verified(bytes, origin);
    Ok((origin.to_owned(), read.map_err(|_| FilesError::Checkpoint)?))
}

/// The tiles in a directory, of a log that is this large.
pub struct TileFiles {
    directory: PathBuf,
    size: u64,
}

impl TileFiles {
    /// Of a log of which the directory has this many leaves.
    #[must_use]
    pub fn of(directory: &Path, size: u64) -> Self {
        Self { directory: directory.to_owned(), size }
    }

    /// The root at this or an earlier size.
    ///
    /// # Errors
    /// [`FilesError`].
    pub fn root_at(&mut self, size: u64) -> Result<Digest, FilesError> {
        root(size, self)
    }

    fn read(&self, tile: &Tile) -> Result<(PathBuf, Vec<u8>), FilesError> {
        let path = self.directory.join(tile.path());
        match fs::read(&path) {
            Ok(bytes) => Ok((path, bytes)),
            Err(error) => Err(FilesError::File { path, error }),
        }
    }

    /// How wide a tile of a level is at this size.
    fn width(&self, level: u32, number: u64) -> u64 {
        let hashes = self.size.checked_shr(8_u32.saturating_mul(level)).unwrap_or(0);
        hashes.saturating_sub(number.saturating_mul(TILE_WIDTH)).min(TILE_WIDTH)
    }

    fn hashes(&self, level: u32, number: u64) -> Result<(PathBuf, Vec<[u8; 32]>), FilesError> {
        let width = self.width(level, number);
        let (path, bytes) = self.read(&Tile::Hashes { level, number, width })?;
        let (hashes, odd) = bytes.as_chunks::<32>();
        if odd.is_empty() && u64::try_from(hashes.len()).ok() == Some(width) {
            Ok((path, hashes.to_vec()))
        } else {
            Err(FilesError::Tile { path })
        }
    }

    /// The hashes of the leaves in a bundle.
    fn leaf_hashes(&self, number: u64) -> Result<Vec<Digest>, FilesError> {
        let width = self.width(0, number);
        let (path, bytes) = self.read(&Tile::Entries { number, width })?;
        let leaves = Tile::unbundle(&bytes).unwrap_or_default();
        if u64::try_from(leaves.len()).ok() != Some(width) {
            return Err(FilesError::Count { path });
        }
        for (place, leaf) in (number.saturating_mul(TILE_WIDTH)..).zip(&leaves) {
            if Leaf::parse(leaf).is_none() {
                return Err(FilesError::Leaf { path, place });
            }
        }
        Ok(leaves.into_iter().map(leaf_hash).collect())
    }
}

impl Nodes for TileFiles {
    type Error = FilesError;

    fn node(&mut self, of: Subtree) -> Result<Digest, FilesError> {
        let (level, number, _, _) = Tile::holding(of);
        let (path, hashes) = self.hashes(level, number)?;
        Tile::node(of, &hashes).map_err(|_| FilesError::Tile { path })
    }
}

/// Computes every tile of a directory anew from its leaves, and its root, and compares them
/// with what is there. Who signed the checkpoint is not asked.
///
/// # Errors
/// [`FilesError`].
pub fn check(directory: &Path, head: &TreeHead) -> Result<(), FilesError> {
    let mut files = TileFiles::of(directory, head.size);
    let mut above = Vec::new();
    for number in 0..head.size.div_ceil(TILE_WIDTH) {
        let hashes = files.leaf_hashes(number)?;
        above.extend(compare(&files, (0, number), hashes)?);
    }
    let mut level = 1;
    while !above.is_empty() {
        let below = std::mem::take(&mut above);
        for (number, hashes) in (0..).zip(below.chunks(256)) {
            above.extend(compare(&files, (level, number), hashes.to_vec())?);
        }
        level += 1;
    }
    if files.root_at(head.size)? == head.root { Ok(()) } else { Err(FilesError::Root) }
}

/// Compares a tile with the hashes that it should have. The hash over a full one comes back.
fn compare(
    files: &TileFiles,
    (level, number): (u32, u64),
    mut hashes: Vec<Digest>,
) -> Result<Option<Digest>, FilesError> {
    let (path, found) = files.hashes(level, number)?;
    if !found.iter().eq(hashes.iter().map(|hash| &hash.0)) {
        return Err(FilesError::Tile { path });
    }
    if files.width(level, number) < TILE_WIDTH {
        return Ok(None);
    }
    while hashes.len() > 1 {
        let (pairs, _) = hashes.as_chunks::<2>();
        hashes = pairs.iter().map(|[left, right]| node_hash(left, right)).collect();
    }
    Ok(hashes.first().copied())
}

impl Hq {
    /// Writes one of HQ's logs into a directory: tiles first, the checkpoint last. Full tiles
    /// that are there already stay as they are, so it can be done again and again.
    ///
    /// # Errors
    /// [`HqError::File`], [`KeysError::NoLogKey`](crate::KeysError::NoLogKey) where HQ has no
    /// such log, or the database.
    pub fn export_log(&self, directory: &Path, generation: Option<u32>) -> Result<LogEnd, HqError> {
        let log = self.store.read(|db| match generation {
            Some(generation) => store::log_of(db, generation),
            None => store::newest_log(db),
        })?;
        let log = log.ok_or(crate::error::KeysError::NoLogKey)?;
        // One transaction for each tile: they do not change, and nobody has to wait.
        for tile in Tile::between(0, log.size) {
            let path = directory.join(tile.path());
            if path.try_exists()? {
                continue;
            }
            let bytes = self.store.read(|db| tile_of(db, log.generation, &tile))?;
            let bytes = bytes.ok_or(HqError::Damaged { what: "the log" })?;
            if let Some(parent) = path.parent() {
                fs::create_dir_all(parent)?;
            }
            put(&path, &bytes)?;
        }
        put(&directory.join(CHECKPOINT), log.checkpoint.as_bytes())?;
        Ok(LogEnd { generation: log.generation, size: log.size })
    }
}

/// Writes a file, so that it is never half there.
fn put(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let beside = path.with_extension("new");
    fs::write(&beside, bytes)?;
    fs::rename(beside, path)
}
