//! The receipts that HQ gave: for each batch the checkpoint, the places and the proof, so that
//! HQ cannot deny later what it took in. They name events by their ids and say nothing of what
//! was done.

use crewseal_custody::cbor::{self, Version};
use crewseal_custody::logged::{ProvenEvent, Receipt};
use crewseal_custody::wire::KeyLists;
use crewseal_custody::{EventId, HqKeys, Outcome};

use super::CrewError;
use super::known_log;
use super::persisted::read_enrolment;
use super::phone::Crew;
use crate::outbox::queue;
use crate::vault::{Collection, StoreError, Transaction};

/// One for each batch, by its places.
const RECEIPTS: Collection = Collection("receipts");
/// How long they are kept, by HQ's time, in seconds: 3 years, the term of evidence.
pub(super) const TERM: u64 = 3 * 365 * 24 * 60 * 60;

/// What HQ's receipt for an event proves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HqReceipt {
    /// In which of HQ's logs the event stands: 1, and one more each time that HQ lost the end
    /// of one.
    pub log: u32,
    /// Its place in it, from 0.
    pub place: u64,
    /// HQ's time, in seconds since 1970-01-01 UTC.
    pub at: u64,
    /// What became of it.
    pub outcome: Outcome,
}

/// A receipt, and by what anybody can check it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReceiptEvidence {
    /// The receipt for the batch in which the event went: a
    /// [`Receipt`](crewseal_custody::logged::Receipt).
    pub receipt: Vec<u8>,
    /// HQ's key lists from the first: [`KeyLists`].
    pub key_lists: Vec<u8>,
}

impl Crew {
    /// What HQ's receipt for an event of this phone proves; none before HQ gave one, three
    /// years after, and while HQ has lost the event.
    ///
    /// # Errors
    /// [`CrewError::NotEnrolled`] and [`CrewError::Store`].
    pub fn hq_receipt(&self, event: EventId) -> Result<Option<HqReceipt>, CrewError> {
        self.phone.state()?.store.transaction(|t| {
            let hq = read_enrolment(t)?.keys()?;
            let found = find(t, &hq, event)?;
            Ok(found.map(|(_, log, proven)| {
                let ProvenEvent { place, logged, .. } = proven;
                HqReceipt { log, place, at: logged.at, outcome: logged.outcome }
            }))
        })
    }

    /// The receipt itself, with HQ's key lists: evidence that needs nobody's word but that of
    /// HQ's identity. None as above, but for what HQ has lost there is one, too.
    ///
    /// # Errors
    /// [`CrewError::NotEnrolled`] and [`CrewError::Store`].
    pub fn receipt_evidence(&self, event: EventId) -> Result<Option<ReceiptEvidence>, CrewError> {
        self.phone.state()?.store.transaction(|t| {
            let hq = read_enrolment(t)?.keys()?;
            let found = match find(t, &hq, event)? {
                Some((receipt, ..)) => Some(receipt),
                None => read(t)?.into_iter().rev().find(|receipt| names(receipt, &event)),
            };
            let lists = KeyLists { version: Version, lists: hq.lists().to_vec() };
            Ok(found.map(|receipt| ReceiptEvidence {
                receipt: cbor::to_vec(&receipt),
                key_lists: cbor::to_vec(&lists),
            }))
        })
    }

    /// The events that HQ gave a receipt for and has lost, and that are not here any more to be
    /// sent again. Their receipts are evidence: [`receipt_evidence`](Self::receipt_evidence).
    ///
    /// # Errors
    /// [`CrewError::NotEnrolled`] and [`CrewError::Store`].
    pub fn receipted_and_lost(&self) -> Result<Vec<EventId>, CrewError> {
        self.phone.state()?.store.transaction(|t| {
            let hq = read_enrolment(t)?.keys()?;
            let view = known_log::read(t, &hq)?;
            if !view.was_restored() {
                return Ok(Vec::new());
            }
            let mut here = queue::events(t)?;
            let mut lost = Vec::new();
            for receipt in read(t)?.into_iter().rev() {
                let Ok(proven) = receipt.verify(&hq) else { continue };
                let log = proven.checkpoint.checkpoint().head.generation;
                for event in proven.events.into_iter().rev() {
                    // Later receipts come first: of what HQ has again nothing is lost.
                    let is_new = here.insert(event.id);
                    if is_new && view.is_void(log, event.place) {
                        lost.push(event.id);
                    }
                }
            }
            lost.reverse();
            Ok(lost)
        })
    }
}

/// The newest receipt for an event that holds and that HQ has not lost.
fn find(
    t: &Transaction<'_>,
    hq: &HqKeys,
    event: EventId,
) -> Result<Option<(Receipt, u32, ProvenEvent)>, CrewError> {
    let view = known_log::read(t, hq)?;
    for receipt in read(t)?.into_iter().rev().filter(|receipt| names(receipt, &event)) {
        let Ok(proven) = receipt.verify(hq) else { continue };
        let log = proven.checkpoint.checkpoint().head.generation;
        let found = proven.events.into_iter().find(|proven| proven.id == event);
        if let Some(found) = found.filter(|found| !view.is_void(log, found.place)) {
            return Ok(Some((receipt, log, found)));
        }
    }
    Ok(None)
}

fn names(receipt: &Receipt, event: &EventId) -> bool {
    let (ids, _) = receipt.events.as_chunks::<32>();
    ids.contains(&event.0)
}

/// All that are whole, the oldest first.
fn read(t: &Transaction<'_>) -> Result<Vec<Receipt>, CrewError> {
    let all = t.whole(RECEIPTS)?;
    all.iter().map(|bytes| parse(bytes)).collect()
}

fn parse(bytes: &[u8]) -> Result<Receipt, CrewError> {
    cbor::from_versioned::<Receipt, 2>(bytes).map_err(|_| StoreError::ValueCorrupt.into())
}

/// Keeps the receipt for a batch.
pub(super) fn keep(t: &mut Transaction<'_>, receipt: &Receipt) -> Result<(), CrewError> {
    Ok(t.put(RECEIPTS, &name(receipt), None, &cbor::to_vec(receipt))?)
}

/// What names one: no two batches have the same places under the same checkpoint.
fn name(receipt: &Receipt) -> Vec<u8> {
    let name = ring::digest::digest(&ring::digest::SHA256, &cbor::to_vec(receipt));
    name.as_ref().to_vec()
}

/// Lets go of what is older than the term. They came in the order of HQ's time.
pub(super) fn purge(t: &mut Transaction<'_>, hq: &HqKeys, now: u64) -> Result<(), CrewError> {
    while let Some(bytes) = t.oldest(RECEIPTS)? {
        let receipt = parse(&bytes)?;
        let at = known_log::time_of(&receipt, hq);
        if at.is_none_or(|at| at.saturating_add(TERM) > now) {
            break;
        }
        t.remove(RECEIPTS, &name(&receipt))?;
    }
    Ok(())
}
