//! HQ's list of revoked devices: it only grows, stands in HQ's log, and comes when HQ's ticks
//! say that there is a newer one.

use std::collections::BTreeSet;

use crewseal_custody::logged::ActKind;
use crewseal_custody::signed::{Digest, Signed, Unverified};
use crewseal_custody::wire::{Cursor, RevocationNews};
use crewseal_custody::{Contradiction, HqKeys, Revocations, Tick};

use super::CrewError;
use super::contradictions;
use super::log_view::LogView;
use super::persisted::{ONLY, REVOCATIONS};
use super::trust::read_revocations;
use crate::vault::{StoreError, Transaction};

/// A list of revoked devices, and whether it stands in the log as the tick beside it has it.
pub(super) struct ToldRevocations {
    pub(super) cursor: Cursor,
    list: Option<Signed<Revocations>>,
    is_logged: bool,
}

impl ToldRevocations {
    pub(super) fn open(news: &RevocationNews, tick: &Tick, hq: &HqKeys) -> Result<Self, CrewError> {
        let list = news.list.as_ref().map(|bytes| hq.open::<Revocations>(bytes)).transpose();
        let list = list.map_err(CrewError::FromHq)?;
        let is_logged = list.as_ref().is_none_or(|list| {
            let proof = news.proof.as_ref().zip(tick.log.as_ref());
            let of = ActKind::Revocations;
            proof.is_some_and(|(proof, head)| proof.proves(of, &list.id(), head))
        });
        Ok(Self { cursor: news.cursor.clone(), list, is_logged })
    }
}

/// Keeps a newer list. One that is not in the log, or that takes something back, is refused,
/// and kept as evidence.
pub(super) fn keep(
    t: &mut Transaction<'_>,
    hq: &HqKeys,
    told: &ToldRevocations,
    tick: &Signed<Tick>,
) -> Result<Option<Contradiction>, CrewError> {
    let Some(list) = &told.list else { return Ok(None) };
    let before = read_revocations(t, hq)?;
    let how = before.as_ref().and_then(|before| list.contradicts(before));
    let refused = match (&before, how) {
        (Some(before), Some(how)) => Some((before.as_bytes(), how)),
        _ if !told.is_logged => Some((tick.as_bytes(), Contradiction::NotLogged)),
        _ => None,
    };
    if let Some((known, how)) = refused {
        contradictions::keep(t, None, (known, list.as_bytes()))?;
        return Ok(Some(how));
    }
    if before.is_none_or(|before| before.epoch < list.epoch) {
        t.put(REVOCATIONS, ONLY, None, list.as_bytes())?;
    }
    Ok(None)
}

/// Whether HQ's ticks have named more revocations than HQ told for longer than that may take.
pub(super) fn untold(
    t: &mut Transaction<'_>,
    hq: &HqKeys,
    view: &mut LogView,
    tick: &Signed<Tick>,
) -> Result<Option<Contradiction>, CrewError> {
    let known = read_revocations(t, hq)?;
    let told = known.as_ref().map_or(0, |list| list.epoch);
    if !view.are_untold((tick.epoch.unwrap_or(0), told), tick.at) {
        return Ok(None);
    }
    let known = known.map_or_else(Vec::new, |list| list.as_bytes().to_vec());
    contradictions::keep(t, None, (&known, tick.as_bytes()))?;
    Ok(Some(Contradiction::Withheld))
}

/// The id of the list that is here, if there is one.
pub(super) fn id(t: &Transaction<'_>) -> Result<BTreeSet<Digest>, CrewError> {
    let bytes = match t.get(REVOCATIONS, ONLY) {
        Err(StoreError::ValueCorrupt) => None,
        read => read?,
    };
    let list = bytes.and_then(|bytes| Unverified::<Revocations>::parse(&bytes).ok());
    Ok(list.map(|list| list.id()).into_iter().collect())
}
