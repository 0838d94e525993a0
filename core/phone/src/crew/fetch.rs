//! What HQ has for a phone: its time, jobs, rolls, who is revoked, and a right to deliver.

use std::sync::Arc;

use crewseal_custody::cbor::{self, Version};
use crewseal_custody::delivery_grant::StoredGrant;
use crewseal_custody::job::JobPack;
use crewseal_custody::roll::RollWire;
use crewseal_custody::signed::{PublicKey, Signed};
use crewseal_custody::wire::{DeliveryGrant, Endpoint};
use crewseal_custody::{Revocations, Tick};

use super::CrewError;
use super::persisted::{
    Enrolment, JOB, KeptTick, ONLY, REVOCATIONS, ROLL, TICK, load_lists, read_enrolment, stored,
};
use super::phone::{Crew, Phone, State};
use super::trust::read_revocations;
use crate::blocking_pool;
use crate::outbox::delivery_grant;
use crate::sync::{Client, NOT_FOUND, SyncError};
use crate::vault::Transaction;

/// How many seconds before its end a delivery grant is renewed: 30 days.
const GRANT_RENEWAL: u64 = 30 * 24 * 60 * 60;

/// What came from HQ.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Fetched {
    /// Jobs of this device.
    pub jobs: u64,
    /// Labels on the depot's rolls.
    pub labels: u64,
}

/// What HQ answered, its signatures verified.
pub(super) struct Download {
    pub(super) tick: Signed<Tick>,
    /// None if no newer ones are known at HQ.
    pub(super) revocations: Option<Signed<Revocations>>,
    pub(super) packs: Vec<Signed<JobPack>>,
    pub(super) rolls: Vec<RollWire>,
}

impl Crew {
    /// Fetches HQ's time, the job packs and the depot's rolls, and which devices are
    /// revoked if that is not known here. HQ's word about this device is renewed when a third
    /// of its time or less is left.
    ///
    /// # Errors
    /// [`CrewError`].
    pub async fn fetch(&self) -> Result<Fetched, CrewError> {
        let (client, hq) = self.client().await?;
        let vault = &self.phone.vault;
        let tick = client.tick(vault).await.map_err(|error| self.phone.failed(error))?;
        // Before the jobs, which HQ gives to nobody whose credential has ended.
        self.renew_credential(&client).await?;
        let jobs = client.jobs(vault).await.map_err(|error| self.phone.failed(error))?;
        let rolls = client.rolls(vault).await.map_err(|error| self.phone.failed(error))?;
        let tick = Signed::<Tick>::open(&tick, &hq).map_err(CrewError::FromHq)?;
        let revocations = self.newer_revocations(&client, &hq, &tick).await?;
        self.renew_slip(&client).await?;
        let packs: Vec<Signed<JobPack>> = jobs
            .packs
            .iter()
            .map(|pack| Signed::open(pack, &hq).map_err(CrewError::FromHq))
            .collect::<Result<_, _>>()?;
        for pack in &packs {
            pack.manifests(&hq)?;
        }
        let download = Download { tick, revocations, packs, rolls: rolls.rolls };
        let phone = Arc::clone(&self.phone);
        blocking_pool::run(move || {
            let state = &mut *phone.state()?;
            let fetched = phone.keep(state, &hq, &download)?;
            phone.go_on(state)?;
            Ok(fetched)
        })
        .await
    }

    /// Keeps a right to deliver for a time when this phone's keys are gone.
    async fn renew_slip(&self, client: &Client) -> Result<(), CrewError> {
        let phone = Arc::clone(&self.phone);
        if !blocking_pool::run(move || phone.wants_grant()).await? {
            return Ok(());
        }
        match client.delivery(&self.phone.vault).await {
            Ok(right) => {
                let phone = Arc::clone(&self.phone);
                blocking_pool::run(move || phone.keep_grant(right)).await
            }
            // An HQ that grants none.
            Err(SyncError::Refused { status: NOT_FOUND }) => Ok(()),
            Err(error) => Err(self.phone.failed(error)),
        }
    }

    /// HQ's list of revoked devices, if there is a newer one than here.
    async fn newer_revocations(
        &self,
        client: &Client,
        hq: &PublicKey,
        tick: &Signed<Tick>,
    ) -> Result<Option<Signed<Revocations>>, CrewError> {
        let (phone, hq, epoch) = (Arc::clone(&self.phone), *hq, tick.epoch);
        if !blocking_pool::run(move || phone.has_older_revocations(&hq, epoch)).await? {
            return Ok(None);
        }
        let list = client.revocations(&self.phone.vault).await;
        let list = list.map_err(|error| self.phone.failed(error))?;
        Ok(Some(Signed::open(&list, &hq).map_err(CrewError::FromHq)?))
    }
}

impl Phone {
    pub(super) fn keep(
        &self,
        state: &mut State,
        hq: &PublicKey,
        download: &Download,
    ) -> Result<Fetched, CrewError> {
        let Download { tick, revocations, packs, rolls } = download;
        let kept = KeptTick::of(tick, self.clock.as_ref());
        let mut labels = 0_usize;
        state.act_cache = None;
        state.lists = state.store.transaction(|t| {
            // Another phone may have shown a newer one. HQ's clock does not go back.
            if kept_tick(t, hq)?
                .is_none_or(|before| before.origin != tick.origin || before.number <= tick.number)
            {
                t.put(TICK, ONLY, None, &cbor::to_vec(&kept))?;
            }
            if let Some(list) = revocations {
                let before = read_revocations(t, hq)?;
                if before.is_none_or(|before| before.epoch < list.epoch) {
                    t.put(REVOCATIONS, ONLY, None, list.as_bytes())?;
                }
            }
            for pack in packs {
                let compartment = t.compartment(&pack.job.0)?;
                t.put(JOB, &pack.job.0, Some(&compartment), pack.as_bytes())?;
            }
            for wire in rolls {
                let roll = wire.open(hq)?;
                labels += roll.tokens().count();
                t.put(ROLL, &roll.id().0, None, &cbor::to_vec(wire))?;
            }
            load_lists(t, hq)
        })?;
        let count = |length| u64::try_from(length).unwrap_or(u64::MAX);
        Ok(Fetched { jobs: count(packs.len()), labels: count(labels) })
    }

    /// Whether HQ, or another phone, told of more revocations than are known here.
    pub(super) fn has_older_revocations(
        &self,
        hq: &PublicKey,
        told: Option<u64>,
    ) -> Result<bool, CrewError> {
        self.state()?.store.transaction(|t| {
            let seen = kept_tick(t, hq)?.and_then(|tick| tick.epoch);
            let known = read_revocations(t, hq)?.map_or(0, |list| list.epoch);
            Ok(told.max(seen).unwrap_or(0) > known)
        })
    }

    /// Whether the right to deliver without keys is to be asked for: there is none, of
    /// another HQ, or one that ends soon.
    pub(super) fn wants_grant(&self) -> Result<bool, CrewError> {
        let now = self.clock.now();
        self.state()?.store.transaction(|t| {
            let (grant, enrolment) = (delivery_grant::read(t)?, read_enrolment(t)?);
            let is_good = |grant: &StoredGrant| {
                let Endpoint { url, hq, .. } = &grant.endpoint;
                let is_same = *hq == enrolment.hq && *url == enrolment.url;
                is_same && grant.until > now.saturating_add(GRANT_RENEWAL)
            };
            Ok(!grant.as_ref().is_some_and(is_good))
        })
    }

    pub(super) fn keep_grant(&self, right: DeliveryGrant) -> Result<(), CrewError> {
        self.state()?.store.transaction(|t| {
            let Enrolment { url, authority, hq, .. } = read_enrolment(t)?;
            let DeliveryGrant { token, until, .. } = right;
            let endpoint = Endpoint { url, authority, hq };
            let grant = StoredGrant { version: Version, endpoint, token, until };
            Ok(delivery_grant::keep(t, &grant)?)
        })
    }
}

/// The newest tick that is here, if it is this HQ's.
fn kept_tick(t: &Transaction<'_>, hq: &PublicKey) -> Result<Option<Signed<Tick>>, CrewError> {
    let Some(bytes) = t.get(TICK, ONLY)? else { return Ok(None) };
    Ok(Signed::open(&stored::<KeptTick>(&bytes)?.tick, hq).ok())
}
