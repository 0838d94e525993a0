//! Receipts: that events stand in HQ's log, and what HQ said of each.
//!
//! A receipt is for many events at once: a phone keeps one for each batch that it delivered,
//! a custody record brings one for all of a job. It needs nobody's word but the checkpoint's
//! signature.

use std::collections::BTreeMap;

use minicbor::bytes::ByteVec;
use minicbor::{Decode, Encode};

use super::leaf::{ActKind, Leaf, LeafSalt, Logged};
use crate::cbor::Version;
use crate::hq_keys::HqKeys;
use crate::log::{CheckpointError, Run, RunsError, SignedCheckpoint, root_by_runs};
use crate::signed::Digest;
use crate::{EventId, Salt};

/// Words of HQ on events of one device whose numbers follow each other, and of which it says
/// the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Encode, Decode)]
#[cbor(array)]
pub struct LoggedRun {
    /// How many.
    #[n(0)]
    pub count: u32,
    /// On the first of them. The numbers of the others count up.
    #[n(1)]
    pub first: Logged,
}

/// An act of HQ's own in the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Encode, Decode)]
#[cbor(array)]
pub struct LoggedAct {
    /// Its place.
    #[n(0)]
    pub place: u64,
    /// Of which kind it is.
    #[n(1)]
    pub kind: ActKind,
    /// What its digest is salted with.
    #[n(2)]
    pub salt: Salt,
    /// The id of the message.
    #[n(3)]
    pub message: Digest,
}

/// That events, and acts of HQ's own, stand in these places of its log.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct Receipt {
    /// Format version.
    #[n(0)]
    pub version: Version<2>,
    /// The checkpoint, as it was signed.
    #[n(1)]
    pub checkpoint: String,
    /// The places of the events, in their order.
    #[n(2)]
    pub runs: Vec<Run>,
    /// The ids of the events, 32 bytes each.
    #[n(3)]
    pub events: ByteVec,
    /// What their leaves are salted with, 16 bytes each.
    #[n(4)]
    pub salts: ByteVec,
    /// What HQ says of them, in their order.
    #[n(5)]
    pub logged: Vec<LoggedRun>,
    /// Acts of HQ's.
    #[n(6)]
    #[cbor(skip_if = "Vec::is_empty")]
    pub acts: Vec<LoggedAct>,
    /// The proof of all these places, 32 bytes a hash.
    #[n(7)]
    pub proof: ByteVec,
}

/// What a receipt proves.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Proven {
    /// The checkpoint.
    pub checkpoint: SignedCheckpoint,
    /// The events, in the receipt's order.
    pub events: Vec<ProvenEvent>,
    /// The acts of HQ's: the place of each, by the message's id.
    pub acts: BTreeMap<Digest, (u64, ActKind)>,
}

/// That one event stands in a place of HQ's log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ProvenEvent {
    /// The event.
    pub id: EventId,
    /// Its place, from 0.
    pub place: u64,
    /// What its leaf is salted with.
    pub salt: LeafSalt,
    /// What HQ says of it.
    pub logged: Logged,
}

/// Why a receipt proves nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ReceiptError {
    /// Its parts do not fit each other.
    #[error("the parts of the receipt do not fit each other")]
    Form,
    /// The checkpoint.
    #[error("{0}")]
    Checkpoint(#[from] CheckpointError),
    /// The proof is none of these places.
    #[error("{0}")]
    Proof(#[from] RunsError),
    /// What it says is not what stands in these places of the log: another event, another
    /// word of HQ's, or a proof of another place.
    #[error("the log says something else in these places")]
    Root,
}

impl Receipt {
    /// A receipt of what stands in a log under this checkpoint, with the proof of the places
    /// of all `events` and `acts`, in rising order ([`prove_runs`](crate::log::prove_runs)).
    #[must_use]
    pub fn of(
        checkpoint: &SignedCheckpoint,
        events: &[ProvenEvent],
        acts: Vec<LoggedAct>,
        proof: &[Digest],
    ) -> Self {
        Self {
            version: Version,
            checkpoint: checkpoint.as_text().to_owned(),
            runs: runs(events.iter().map(|event| event.place)),
            events: events.iter().flat_map(|event| event.id.0).collect::<Vec<_>>().into(),
            salts: events.iter().flat_map(|event| event.salt.0).collect::<Vec<_>>().into(),
            logged: logged_runs(events.iter().map(|event| event.logged)),
            acts,
            proof: proof.iter().flat_map(|hash| hash.0).collect::<Vec<_>>().into(),
        }
    }

    /// What it proves, by the keys of the HQ whose log it is.
    ///
    /// # Errors
    /// [`ReceiptError`].
    pub fn verify(&self, hq: &HqKeys) -> Result<Proven, ReceiptError> {
        let checkpoint = hq.open_checkpoint(self.checkpoint.as_bytes())?;
        self.under(checkpoint)
    }

    /// What it proves, under its checkpoint that was verified.
    fn under(&self, checkpoint: SignedCheckpoint) -> Result<Proven, ReceiptError> {
        let events = self.events()?;
        let (proof, odd) = self.proof.as_chunks::<32>();
        if !odd.is_empty() {
            return Err(ReceiptError::Form);
        }
        let proof: Vec<Digest> = proof.iter().copied().map(Digest).collect();
        let of_event = |event: &ProvenEvent| {
            (event.place, Leaf::event(event.id, &event.salt, &event.logged).hash())
        };
        let of_act =
            |act: &LoggedAct| (act.place, Leaf::act(act.kind, &act.salt, &act.message).hash());
        let mut leaves: Vec<(u64, Digest)> =
            events.iter().map(of_event).chain(self.acts.iter().map(of_act)).collect();
        leaves.sort_unstable();
        // The same twice is once; two things in one place stay two, and are refused.
        leaves.dedup();
        let head = checkpoint.checkpoint().head;
        if root_by_runs(&leaves, head.size, &proof)? != head.root {
            return Err(ReceiptError::Root);
        }
        let acts = self.acts.iter().map(|act| (act.message, (act.place, act.kind))).collect();
        Ok(Proven { checkpoint, events, acts })
    }

    /// The events as it names them, which nothing proves yet.
    fn events(&self) -> Result<Vec<ProvenEvent>, ReceiptError> {
        let (ids, odd_ids) = self.events.as_chunks::<32>();
        let (salts, odd_salts) = self.salts.as_chunks::<16>();
        let count = ids.len();
        if !odd_ids.is_empty() || !odd_salts.is_empty() || salts.len() != count {
            return Err(ReceiptError::Form);
        }
        let places = places(&self.runs, count).ok_or(ReceiptError::Form)?;
        let logged = logged(&self.logged, count).ok_or(ReceiptError::Form)?;
        let events = ids.iter().zip(salts).zip(places.into_iter().zip(logged));
        Ok(events
            .map(|((id, salt), (place, logged))| ProvenEvent {
                id: Digest(*id),
                salt: LeafSalt(*salt),
                place,
                logged,
            })
            .collect())
    }
}

/// The runs of places in their order.
#[must_use]
pub fn runs(places: impl IntoIterator<Item = u64>) -> Vec<Run> {
    let mut runs: Vec<Run> = Vec::new();
    for place in places {
        match runs.last_mut() {
            Some(run)
                if run.first.checked_add(run.count.into()) == Some(place)
                    && run.count < u32::MAX =>
            {
                run.count += 1;
            }
            _ => runs.push(Run { first: place, count: 1 }),
        }
    }
    runs
}

/// The places of runs; none unless they are as many.
#[must_use]
pub fn places(runs: &[Run], count: usize) -> Option<Vec<u64>> {
    let mut places = Vec::new();
    for run in runs {
        let end = run.first.checked_add(run.count.into())?;
        let left = u64::try_from(count.checked_sub(places.len())?).ok()?;
        if run.count == 0 || u64::from(run.count) > left {
            return None;
        }
        places.extend(run.first..end);
    }
    (places.len() == count).then_some(places)
}

/// The runs of HQ's words in their order.
#[must_use]
pub fn logged_runs(words: impl IntoIterator<Item = Logged>) -> Vec<LoggedRun> {
    let mut runs: Vec<LoggedRun> = Vec::new();
    for word in words {
        match runs.last_mut() {
            Some(run) if run.nth(run.count) == Some(word) && run.count < u32::MAX => {
                run.count += 1;
            }
            _ => runs.push(LoggedRun { count: 1, first: word }),
        }
    }
    runs
}

/// HQ's words of runs; none unless they are as many.
fn logged(runs: &[LoggedRun], count: usize) -> Option<Vec<Logged>> {
    let mut words = Vec::new();
    for run in runs {
        let left = count.checked_sub(words.len())?;
        if run.count == 0 || usize::try_from(run.count).ok()? > left {
            return None;
        }
        words.extend((0..run.count).map_while(|later| run.nth(later)));
    }
    (words.len() == count).then_some(words)
}

impl LoggedRun {
    /// HQ's word on the one that comes so many later than the first.
    fn nth(&self, later: u32) -> Option<Logged> {
        let sequence = self.first.sequence.checked_add(later.into())?;
        Some(Logged { sequence, ..self.first })
    }
}
