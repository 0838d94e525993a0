//! Rolls of labels, and which roll a label is on.

use crewseal_custody::HqKeys;
use crewseal_custody::roll::{Leaf, Roll, RollHead};
use crewseal_custody::signed::{Digest, Signed};
use crewseal_label::Token;
use rusqlite::{Connection, OptionalExtension, params};

use super::columns::open_signed;
use crate::error::HqError;

/// The roll with this id, with all its labels.
pub(crate) fn roll(db: &Connection, hq: &HqKeys, id: &Digest) -> Result<Option<Roll>, HqError> {
    let found: Option<(i64, Vec<u8>)> = db
        .prepare_cached("SELECT number, head FROM rolls WHERE id = ?1")?
        .query_row([id.0], |row| Ok((row.get(0)?, row.get(1)?)))
        .optional()?;
    let Some((number, head)) = found else { return Ok(None) };
    let head = roll_head(&head, hq)?;
    let leaves = db
        .prepare_cached("SELECT token FROM labels WHERE roll = ?1 ORDER BY place")?
        .query_map([number], |row| Ok(Leaf::Token(Token::from_bytes(row.get(0)?))))?
        .collect::<Result<Vec<_>, _>>()?;
    Roll::new(head, leaves).map(Some).map_err(|_| HqError::Damaged { what: "a roll" })
}

/// The head of a roll, as it was signed.
pub(crate) fn roll_head(bytes: &[u8], hq: &HqKeys) -> Result<Signed<RollHead>, HqError> {
    open_signed(bytes, hq, "a roll")
}

/// The ids of all rolls, in the order in which they were minted.
pub(crate) fn roll_ids(db: &Connection) -> Result<Vec<Digest>, HqError> {
    let mut query = db.prepare_cached("SELECT id FROM rolls ORDER BY number")?;
    let ids = query.query_map([], |row| Ok(Digest(row.get(0)?)))?;
    Ok(ids.collect::<Result<_, _>>()?)
}

/// The roll that a label was minted on.
pub(crate) fn roll_of(db: &Connection, token: &Token) -> Result<Option<Digest>, HqError> {
    let roll = db
        .prepare_cached(
            "SELECT rolls.id FROM labels JOIN rolls ON rolls.number = labels.roll
             WHERE token = ?1",
        )?
        .query_row(params![token.as_bytes()], |row| row.get(0))
        .optional()?;
    Ok(roll.map(Digest))
}
