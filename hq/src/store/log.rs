//! HQ's log as it lies in the database: leaves, tiles, and where things stand.

use crewseal_custody::cbor;
use crewseal_custody::logged::{LeafSalt, Logged};
use crewseal_custody::signed::{Digest, Unverified};
use crewseal_custody::{DeviceId, Event, EventId, Outcome, Salt};
use data_encoding::HEXLOWER;
use rusqlite::{Connection, OptionalExtension, Row, params};

use super::columns::{column, number};
use crate::error::HqError;

const DAMAGED: HqError = HqError::Damaged { what: "the log" };

/// One of HQ's logs.
pub(crate) struct StoredLog {
    pub(crate) generation: u32,
    pub(crate) size: u64,
    /// The newest, signed.
    pub(crate) checkpoint: String,
    pub(crate) replicated: Option<u64>,
    /// How it began; none of the first.
    pub(crate) restore: Option<Vec<u8>>,
}

fn stored_log(row: &Row<'_>) -> rusqlite::Result<StoredLog> {
    Ok(StoredLog {
        generation: row.get(0)?,
        size: number(row.get(1)?),
        checkpoint: row.get(2)?,
        replicated: row.get::<_, Option<i64>>(3)?.map(number),
        restore: row.get(4)?,
    })
}

const LOG: &str = "SELECT generation, size, checkpoint, replicated, restore FROM logs";

/// The log that HQ writes; none where it has none yet.
pub(crate) fn newest_log(db: &Connection) -> Result<Option<StoredLog>, HqError> {
    let mut query = db.prepare_cached(&format!("{LOG} ORDER BY generation DESC LIMIT 1"))?;
    Ok(query.query_row([], stored_log).optional()?)
}

/// The log of this generation.
pub(crate) fn log_of(db: &Connection, generation: u32) -> Result<Option<StoredLog>, HqError> {
    let mut query = db.prepare_cached(&format!("{LOG} WHERE generation = ?1"))?;
    Ok(query.query_row([generation], stored_log).optional()?)
}

/// All logs, from the first on.
pub(crate) fn logs(db: &Connection) -> Result<Vec<StoredLog>, HqError> {
    let mut query = db.prepare_cached(&format!("{LOG} ORDER BY generation"))?;
    Ok(query.query_map([], stored_log)?.collect::<Result<_, _>>()?)
}

/// Begins a log with nothing in it. It has no checkpoint until something is.
pub(crate) fn begin_log(
    db: &Connection,
    generation: u32,
    restore: Option<&[u8]>,
) -> Result<(), HqError> {
    db.execute(
        "INSERT INTO logs (generation, size, checkpoint, restore) VALUES (?1, 0, '', ?2)",
        params![generation, restore],
    )?;
    Ok(())
}

/// Notes a log's newest size and checkpoint.
pub(crate) fn note_checkpoint(
    db: &Connection,
    (generation, size): (u32, u64),
    checkpoint: &str,
) -> Result<(), HqError> {
    db.prepare_cached("UPDATE logs SET size = ?2, checkpoint = ?3 WHERE generation = ?1")?
        .execute(params![generation, column(size), checkpoint])?;
    Ok(())
}

/// Notes up to which size a backup has a log.
pub(crate) fn note_replicated(db: &Connection, generation: u32, size: u64) -> Result<(), HqError> {
    let update = "UPDATE logs SET replicated = ?2 WHERE generation = ?1";
    db.execute(update, (generation, column(size)))?;
    Ok(())
}

/// Puts a leaf into its place.
pub(crate) fn add_leaf(
    db: &Connection,
    (generation, place): (u32, u64),
    bytes: &[u8],
) -> Result<(), HqError> {
    db.prepare_cached("INSERT INTO log_leaves (generation, place, bytes) VALUES (?1, ?2, ?3)")?
        .execute(params![generation, column(place), bytes])?;
    Ok(())
}

/// So many leaves from a place on, as many of them as there are.
pub(crate) fn leaves(
    db: &Connection,
    (generation, first): (u32, u64),
    count: u64,
) -> Result<Vec<Vec<u8>>, HqError> {
    let mut query = db.prepare_cached(
        "SELECT bytes FROM log_leaves WHERE generation = ?1 AND place >= ?2
         ORDER BY place LIMIT ?3",
    )?;
    let leaves = query
        .query_map((generation, column(first), column(count)), |row| row.get::<_, Vec<u8>>(0))?;
    Ok(leaves.collect::<Result<_, _>>()?)
}

/// The hashes of a tile, as many as it has; none if it has none.
pub(crate) fn tile(
    db: &Connection,
    (generation, level, place): (u32, u32, u64),
) -> Result<Option<Vec<u8>>, HqError> {
    let mut query = db.prepare_cached(
        "SELECT hashes FROM log_tiles WHERE generation = ?1 AND level = ?2 AND number = ?3",
    )?;
    Ok(query.query_row((generation, level, column(place)), |row| row.get(0)).optional()?)
}

/// Puts a tile where it belongs, in place of one that had fewer hashes.
pub(crate) fn put_tile(
    db: &Connection,
    (generation, level, place): (u32, u32, u64),
    hashes: &[u8],
) -> Result<(), HqError> {
    db.prepare_cached(
        "INSERT INTO log_tiles (generation, level, number, hashes) VALUES (?1, ?2, ?3, ?4)
         ON CONFLICT DO UPDATE SET hashes = excluded.hashes",
    )?
    .execute(params![generation, level, column(place), hashes])?;
    Ok(())
}

/// Notes where an act of HQ's own stands.
pub(crate) fn add_act(
    db: &Connection,
    (generation, place): (u32, u64),
    message: &Digest,
    salt: &Salt,
) -> Result<(), HqError> {
    db.prepare_cached(
        "INSERT INTO log_acts (message, generation, place, salt) VALUES (?1, ?2, ?3, ?4)",
    )?
    .execute(params![message.0, generation, column(place), salt.0])?;
    Ok(())
}

/// Where a message of HQ's stands in a log, and what its leaf is salted with.
pub(crate) fn act_in(
    db: &Connection,
    generation: u32,
    message: &Digest,
) -> Result<Option<(u64, Salt)>, HqError> {
    let mut query = db.prepare_cached(
        "SELECT place, salt FROM log_acts WHERE message = ?1 AND generation = ?2",
    )?;
    let row = |row: &Row<'_>| Ok((number(row.get(0)?), Salt(row.get(1)?)));
    Ok(query.query_row((message.0, generation), row).optional()?)
}

/// Whether a message of HQ's stands in any log.
pub(crate) fn is_act(db: &Connection, message: &Digest) -> Result<bool, HqError> {
    Ok(db.prepare_cached("SELECT 1 FROM log_acts WHERE message = ?1")?.exists([message.0])?)
}

/// Where an event stands, and what HQ says of it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct PlacedEvent {
    pub(crate) id: EventId,
    pub(crate) log: u32,
    pub(crate) place: u64,
    pub(crate) salt: LeafSalt,
    pub(crate) logged: Logged,
}

const PLACED: &str =
    "SELECT id, log, place, outcome, logged_at, device, generation, sequence, bytes
     FROM events";

fn placed_event(row: &Row<'_>) -> rusqlite::Result<Result<PlacedEvent, HqError>> {
    let (log, place): (Option<u32>, Option<i64>) = (row.get(1)?, row.get(2)?);
    let (outcome, at): (Option<Vec<u8>>, Option<i64>) = (row.get(3)?, row.get(4)?);
    let (device, generation, sequence): ([u8; 16], u32, i64) =
        (row.get(5)?, row.get(6)?, row.get(7)?);
    let bytes: Vec<u8> = row.get(8)?;
    let id = Digest(row.get(0)?);
    Ok((|| {
        let outcome: Outcome = cbor::from_slice(&outcome.ok_or(DAMAGED)?).map_err(|_| DAMAGED)?;
        let event = Unverified::<Event>::parse(&bytes).map_err(|_| DAMAGED)?;
        let (log, place) = log.zip(place).ok_or(DAMAGED)?;
        Ok(PlacedEvent {
            id,
            log,
            place: number(place),
            salt: LeafSalt::of(event.claims()),
            logged: Logged {
                device: DeviceId(device),
                generation,
                sequence: number(sequence),
                outcome,
                at: number(at.ok_or(DAMAGED)?),
            },
        })
    })())
}

/// Where an event stands; none if HQ does not have it.
pub(crate) fn placed(db: &Connection, event: &EventId) -> Result<Option<PlacedEvent>, HqError> {
    let mut query = db.prepare_cached(&format!("{PLACED} WHERE id = ?1"))?;
    query.query_row([event.0], placed_event).optional()?.transpose()
}

/// Two of the events whose ids begin with these digits, in lower case, if there are as many.
pub(crate) fn events_beginning(db: &Connection, digits: &str) -> Result<Vec<EventId>, HqError> {
    let end = |filled: char| {
        let digits: String = digits.chars().chain(std::iter::repeat(filled)).take(64).collect();
        HEXLOWER.decode(digits.as_bytes()).unwrap_or_default()
    };
    let mut query = db.prepare("SELECT id FROM events WHERE id BETWEEN ?1 AND ?2 LIMIT 2")?;
    let ids = query.query_map((end('0'), end('f')), |row| row.get(0).map(Digest))?;
    Ok(ids.collect::<Result<_, _>>()?)
}

/// Where the events of a device stand, of one of its generations up to this number.
pub(crate) fn placed_of(
    db: &Connection,
    (device, generation): (&DeviceId, u32),
    last: u64,
) -> Result<Vec<PlacedEvent>, HqError> {
    let mut query = db.prepare_cached(&format!(
        "{PLACED} WHERE device = ?1 AND generation = ?2 AND sequence <= ?3 ORDER BY sequence, id"
    ))?;
    let rows = query.query_map((device.0, generation, column(last)), placed_event)?;
    rows.map(|row| row?).collect()
}

/// The newest time that HQ wrote, and how often its clock was corrected.
pub(crate) fn newest_time(db: &Connection) -> Result<(u64, i64), HqError> {
    let mut query = db.prepare_cached("SELECT newest, corrections FROM hq_time")?;
    Ok(query.query_row([], |row| Ok((number(row.get(0)?), row.get(1)?)))?)
}

/// Notes the newest time that HQ wrote.
pub(crate) fn note_time(db: &Connection, newest: u64) -> Result<(), HqError> {
    db.prepare_cached("UPDATE hq_time SET newest = ?1")?.execute([column(newest)])?;
    Ok(())
}

/// Keeps a correction of the clock, and counts it.
pub(crate) fn add_correction(db: &Connection, bytes: &[u8]) -> Result<(), HqError> {
    db.execute("INSERT INTO clock_corrections (bytes) VALUES (?1)", [bytes])?;
    db.execute("UPDATE hq_time SET corrections = corrections + 1", [])?;
    Ok(())
}
