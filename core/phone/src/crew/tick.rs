//! HQ's ticks as they come, from HQ or from another phone: what a tick says of HQ's log must be of
//! the one log, and where HQ's time goes back that is kept.

use crewseal_custody::signed::Signed;
use crewseal_custody::{Contradiction, HqKeys, Tick};

use super::known_log::Heard;
use super::log_view::{Learnt, LogView};
use super::persisted::{KeptTick, ONLY, TICK, stored};
use super::{CrewError, contradictions, known_log};
use crate::vault::Transaction;

/// The newest tick that is here, if it is this HQ's.
pub(super) fn kept_tick(
    t: &Transaction<'_>,
    hq: &HqKeys,
) -> Result<Option<Signed<Tick>>, CrewError> {
    let Some(bytes) = t.get(TICK, ONLY)? else { return Ok(None) };
    Ok(hq.open(&stored::<KeptTick>(&bytes)?.tick).ok())
}

/// Whether of two ticks the one with the higher number is of an earlier time.
fn goes_back(one: &Tick, other: &Tick) -> bool {
    let (first, then) = if one.number < other.number { (one, other) } else { (other, one) };
    one.origin == other.origin && one.number != other.number && first.at > then.at
}

/// Keeps two ticks of which the later is of an earlier time; whether they are such.
pub(super) fn keep_if_back(
    t: &mut Transaction<'_>,
    known: &Signed<Tick>,
    told: &Signed<Tick>,
) -> Result<bool, CrewError> {
    let is_back = goes_back(known, told);
    if is_back {
        contradictions::keep(t, None, (known.as_bytes(), told.as_bytes()))?;
    }
    Ok(is_back)
}

/// Takes in what HQ's tick says of its log, and of the time: one by which that goes back is
/// evidence against HQ, and is gone on with, as HQ may have corrected its clock.
pub(super) fn from_hq(
    t: &mut Transaction<'_>,
    hq: &HqKeys,
    view: &mut LogView,
    tick: &Signed<Tick>,
) -> Result<Heard, CrewError> {
    let is_back = match kept_tick(t, hq)? {
        Some(known) => keep_if_back(t, &known, tick)?,
        None => false,
    };
    let heard = match Learnt::of_tick(tick) {
        Some(learnt) => known_log::learn_from_hq(t, view, learnt)?,
        // From before there was a log.
        None => Heard::TakenIn(None),
    };
    Ok(match heard {
        Heard::TakenIn(None) if is_back => Heard::TakenIn(Some(Contradiction::Time)),
        heard => heard,
    })
}
