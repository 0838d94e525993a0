//! The queue: envelopes in the store, waiting for a place in HQ's log.
//!
//! One is removed only [against](super::answered) a receipt which proves that its event stands in the log: that
//! it does was verified before, that it answers this very entry is checked in the transaction
//! that removes it. Until HQ says that it has a copy, it is [kept]. What HQ
//! refused stays, parked with the reason, also if a supervisor gives it up. What cannot be
//! sent even alone is set aside, and what the disk damaged stays as it is. None of them holds
//! up the others.

use std::collections::BTreeSet;

use crewseal_custody::cbor;
use crewseal_custody::envelope::{Address, Envelope, EpochHeader, EpochId};
use crewseal_custody::logged::LeafSalt;
use crewseal_custody::{DeviceId, EventId, JobId, Refusal};
use rusqlite::{Connection, OptionalExtension, params};

use super::answers::{Answers, Parked};
use super::kept;
use crate::vault::{Collection, StoreError, Transaction};

/// An entry as it waits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Waiting {
    /// Its place in the queue.
    pub position: i64,
    /// What is to be delivered.
    pub envelope: Envelope,
    /// What its event's leaf in HQ's log is salted with; none where it is not known any more.
    pub leaf_salt: Option<LeafSalt>,
}

/// What is known of an event when it is queued, and cannot be read any more afterwards.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Beside {
    /// What its leaf in HQ's log is salted with.
    pub leaf_salt: LeafSalt,
    /// Its job.
    pub job: JobId,
}

/// How the queue stands.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Status {
    /// Entries that wait.
    pub waiting: u64,
    /// Entries that HQ has, with its receipt verified, and that are kept until it has a copy.
    /// Nothing is to be done for them.
    pub kept: u64,
    /// Entries that HQ refused, with its reason and what was decided.
    pub parked: Vec<Parked>,
    /// Entries that could not be sent even alone. They stay, and are tried again when the
    /// store is opened the next time.
    pub set_aside: Vec<SetAside>,
    /// Entries that the disk damaged. They stay as they are, to be salvaged.
    pub damaged: u64,
}

/// An entry that could not be sent even alone, which is no word of HQ's on what is in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SetAside {
    /// Its event.
    pub event: EventId,
    /// Why.
    pub why: Undeliverable,
}

/// Why an entry cannot be sent even alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Undeliverable {
    /// HQ, or something before it, takes no request of this size.
    TooLarge,
    /// HQ does not put together what was sent.
    Differs,
}

impl Undeliverable {
    /// What stands in the column `parked`: above HQ's refusals.
    const fn number(self) -> u8 {
        match self {
            Self::TooLarge => 254,
            Self::Differs => 253,
        }
    }

    const fn from_number(number: u8) -> Option<Self> {
        match number {
            254 => Some(Self::TooLarge),
            253 => Some(Self::Differs),
            _ => None,
        }
    }
}

/// Stands in the column `parked` for an entry that is not what was written.
/// HQ's refusals are numbered from 1.
const DAMAGED: u8 = 0;
/// What was answered to entries, by event.
pub(super) const ANSWERS: Collection = Collection("answers");

/// Stores an epoch's header, twice, before its first entry.
///
/// # Errors
/// [`StoreError`].
pub fn begin_epoch(
    transaction: &Transaction<'_>,
    epoch: EpochId,
    header: &[u8],
) -> Result<(), StoreError> {
    for insert in [
        "INSERT INTO epoch (id, header) VALUES (?1, ?2)",
        "INSERT INTO epoch_copy (id, header) VALUES (?1, ?2)",
    ] {
        transaction.sql().execute(insert, params![epoch.0, header])?;
    }
    Ok(())
}

/// Puts an entry at the end, with what is known beside it.
///
/// # Errors
/// [`StoreError`].
pub fn push(
    transaction: &mut Transaction<'_>,
    envelope: &Envelope,
    beside: Option<&Beside>,
) -> Result<(), StoreError> {
    let event = envelope.address().event;
    let job = beside.map(|beside| kept::job_hash(transaction, beside.job, &event));
    let salt = beside.map(|beside| beside.leaf_salt.0);
    transaction
        .sql()
        .prepare_cached("INSERT INTO outbox (envelope, leaf_salt, job) VALUES (?1, ?2, ?3)")?
        .execute(params![envelope.as_bytes(), salt, job])?;
    transaction.add_to_counter(1);
    Ok(())
}

/// Which events are in the queue, whole and whatever their state.
///
/// # Errors
/// [`StoreError`].
pub fn events(transaction: &mut Transaction<'_>) -> Result<BTreeSet<EventId>, StoreError> {
    let mut statement = transaction.sql().prepare_cached("SELECT envelope FROM outbox")?;
    let mut rows = statement.query([])?;
    let mut events = BTreeSet::new();
    while let Some(row) = rows.next()? {
        let bytes: Vec<u8> = row.get(0)?;
        events.extend(Envelope::parse(&bytes).map(|envelope| envelope.address().event));
    }
    Ok(events)
}

/// What stands on the last entry of a device that is whole.
///
/// # Errors
/// [`StoreError`].
pub fn last(
    transaction: &Transaction<'_>,
    device: DeviceId,
) -> Result<Option<Address>, StoreError> {
    let mut statement =
        transaction.sql().prepare_cached("SELECT envelope FROM outbox ORDER BY position DESC")?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        let bytes: Vec<u8> = row.get(0)?;
        if let Ok(envelope) = Envelope::parse(&bytes)
            && envelope.address().device == device
        {
            return Ok(Some(*envelope.address()));
        }
    }
    Ok(None)
}

/// The first entries that wait after a position, at most `limit`. One that is
/// not what was written is set aside on the way, so that it stops nothing.
///
/// # Errors
/// [`StoreError`].
pub fn waiting(
    transaction: &Transaction<'_>,
    after: i64,
    limit: usize,
) -> Result<Vec<Waiting>, StoreError> {
    let mut entries = Vec::new();
    let mut after = after;
    while entries.len() < limit {
        let rows = rows_after(transaction, after, limit.saturating_sub(entries.len()))?;
        if rows.is_empty() {
            // Here the whole queue was gone through.
            check_rows(transaction)?;
            break;
        }
        for (position, bytes, salt) in rows {
            // A page that stands in another's place brings its own numbers.
            if position <= after {
                return Err(StoreError::DatabaseCorrupt);
            }
            after = position;
            match Envelope::parse(&bytes) {
                Ok(envelope) => {
                    let leaf_salt = salt.map(LeafSalt);
                    entries.push(Waiting { position, envelope, leaf_salt });
                }
                Err(_) => park(transaction, position, Some(DAMAGED))?,
            }
        }
    }
    Ok(entries)
}

/// The position of an entry, its envelope, and the salt of its leaf.
type Row = (i64, Vec<u8>, Option<[u8; 16]>);

fn rows_after(
    transaction: &Transaction<'_>,
    after: i64,
    limit: usize,
) -> Result<Vec<Row>, StoreError> {
    let mut statement = transaction.sql().prepare_cached(
        "SELECT position, envelope, leaf_salt FROM outbox
         WHERE parked IS NULL AND place IS NULL AND position > ?1 ORDER BY position LIMIT ?2",
    )?;
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    // A salt that the disk damaged is none: HQ is asked for it.
    let rows = statement.query_map([after, limit], |row| {
        Ok((row.get(0)?, row.get(1)?, row.get(2).unwrap_or_default()))
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// The column only finds what stands in [`Answers`] sooner.
pub(super) fn park(
    transaction: &Transaction<'_>,
    position: i64,
    reason: Option<u8>,
) -> Result<(), StoreError> {
    let update = "UPDATE outbox SET parked = ?2 WHERE position = ?1";
    transaction.sql().prepare_cached(update)?.execute(params![position, reason])?;
    Ok(())
}

/// Sets an entry aside that cannot be sent even alone, if it is still the one in its place.
///
/// # Errors
/// [`StoreError`].
pub fn set_aside(
    transaction: &Transaction<'_>,
    entry: &Waiting,
    why: Undeliverable,
) -> Result<(), StoreError> {
    if is_in_place(transaction, entry)? {
        park(transaction, entry.position, Some(why.number()))?;
    }
    Ok(())
}

/// Lets all that was set aside be tried again: the app may be a newer one, or HQ.
///
/// # Errors
/// [`StoreError`].
pub fn try_again(transaction: &Transaction<'_>) -> Result<(), StoreError> {
    let update = "UPDATE outbox SET parked = NULL WHERE parked IN (?1, ?2)";
    let numbers = [Undeliverable::TooLarge.number(), Undeliverable::Differs.number()];
    transaction.sql().prepare_cached(update)?.execute(numbers)?;
    Ok(())
}

pub(super) fn answers(
    transaction: &Transaction<'_>,
    event: &EventId,
) -> Result<Answers, StoreError> {
    let Some(bytes) = transaction.get(ANSWERS, &event.0)? else { return Ok(Answers::default()) };
    cbor::from_versioned::<_, 1>(&bytes).map_err(|_| StoreError::ValueCorrupt)
}

/// An epoch's header, from whichever of its two places still has it whole; none
/// if neither has. HQ may have it from an earlier batch.
pub fn header(transaction: &Transaction<'_>, epoch: EpochId) -> Option<Vec<u8>> {
    for select in
        ["SELECT header FROM epoch WHERE id = ?1", "SELECT header FROM epoch_copy WHERE id = ?1"]
    {
        let found = transaction
            .sql()
            .query_row(select, [epoch.0], |row| row.get::<_, Vec<u8>>(0))
            .optional();
        // Its id is its digest, so damage shows.
        if let Ok(Some(header)) = found
            && cbor::from_versioned::<EpochHeader, 1>(&header)
                .is_ok_and(|header| header.epoch() == epoch)
        {
            return Some(header);
        }
    }
    None
}

/// A place is given again once its entry is gone, so the bytes are compared. One that is kept
/// was settled already.
pub(super) fn is_in_place(
    transaction: &Transaction<'_>,
    entry: &Waiting,
) -> Result<bool, StoreError> {
    let select = "SELECT envelope = ?2 AND place IS NULL FROM outbox WHERE position = ?1";
    let found: Option<bool> = transaction
        .sql()
        .prepare_cached(select)?
        .query_row(params![entry.position, entry.envelope.as_bytes()], |row| row.get(0))
        .optional()?;
    Ok(found == Some(true))
}

/// How many entries there are, whatever their state.
///
/// # Errors
/// [`StoreError`].
pub fn count(transaction: &Transaction<'_>) -> Result<u64, StoreError> {
    Ok(u64::try_from(rows(transaction.sql())?).unwrap_or_default())
}

/// How many rows the queue has in a database.
pub(super) fn rows(connection: &Connection) -> Result<i64, StoreError> {
    let mut statement = connection.prepare_cached("SELECT count(*) FROM outbox")?;
    Ok(statement.query_row([], |row| row.get(0))?)
}

/// Compares the queue with the number of entries that it should have.
fn check_rows(transaction: &Transaction<'_>) -> Result<(), StoreError> {
    let is_whole = rows(transaction.sql())? == transaction.counter();
    if is_whole { Ok(()) } else { Err(StoreError::DatabaseCorrupt) }
}

/// How the queue stands. Only the entries that do not wait are read; the others
/// are counted.
///
/// # Errors
/// [`StoreError`].
pub fn status(transaction: &Transaction<'_>) -> Result<Status, StoreError> {
    check_rows(transaction)?;
    let kept = kept::count(transaction)?;
    let waiting = count(transaction)?.saturating_sub(kept);
    let mut status = Status { waiting, kept, ..Status::default() };
    let mut statement = transaction.sql().prepare_cached(
        "SELECT envelope, parked FROM outbox WHERE parked IS NOT NULL ORDER BY position",
    )?;
    let rows =
        statement.query_map([], |row| Ok((row.get::<_, Vec<u8>>(0)?, row.get::<_, u8>(1)?)))?;
    for row in rows {
        let (bytes, number) = row?;
        status.waiting = status.waiting.saturating_sub(1);
        let Ok(envelope) = Envelope::parse(&bytes) else {
            status.damaged += 1;
            continue;
        };
        let event = envelope.address().event;
        if let Some(why) = Undeliverable::from_number(number) {
            status.set_aside.push(SetAside { event, why });
            continue;
        }
        let parked = answers(transaction, &event)?.parked().or_else(|| {
            // What HQ answered is damaged here.
            let reason = Refusal::from_number(number)?;
            Some(Parked { event, reason, refusal: None, given_up: None })
        });
        match parked {
            Some(parked) => status.parked.push(parked),
            None => status.damaged += 1,
        }
    }
    Ok(status)
}

/// The numbers, generation and sequence, of a device's entries that wait.
///
/// # Errors
/// [`StoreError`].
pub fn numbers(
    transaction: &Transaction<'_>,
    device: DeviceId,
) -> Result<Vec<(u32, u64)>, StoreError> {
    let mut statement = transaction
        .sql()
        .prepare_cached("SELECT envelope FROM outbox WHERE parked IS NULL AND place IS NULL")?;
    let mut rows = statement.query([])?;
    let mut numbers = Vec::new();
    while let Some(row) = rows.next()? {
        let Ok(envelope) = Envelope::parse(&row.get::<_, Vec<u8>>(0)?) else { continue };
        let address = envelope.address();
        if address.device == device {
            numbers.push((address.generation, address.sequence));
        }
    }
    Ok(numbers)
}
