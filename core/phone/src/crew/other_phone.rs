//! The other phone: who shows what was scanned, whether it may be believed, and what can be
//! shown to it.

use crewseal_custody::cbor;
use crewseal_custody::handoff::HandoffError;
use crewseal_custody::handoff::text::MAX_MESSAGE;
use crewseal_custody::signed::{Message, PublicKey, Signed};
use crewseal_custody::{Credential, DeviceId, HqKeys, HqMessage, Tick};
use minicbor::bytes::ByteVec;

use super::CrewError;
use super::persisted::{KeptTick, ONLY, TICK};
use super::phone::Phone;
use super::trust::Trust;
use super::{known_log, tick};
use crate::vault::Transaction;

/// Whether this device introduces itself to the one that reads what it shows: puts its
/// credential in, for somebody on whose rosters it is not.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Introduction {
    /// It does not: the other one knows it.
    Omitted,
    /// It does. What is shown gets larger.
    Included,
}

impl Introduction {
    /// The credential, if it is to be shown.
    pub(super) fn of(self, credential: &Signed<Credential>) -> Option<&Signed<Credential>> {
        match self {
            Self::Omitted => None,
            Self::Included => Some(credential),
        }
    }
}

impl Phone {
    /// Keeps a tick of another phone that is newer than this one's. The next event here names
    /// it, and at the next sync HQ must show that its log is the one which the tick says: so
    /// an HQ that tells two phones two stories is found out. One by which HQ's time goes back
    /// is kept as evidence and for nothing else.
    pub(super) fn keep_newer(
        &self,
        t: &mut Transaction<'_>,
        tick: Option<&Signed<Tick>>,
        trust: Trust,
    ) -> Result<Trust, CrewError> {
        let Some(tick) = tick else { return Ok(trust) };
        if tick::keep_if_back(t, &trust.tick, tick)? {
            return Ok(trust);
        }
        known_log::learn_from_other(t, &trust.hq, tick)?;
        if tick.number <= trust.tick.number {
            return Ok(trust);
        }
        let kept = KeptTick::of(tick, self.clock.as_ref());
        t.put(TICK, ONLY, None, &cbor::to_vec(&kept))?;
        Ok(Trust { tick: tick.clone(), ..trust })
    }
}

/// A message that a phone can show: nothing is signed and kept that cannot be.
pub(super) fn showable(message: Vec<u8>) -> Result<Vec<u8>, CrewError> {
    if message.len() > MAX_MESSAGE { Err(CrewError::TooMuch) } else { Ok(message) }
}

/// What was verified before it was kept, verified again.
pub(super) fn again<T: Message>(bytes: &[u8], key: &PublicKey) -> Result<Signed<T>, CrewError> {
    Signed::open(bytes, key).map_err(|_| HandoffError::Damaged.into())
}

/// The same of HQ's word.
pub(super) fn again_from_hq<T: HqMessage>(
    bytes: &[u8],
    hq: &HqKeys,
) -> Result<Signed<T>, CrewError> {
    hq.open(bytes).map_err(|_| HandoffError::Damaged.into())
}

/// The credential of a device, from the job's roster or as it came along.
pub(super) fn known_credential(
    roster: &[ByteVec],
    enclosed: Option<&Signed<Credential>>,
    device: DeviceId,
    trust: &Trust,
) -> Result<Signed<Credential>, CrewError> {
    let on_roster = roster.iter().filter_map(|bytes| trust.hq.open::<Credential>(bytes).ok());
    // HQ may have renewed its word since the roster came.
    on_roster
        .chain(enclosed.cloned())
        .filter(|credential| credential.device() == device)
        .max_by_key(|credential| credential.serial)
        .ok_or(CrewError::Stranger)
}
