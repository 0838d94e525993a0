//! What HQ's answers and supervisors' decisions do to entries of the queue.

use crewseal_custody::cbor;
use crewseal_custody::envelope::Envelope;
use crewseal_custody::logged::ProvenEvent;
use crewseal_custody::resolution::{Decision, Resolution};
use crewseal_custody::signed::Signed;
use crewseal_custody::{EventId, Outcome, Rejection};

use super::kept::{self, Placed};
use super::queue::{ANSWERS, Waiting, answers, is_in_place, park};
use crate::vault::{StoreError, Transaction};

/// Stands there for an entry that a supervisor gave up.
const GIVEN_UP: u8 = 255;

/// What HQ's answer did to the queue.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Settled {
    /// The entry is at HQ, and gone from here or kept until HQ has a copy.
    Delivered,
    /// HQ refused it; it is parked.
    Parked,
    /// No entry of this event waits here.
    Unknown,
}

/// Lets an entry go whose event stands in HQ's log, or keeps it as one that does not wait any
/// more. That the event stands there was proven; that it is the one of this entry is checked
/// here, and that this entry is still the one in its place.
///
/// # Errors
/// [`StoreError`].
pub fn settle(
    transaction: &mut Transaction<'_>,
    entry: &Waiting,
    proven: &ProvenEvent,
    keep: Option<Placed>,
) -> Result<Settled, StoreError> {
    let address = entry.envelope.address();
    let logged = &proven.logged;
    let answers_it = (proven.id, logged.device, logged.generation, logged.sequence)
        == (address.event, address.device, address.generation, address.sequence);
    if !answers_it || !is_in_place(transaction, entry)? {
        return Ok(Settled::Unknown);
    }
    // Of a job that was erased nothing is kept.
    match keep.filter(|_| logged.outcome != Outcome::Erased) {
        Some(placed) => kept::place(transaction, entry.position, placed)?,
        None => {
            let delete = "DELETE FROM outbox WHERE position = ?1";
            transaction.sql().prepare_cached(delete)?.execute([entry.position])?;
            transaction.add_to_counter(-1);
        }
    }
    transaction.remove(ANSWERS, &address.event.0)?;
    Ok(Settled::Delivered)
}

/// Parks an entry that HQ refused. The rejection's type says that its signature was verified;
/// the rest is checked as above.
///
/// # Errors
/// [`StoreError`].
pub fn refuse(
    transaction: &mut Transaction<'_>,
    entry: &Waiting,
    rejection: &Signed<Rejection>,
) -> Result<Settled, StoreError> {
    let address = entry.envelope.address();
    let answers_it = (rejection.event, rejection.device, rejection.generation, rejection.sequence)
        == (address.event, address.device, address.generation, address.sequence);
    if !answers_it || !is_in_place(transaction, entry)? {
        return Ok(Settled::Unknown);
    }
    let mut answers = answers(transaction, &address.event)?;
    answers.refuse(rejection.as_bytes());
    transaction.put(ANSWERS, &address.event.0, None, &cbor::to_vec(&answers))?;
    park(transaction, entry.position, Some(rejection.refusal.number()))?;
    Ok(Settled::Parked)
}

/// Does what a supervisor decided on a parked entry. The resolution's type says
/// that its signature was verified; whose it is, the caller checked.
///
/// Says whether an entry waited for this decision.
///
/// # Errors
/// [`StoreError`].
pub fn resolve(
    transaction: &mut Transaction<'_>,
    resolution: &Signed<Resolution>,
) -> Result<bool, StoreError> {
    let mut answers = answers(transaction, &resolution.event)?;
    let is_awaited = answers.parked().is_some_and(|parked| {
        parked.refusal == Some(resolution.refusal) && parked.given_up.is_none()
    });
    let Some(position) = parked_position(transaction, &resolution.event)?.filter(|_| is_awaited)
    else {
        return Ok(false);
    };
    answers.resolve(resolution.as_bytes());
    transaction.put(ANSWERS, &resolution.event.0, None, &cbor::to_vec(&answers))?;
    let stands = match resolution.decision {
        Decision::SendAgain => None,
        Decision::GiveUp => Some(GIVEN_UP),
    };
    park(transaction, position, stands)?;
    Ok(true)
}

fn parked_position(
    transaction: &Transaction<'_>,
    event: &EventId,
) -> Result<Option<i64>, StoreError> {
    let mut statement = transaction.sql().prepare_cached(
        "SELECT position, envelope FROM outbox WHERE parked IS NOT NULL ORDER BY position",
    )?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        let bytes: Vec<u8> = row.get(1)?;
        if Envelope::parse(&bytes).is_ok_and(|envelope| envelope.address().event == *event) {
            return Ok(Some(row.get(0)?));
        }
    }
    Ok(None)
}
