//! What HQ tells is kept here: each part in one transaction with the cursors that come
//! after it, so that a download which breaks off goes on where it was.

use std::collections::BTreeSet;

use crewseal_custody::cbor::{self, Version};
use crewseal_custody::job::JobPack;
use crewseal_custody::roll::{Leaf, MAX_LABELS, Roll, RollError, RollHead};
use crewseal_custody::signed::{Digest, Signed, SignedError, Unverified};
use crewseal_custody::wire::{Cursor, JobNews, News, RollNews, RollPart};
use crewseal_custody::{Contradiction, HqKeys, JobId, Manifests, Tick};
use crewseal_label::Token;
use minicbor::bytes::ByteVec;
use minicbor::{Decode, Encode};
use zeroize::Zeroizing;

use super::CrewError;
use super::known_log::Heard;
use super::log_view::LogView;
use super::persisted::{ENDED, JOB, KeptTick, NEWS, ONLY, PARTS, ROLL, TICK, stored};
use super::phone::{Crew, Phone, State};
use super::revoked::{self, ToldRevocations};
use super::tick::{self, kept_tick};
use super::{contradictions, known_log};
use crate::sync::Cursors;
use crate::vault::{StoreError, Transaction};

/// Under these names the cursors of the streams are kept.
const JOBS: &[u8] = b"jobs";
const ROLLS: &[u8] = b"rolls";
const OF_REVOCATIONS: &[u8] = b"revocations";

/// Up to where a stream is known here, and the ids of what is here of it. Where one of them
/// is here no more, because the disk damaged it, the stream is fetched from its beginning.
#[derive(Clone, PartialEq, Encode, Decode)]
#[cbor(map)]
struct Known {
    #[n(0)]
    version: Version<1>,
    #[n(1)]
    cursor: Cursor,
    #[n(2)]
    ids: Vec<Digest>,
}

/// What HQ told, its signatures verified, but for labels: they are believed when their
/// roll is whole.
pub(super) struct Told {
    pub(super) tick: Signed<Tick>,
    pub(super) jobs: Option<ToldJobs>,
    pub(super) rolls: Option<RollNews>,
    pub(super) revocations: Option<ToldRevocations>,
    /// Whether no more is to come.
    pub(super) is_all: bool,
}

pub(super) struct ToldJobs {
    pub(super) cursor: Cursor,
    pub(super) packs: Vec<(Signed<JobPack>, Manifests)>,
    pub(super) ended: Vec<JobId>,
}

impl Told {
    pub(super) fn open(news: &News, hq: &HqKeys) -> Result<Self, CrewError> {
        let jobs = news.jobs.as_ref().map(|jobs| ToldJobs::open(jobs, hq)).transpose()?;
        let tick: Signed<Tick> = hq.open(&news.tick).map_err(CrewError::FromHq)?;
        if hq.is_listed() && tick.origin != hq.origin() {
            return Err(CrewError::FromHq(SignedError::Signature));
        }
        let revocations =
            news.revocations.as_ref().map(|news| ToldRevocations::open(news, &tick, hq));
        Ok(Self {
            jobs,
            rolls: news.rolls.clone(),
            revocations: revocations.transpose()?,
            is_all: !news.more,
            tick,
        })
    }
}

impl ToldJobs {
    fn open(jobs: &JobNews, hq: &HqKeys) -> Result<Self, CrewError> {
        let open = |bytes: &ByteVec| {
            let pack: Signed<JobPack> = hq.open(bytes).map_err(CrewError::FromHq)?;
            let manifests = pack.manifests(hq)?;
            Ok((pack, manifests))
        };
        Ok(Self {
            cursor: jobs.cursor.clone(),
            packs: jobs.packs.iter().map(open).collect::<Result<_, CrewError>>()?,
            ended: jobs.ended.clone(),
        })
    }
}

/// What is to be done once what was told is in the store.
#[derive(Default)]
struct Next {
    rolls: Vec<Roll>,
    /// What was wrong with a part of it; all else was kept.
    trouble: Option<CrewError>,
}

impl Next {
    /// HQ contradicts itself, in this way if in any.
    fn contradicts(&mut self, how: Option<Contradiction>) {
        if let Some(how) = how {
            self.trouble = Some(CrewError::Contradiction(how));
        }
    }
}

impl Crew {
    /// Jobs that HQ told have ended and that are still on this phone: they can be
    /// forgotten.
    ///
    /// # Errors
    /// [`CrewError::Store`].
    pub fn ended_jobs(&self) -> Result<Vec<JobId>, CrewError> {
        self.phone.state()?.store.transaction(|t| {
            let mut ended = Vec::new();
            for bytes in t.whole(ENDED)? {
                let job = JobId(bytes.as_slice().try_into().map_err(|_| StoreError::ValueCorrupt)?);
                if t.get(JOB, &job.0)?.is_some() {
                    ended.push(job);
                }
            }
            Ok(ended)
        })
    }
}

impl Phone {
    /// Up to where each stream is known here, as long as what is known is whole.
    pub(super) fn cursors(&self) -> Result<Cursors, CrewError> {
        let state = &mut *self.state()?;
        let rolls: BTreeSet<Digest> = state.lists.rolls().map(Roll::id).collect();
        state.store.transaction(|t| {
            let packs = pack_ids(t)?;
            let list = revoked::id(t)?;
            Ok(Cursors {
                jobs: cursor(t, JOBS, &packs)?,
                rolls: cursor(t, ROLLS, &rolls)?,
                revocations: cursor(t, OF_REVOCATIONS, &list)?,
            })
        })
    }

    /// Lets go of all cursors, so that everything comes again.
    pub(super) fn start_over(&self) -> Result<(), CrewError> {
        self.state()?.store.transaction(|t| Ok(t.clear(NEWS)?))
    }

    /// Keeps what was told, all of it in one transaction.
    ///
    /// # Errors
    /// [`CrewError::Contradiction`] or [`CrewError::Roll`] for what is not believed: all
    /// else was kept. With any other error nothing was.
    pub(super) fn keep(
        &self,
        state: &mut State,
        hq: &HqKeys,
        told: &Told,
    ) -> Result<(), CrewError> {
        let kept = KeptTick::of(&told.tick, self.clock.as_ref());
        state.act_cache = None;
        let known: BTreeSet<Digest> = state.lists.rolls().map(Roll::id).collect();
        let next = state.store.transaction(|t| {
            let mut next = Next::default();
            let mut view = known_log::read(t, hq)?;
            match tick::from_hq(t, hq, &mut view, &told.tick)? {
                // Another phone may have shown a newer one.
                Heard::TakenIn(how) => {
                    if kept_tick(t, hq)?.is_none_or(|before| {
                        before.origin != told.tick.origin || before.number <= told.tick.number
                    }) {
                        t.put(TICK, ONLY, None, &cbor::to_vec(&kept))?;
                    }
                    next.contradicts(how);
                }
                Heard::Refused(how) => next.contradicts(Some(how)),
            }
            if let Some(told_list) = &told.revocations {
                next.contradicts(revoked::keep(t, hq, told_list, &told.tick)?);
                let ids = revoked::id(t)?;
                note(t, OF_REVOCATIONS, &told_list.cursor, ids)?;
            }
            if told.is_all {
                next.contradicts(revoked::untold(t, hq, &mut view, &told.tick)?);
            }
            known_log::put(t, hq, &view)?;
            if let Some(jobs) = &told.jobs {
                keep_jobs(t, jobs, &view, &mut next)?;
            }
            if let Some(rolls) = &told.rolls {
                keep_labels(t, hq, (rolls, known), &mut next)?;
            }
            Ok::<_, CrewError>(next)
        })?;
        next.rolls.into_iter().for_each(|roll| state.lists.add_roll(roll));
        for (_, manifests) in told.jobs.iter().flat_map(|jobs| &jobs.packs) {
            state.lists.add_manifests(manifests.clone());
        }
        next.trouble.map_or(Ok(()), Err)
    }
}

/// Lets go of the cursor of jobs, so that a job which was forgotten here may come again.
pub(super) fn forget_jobs(t: &mut Transaction<'_>) -> Result<(), CrewError> {
    Ok(t.remove(NEWS, JOBS)?)
}

fn keep_jobs(
    t: &mut Transaction<'_>,
    jobs: &ToldJobs,
    view: &LogView,
    next: &mut Next,
) -> Result<(), CrewError> {
    for (pack, _) in &jobs.packs {
        let compartment = t.compartment(&pack.job.0)?;
        // An HQ that lost its end may have nothing newer.
        if let Some(newer) = newer_pack(t, pack)?.filter(|_| !view.was_restored()) {
            contradictions::keep(t, Some(&compartment), (&newer, pack.as_bytes()))?;
            next.contradicts(Some(Contradiction::OldPack));
            continue;
        }
        t.put(JOB, &pack.job.0, Some(&compartment), pack.as_bytes())?;
        t.remove(ENDED, &pack.job.0)?;
    }
    for job in &jobs.ended {
        t.put(ENDED, &job.0, None, &job.0)?;
    }
    let ids = pack_ids(t)?;
    note(t, JOBS, &jobs.cursor, ids)
}

/// The pack of a job that is known, if it has more versions of the job's manifest than this
/// one: a manifest only grows.
fn newer_pack(
    t: &Transaction<'_>,
    pack: &JobPack,
) -> Result<Option<Zeroizing<Vec<u8>>>, CrewError> {
    let known = match t.get(JOB, &pack.job.0) {
        Err(StoreError::ValueCorrupt) => None,
        known => known?,
    };
    Ok(known.filter(|bytes| {
        Unverified::<JobPack>::parse(bytes)
            .is_ok_and(|known| known.claims().manifests.len() > pack.manifests.len())
    }))
}

/// Keeps parts of rolls, and rolls that are whole with them.
fn keep_labels(
    t: &mut Transaction<'_>,
    hq: &HqKeys,
    (rolls, mut known): (&RollNews, BTreeSet<Digest>),
    next: &mut Next,
) -> Result<(), CrewError> {
    for part in &rolls.parts {
        let head = hq.open::<RollHead>(&part.head).map_err(CrewError::FromHq)?;
        let Some(labels) = with_part(t, &head, part)? else { continue };
        match Roll::new(head, leaves(&labels)) {
            Ok(roll) => {
                t.clear(PARTS)?;
                t.put(ROLL, &roll.id().0, None, &cbor::to_vec(&roll.to_wire()))?;
                known.insert(roll.id());
                next.rolls.push(roll);
            }
            // A part was damaged here, or is not what HQ signed: all of it must come again.
            Err(error) => {
                t.clear(PARTS)?;
                t.remove(NEWS, ROLLS)?;
                next.trouble = Some(error.into());
                return Ok(());
            }
        }
    }
    note(t, ROLLS, &rolls.cursor, known)
}

/// All labels of a roll, if this part is its last one; otherwise keeps the part.
fn with_part(
    t: &mut Transaction<'_>,
    head: &Signed<RollHead>,
    part: &RollPart,
) -> Result<Option<Vec<u8>>, CrewError> {
    let place = |first: u32| [&head.id().0[..], &first.to_be_bytes()].concat();
    let count = |labels: &[u8]| u32::try_from(labels.len() / 16).unwrap_or(u32::MAX);
    let end = part.first.saturating_add(count(&part.labels));
    let is_odd = part.labels.is_empty() || !part.labels.len().is_multiple_of(16);
    let most = u32::try_from(MAX_LABELS).unwrap_or(u32::MAX);
    if is_odd || end > head.count || head.count > most {
        return Err(RollError::List.into());
    }
    if part.first == 0 {
        // Whatever is left of a download that was begun anew.
        t.clear(PARTS)?;
    }
    if end < head.count {
        t.put(PARTS, &place(part.first), None, &part.labels)?;
        return Ok(None);
    }
    let mut labels = Vec::new();
    while count(&labels) < part.first {
        let Some(before) = t.get(PARTS, &place(count(&labels)))? else { break };
        labels.extend_from_slice(&before);
    }
    labels.extend_from_slice(&part.labels);
    Ok(Some(labels))
}

fn leaves(labels: &[u8]) -> Vec<Leaf> {
    let (labels, _) = labels.as_chunks::<16>();
    labels.iter().map(|label| Leaf::Token(Token::from_bytes(*label))).collect()
}

fn note(
    t: &mut Transaction<'_>,
    stream: &[u8],
    cursor: &Cursor,
    ids: BTreeSet<Digest>,
) -> Result<(), CrewError> {
    let ids = ids.into_iter().collect();
    let known = Known { version: Version, cursor: cursor.clone(), ids };
    Ok(t.put(NEWS, stream, None, &cbor::to_vec(&known))?)
}

/// The cursor of a stream, if all is here that was when it came.
fn cursor(
    t: &Transaction<'_>,
    stream: &[u8],
    here: &BTreeSet<Digest>,
) -> Result<Option<Cursor>, CrewError> {
    let known = match t.get(NEWS, stream) {
        Ok(Some(bytes)) => stored::<Known>(&bytes),
        Ok(None) | Err(StoreError::ValueCorrupt) => return Ok(None),
        Err(error) => return Err(error.into()),
    };
    let known = known.ok().filter(|known| known.ids.iter().all(|id| here.contains(id)));
    Ok(known.map(|known| known.cursor))
}

/// The ids of the packs that are here and whole.
fn pack_ids(t: &Transaction<'_>) -> Result<BTreeSet<Digest>, CrewError> {
    let packs = t.whole(JOB)?;
    Ok(packs
        .iter()
        .filter_map(|bytes| Unverified::<JobPack>::parse(bytes).ok())
        .map(|pack| pack.id())
        .collect())
}
