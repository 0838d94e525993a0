//! A large log, written directly: HQ would take hours to come so far.
//!
//! Into the database of an HQ that was just founded, and that nobody has open, go leaves, all
//! tiles over them, and the log's new size. Leaves have the length of an event's, and digests of
//! no event. What HQ wrote itself stays before them, so its mark holds: it finds the root that it
//! knows, at a smaller size. The checkpoint over all of it HQ signs with the next thing that it
//! does.

use std::path::Path;

use crewseal_custody::log::{TILE_WIDTH, leaf_hash, node_hash};
use crewseal_custody::logged::LEAF_BYTES;
use crewseal_custody::signed::Digest;
use rusqlite::{Connection, params};

/// Keeps leaves from being replaced by a search before each, which here would find nothing.
const GUARD: &str = "log_leaves_are_not_replaced";

/// Adds so many leaves to the first log in this database.
pub fn grow(database: &Path, leaves: u64) {
    if leaves == 0 {
        return;
    }
    let mut db = Connection::open(database).expect("HQ's database");
    write(&mut db, leaves).expect("a disk with room");
    db.close().expect("all is written");
    // Or HQ would wait for it while it is measured.
    let file = std::fs::File::open(database).expect("HQ's database");
    file.sync_all().expect("a disk with room");
}

fn write(db: &mut Connection, leaves: u64) -> rusqlite::Result<()> {
    // It is begun anew if it breaks off.
    for (pragma, value) in
        [("journal_mode", "DELETE"), ("journal_mode", "OFF"), ("synchronous", "OFF")]
    {
        db.pragma_update(None, pragma, value)?;
    }
    let t = db.transaction()?;
    let select = "SELECT sql FROM sqlite_schema WHERE name = ?1";
    let guard: String = t.query_row(select, [GUARD], |row| row.get(0))?;
    t.execute_batch(&format!("DROP TRIGGER {GUARD}"))?;
    let first: u64 = t.query_row("SELECT size FROM logs", [], |row| row.get(0))?;
    let mut tiles = Tiles { db: &t, levels: Vec::new() };
    {
        let mut before = t.prepare("SELECT bytes FROM log_leaves ORDER BY place")?;
        let before = before.query_map([], |row| row.get::<_, Vec<u8>>(0))?;
        for leaf in before {
            tiles.add(0, leaf_hash(&leaf?))?;
        }
        let mut insert =
            t.prepare("INSERT INTO log_leaves (generation, place, bytes) VALUES (1, ?1, ?2)")?;
        for place in first..first + leaves {
            let leaf = leaf(place);
            insert.execute(params![place, leaf])?;
            tiles.add(0, leaf_hash(&leaf))?;
        }
    }
    tiles.finish()?;
    t.execute("UPDATE logs SET size = ?1", [first + leaves])?;
    t.execute_batch(&guard)?;
    t.commit()
}

/// A leaf that no other is: the number of an event's, and two digests of nothing.
fn leaf(place: u64) -> [u8; LEAF_BYTES] {
    let mut leaf = [0; LEAF_BYTES];
    let mut state = place.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let (words, _) = leaf.split_at_mut(LEAF_BYTES - 1);
    for word in words.chunks_exact_mut(8) {
        state = (state ^ (state >> 31)).wrapping_mul(0xbf58_476d_1ce4_e5b9).wrapping_add(place);
        word.copy_from_slice(&state.to_be_bytes());
    }
    leaf.rotate_right(1);
    leaf
}

/// The tiles of each level that are not full yet.
struct Tiles<'t> {
    db: &'t Connection,
    /// The number of each, and its hashes.
    levels: Vec<(u64, Vec<Digest>)>,
}

impl Tiles<'_> {
    fn add(&mut self, level: usize, hash: Digest) -> rusqlite::Result<()> {
        if self.levels.len() == level {
            self.levels.push((0, Vec::new()));
        }
        let Some((number, hashes)) = self.levels.get_mut(level) else { return Ok(()) };
        hashes.push(hash);
        if u64::try_from(hashes.len()) != Ok(TILE_WIDTH) {
            return Ok(());
        }
        let (full, mut tile) = (*number, std::mem::take(hashes));
        *number += 1;
        self.put(level, full, &tile)?;
        while tile.len() > 1 {
            let (pairs, _) = tile.as_chunks::<2>();
            tile = pairs.iter().map(|[left, right]| node_hash(left, right)).collect();
        }
        tile.into_iter().try_for_each(|above| self.add(level + 1, above))
    }

    fn finish(&self) -> rusqlite::Result<()> {
        let partial = self.levels.iter().enumerate().filter(|(_, (_, tile))| !tile.is_empty());
        let mut partial = partial.map(|(level, (number, tile))| self.put(level, *number, tile));
        partial.try_for_each(|put| put)
    }

    fn put(&self, level: usize, number: u64, tile: &[Digest]) -> rusqlite::Result<()> {
        let bytes: Vec<u8> = tile.iter().flat_map(|hash| hash.0).collect();
        let insert = "INSERT INTO log_tiles (generation, level, number, hashes)
             VALUES (1, ?1, ?2, ?3) ON CONFLICT DO UPDATE SET hashes = excluded.hashes";
        self.db.prepare_cached(insert)?.execute(params![level, number, bytes])?;
        Ok(())
    }
}
