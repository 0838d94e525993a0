//! Batches: envelopes on their way to HQ, without what HQ can put back.
//!
//! An envelope says everything about itself, so that it can be carved out of a damaged file
//! and carried by anybody. On the wire its neighbours and the epoch's header say most of
//! that once more. A batch leaves it out, and HQ rebuilds the very bytes:
//!
//! | of an envelope | in a batch |
//! |---|---|
//! | magic, format version, length | follow |
//! | HQ's key, epoch | by the place of the epoch's header, once for a group |
//! | device, generation | once for a group |
//! | index, sequence | in runs in which both count up |
//! | event id | stands for itself: the entry opens with it and not without |
//! | sealed content and tag | stands for itself, its length in steps of 64 bytes |
//! | digest | one for the whole batch |

use std::collections::BTreeMap;

use minicbor::bytes::ByteVec;
use minicbor::encode::Write;
use minicbor::{Decode, Decoder, Encode, Encoder, decode, encode};

use super::{
    Address, DIGEST_BYTES, Envelope, EpochHeader, EpochId, HqKeyId, MAX_CONTENT, STEP, TAG_BYTES,
};
use crate::DeviceId;
use crate::cbor::{self, Version};
use crate::signed::Digest;

/// The most entries in one batch.
pub const MAX_BATCH: usize = 256;

/// The versions of [`Batch`] that this library reads, the newest last. HQ goes on taking a
/// version as long as an app that writes it may have a queue.
pub const BATCH_VERSIONS: &[u8] = &[2];

/// Entries on their way to HQ, with the headers of their epochs.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct Batch {
    /// Format version.
    #[n(0)]
    pub version: Version<2>,
    /// [`EpochHeader`]s.
    #[n(1)]
    epochs: Vec<ByteVec>,
    #[n(2)]
    groups: Vec<Group>,
    /// The first half of the SHA-256 of all envelopes, one after another.
    #[n(3)]
    #[cbor(with = "minicbor::bytes")]
    check: [u8; DIGEST_BYTES],
    #[n(4)]
    #[cbor(skip_if = "Option::is_none")]
    salts: Option<Salts>,
}

/// That the answer shall bring what the leaves are salted with, as the phone lost some of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Encode, Decode)]
#[cbor(index_only)]
enum Salts {
    #[n(1)]
    Asked,
}

/// Why a batch is not one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BatchError {
    /// More than [`MAX_BATCH`] entries: send fewer at once.
    #[error("more entries than a batch may have")]
    TooMany,
    /// Its parts do not fit each other: a fault in what wrote it.
    #[error("the parts of the batch do not fit each other")]
    Malformed,
    /// The envelopes that come of it are not those that were sent. None of them may be
    /// used: send them again, fewer at once.
    #[error("what was rebuilt is not what was sent")]
    Differs,
}

/// Entries that one generation of a device sealed in one epoch, as they follow each other.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
struct Group {
    #[n(0)]
    epoch: EpochOf,
    #[n(1)]
    device: DeviceId,
    #[n(2)]
    generation: u32,
    #[n(3)]
    runs: Vec<Run>,
    /// The length of each entry's content, in steps.
    #[n(4)]
    steps: Vec<u16>,
    /// The event ids, 32 bytes each.
    #[n(5)]
    events: ByteVec,
    /// The sealed contents with their tags.
    #[n(6)]
    sealed: ByteVec,
}

/// Entries of which each has the index and the sequence after the one before.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Encode, Decode)]
struct Run {
    #[n(0)]
    index: u16,
    #[n(1)]
    sequence: u64,
    #[n(2)]
    count: u16,
}

/// Which epoch a group is of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum EpochOf {
    /// That of the header at this place of the batch.
    Listed(u16),
    /// One whose header is not in the batch: HQ may have it from before.
    Named(HqKeyId, EpochId),
}

impl<C> Encode<C> for EpochOf {
    fn encode<W: Write>(
        &self,
        e: &mut Encoder<W>,
        _: &mut C,
    ) -> Result<(), encode::Error<W::Error>> {
        match self {
            Self::Listed(place) => e.u16(*place)?.ok(),
            Self::Named(key, epoch) => e.array(2)?.bytes(&key.0)?.bytes(&epoch.0)?.ok(),
        }
    }
}

impl<'b, C> Decode<'b, C> for EpochOf {
    fn decode(d: &mut Decoder<'b>, _: &mut C) -> Result<Self, decode::Error> {
        use minicbor::data::Type::{U8, U16, U32, U64};
        if matches!(d.datatype()?, U8 | U16 | U32 | U64) {
            return Ok(Self::Listed(d.u16()?));
        }
        let is_pair = d.array()? == Some(2);
        let wrong = || decode::Error::message("no epoch");
        let key = d.bytes()?.try_into().map_err(|_| wrong())?;
        let epoch = d.bytes()?.try_into().map_err(|_| wrong())?;
        if is_pair { Ok(Self::Named(HqKeyId(key), EpochId(epoch))) } else { Err(wrong()) }
    }
}

impl Batch {
    /// A batch of these envelopes in this order, with these headers (bytes of
    /// [`EpochHeader`]s). One that cannot be read stands in it and serves nobody.
    #[must_use]
    pub fn of(headers: &[Vec<u8>], envelopes: &[Envelope]) -> Self {
        let listed: BTreeMap<(HqKeyId, EpochId), u16> = (0..=u16::MAX)
            .zip(headers)
            .filter_map(|(place, bytes)| Some((identity(bytes)?, place)))
            .collect();
        let mut groups: Vec<Group> = Vec::new();
        let mut before: Option<&Address> = None;
        for envelope in envelopes {
            let address = envelope.address();
            let goes_on = before.is_some_and(|before| is_of_one_group(before, address));
            before = Some(address);
            match groups.last_mut().filter(|_| goes_on) {
                Some(group) => group.push(envelope),
                None => {
                    let named = EpochOf::Named(address.hq_key, address.epoch);
                    let place = listed.get(&(address.hq_key, address.epoch));
                    let epoch = place.map_or(named, |place| EpochOf::Listed(*place));
                    let mut group = Group::of(epoch, address);
                    group.push(envelope);
                    groups.push(group);
                }
            }
        }
        let epochs = headers.iter().map(|header| header.clone().into()).collect();
        Self { version: Version, epochs, groups, check: check(envelopes), salts: None }
    }

    /// The same batch, of which the answer shall bring what the leaves are salted with.
    #[must_use]
    pub fn asking_for_salts(self) -> Self {
        Self { salts: Some(Salts::Asked), ..self }
    }

    /// Whether the answer shall bring what the leaves are salted with.
    #[must_use]
    pub const fn asks_for_salts(&self) -> bool {
        self.salts.is_some()
    }

    /// The headers of epochs in it, as they came: nobody has read them yet.
    #[must_use]
    pub fn epochs(&self) -> &[ByteVec] {
        &self.epochs
    }

    /// The envelopes, byte for byte as they were sealed, in the order in which they were
    /// put in. They take at most 110 bytes each beyond what came.
    ///
    /// # Errors
    /// [`BatchError`]; then none of them may be used.
    pub fn envelopes(&self) -> Result<Vec<Envelope>, BatchError> {
        let entries = self.groups.iter().map(|group| group.steps.len()).sum();
        if entries > MAX_BATCH {
            return Err(BatchError::TooMany);
        }
        let mut envelopes = Vec::with_capacity(entries);
        for group in &self.groups {
            let (hq_key, epoch) = match group.epoch {
                EpochOf::Named(key, epoch) => (key, epoch),
                EpochOf::Listed(place) => self
                    .epochs
                    .get(usize::from(place))
                    .and_then(|bytes| identity(bytes))
                    .ok_or(BatchError::Malformed)?,
            };
            group.rebuild(hq_key, epoch, &mut envelopes)?;
        }
        if check(&envelopes) == self.check { Ok(envelopes) } else { Err(BatchError::Differs) }
    }
}

impl Group {
    fn of(epoch: EpochOf, address: &Address) -> Self {
        Self {
            epoch,
            device: address.device,
            generation: address.generation,
            runs: Vec::new(),
            steps: Vec::new(),
            events: Vec::new().into(),
            sealed: Vec::new().into(),
        }
    }

    fn push(&mut self, envelope: &Envelope) {
        let (Address { index, sequence, event, .. }, (_, sealed)) =
            (envelope.address(), envelope.parts());
        let follows = |run: &&mut Run| {
            run.index.checked_add(run.count) == Some(*index)
                && run.sequence.checked_add(run.count.into()) == Some(*sequence)
                && run.count < u16::MAX
        };
        match self.runs.last_mut().filter(follows) {
            Some(run) => run.count += 1,
            None => self.runs.push(Run { index: *index, sequence: *sequence, count: 1 }),
        }
        // The content of an envelope has at most 4,096 steps.
        let steps = sealed.len().saturating_sub(TAG_BYTES) / STEP;
        self.steps.push(u16::try_from(steps).unwrap_or(u16::MAX));
        self.events.extend(event.0);
        self.sealed.extend(sealed);
    }

    /// Index and sequence of each entry; as many as there are lengths.
    fn numbers(&self) -> Result<Vec<(u16, u64)>, BatchError> {
        let mut numbers = Vec::with_capacity(self.steps.len());
        for run in &self.runs {
            let left = self.steps.len().saturating_sub(numbers.len());
            if run.count == 0 || usize::from(run.count) > left {
                return Err(BatchError::Malformed);
            }
            for later in 0..run.count {
                let index = run.index.checked_add(later);
                let sequence = run.sequence.checked_add(later.into());
                numbers.push(index.zip(sequence).ok_or(BatchError::Malformed)?);
            }
        }
        if numbers.len() == self.steps.len() { Ok(numbers) } else { Err(BatchError::Malformed) }
    }

    fn rebuild(
        &self,
        hq_key: HqKeyId,
        epoch: EpochId,
        envelopes: &mut Vec<Envelope>,
    ) -> Result<(), BatchError> {
        let (events, odd) = self.events.as_chunks::<32>();
        if !odd.is_empty() || events.len() != self.steps.len() {
            return Err(BatchError::Malformed);
        }
        let mut sealed = self.sealed.as_slice();
        for (((index, sequence), event), steps) in
            self.numbers()?.into_iter().zip(events).zip(&self.steps)
        {
            let content = usize::from(*steps) * STEP;
            if content == 0 || content > MAX_CONTENT {
                return Err(BatchError::Malformed);
            }
            let (entry, rest) =
                sealed.split_at_checked(content + TAG_BYTES).ok_or(BatchError::Malformed)?;
            sealed = rest;
            let (device, generation, event) = (self.device, self.generation, Digest(*event));
            let address = Address { hq_key, epoch, index, device, generation, sequence, event };
            envelopes.push(Envelope::assemble(address, entry));
        }
        if sealed.is_empty() { Ok(()) } else { Err(BatchError::Malformed) }
    }
}

fn is_of_one_group(a: &Address, b: &Address) -> bool {
    (a.hq_key, a.epoch, a.device, a.generation) == (b.hq_key, b.epoch, b.device, b.generation)
}

/// HQ's key and the epoch that a header is of; none if it is no header.
fn identity(header: &[u8]) -> Option<(HqKeyId, EpochId)> {
    let header: EpochHeader = cbor::from_versioned::<_, 1>(header).ok()?;
    Some((header.hq_key(), header.epoch()))
}

fn check(envelopes: &[Envelope]) -> [u8; DIGEST_BYTES] {
    super::half_digest(envelopes.iter().map(Envelope::as_bytes))
}
