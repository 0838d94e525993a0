//! What the phone keeps, sealed, between two starts of the app.

use std::collections::{BTreeMap, BTreeSet};

use minicbor::bytes::ByteVec;
use minicbor::{Decode, Encode};

use super::CrewError;
use crate::cbor::{self, Version};
use crate::custody::{Anchor, BootId, EventId, JobId, Lists, Since, Tick};
use crate::job::JobPack;
use crate::label::Token;
use crate::label::roll::RollWire;
use crate::signed::{PublicKey, Signed};
use crate::vault::{Drawer, Mark, StoreError, Transaction};

pub(super) const ENROLMENT: Drawer = Drawer("enrolment");
pub(super) const CHAIN: Drawer = Drawer("chain");
pub(super) const TICK: Drawer = Drawer("tick");
pub(super) const JOB: Drawer = Drawer("job");
pub(super) const ROLL: Drawer = Drawer("roll");
/// Offers of this device, by the id of the offer.
pub(super) const GIVING: Drawer = Drawer("giving");
/// The handoff in which this device receives.
pub(super) const RECEIVING: Drawer = Drawer("receiving");
const PROGRESS: Drawer = Drawer("progress");
/// The name in a drawer that holds one thing.
pub(super) const ONLY: &[u8] = b"";

/// How far this device's chain has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Encode, Decode)]
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
    let first = Chain { version: Version, generation: 1, sequence: 0, previous: None };
    t.get(CHAIN, ONLY)?.map_or(Ok(first), |bytes| stored(&bytes))
}

/// What every act needs of the store, so that it is read and checked once and not
/// act by act. It is true as long as nothing but acts writes to these drawers and
/// every commit succeeds; whoever does otherwise lets go of it.
pub(super) struct Ready {
    pub(super) sealing_key: ByteVec,
    pub(super) chain: Chain,
    pub(super) anchor: Anchor,
    /// When the anchor arrived.
    arrived: Since,
    /// From when to when each job is open.
    open: BTreeMap<JobId, (u64, u64)>,
}

impl Ready {
    pub(super) fn read(t: &mut Transaction<'_>) -> Result<Self, CrewError> {
        let enrolment = read_enrolment(t)?;
        let kept: KeptTick = stored(&t.get(TICK, ONLY)?.ok_or(CrewError::NoTick)?)?;
        let tick = read_tick(t, &enrolment.hq)?;
        let packs = read_packs(t)?;
        Ok(Self {
            sealing_key: enrolment.sealing_key,
            chain: read_chain(t)?,
            anchor: Anchor { number: tick.number, nonce: tick.nonce },
            arrived: Since { boot: kept.boot, millis: kept.millis },
            open: packs.iter().map(|pack| (pack.job, (pack.opens_at, pack.closes_at))).collect(),
        })
    }

    /// Refuses a job that is not on this phone or not open at this time.
    pub(super) fn admit(&self, job: JobId, now: u64) -> Result<(), CrewError> {
        let (opens_at, closes_at) = self.open.get(&job).ok_or(CrewError::UnknownJob)?;
        if (*opens_at..*closes_at).contains(&now) { Ok(()) } else { Err(CrewError::NotOpen) }
    }

    /// How long ago the anchor arrived, at this reading of the monotonic clock.
    pub(super) fn since(&self, (boot, now): (BootId, u64)) -> Since {
        let is_of_this_boot = boot == self.arrived.boot;
        let millis = if is_of_this_boot { now.saturating_sub(self.arrived.millis) } else { now };
        Since { boot, millis }
    }
}

pub(super) fn read_tick(t: &Transaction<'_>, hq: &PublicKey) -> Result<Signed<Tick>, CrewError> {
    let kept: KeptTick = stored(&t.get(TICK, ONLY)?.ok_or(CrewError::NoTick)?)?;
    Signed::open(&kept.tick, hq).map_err(CrewError::FromHq)
}

/// A store that is behind what left the phone was restored: its chain goes on
/// in a new generation, which is a declared gap and no fork.
pub(super) fn continue_chain(t: &mut Transaction<'_>, mark: Mark) -> Result<(), CrewError> {
    let chain = read_chain(t)?;
    if (Mark { generation: chain.generation, sequence: chain.sequence }) < mark {
        let generation = mark.generation.saturating_add(1);
        let next = Chain { version: Version, generation, sequence: 0, previous: chain.previous };
        t.put(CHAIN, ONLY, None, &cbor::to_vec(&next))?;
    }
    Ok(())
}

pub(super) fn read_packs(t: &mut Transaction<'_>) -> Result<Vec<JobPack>, CrewError> {
    let hq = read_enrolment(t)?.hq;
    let packs = t.all(JOB)?;
    packs
        .iter()
        .map(|bytes| {
            let pack: Signed<JobPack> = Signed::open(bytes, &hq).map_err(CrewError::FromHq)?;
            Ok(JobPack::clone(&pack))
        })
        .collect()
}

pub(super) fn load_lists(t: &mut Transaction<'_>, hq: &PublicKey) -> Result<Lists, CrewError> {
    let mut lists = Lists::new();
    for bytes in t.all(ROLL)? {
        lists.add_roll(stored::<RollWire>(&bytes)?.open(hq)?);
    }
    for pack in read_packs(t)? {
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
