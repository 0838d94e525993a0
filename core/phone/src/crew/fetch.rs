//! What HQ has for a phone: its time, jobs, rolls, who is revoked, and a right to deliver.

use std::sync::Arc;

use crewseal_custody::HqKeys;
use crewseal_custody::delivery_grant::StoredGrant;
use crewseal_custody::wire::{Cursor, DeliveryGrant, News};

use super::CrewError;
use super::act_cache::is_open;
use super::news::Told;
use super::persisted::{read_enrolment, whole_packs};
use super::phone::{Crew, Phone, State};
use super::trust::read_revocations;
use crate::blocking_pool;
use crate::outbox::delivery_grant;
use crate::sync::{Client, Cursors, NOT_FOUND, SyncError};

/// How many seconds before its end a delivery grant is renewed: 30 days.
const GRANT_RENEWAL: u64 = 30 * 24 * 60 * 60;

/// What is on this phone of what HQ has for it, after a fetch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Fetched {
    /// Jobs of this device that are open.
    pub jobs: u64,
    /// Labels on the rolls that are here: its depot's, and those of a depot that the device
    /// was of before.
    pub labels: u64,
}

impl Crew {
    /// Fetches HQ's time and what is new: job packs, labels of the depot's rolls, which
    /// devices are revoked. What is known here does not come again, and what came before a
    /// network broke off is kept. HQ's word about this device is renewed
    /// when a third of its time or less is left.
    ///
    /// # Errors
    /// [`CrewError`]; [`CrewError::Contradiction`] if HQ takes back what it said before: all
    /// else was kept.
    pub async fn fetch(&self) -> Result<Fetched, CrewError> {
        let _under_way = self.phone.fetching.lock().await;
        let known = self.connection().await?;
        let mut hq = self.ready(known).await?;
        // Before the jobs, which HQ gives to nobody whose credential has ended.
        self.renew_credential(&mut hq).await?;
        let (mut started_over, mut trouble) = (false, None);
        loop {
            let phone = Arc::clone(&self.phone);
            let known = blocking_pool::run(move || phone.cursors()).await?;
            let news = match hq.client.news(&self.phone.vault, &known).await {
                Ok(news) => news,
                Err(SyncError::Cursor) if !started_over => {
                    started_over = true;
                    let phone = Arc::clone(&self.phone);
                    blocking_pool::run(move || phone.start_over()).await?;
                    continue;
                }
                Err(error) => return Err(self.phone.failed(error)),
            };
            self.follow_keys(&mut hq).await?;
            let told = Told::open(&news, &hq.keys)?;
            let phone = Arc::clone(&self.phone);
            let keys = hq.keys.clone();
            let kept = blocking_pool::run(move || {
                let state = &mut *phone.state()?;
                phone.keep(state, &keys, &told)
            });
            match kept.await {
                Err(error @ CrewError::Contradiction(_)) => trouble = Some(error),
                kept => kept?,
            }
            if !news.more {
                break;
            }
            if !leads_on(&known, &news) {
                return Err(self.phone.failed(SyncError::Unreadable));
            }
        }
        self.renew_slip(&hq.client).await?;
        let (phone, keys) = (Arc::clone(&self.phone), hq.keys.clone());
        let fetched = blocking_pool::run(move || {
            let state = &mut *phone.state()?;
            phone.go_on(state)?;
            phone.fetched(state, &keys)
        });
        let fetched = fetched.await?;
        let of_log = self.ask_log(&hq).await;
        trouble.map_or(of_log, Err).map(|()| fetched)
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
}

impl Phone {
    /// What is on this phone of what HQ has for it: nothing for a device that is revoked.
    fn fetched(&self, state: &mut State, hq: &HqKeys) -> Result<Fetched, CrewError> {
        let now = self.clock.now();
        let (packs, list) = state
            .store
            .transaction(|t| Ok::<_, CrewError>((whole_packs(t, hq)?, read_revocations(t, hq)?)))?;
        if list.is_some_and(|list| list.revoked_since(&self.device).is_some()) {
            return Ok(Fetched { jobs: 0, labels: 0 });
        }
        let labels: usize = state.lists.rolls().map(|roll| roll.tokens().count()).sum();
        let count = |length| u64::try_from(length).unwrap_or(u64::MAX);
        let jobs = packs.iter().filter(|pack| is_open(pack, now)).count();
        Ok(Fetched { jobs: count(jobs), labels: count(labels) })
    }

    /// Whether the right to deliver without keys is to be asked for: there is none, of
    /// another HQ, or one that ends soon.
    pub(super) fn wants_grant(&self) -> Result<bool, CrewError> {
        let now = self.clock.now();
        self.state()?.store.transaction(|t| {
            let (grant, enrolment) = (delivery_grant::read(t)?, read_enrolment(t)?);
            let here = enrolment.endpoint()?;
            let is_good = |grant: &StoredGrant| {
                grant.endpoint == here && grant.until > now.saturating_add(GRANT_RENEWAL)
            };
            Ok(!grant.as_ref().is_some_and(is_good))
        })
    }

    pub(super) fn keep_grant(&self, right: DeliveryGrant) -> Result<(), CrewError> {
        self.state()?.store.transaction(|t| {
            let endpoint = read_enrolment(t)?.endpoint()?;
            let DeliveryGrant { token, until, .. } = right;
            let grant = StoredGrant { endpoint, token, until };
            Ok(delivery_grant::keep(t, &grant.to_bytes())?)
        })
    }
}

/// Whether an answer brings the phone on. One that says that there is more, and goes on
/// nowhere, would be asked for without an end.
fn leads_on(known: &Cursors, news: &News) -> bool {
    let moves = |known: &Option<Cursor>, told: Option<&Cursor>| {
        told.is_some_and(|told| known.as_ref() != Some(told))
    };
    moves(&known.jobs, news.jobs.as_ref().map(|jobs| &jobs.cursor))
        || moves(&known.rolls, news.rolls.as_ref().map(|rolls| &rolls.cursor))
}
