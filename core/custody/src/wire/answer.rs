//! The answer to a batch: where each event stands in HQ's log now, and what HQ says of it.
//!
//! It leaves out what the phone knows already, so that a hundred events take one signature, one
//! proof and a few numbers. The phone puts it together with what it sent, and has a
//! [`Receipt`] that it checks before it settles anything.

use minicbor::bytes::ByteVec;
use minicbor::{Decode, Encode};

use crate::cbor::Version;
use crate::envelope::Address;
use crate::hq_keys::HqKeys;
use crate::log::{MOST_RUNS, Run};
use crate::logged::{
    LeafSalt, Logged, LoggedRun, Proven, Receipt, ReceiptError, logged_runs, places,
};
use crate::signed::Signed;
use crate::{DeviceId, EventId, Outcome, Rejection};

/// What HQ says of one event in a batch's answer, and of those after it of which it says the
/// same.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Encode, Decode)]
#[cbor(array)]
pub struct OutcomeRun {
    /// How many.
    #[n(0)]
    pub count: u32,
    /// What became of them.
    #[n(1)]
    pub outcome: Outcome,
    /// HQ's time, in seconds since 1970-01-01 UTC.
    #[n(2)]
    pub at: u64,
}

/// HQ's answer to a batch. It is about the entries in the batch's order: those that it refused
/// are named, the first of the others are placed, and what is left is asked again.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct BatchAnswer {
    /// Format version.
    #[n(0)]
    pub version: Version<2>,
    /// The checkpoint of HQ's log, as it was signed; empty if nothing is placed.
    #[n(1)]
    pub checkpoint: String,
    /// The places, at most [`MOST_RUNS`] runs, of the entries that were not refused.
    #[n(2)]
    pub runs: Vec<Run>,
    /// What became of them.
    #[n(3)]
    pub outcomes: Vec<OutcomeRun>,
    /// The proof of all these places, 32 bytes a hash.
    #[n(4)]
    pub proof: ByteVec,
    /// Signed [`Rejection`]s.
    #[n(5)]
    #[cbor(skip_if = "Vec::is_empty")]
    pub rejections: Vec<ByteVec>,
    /// What the leaves are salted with, 16 bytes each, if the batch asked for it.
    #[n(6)]
    pub salts: Option<ByteVec>,
}

/// Where an event came from, as its envelope says, and what its leaf is salted with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sent {
    /// The event.
    pub id: EventId,
    /// The device that signed it.
    pub device: DeviceId,
    /// The device's generation.
    pub generation: u32,
    /// The event's number in that generation.
    pub sequence: u64,
    /// What its leaf is salted with; none if the phone lost it.
    pub salt: Option<LeafSalt>,
}

/// What an answer says of a batch, verified.
#[derive(Debug, Clone, PartialEq)]
pub struct Answered {
    /// What is placed, with the receipt for it; none if nothing is.
    pub placed: Option<(Receipt, Proven)>,
    /// What was refused.
    pub rejections: Vec<Signed<Rejection>>,
}

impl BatchAnswer {
    /// What it says of the entries that were sent, in the batch's order. What is neither
    /// placed nor refused is not answered, and is sent again.
    ///
    /// # Errors
    /// [`ReceiptError`]; then nothing of the answer counts.
    pub fn verify(&self, sent: &[Sent], hq: &HqKeys) -> Result<Answered, ReceiptError> {
        let rejections: Vec<Signed<Rejection>> =
            self.rejections.iter().filter_map(|bytes| hq.open(bytes).ok()).collect();
        let is_refused = |entry: &&Sent| rejections.iter().any(|of| entry.is_refused_by(of));
        let others: Vec<&Sent> = sent.iter().filter(|entry| !is_refused(entry)).collect();
        let placed = if self.runs.is_empty() { None } else { Some(self.placed(&others, hq)?) };
        Ok(Answered { placed, rejections })
    }

    fn placed(&self, entries: &[&Sent], hq: &HqKeys) -> Result<(Receipt, Proven), ReceiptError> {
        let counts = self.runs.iter().map(|run| usize::try_from(run.count).unwrap_or(usize::MAX));
        let count = counts.fold(0, usize::saturating_add);
        let entries = entries.get(..count).ok_or(ReceiptError::Form)?;
        if self.runs.len() > MOST_RUNS || places(&self.runs, count).is_none() {
            return Err(ReceiptError::Form);
        }
        let receipt = Receipt {
            version: Version,
            checkpoint: self.checkpoint.clone(),
            runs: self.runs.clone(),
            events: entries.iter().flat_map(|entry| entry.id.0).collect::<Vec<_>>().into(),
            salts: self.salts(entries)?,
            logged: self.logged(entries)?,
            acts: Vec::new(),
            proof: self.proof.clone(),
        };
        let proven = receipt.verify(hq)?;
        Ok((receipt, proven))
    }

    /// The salts that the phone kept, or those that it asked for because it lost some: of what
    /// it still knows they must be the same, or the leaf would not be the event's.
    fn salts(&self, entries: &[&Sent]) -> Result<ByteVec, ReceiptError> {
        if let Some(salts) = &self.salts {
            let (told, odd) = salts.as_chunks::<16>();
            let is_as_known = |(entry, told): (&&Sent, &[u8; 16])| {
                entry.salt.is_none_or(|known| known.0 == *told)
            };
            let fits = odd.is_empty() && told.len() == entries.len();
            let is_right = fits && entries.iter().zip(told).all(is_as_known);
            return if is_right { Ok(salts.clone()) } else { Err(ReceiptError::Form) };
        }
        let mut salts = Vec::with_capacity(entries.len() * 16);
        for entry in entries {
            salts.extend(entry.salt.ok_or(ReceiptError::Form)?.0);
        }
        Ok(salts.into())
    }

    /// HQ's words, of what the phone sent and what HQ says of it.
    fn logged(&self, entries: &[&Sent]) -> Result<Vec<LoggedRun>, ReceiptError> {
        let mut outcomes = self.outcomes.iter().flat_map(|run| {
            std::iter::repeat_n(run, usize::try_from(run.count).unwrap_or(usize::MAX))
        });
        let mut words = Vec::with_capacity(entries.len());
        for entry in entries {
            let OutcomeRun { outcome, at, .. } = *outcomes.next().ok_or(ReceiptError::Form)?;
            let Sent { device, generation, sequence, .. } = **entry;
            words.push(Logged { device, generation, sequence, outcome, at });
        }
        if outcomes.next().is_some() { Err(ReceiptError::Form) } else { Ok(logged_runs(words)) }
    }
}

impl Sent {
    /// What an envelope says of itself.
    #[must_use]
    pub const fn of(address: &Address, salt: Option<LeafSalt>) -> Self {
        let Address { event: id, device, generation, sequence, .. } = *address;
        Self { id, device, generation, sequence, salt }
    }

    fn is_refused_by(&self, rejection: &Rejection) -> bool {
        let Rejection { event, device, generation, sequence, .. } = *rejection;
        (event, device, generation, sequence)
            == (self.id, self.device, self.generation, self.sequence)
    }
}
