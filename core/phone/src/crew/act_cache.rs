//! The act cache: what every act needs of the store, read and checked once, so that an act
//! costs one signature and one commit.

use std::collections::BTreeMap;

use crewseal_custody::job::JobPack;
use crewseal_custody::signed::Signed;
use crewseal_custody::{Anchor, HqKeys, JobId, Moment, Since, Tick};
use minicbor::bytes::ByteVec;

use super::CrewError;
use super::chain::{self, Chain};
use super::diary::{self, Line, Page};
use super::persisted::{KeptTick, ONLY, TICK, read_enrolment, stored, whole_packs};
use super::terms::Terms;
use super::trust::Trust;
use crate::clock::Clock;
use crate::vault::Transaction;

/// What every act needs of the store, so that it is read and checked once and not
/// act by act. It is true as long as the store's head is the same, nothing but acts
/// writes to these collections and every commit succeeds; whoever does otherwise lets go
/// of it.
pub(super) struct ActCache {
    pub(super) sealing_key: ByteVec,
    pub(super) chain: Chain,
    recent: Option<Page>,
    /// The head of the store that says so.
    head: Option<Vec<u8>>,
    pub(super) trust: Trust,
    pub(super) anchored: Anchored,
    packs: BTreeMap<JobId, Signed<JobPack>>,
}

/// HQ's newest tick that is here, and when it came.
pub(super) struct Anchored {
    anchor: Anchor,
    arrived: Since,
}

impl ActCache {
    pub(super) fn read(t: &mut Transaction<'_>) -> Result<Self, CrewError> {
        let enrolment = read_enrolment(t)?;
        let trust = Trust::read(t)?;
        let packs = whole_packs(t, &trust.hq)?;
        Ok(Self {
            sealing_key: enrolment.sealing_key(&trust.hq, trust.tick.at)?,
            chain: chain::read_chain(t)?,
            recent: diary::recent_if_whole(t)?,
            head: t.head().map(<[u8]>::to_vec),
            anchored: Anchored::read(t, &trust.hq)?,
            trust,
            packs: packs.into_iter().map(|pack| (pack.job, pack)).collect(),
        })
    }

    /// Whether this is still the head of the store.
    pub(super) fn is_at(&self, head: Option<&[u8]>) -> bool {
        self.head.as_deref() == head
    }

    /// Writes acts of a job down, and where the chain ends with them.
    pub(super) fn write_down(
        &mut self,
        t: &mut Transaction<'_>,
        acts: Option<(JobId, Vec<Line>)>,
    ) -> Result<(), CrewError> {
        if let Some((job, lines)) = acts {
            self.recent = diary::write_down(t, self.recent.take(), job, lines)?;
        }
        let recent = self.recent.as_ref().map(|page| page.seal(t)).transpose()?;
        chain::put(t, &self.chain, recent)?;
        self.head = t.head().map(<[u8]>::to_vec);
        Ok(())
    }

    /// The terms of a job that must be said before the next act in it; none if the chain
    /// said the same last.
    pub(super) fn unsaid(&self, job: JobId) -> Option<Terms> {
        let pack = self.packs.get(&job).map(Signed::id);
        let revocations = self.trust.revocations.as_ref().map(Signed::id);
        let terms = Terms::new(self.trust.credential.id(), pack, revocations);
        (self.chain.said(job) != Some(terms.digest())).then_some(terms)
    }

    /// A job that is on this phone and open at this time.
    pub(super) fn open_job(&self, job: JobId, now: u64) -> Result<&JobPack, CrewError> {
        let pack = self.packs.get(&job).ok_or(CrewError::UnknownJob)?;
        if is_open(pack, now) { Ok(pack) } else { Err(CrewError::NotOpen) }
    }
}

impl Anchored {
    pub(super) fn read(t: &Transaction<'_>, hq: &HqKeys) -> Result<Self, CrewError> {
        let kept: KeptTick = stored(&t.get(TICK, ONLY)?.ok_or(CrewError::NoTick)?)?;
        let tick: Signed<Tick> = hq.open(&kept.tick).map_err(CrewError::FromHq)?;
        let anchor = Anchor { number: tick.number, nonce: tick.nonce };
        Ok(Self { anchor, arrived: Since { boot: kept.boot, millis: kept.millis } })
    }

    /// Now, by this clock.
    pub(super) fn moment(&self, clock: &dyn Clock) -> Moment {
        let (boot, now) = clock.since_boot();
        let is_of_this_boot = boot == self.arrived.boot;
        let millis = if is_of_this_boot { now.saturating_sub(self.arrived.millis) } else { now };
        Moment { claimed_at: clock.now(), since: Since { boot, millis }, anchor: self.anchor }
    }
}

pub(super) const fn is_open(pack: &JobPack, now: u64) -> bool {
    pack.opens_at <= now && now < pack.closes_at
}
