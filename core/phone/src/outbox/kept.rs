//! Entries that HQ has logged but not yet called replicated. They stay here, and wait again if
//! HQ loses the end of its log.

use crewseal_custody::envelope::Envelope;
use crewseal_custody::{DeviceId, EventId, JobId};
use rusqlite::params;

use crate::vault::{StoreError, Transaction};

/// How long an entry is kept at most, by HQ's time, in seconds: 90 days.
pub const LONGEST: u64 = 90 * 24 * 60 * 60;
/// How many bytes of envelopes are kept at most: 64 MiB.
pub const MOST: u64 = 64 << 20;

/// Where an event stands in HQ's log.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Placed {
    /// In which log.
    pub generation: u32,
    /// The place in it.
    pub place: u64,
    /// HQ's time when it was there, in seconds since 1970-01-01 UTC.
    pub at: u64,
}

/// Keeps the entry at this position.
pub(super) fn place(
    transaction: &Transaction<'_>,
    position: i64,
    placed: Placed,
) -> Result<(), StoreError> {
    let update = "UPDATE outbox SET parked = NULL, generation = ?2, place = ?3, placed_at = ?4
        WHERE position = ?1";
    let Placed { generation, place, at } = placed;
    let values = params![position, generation, integer(place), integer(at)];
    transaction.sql().prepare_cached(update)?.execute(values)?;
    Ok(())
}

/// Lets go of what HQ has a copy of: what stands before this size in a log.
///
/// # Errors
/// [`StoreError`].
pub fn replicated(
    transaction: &mut Transaction<'_>,
    generation: u32,
    size: u64,
) -> Result<(), StoreError> {
    let delete = "DELETE FROM outbox WHERE place IS NOT NULL AND generation = ?1 AND place < ?2";
    let values = params![generation, integer(size)];
    let gone = transaction.sql().prepare_cached(delete)?.execute(values)?;
    count_out(transaction, gone);
    Ok(())
}

/// Lets what stood in a log from this size on wait again, each in its order: HQ lost it.
///
/// # Errors
/// [`StoreError`].
pub fn wait_again(
    transaction: &Transaction<'_>,
    generation: u32,
    size: u64,
) -> Result<(), StoreError> {
    let update = "UPDATE outbox SET generation = NULL, place = NULL, placed_at = NULL
        WHERE place IS NOT NULL AND generation = ?1 AND place >= ?2";
    transaction.sql().prepare_cached(update)?.execute(params![generation, integer(size)])?;
    Ok(())
}

/// Lets go of what is kept for too long by HQ's newest time, and of the oldest where all of it
/// is too much.
///
/// # Errors
/// [`StoreError`].
pub fn let_go(transaction: &mut Transaction<'_>, now: u64) -> Result<(), StoreError> {
    let delete = "DELETE FROM outbox WHERE place IS NOT NULL AND placed_at <= ?1";
    if let Some(before) = now.checked_sub(LONGEST) {
        let gone = transaction.sql().prepare_cached(delete)?.execute([integer(before)])?;
        count_out(transaction, gone);
    }
    let too_many = oldest_beyond(transaction, MOST)?;
    for position in &too_many {
        let delete = "DELETE FROM outbox WHERE position = ?1";
        transaction.sql().prepare_cached(delete)?.execute([position])?;
    }
    count_out(transaction, too_many.len());
    Ok(())
}

/// The positions of the oldest entries that are more than this many bytes with all later ones.
fn oldest_beyond(transaction: &Transaction<'_>, most: u64) -> Result<Vec<i64>, StoreError> {
    let mut statement = transaction.sql().prepare_cached(
        "SELECT position, length(envelope) FROM outbox WHERE place IS NOT NULL
         ORDER BY position DESC",
    )?;
    let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?;
    let (mut bytes, mut beyond) = (0_u64, Vec::new());
    for row in rows {
        let (position, length): (i64, u64) = row?;
        bytes = bytes.saturating_add(length);
        if bytes > most {
            beyond.push(position);
        }
    }
    Ok(beyond)
}

/// Lets go of what is kept of a job. Of which job an entry is that an earlier version of the
/// app queued, nothing says but its number, of which `may_be` tells whether it can be one. Of
/// those of another device, which this phone was before, nothing says it at all: all of them
/// go.
///
/// # Errors
/// [`StoreError`].
pub fn forget(
    transaction: &mut Transaction<'_>,
    (device, job): (DeviceId, JobId),
    may_be: impl Fn((u32, u64)) -> bool,
) -> Result<(), StoreError> {
    let mut of_job = Vec::new();
    {
        let mut statement = transaction
            .sql()
            .prepare_cached("SELECT position, envelope, job FROM outbox WHERE place IS NOT NULL")?;
        let mut rows = statement.query([])?;
        while let Some(row) = rows.next()? {
            let (bytes, hash): (Vec<u8>, Option<[u8; 16]>) =
                (row.get(1)?, row.get(2).unwrap_or_default());
            let Ok(envelope) = Envelope::parse(&bytes) else { continue };
            let address = envelope.address();
            let is_of_job = hash.map_or_else(
                || may_be((address.generation, address.sequence)),
                |hash| hash == job_hash(transaction, job, &address.event),
            );
            if is_of_job || address.device != device {
                of_job.push(row.get::<_, i64>(0)?);
            }
        }
    }
    for position in &of_job {
        let delete = "DELETE FROM outbox WHERE position = ?1";
        transaction.sql().prepare_cached(delete)?.execute([position])?;
    }
    count_out(transaction, of_job.len());
    Ok(())
}

/// How many entries are kept.
pub(super) fn count(transaction: &Transaction<'_>) -> Result<u64, StoreError> {
    let select = "SELECT count(*) FROM outbox WHERE place IS NOT NULL";
    Ok(transaction.sql().prepare_cached(select)?.query_row([], |row| row.get(0))?)
}

/// By what an entry of a job is found when the job is forgotten.
pub(super) fn job_hash(transaction: &Transaction<'_>, job: JobId, event: &EventId) -> [u8; 16] {
    let hash = transaction.hashed("outbox job", &[&job.0[..], &event.0].concat());
    hash.first_chunk().copied().unwrap_or_default()
}

fn count_out(transaction: &mut Transaction<'_>, gone: usize) {
    transaction.add_to_counter(-i64::try_from(gone).unwrap_or(i64::MAX));
}

/// Sizes and times are far from where this would matter.
fn integer(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}
