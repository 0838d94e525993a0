//! HQ's log as this phone has seen it, in the store.

use crewseal_custody::cbor;
use crewseal_custody::log::SignedCheckpoint;
use crewseal_custody::logged::Receipt;
use crewseal_custody::signed::Signed;
use crewseal_custody::{Contradiction, HqKeys, Tick};

use super::log_view::{Learnt, LogView};
use super::persisted::stored;
use super::{CrewError, contradictions};
use crate::vault::{Collection, StoreError, Transaction};

/// What is known of an HQ's log, by that HQ's identity.
const LOG: Collection = Collection("log");

/// What is known of this HQ's log; nothing where that is damaged.
pub(super) fn read(t: &Transaction<'_>, hq: &HqKeys) -> Result<LogView, CrewError> {
    match t.get(LOG, &hq.identity().0) {
        Ok(Some(bytes)) => stored(&bytes),
        Ok(None) | Err(StoreError::ValueCorrupt) => Ok(LogView::default()),
        Err(error) => Err(error.into()),
    }
}

pub(super) fn put(t: &mut Transaction<'_>, hq: &HqKeys, view: &LogView) -> Result<(), CrewError> {
    Ok(t.put(LOG, &hq.identity().0, None, &cbor::to_vec(view))?)
}

/// Takes in what another phone showed. What is wrong with it comes out when HQ is asked.
pub(super) fn learn_from_other(
    t: &mut Transaction<'_>,
    hq: &HqKeys,
    tick: &Signed<Tick>,
) -> Result<(), CrewError> {
    let Some(learnt) = Learnt::of_tick(tick) else { return Ok(()) };
    let mut view = read(t, hq)?;
    let before = view.clone();
    view.learn(learnt);
    if view == before { Ok(()) } else { put(t, hq, &view) }
}

/// What becomes of what HQ says of its log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Heard {
    /// It is taken in, though it may contradict what HQ said before of the time.
    TakenIn(Option<Contradiction>),
    /// It is of no one log with what HQ said before.
    Refused(Contradiction),
}

/// Takes in what HQ itself says. What contradicts what it said before is kept as evidence.
pub(super) fn learn_from_hq(
    t: &mut Transaction<'_>,
    view: &mut LogView,
    learnt: Learnt,
) -> Result<Heard, CrewError> {
    if let Some(known) = view.contradicted_by(&learnt).or_else(|| view.rolled_back_by(&learnt)) {
        contradictions::keep(t, None, (&known.signed, &learnt.signed))?;
        return Ok(Heard::Refused(Contradiction::Logs));
    }
    let is_back = match view.is_back_from(&learnt) {
        Some(known) => contradictions::keep(t, None, (&known.signed, &learnt.signed))?,
        None => false,
    };
    view.learn(learnt);
    Ok(Heard::TakenIn(is_back.then_some(Contradiction::Time)))
}

/// HQ's time in the checkpoint of a receipt that was verified before it was kept.
pub(super) fn time_of(receipt: &Receipt, hq: &HqKeys) -> Option<u64> {
    let bytes = receipt.checkpoint.as_bytes();
    let signed = SignedCheckpoint::read_verified(bytes, hq.origin()).ok()?;
    Some(signed.checkpoint().at)
}
