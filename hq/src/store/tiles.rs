//! The tree: full subtrees out of the tiles in the database. Tiles that are full never change,
//! so those that were used lately are kept, with all hashes above theirs.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::{Arc, Mutex, PoisonError};

use crewseal_custody::log::{Nodes, Subtree, TILE_WIDTH, Tile, node_hash};
use crewseal_custody::signed::Digest;
use rusqlite::Connection;

use super::log;
use crate::error::HqError;

const DAMAGED: HqError = HqError::Damaged { what: "the log" };

/// How many tiles are kept: 8 MiB.
const MOST_TILES: usize = 512;
/// How high a tile is.
const HEIGHT: u32 = 8;

/// A full tile: its hashes, and those of each level above, up to the two halves of it.
type FullTile = Vec<Vec<Digest>>;
/// Generation, level and number of a tile.
type TileKey = (u32, u32, u64);

/// Full tiles that were used lately.
#[derive(Default)]
pub(crate) struct TileCache(Mutex<HashMap<TileKey, Arc<FullTile>>>);

impl TileCache {
    fn get(&self, key: &TileKey) -> Option<Arc<FullTile>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).get(key).cloned()
    }

    fn keep(&self, key: TileKey, tile: &Arc<FullTile>) {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.len() >= MOST_TILES {
            // Those above them are few, and in every proof.
            kept.retain(|(_, level, _), _| *level > 0);
        }
        kept.insert(key, Arc::clone(tile));
    }
}

/// The full subtrees of one log, as a transaction sees them.
pub(crate) struct TileNodes<'t> {
    db: &'t Connection,
    cache: &'t TileCache,
    generation: u32,
    /// Up to this size the log was when the transaction began: what is in the cache must be
    /// there whatever becomes of the transaction.
    committed: u64,
    /// The tiles that are not full or not there for certain, as this transaction read them.
    read: HashMap<(u32, u64), Vec<[u8; 32]>>,
}

impl<'t> TileNodes<'t> {
    pub(crate) fn of(
        db: &'t Connection,
        cache: &'t TileCache,
        generation: u32,
        committed: u64,
    ) -> Self {
        Self { db, cache, generation, committed, read: HashMap::new() }
    }

    /// Whether all of a tile was there when the transaction began.
    fn is_settled(&self, level: u32, number: u64) -> bool {
        let full = self.committed.checked_shr(HEIGHT.saturating_mul(level.saturating_add(1)));
        number < full.unwrap_or(0)
    }

    fn full_tile(&self, level: u32, number: u64) -> Result<Arc<FullTile>, HqError> {
        let key = (self.generation, level, number);
        if let Some(tile) = self.cache.get(&key) {
            return Ok(tile);
        }
        let bytes = log::tile(self.db, key)?.ok_or(DAMAGED)?;
        let mut hashes = digests(&bytes)?;
        let mut levels = Vec::new();
        while hashes.len() > 1 {
            let above = pairs(&hashes);
            levels.push(hashes);
            hashes = above;
        }
        let tile = Arc::new(levels);
        self.cache.keep(key, &tile);
        Ok(tile)
    }
}

impl Nodes for TileNodes<'_> {
    type Error = HqError;

    fn node(&mut self, of: Subtree) -> Result<Digest, HqError> {
        let (level, number, first, count) = Tile::holding(of);
        if self.is_settled(level, number) {
            let tile = self.full_tile(level, number)?;
            let above = count.trailing_zeros();
            let row = usize::try_from(above).ok().and_then(|above| tile.get(above));
            return row.and_then(|row| row.get(first >> above)).copied().ok_or(DAMAGED);
        }
        let hashes = match self.read.entry((level, number)) {
            Entry::Occupied(read) => read.into_mut(),
            Entry::Vacant(new) => {
                let bytes = log::tile(self.db, (self.generation, level, number))?.ok_or(DAMAGED)?;
                new.insert(bytes.as_chunks::<32>().0.to_vec())
            }
        };
        Tile::node(of, hashes).map_err(|_| DAMAGED)
    }
}

/// The hashes of a tile.
fn digests(bytes: &[u8]) -> Result<Vec<Digest>, HqError> {
    let (hashes, odd) = bytes.as_chunks::<32>();
    if odd.is_empty() { Ok(hashes.iter().copied().map(Digest).collect()) } else { Err(DAMAGED) }
}

/// The hashes above these.
fn pairs(hashes: &[Digest]) -> Vec<Digest> {
    let (pairs, _) = hashes.as_chunks::<2>();
    pairs.iter().map(|[left, right]| node_hash(left, right)).collect()
}

/// Adds hashes to the tiles of a log, from a place of level 0 on.
pub(super) fn extend(
    db: &Connection,
    generation: u32,
    mut first: u64,
    mut hashes: Vec<Digest>,
) -> Result<(), HqError> {
    let mut level = 0;
    while !hashes.is_empty() {
        let (mut number, held) = (first / TILE_WIDTH, first % TILE_WIDTH);
        first = number;
        let mut tile = match held {
            0 => Vec::new(),
            _ => digests(&log::tile(db, (generation, level, number))?.ok_or(DAMAGED)?)?,
        };
        if u64::try_from(tile.len()).ok() != Some(held) {
            return Err(DAMAGED);
        }
        let mut above = Vec::new();
        for hash in hashes {
            tile.push(hash);
            if u64::try_from(tile.len()).ok() == Some(TILE_WIDTH) {
                put(db, (generation, level, number), &tile)?;
                while tile.len() > 1 {
                    tile = pairs(&tile);
                }
                above.append(&mut tile);
                number = number.saturating_add(1);
            }
        }
        if !tile.is_empty() {
            put(db, (generation, level, number), &tile)?;
        }
        hashes = above;
        level = level.saturating_add(1);
    }
    Ok(())
}

fn put(db: &Connection, key: TileKey, tile: &[Digest]) -> Result<(), HqError> {
    let bytes: Vec<u8> = tile.iter().flat_map(|hash| hash.0).collect();
    log::put_tile(db, key, &bytes)
}
