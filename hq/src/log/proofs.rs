//! Proofs: what anybody may ask of the log. It says itself whose it is, so nobody is asked who
//! he is.

use crewseal_custody::cbor::Version;
use crewseal_custody::log::{Run, TILE_WIDTH, Tile, TreeHead, consistency, inclusion};
use crewseal_custody::logged::runs;
use crewseal_custody::signed::Digest;
use crewseal_custody::wire::{Consistency, LeafProof, RestoreNews};
use minicbor::bytes::ByteVec;
use rusqlite::Connection;

use crate::error::{HqError, KeysError};
use crate::hq::Hq;
use crate::log_end::LogEnd;
use crate::store::{self, TileNodes};

impl Hq {
    /// The newest checkpoint of HQ's log, signed.
    ///
    /// # Errors
    /// [`KeysError::NoLogKey`] where HQ has no log yet, or the database.
    pub fn checkpoint(&self) -> Result<String, HqError> {
        let log = self.store.read(store::newest_log)?.ok_or(KeysError::NoLogKey)?;
        Ok(log.checkpoint)
    }

    /// The newest checkpoint of each of HQ's logs, from the first on, signed.
    ///
    /// # Errors
    /// The database.
    pub fn checkpoints(&self) -> Result<Vec<String>, HqError> {
        let logs = self.store.read(store::logs)?;
        Ok(logs.into_iter().map(|log| log.checkpoint).collect())
    }

    /// How far the log is that HQ writes; none where there is none yet.
    ///
    /// # Errors
    /// The database.
    pub fn log_end(&self) -> Result<Option<LogEnd>, HqError> {
        let log = self.store.read(store::newest_log)?;
        Ok(log.map(|log| LogEnd { generation: log.generation, size: log.size }))
    }

    /// The bytes of a tile of the log that HQ writes; none if the log does not have it, or not
    /// as wide.
    ///
    /// # Errors
    /// The database.
    pub fn tile(&self, tile: &Tile) -> Result<Option<Vec<u8>>, HqError> {
        self.store.read(|db| {
            let Some(log) = store::newest_log(db)? else { return Ok(None) };
            tile_of(db, log.generation, tile)
        })
    }

    /// The proof that a log goes on from one size to a later one; none for sizes that it does
    /// not have.
    ///
    /// # Errors
    /// The database.
    pub fn consistency(
        &self,
        generation: u32,
        from: u64,
        to: u64,
    ) -> Result<Option<Consistency>, HqError> {
        self.store.read(|db| {
            let log = store::log_of(db, generation)?.filter(|log| from <= to && to <= log.size);
            let Some(log) = log else { return Ok(None) };
            let mut nodes = TileNodes::of(db, &self.log_state.tiles, generation, log.size);
            let proof = proof_bytes(&consistency(from, to, &mut nodes)?);
            Ok(Some(Consistency { version: Version, proof }))
        })
    }

    /// How the log of this generation began after HQ lost the end of the one before; none if it
    /// did not begin so.
    ///
    /// # Errors
    /// The database.
    pub fn restore_news(&self, generation: u32) -> Result<Option<RestoreNews>, HqError> {
        self.store.read(|db| {
            let Some(log) = store::log_of(db, generation)? else { return Ok(None) };
            let Some(restore) = log.restore else { return Ok(None) };
            let mut nodes = TileNodes::of(db, &self.log_state.tiles, generation, log.size);
            let proof = proof_bytes(&inclusion(0, log.size, &mut nodes)?);
            let (version, restore, checkpoint) = (Version, restore.into(), log.checkpoint);
            Ok(Some(RestoreNews { version, restore, checkpoint, proof }))
        })
    }

    /// That a message of HQ's stands in a log of this head; none if it does not.
    pub(crate) fn leaf_proof(
        &self,
        message: &Digest,
        head: &TreeHead,
    ) -> Result<Option<LeafProof>, HqError> {
        self.store.read(|db| {
            let act = store::act_in(db, head.generation, message)?;
            let Some((place, salt)) = act.filter(|(place, _)| *place < head.size) else {
                return Ok(None);
            };
            let mut nodes = TileNodes::of(db, &self.log_state.tiles, head.generation, head.size);
            let path = proof_bytes(&inclusion(place, head.size, &mut nodes)?);
            Ok(Some(LeafProof { salt, place, path }))
        })
    }
}

/// The bytes of a tile, if the log has as much of it.
pub(super) fn tile_of(
    db: &Connection,
    generation: u32,
    tile: &Tile,
) -> Result<Option<Vec<u8>>, HqError> {
    match *tile {
        Tile::Hashes { level, number, width } => {
            let length = usize::try_from(width.saturating_mul(32)).unwrap_or(usize::MAX);
            let hashes = store::tile(db, (generation, level, number))?;
            Ok(hashes.and_then(|hashes| hashes.get(..length).map(<[u8]>::to_vec)))
        }
        Tile::Entries { number, width } => {
            let first = number.saturating_mul(TILE_WIDTH);
            let leaves = store::leaves(db, (generation, first), width)?;
            let is_whole = u64::try_from(leaves.len()).ok() == Some(width);
            Ok(is_whole.then(|| Tile::bundle(leaves.iter().map(Vec::as_slice))))
        }
    }
}

/// The hashes of a proof, one after another.
pub(crate) fn proof_bytes(proof: &[Digest]) -> ByteVec {
    proof.iter().flat_map(|hash| hash.0).collect::<Vec<_>>().into()
}

/// The first places that are in so few runs, and their runs.
pub(crate) fn places_of_runs(places: &[u64], most: usize) -> (Vec<Run>, usize) {
    let mut runs = runs(places.iter().copied());
    runs.truncate(most);
    let counts = runs.iter().map(|run| usize::try_from(run.count).unwrap_or(usize::MAX));
    let count = counts.fold(0, usize::saturating_add);
    (runs, count)
}
