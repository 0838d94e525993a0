//! Attachments in the store: photos that wait for HQ, chunk by sealed chunk.

use crewseal_custody::envelope::AttachmentKey;
use crewseal_custody::signed::{Digest, Signed};
use crewseal_custody::{AttachmentOutcome, AttachmentReceipt, EventId};
use rusqlite::{OptionalExtension, params};

use crate::vault::{Column, StoreError, Transaction};

/// What all attachments that wait may take on the phone unless it is set
/// otherwise: 1 GiB.
pub const QUOTA: u64 = 1 << 30;

/// An attachment that waits in the store.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Attached {
    /// Its digest, as in the event.
    pub digest: Digest,
    /// The event.
    pub event: EventId,
    /// Bytes of all its chunks.
    pub size: u64,
    /// Whether HQ could not open it: it is not what was sealed. It stays, and is not
    /// sent again.
    pub is_damaged: bool,
}

/// Seals content chunk by chunk into the store. How much room there is, the caller
/// asked [`taken`].
///
/// # Errors
/// [`StoreError`].
pub fn keep(
    transaction: &Transaction<'_>,
    event: EventId,
    key: &AttachmentKey,
    content: &[u8],
) -> Result<(), StoreError> {
    let size = i64::try_from(key.sealed_size()).map_err(|_| StoreError::Full)?;
    transaction
        .sql()
        .prepare_cached("INSERT INTO attachment (digest, event, size) VALUES (?1, ?2, ?3)")?
        .execute(params![key.digest.0, event.0, size])?;
    let mut insert = transaction
        .sql()
        .prepare_cached("INSERT INTO chunk (digest, number, sealed) VALUES (?1, ?2, ?3)")?;
    for (number, chunk) in (0_i64..).zip(key.seal(content)) {
        insert.execute(params![key.digest.0, number, chunk.map_err(|_| StoreError::Full)?])?;
    }
    Ok(())
}

/// What HQ's receipt did to an attachment: it is at HQ and gone from here, or it is kept
/// as damaged. The receipt's type says that its signature was verified.
///
/// # Errors
/// [`StoreError`].
pub fn settle(
    transaction: &Transaction<'_>,
    receipt: &Signed<AttachmentReceipt>,
) -> Result<(), StoreError> {
    match receipt.outcome {
        AttachmentOutcome::Stored => {
            let delete = "DELETE FROM attachment WHERE digest = ?1";
            transaction.sql().prepare_cached(delete)?.execute([receipt.digest.0])?;
            Ok(())
        }
        AttachmentOutcome::Altered => set_aside(transaction, &receipt.digest),
    }
}

/// Keeps an attachment as damaged: it is not sent again.
///
/// # Errors
/// [`StoreError`].
pub fn set_aside(transaction: &Transaction<'_>, digest: &Digest) -> Result<(), StoreError> {
    let update = "UPDATE attachment SET damaged = 1 WHERE digest = ?1";
    transaction.sql().prepare_cached(update)?.execute([digest.0])?;
    Ok(())
}

/// Puts a row of a damaged store in as it was, if it is one of an attachment. What is here
/// already stays.
pub(super) fn salvage(transaction: &Transaction<'_>, row: &[Column]) -> Result<(), StoreError> {
    if let [Column::Blob(digest), Column::Blob(event), Column::Integer(size), Column::Integer(_)] =
        row
        && digest.len() == 32
        && event.len() == 32
    {
        let insert = "INSERT OR IGNORE INTO attachment (digest, event, size) VALUES (?1, ?2, ?3)";
        transaction.sql().prepare_cached(insert)?.execute(params![digest, event, size])?;
    }
    Ok(())
}

/// Does the same if it is a row of a chunk, of an attachment that is here.
pub(super) fn salvage_chunk(
    transaction: &Transaction<'_>,
    row: &[Column],
) -> Result<(), StoreError> {
    if let [Column::Null, Column::Blob(digest), Column::Integer(number), Column::Blob(sealed)] = row
        && digest.len() == 32
    {
        let insert = "INSERT OR IGNORE INTO chunk (digest, number, sealed)
            SELECT ?1, ?2, ?3 WHERE EXISTS (SELECT 1 FROM attachment WHERE digest = ?1)";
        transaction.sql().prepare_cached(insert)?.execute(params![digest, number, sealed])?;
    }
    Ok(())
}

/// How many bytes all attachments that wait take.
///
/// # Errors
/// [`StoreError`].
pub fn taken(transaction: &Transaction<'_>) -> Result<u64, StoreError> {
    let select = "SELECT coalesce(sum(size), 0) FROM attachment";
    Ok(transaction.sql().prepare_cached(select)?.query_row([], |row| row.get(0))?)
}

/// The attachments that are here, oldest first.
///
/// # Errors
/// [`StoreError`].
pub fn kept(transaction: &Transaction<'_>) -> Result<Vec<Attached>, StoreError> {
    let select = "SELECT digest, event, size, damaged FROM attachment ORDER BY rowid";
    let mut statement = transaction.sql().prepare_cached(select)?;
    let rows = statement.query_map([], |row| {
        let (digest, event) = (Digest(row.get(0)?), Digest(row.get(1)?));
        Ok(Attached { digest, event, size: row.get(2)?, is_damaged: row.get(3)? })
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// The chunks from one number on, at most `limit` and without a gap, so that no more than
/// that is in memory; none after the last.
///
/// # Errors
/// [`StoreError`].
pub fn chunks(
    transaction: &Transaction<'_>,
    digest: &Digest,
    first: u32,
    limit: u32,
) -> Result<Vec<Vec<u8>>, StoreError> {
    let select = "SELECT sealed FROM chunk WHERE digest = ?1 AND number = ?2";
    let mut statement = transaction.sql().prepare_cached(select)?;
    let mut chunk = |number| statement.query_row(params![digest.0, number], |row| row.get(0));
    let numbers = first..first.saturating_add(limit);
    let chunks = numbers.map_while(|number| chunk(number).optional().transpose());
    Ok(chunks.collect::<Result<_, _>>()?)
}
