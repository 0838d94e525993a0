//! What the phone keeps, sealed, between two starts of the app.

use std::collections::BTreeSet;

use minicbor::bytes::ByteVec;
use minicbor::{Decode, Encode};
use zeroize::Zeroizing;

use super::CrewError;
use crate::cbor::{self, Version};
use crate::custody::{BootId, DeviceId, EventId, JobId, Lists};
use crate::job::JobPack;
use crate::label::Token;
use crate::label::roll::RollWire;
use crate::outbox::queue;
use crate::signed::{PublicKey, Signed};
use crate::vault::{Drawer, Mark, StoreError, Transaction, WrapNonce};

pub(super) const ENROLMENT: Drawer = Drawer("enrolment");
pub(super) const CHAIN: Drawer = Drawer("chain");
pub(super) const TICK: Drawer = Drawer("tick");
pub(super) const JOB: Drawer = Drawer("job");
pub(super) const ROLL: Drawer = Drawer("roll");
/// Offers of this device, by the id of the offer.
pub(super) const GIVING: Drawer = Drawer("giving");
/// The handoff in which this device receives.
pub(super) const RECEIVING: Drawer = Drawer("receiving");
/// HQ's newest list of revoked devices.
pub(super) const REVOCATIONS: Drawer = Drawer("revocations");
/// What a supervisor was asked to sign off, and his answer, by the id of the request.
pub(super) const ASKED: Drawer = Drawer("asked");
/// What this device signed off for others, by the id of their request.
pub(super) const ANSWERED: Drawer = Drawer("answered");
/// Jobs that are being forgotten, by job.
pub(super) const FORGETTING: Drawer = Drawer("forgetting");
/// Certificates that jobs were forgotten, by job.
pub(super) const ERASURE: Drawer = Drawer("erasure");
const PROGRESS: Drawer = Drawer("progress");
/// The name in a drawer that holds one thing.
pub(super) const ONLY: &[u8] = b"";

/// How far this device's chain has come.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub(super) struct Chain {
    #[n(0)]
    pub(super) version: Version<1>,
    #[n(1)]
    pub(super) generation: u32,
    #[n(2)]
    pub(super) sequence: u64,
    #[n(3)]
    pub(super) previous: Option<EventId>,
    /// Between which numbers each job's acts lie, for what is queued cannot be read
    /// and does not say. None in a store that did not keep them yet.
    #[n(4)]
    pub(super) spans: Option<Vec<Span>>,
}

/// The first and the last act of a job.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Encode, Decode)]
#[cbor(array)]
pub(super) struct Span {
    /// None for acts from before spans were kept: they may be any job's.
    #[n(0)]
    pub(super) job: Option<JobId>,
    /// Generation and sequence.
    #[n(1)]
    pub(super) first: (u32, u64),
    #[n(2)]
    pub(super) last: (u32, u64),
}

/// A job whose key is deleted, and what is still to be looked at before that is
/// certified.
#[derive(Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub(super) struct Forgetting {
    #[n(0)]
    pub(super) version: Version<1>,
    #[n(1)]
    pub(super) job: JobId,
    /// By which the wrap of the job's key is found, if it is still there.
    #[n(2)]
    #[cbor(with = "minicbor::bytes")]
    pub(super) wrap: WrapNonce,
    /// The storage key of before, as the vault wrapped it.
    #[n(3)]
    pub(super) storage_key: ByteVec,
}

impl Chain {
    const fn first() -> Self {
        Self { version: Version, generation: 1, sequence: 0, previous: None, spans: None }
    }

    /// Whether it was begun anew and nothing says so yet.
    pub(super) const fn is_undeclared(&self) -> bool {
        self.generation > 1 && self.sequence == 0
    }

    /// Goes on with an act of a job.
    pub(super) fn append(&mut self, job: JobId, event: EventId) {
        self.sequence = self.sequence.saturating_add(1);
        self.previous = Some(event);
        let here = (self.generation, self.sequence);
        if job == JobId::NONE {
            return;
        }
        let spans = self.spans.get_or_insert_default();
        match spans.iter_mut().find(|span| span.job == Some(job)) {
            Some(span) => span.last = here,
            None => spans.push(Span { job: Some(job), first: here, last: here }),
        }
    }

    /// Whether the act with this number may be one of the job.
    pub(super) fn may_be_of(&self, job: JobId, number: (u32, u64)) -> bool {
        let spans = self.spans.iter().flatten();
        let mut spans = spans.filter(|span| span.job.is_none_or(|other| other == job));
        spans.any(|span| (span.first..=span.last).contains(&number))
    }

    pub(super) fn forget(&mut self, job: JobId) {
        self.spans.iter_mut().for_each(|spans| spans.retain(|span| span.job != Some(job)));
    }
}

/// What a device keeps of its enrolment.
#[derive(Clone, PartialEq, Encode, Decode)]
#[cbor(map)]
pub(super) struct Enrolment {
    #[n(0)]
    pub(super) version: Version<1>,
    #[n(1)]
    pub(super) url: String,
    #[n(2)]
    pub(super) authority: ByteVec,
    #[n(3)]
    pub(super) hq: PublicKey,
    #[n(4)]
    pub(super) sealing_key: ByteVec,
    #[n(5)]
    pub(super) credential: ByteVec,
}

/// The newest tick, and when it came by the phone's monotonic clock.
#[derive(Clone, PartialEq, Encode, Decode)]
#[cbor(map)]
pub(super) struct KeptTick {
    #[n(0)]
    pub(super) version: Version<1>,
    #[n(1)]
    pub(super) tick: ByteVec,
    #[n(2)]
    pub(super) boot: BootId,
    #[n(3)]
    pub(super) millis: u64,
}

/// What the screen needs to know of a job between two starts of the app.
#[derive(Clone, PartialEq, Encode, Decode)]
#[cbor(map)]
pub(super) struct Progress {
    #[n(0)]
    pub(super) version: Version<1>,
    /// Labels that entered the job after its manifest was made, 16 bytes each.
    #[n(1)]
    pub(super) entered: ByteVec,
}

impl Progress {
    pub(super) fn entered(&self) -> impl Iterator<Item = Token> {
        self.entered.as_chunks::<16>().0.iter().map(|bytes| Token::from_bytes(*bytes))
    }
}

/// Keeps in mind which labels entered a job beyond its manifest.
pub(super) fn remember(
    t: &mut Transaction<'_>,
    job: JobId,
    entered: &BTreeSet<Token>,
    lists: &Lists,
) -> Result<(), CrewError> {
    if entered.is_empty() {
        return Ok(());
    }
    let listed = lists.tokens_of_job(job);
    let mut known = read_progress(t, job)?;
    let before: BTreeSet<Token> = known.entered().chain(listed.iter().copied()).collect();
    let new: Vec<u8> = (entered - &before).iter().flat_map(|token| *token.as_bytes()).collect();
    if new.is_empty() {
        return Ok(());
    }
    known.entered.extend(new);
    let compartment = t.compartment(&job.0)?;
    t.put(PROGRESS, &job.0, Some(&compartment), &cbor::to_vec(&known))?;
    Ok(())
}

pub(super) fn read_progress(t: &Transaction<'_>, job: JobId) -> Result<Progress, CrewError> {
    let none = Progress { version: Version, entered: Vec::new().into() };
    t.get(PROGRESS, &job.0)?.map_or(Ok(none), |bytes| stored(&bytes))
}

pub(super) fn read_enrolment(t: &Transaction<'_>) -> Result<Enrolment, CrewError> {
    let bytes = t.get(ENROLMENT, ONLY)?.ok_or(CrewError::NotEnrolled)?;
    stored(&bytes)
}

pub(super) fn read_chain(t: &Transaction<'_>) -> Result<Chain, CrewError> {
    t.get(CHAIN, ONLY)?.map_or_else(|| Ok(Chain::first()), |bytes| stored(&bytes))
}

pub(super) fn put_chain(t: &mut Transaction<'_>, chain: &Chain) -> Result<(), CrewError> {
    Ok(t.put(CHAIN, ONLY, None, &cbor::to_vec(chain))?)
}

/// A store that is behind what left the phone was restored, and one that is behind
/// its own queue was salvaged without its chain: the chain goes on in a new
/// generation, which is a declared gap and no fork. In the queue there may be
/// entries of a device that this phone was before.
pub(super) fn continue_chain(
    t: &mut Transaction<'_>,
    mark: Mark,
    device: DeviceId,
) -> Result<(), CrewError> {
    let queued = queue::last(t, device)?
        .map_or(mark, |last| Mark { generation: last.generation, sequence: last.sequence });
    let reached = mark.max(queued);
    let (before, mut chain) = match read_chain(t) {
        Err(CrewError::Store(StoreError::Damaged)) => (None, Chain::first()),
        chain => chain.map(|chain| (Some(chain.clone()), chain))?,
    };
    let known = Mark { generation: chain.generation, sequence: chain.sequence };
    // Of which job an act was that the chain does not know of, nothing here says.
    let number = |mark: Mark| (mark.generation, mark.sequence);
    let first = chain
        .spans
        .as_ref()
        .map_or((1, 1), |_| (known.generation, known.sequence.saturating_add(1)));
    let last = number(known.max(reached));
    let spans = chain.spans.get_or_insert_default();
    if first <= last {
        spans.push(Span { job: None, first, last });
    }
    if known < reached || before.is_none() {
        chain.generation = reached.generation.saturating_add(1);
        chain.sequence = 0;
    }
    if before.as_ref() == Some(&chain) { Ok(()) } else { put_chain(t, &chain) }
}

pub(super) fn read_packs(t: &mut Transaction<'_>) -> Result<Vec<JobPack>, CrewError> {
    let hq = read_enrolment(t)?.hq;
    let packs = t.all(JOB)?;
    open_packs(&packs, &hq)
}

/// The job packs that are not damaged.
pub(super) fn whole_packs(t: &Transaction<'_>, hq: &PublicKey) -> Result<Vec<JobPack>, CrewError> {
    open_packs(&t.whole(JOB)?, hq)
}

fn open_packs(packs: &[Zeroizing<Vec<u8>>], hq: &PublicKey) -> Result<Vec<JobPack>, CrewError> {
    packs
        .iter()
        .map(|bytes| {
            let pack: Signed<JobPack> = Signed::open(bytes, hq).map_err(CrewError::FromHq)?;
            Ok(JobPack::clone(&pack))
        })
        .collect()
}

/// The lists that are whole. A damaged one must not keep the phone from going on
/// with the others; it comes again with the next fetch.
pub(super) fn load_lists(t: &mut Transaction<'_>, hq: &PublicKey) -> Result<Lists, CrewError> {
    let mut lists = Lists::new();
    for bytes in t.whole(ROLL)? {
        lists.add_roll(stored::<RollWire>(&bytes)?.open(hq)?);
    }
    for pack in whole_packs(t, hq)? {
        lists.add_manifests(pack.manifests(hq)?);
    }
    Ok(lists)
}

pub(super) fn stored<T>(bytes: &[u8]) -> Result<T, CrewError>
where
    T: Encode<()> + for<'b> Decode<'b, ()>,
{
    cbor::from_versioned::<T, 1>(bytes).map_err(|_| StoreError::Damaged.into())
}
