//! Cursors: up to where a phone knows a stream. The phone only keeps them; what they say
//! is HQ's affair. A cursor is good for one stream, one device and this HQ.

use crewseal_custody::DeviceId;
use crewseal_custody::cbor;
use crewseal_custody::signed::Namespace;
use crewseal_custody::wire::Cursor;
use minicbor::{Decode, Encode};

use crate::hq::Hq;

/// What is told in order, each item once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stream {
    Jobs = 1,
    Rolls = 2,
    Revocations = 3,
}

/// Why a cursor is no good: whoever shows it starts over without one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum CursorError {
    /// Another HQ made it, or it is another device's.
    #[error("the cursor is not this HQ's, or another device's; start over without one")]
    OfAnother,
    /// It is of what this HQ has not come to, as after HQ was restored from a backup.
    #[error("the cursor is ahead of this HQ; start over without one")]
    FromTheFuture,
}

/// A place in a stream. Nothing at all is known at the default.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Place {
    /// The number of the newest item that is known, at least in part.
    pub(super) number: u64,
    /// How much of that item is known, where an item comes in parts.
    pub(super) within: u64,
}

/// Up to where a phone knows rolls: in the depot that it is told of, and in those before. Each
/// roll is of one depot for good, so that the number of a roll stands for its depot, too.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct KnownRolls {
    /// The newest roll that it was told.
    pub(super) place: Place,
    /// The newest roll that it knows whole of each depot before, the last one first. A device
    /// that comes back to one goes on after it.
    pub(super) before: Vec<u64>,
}

/// So many depots before fit a cursor.
const MOST_BEFORE: usize = 3;

#[derive(Encode, Decode)]
struct Written {
    #[n(0)]
    #[cbor(with = "minicbor::bytes")]
    whose: [u8; 8],
    #[n(1)]
    number: u64,
    #[n(2)]
    within: u64,
    /// Of rolls, where there were other depots before.
    #[n(3)]
    before: Option<Vec<u64>>,
}

impl Hq {
    pub(super) fn cursor(&self, stream: Stream, device: &DeviceId, place: Place) -> Cursor {
        self.write(stream, device, place, None)
    }

    pub(super) fn cursor_of_rolls(&self, device: &DeviceId, known: &KnownRolls) -> Cursor {
        let before: Vec<u64> = known.before.iter().take(MOST_BEFORE).copied().collect();
        let before = (!before.is_empty()).then_some(before);
        self.write(Stream::Rolls, device, known.place, before)
    }

    fn write(
        &self,
        stream: Stream,
        device: &DeviceId,
        Place { number, within }: Place,
        before: Option<Vec<u64>>,
    ) -> Cursor {
        let whose = self.whose(stream, device);
        Cursor(cbor::to_vec(&Written { whose, number, within, before }).into())
    }

    /// The place that a cursor stands for; the beginning without one.
    pub(super) fn place(
        &self,
        stream: Stream,
        device: &DeviceId,
        cursor: Option<&Cursor>,
    ) -> Result<Place, CursorError> {
        Ok(self.read(stream, device, cursor)?.place)
    }

    /// What of rolls a cursor stands for; nothing without one.
    pub(super) fn known_rolls(
        &self,
        device: &DeviceId,
        cursor: Option<&Cursor>,
    ) -> Result<KnownRolls, CursorError> {
        self.read(Stream::Rolls, device, cursor)
    }

    fn read(
        &self,
        stream: Stream,
        device: &DeviceId,
        cursor: Option<&Cursor>,
    ) -> Result<KnownRolls, CursorError> {
        let Some(cursor) = cursor else { return Ok(KnownRolls::default()) };
        let written: Written = cbor::from_slice(&cursor.0).map_err(|_| CursorError::OfAnother)?;
        if written.whose != self.whose(stream, device) {
            return Err(CursorError::OfAnother);
        }
        let Written { number, within, before, .. } = written;
        Ok(KnownRolls { place: Place { number, within }, before: before.unwrap_or_default() })
    }

    fn whose(&self, stream: Stream, device: &DeviceId) -> [u8; 8] {
        let digest = Namespace::Cursor.digest(&[&[stream as u8], &self.identity().0, &device.0]);
        let mut whose = [0; 8];
        whose.iter_mut().zip(digest.0).for_each(|(to, from)| *to = from);
        whose
    }
}
