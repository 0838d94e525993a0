//! HQ's key lists.

use minicbor::bytes::ByteVec;
use rusqlite::Connection;

use crate::error::HqError;

/// All key lists, from the first on.
pub(crate) fn key_lists(db: &Connection) -> Result<Vec<ByteVec>, HqError> {
    let mut query = db.prepare_cached("SELECT bytes FROM key_lists ORDER BY number")?;
    let lists = query.query_map([], |row| Ok(row.get::<_, Vec<u8>>(0)?.into()))?;
    Ok(lists.collect::<Result<_, _>>()?)
}

/// Adds the next one.
pub(crate) fn add_key_list(db: &Connection, number: u32, list: &[u8]) -> Result<(), HqError> {
    db.execute("INSERT INTO key_lists (number, bytes) VALUES (?1, ?2)", (number, list))?;
    Ok(())
}
