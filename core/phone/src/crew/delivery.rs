//! The queue on its way to HQ, batch by batch, and what HQ's receipts make of it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::atomic::Ordering;

use crewseal_custody::cbor::Version;
use crewseal_custody::signed::{PublicKey, Signed};
use crewseal_custody::wire::{Batch, MAX_BATCH, MAX_BODY};
use crewseal_custody::{EventId, Receipt, hq_identity};
use minicbor::bytes::ByteVec;

use super::CrewError;
use super::persisted::{read_enrolment, read_origin};
use super::phone::{Crew, Phone, State};
use crate::blocking_pool;
use crate::outbox::delivery_grant;
use crate::outbox::queue::{self, Settled, Status, Waiting};
use crate::random;
use crate::sync::{Audience, Client, SyncError, pause};

/// What a sync achieved.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Delivered {
    /// Entries that HQ has, with its receipt verified, and that are gone here.
    pub receipted: u64,
    /// Entries that HQ refused; they are parked.
    pub parked: u64,
    /// Entries that HQ did not answer, or not with a receipt of its own; they
    /// wait.
    pub unanswered: u64,
}

impl Crew {
    /// How the queue stands.
    ///
    /// # Errors
    /// [`CrewError::Store`].
    pub fn outbox(&self) -> Result<Status, CrewError> {
        self.phone.state()?.store.transaction(|t| queue::status(t).map_err(CrewError::from))
    }

    /// Delivers what waits, once through the queue. A phone that was logged out or wiped
    /// delivers, too, by the right that HQ gave to the device before.
    ///
    /// # Errors
    /// [`CrewError::Sync`] says when to try again. Whatever was receipted
    /// before stays receipted.
    pub async fn sync(&self) -> Result<Delivered, CrewError> {
        self.sync_telling(|_| ()).await
    }

    /// Delivers what waits as [`sync`](Self::sync) does, and tells after every batch
    /// what was achieved so far. Whoever is told holds the sync up meanwhile.
    ///
    /// # Errors
    /// As of [`sync`](Self::sync).
    pub async fn sync_telling(
        &self,
        mut tell: impl FnMut(&Delivered) + Send,
    ) -> Result<Delivered, CrewError> {
        let (client, hq) = self.delivery_client().await?;
        let mut delivered = Delivered::default();
        let mut after = 0;
        loop {
            let phone = Arc::clone(&self.phone);
            let (entries, batch) = blocking_pool::run(move || phone.next_batch(after)).await?;
            let Some(last) = entries.last() else { break };
            after = last.position;
            let answer = client.deliver(&self.phone.vault, &batch).await;
            let receipts = answer.map_err(|error| self.phone.failed(error))?.receipts;
            let phone = Arc::clone(&self.phone);
            // Receipts that cannot be kept now come again: what waits still is sent again,
            // and HQ answers it as a repeat.
            let settled =
                blocking_pool::run(move || phone.settle(&hq, &entries, &receipts)).await?;
            delivered.receipted += settled.receipted;
            delivered.parked += settled.parked;
            delivered.unanswered += settled.unanswered;
            tell(&delivered);
        }
        self.phone.failures.store(0, Ordering::Relaxed);
        // What waited is delivered, whatever becomes of this; the next fetch or sync asks
        // again.
        let _unless_renewed = self.renew_credential(&client).await;
        Ok(delivered)
    }

    pub(super) async fn delivery_client(&self) -> Result<(Arc<Client>, PublicKey), CrewError> {
        let phone = Arc::clone(&self.phone);
        blocking_pool::run(move || phone.delivery_client()).await
    }

    pub(super) async fn client(&self) -> Result<(Arc<Client>, PublicKey), CrewError> {
        let phone = Arc::clone(&self.phone);
        blocking_pool::run(move || phone.client()).await
    }
}

impl Phone {
    /// The connection to HQ, and HQ's key.
    pub(super) fn client(&self) -> Result<(Arc<Client>, PublicKey), CrewError> {
        let mut state = self.state()?;
        let State { store, client, .. } = &mut *state;
        let (enrolment, origin) = store.transaction(|t| {
            let enrolment = read_enrolment(t)?;
            let origin = read_origin(t, &enrolment)?;
            Ok::<_, CrewError>((enrolment, origin))
        })?;
        let known = match client {
            Some(known) => Arc::clone(known),
            None => {
                let audience = Audience { hq: hq_identity(&enrolment.hq, &origin), origin };
                let made = Client::new(&enrolment.url, &enrolment.authority, audience)
                    .map_err(CrewError::for_good)?;
                Arc::clone(client.insert(Arc::new(made)))
            }
        };
        Ok((known, enrolment.hq))
    }

    /// The connection to deliver by, and HQ's key: this device's own or, on a phone that
    /// is not enrolled, that of the delivery grant which the device before left.
    pub(super) fn delivery_client(&self) -> Result<(Arc<Client>, PublicKey), CrewError> {
        match self.client() {
            Err(CrewError::NotEnrolled) => {}
            known => return known,
        }
        let grant =
            self.state()?.store.transaction(|t| Ok::<_, CrewError>(delivery_grant::read(t)?))?;
        let grant = grant.ok_or(CrewError::NotEnrolled)?;
        let client = Client::delivering(&grant).map_err(CrewError::for_good)?;
        Ok((Arc::new(client), grant.endpoint.hq))
    }

    pub(super) fn next_batch(&self, after: i64) -> Result<(Vec<Waiting>, Batch), CrewError> {
        let (entries, batch) = self.state()?.store.transaction(|t| {
            let mut entries = queue::waiting(t, after, MAX_BATCH)?;
            // Half of what HQ reads leaves room for headers and framing.
            let mut size = 0;
            entries.retain(|entry| {
                size += entry.envelope.as_bytes().len();
                size <= MAX_BODY / 2
            });
            let epochs: BTreeSet<_> =
                entries.iter().map(|entry| entry.envelope.address().epoch).collect();
            // An entry whose header is lost goes all the same: HQ may have the
            // header, and if not, its refusal parks the entry.
            let headers =
                epochs.into_iter().filter_map(|epoch| queue::header(t, epoch)).map(ByteVec::from);
            let envelopes =
                entries.iter().map(|entry| entry.envelope.as_bytes().to_vec().into()).collect();
            let batch = Batch { version: Version, epochs: headers.collect(), envelopes };
            Ok::<_, CrewError>((entries, batch))
        })?;
        if !entries.is_empty() {
            self.raise_high_water_mark()?;
        }
        Ok((entries, batch))
    }

    pub(super) fn settle(
        &self,
        hq: &PublicKey,
        entries: &[Waiting],
        receipts: &[ByteVec],
    ) -> Result<Delivered, CrewError> {
        // Whatever is not HQ's signature answers nothing.
        let receipts: BTreeMap<EventId, Signed<Receipt>> = receipts
            .iter()
            .filter_map(|bytes| Signed::<Receipt>::open(bytes, hq).ok())
            .map(|receipt| (receipt.event, receipt))
            .collect();
        self.state()?.store.transaction(|t| {
            let mut delivered = Delivered::default();
            for entry in entries {
                let settled = match receipts.get(&entry.envelope.address().event) {
                    Some(receipt) => queue::settle(t, entry, receipt)?,
                    None => Settled::Unknown,
                };
                match settled {
                    Settled::Delivered => delivered.receipted += 1,
                    Settled::Parked => delivered.parked += 1,
                    Settled::Unknown => delivered.unanswered += 1,
                }
            }
            Ok(delivered)
        })
    }

    pub(super) fn failed(&self, error: SyncError) -> CrewError {
        let retry_after = match error {
            SyncError::Busy { retry_after } => retry_after,
            SyncError::Offline | SyncError::Unreadable => None,
            SyncError::KeysBusy => return CrewError::KeysBusy,
            SyncError::Pool(error) => return error.into(),
            _ => return CrewError::for_good(error),
        };
        let failures = self.failures.fetch_add(1, Ordering::Relaxed).saturating_add(1);
        // Without random bytes the wait is the longest: still right, only late.
        let jitter = random::bytes().map_or(u32::MAX, u32::from_be_bytes);
        CrewError::Sync { error, again_after: Some(pause(failures, retry_after, jitter)) }
    }
}
