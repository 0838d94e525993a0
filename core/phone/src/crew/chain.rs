//! The store's head, one row because nearly every act changes all of it: the end of
//! this device's chain, and its newest acts in short.
//!
//! The acts are sealed in their job's compartment before the whole is, so that they
//! are forgotten with the job.

use crewseal_custody::cbor::{self, Version};
use crewseal_custody::{DeviceId, EventId, JobId};
use minicbor::bytes::ByteVec;
use minicbor::{Decode, Encode};
use zeroize::Zeroizing;

use super::CrewError;
use super::persisted::{ONLY, stored};
use super::terms::TermsDigest;
use crate::outbox::queue;
use crate::vault::{Collection, Mark, StoreError, Transaction};

/// Where the chain lay before there was a head, in stores of format 1.
const CHAIN: Collection = Collection("chain");

/// What lies in the head of the store.
#[derive(Clone, PartialEq, Encode, Decode)]
#[cbor(map)]
struct Head {
    #[n(0)]
    version: Version<1>,
    #[n(1)]
    chain: Chain,
    #[n(2)]
    recent: Option<Sealed>,
}

/// The newest acts of a job, sealed in its compartment.
#[derive(Clone, PartialEq, Encode, Decode)]
#[cbor(array)]
pub(super) struct Sealed {
    #[n(0)]
    job: JobId,
    #[n(1)]
    acts: ByteVec,
}

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
    /// Between which numbers each job's events lie, for what is queued cannot be read
    /// and does not say. None in a store that did not keep them yet.
    #[n(4)]
    pub(super) spans: Option<Vec<Span>>,
    /// The terms that it said last of what is of no job.
    #[n(5)]
    said: Option<TermsDigest>,
}

/// The first and the last event of a job.
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
    /// The terms of the job that the chain said last.
    #[n(3)]
    said: Option<TermsDigest>,
}

impl Chain {
    const fn first() -> Self {
        Self {
            version: Version,
            generation: 1,
            sequence: 0,
            previous: None,
            spans: None,
            said: None,
        }
    }

    /// Goes on in the generation after this one, which says all terms anew: what was said
    /// in what is lost, nobody knows here.
    fn begin_anew(&mut self, after: u32) {
        self.generation = after.saturating_add(1);
        self.sequence = 0;
        self.said = None;
        self.spans.iter_mut().flatten().for_each(|span| span.said = None);
    }

    /// Whether it was begun anew and nothing says so yet.
    pub(super) const fn is_undeclared(&self) -> bool {
        self.generation > 1 && self.sequence == 0
    }

    /// Goes on with an event of a job.
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
            None => spans.push(Span { job: Some(job), first: here, last: here, said: None }),
        }
    }

    /// The terms of a job that it said last.
    pub(super) fn said(&self, job: JobId) -> Option<TermsDigest> {
        if job == JobId::NONE {
            return self.said;
        }
        self.spans.iter().flatten().find(|span| span.job == Some(job))?.said
    }

    /// Notes that its last event says these terms of a job.
    pub(super) fn say(&mut self, job: JobId, terms: TermsDigest) {
        if job == JobId::NONE {
            self.said = Some(terms);
        }
        let mut spans = self.spans.iter_mut().flatten();
        if let Some(span) = spans.find(|span| span.job == Some(job)) {
            span.said = Some(terms);
        }
    }

    /// Whether the event with this number may be one of the job.
    pub(super) fn may_be_of(&self, job: JobId, number: (u32, u64)) -> bool {
        let spans = self.spans.iter().flatten();
        let mut spans = spans.filter(|span| span.job.is_none_or(|other| other == job));
        spans.any(|span| (span.first..=span.last).contains(&number))
    }
}

/// The end of the chain.
pub(super) fn read_chain(t: &Transaction<'_>) -> Result<Chain, CrewError> {
    if let Some(head) = t.head() {
        return Ok(stored::<Head>(head)?.chain);
    }
    t.get(CHAIN, ONLY)?.map_or_else(|| Ok(Chain::first()), |bytes| stored(&bytes))
}

/// The newest acts, which are in no page yet.
pub(super) fn read_recent(t: &Transaction<'_>) -> Result<Option<Sealed>, CrewError> {
    let head = t.head().map(stored::<Head>).transpose()?;
    Ok(head.and_then(|head| head.recent))
}

/// Sets the head. From then on a store of format 1 has its chain nowhere else.
pub(super) fn put(
    t: &mut Transaction<'_>,
    chain: &Chain,
    recent: Option<Sealed>,
) -> Result<(), CrewError> {
    if t.head().is_none() {
        t.remove(CHAIN, ONLY)?;
    }
    let head = Head { version: Version, chain: chain.clone(), recent };
    t.set_head(&cbor::to_vec(&head));
    Ok(())
}

/// Lets the chain go on without a job that is being forgotten.
pub(super) fn forget(t: &mut Transaction<'_>, job: JobId) -> Result<(), CrewError> {
    let mut chain = read_chain(t)?;
    chain.spans.iter_mut().for_each(|spans| spans.retain(|span| span.job != Some(job)));
    let recent = read_recent(t)?.filter(|recent| recent.job != job);
    put(t, &chain, recent)
}

impl Sealed {
    pub(super) fn close(
        t: &mut Transaction<'_>,
        job: JobId,
        acts: &[u8],
    ) -> Result<Self, CrewError> {
        let acts = t.compartment(&job.0)?.close(acts)?;
        Ok(Self { job, acts: acts.into() })
    }

    /// None if their job was forgotten.
    pub(super) fn open(
        &self,
        t: &Transaction<'_>,
    ) -> Result<Option<Zeroizing<Vec<u8>>>, CrewError> {
        let compartment = t.existing_compartment(&self.job.0)?;
        Ok(compartment.map(|compartment| compartment.open(&self.acts)).transpose()?)
    }
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
        Err(CrewError::Store(StoreError::ValueCorrupt)) => (None, Chain::first()),
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
        spans.push(Span { job: None, first, last, said: None });
    }
    if known < reached || before.is_none() {
        chain.begin_anew(reached.generation);
    }
    if before.as_ref() == Some(&chain) {
        return Ok(());
    }
    // A head that was damaged has none.
    let recent = if before.is_some() { read_recent(t)? } else { None };
    put(t, &chain, recent)
}

#[cfg(test)]
mod tests {
    use crewseal_custody::signed::Digest;

    use super::*;

    /// Frozen: docs/storage.md, section 3.
    #[test]
    fn the_head_lies_in_the_store_as_it_is_written_down() {
        let job = JobId([0x0a; 16]);
        let mut chain = Chain::first();
        for id in [1, 2, 3] {
            chain.append(job, Digest([id; 32]));
        }
        let recent = Some(Sealed { job, acts: vec![7, 8].into() });
        let head = Head { version: Version, chain, recent };
        let hex = data_encoding::HEXLOWER.encode(&cbor::to_vec(&head));
        let (job, event) = (format!("50{}", "0a".repeat(16)), format!("5820{}", "03".repeat(32)));
        let chain = format!("a500010101020303{event}0481 83{job}820101820103");
        assert_eq!(hex, format!("a3000101{chain}0282{job}420708").replace(' ', ""));
    }

    /// Frozen: docs/storage.md, section 3.
    #[test]
    fn what_it_says_of_terms_lies_there_as_it_is_written_down() {
        let job = JobId([0x0a; 16]);
        let mut chain = Chain::first();
        chain.append(job, Digest([1; 32]));
        chain.say(job, TermsDigest([0xc1; 8]));
        chain.append(JobId::NONE, Digest([2; 32]));
        chain.say(JobId::NONE, TermsDigest([0xc2; 8]));
        let head = Head { version: Version, chain, recent: None };
        let bytes = cbor::to_vec(&head);
        let (job, event) = (format!("50{}", "0a".repeat(16)), format!("5820{}", "02".repeat(32)));
        let (of_job, of_none) = ("c1".repeat(8), "c2".repeat(8));
        let spans = format!("8184{job}82010182010148{of_job}");
        let chain = format!("a600010101020203{event}04{spans}0548{of_none}");
        assert_eq!(data_encoding::HEXLOWER.encode(&bytes), format!("a2000101{chain}"));
        assert!(stored::<Head>(&bytes).is_ok_and(|read| read == head));
    }

    #[test]
    fn it_says_the_terms_of_each_job_for_itself_and_anew_in_a_new_generation() {
        let (one, other) = (JobId([1; 16]), JobId([2; 16]));
        let terms = |number| Some(TermsDigest([number; 8]));
        let mut chain = Chain::first();
        for (number, job) in [(1, one), (2, other), (3, JobId::NONE), (4, one)] {
            chain.append(job, Digest([number; 32]));
            assert_ne!(chain.said(job), terms(number));
            chain.say(job, TermsDigest([number; 8]));
        }
        chain.append(one, Digest([5; 32]));
        assert_eq!([one, other, JobId::NONE].map(|job| chain.said(job)), [4, 2, 3].map(terms));
        chain.begin_anew(1);
        assert!(chain.is_undeclared());
        assert_eq!([one, other, JobId::NONE].map(|job| chain.said(job)), [None; 3]);
        assert!(chain.may_be_of(other, (1, 2)), "where its events lie is not forgotten");
    }
}
