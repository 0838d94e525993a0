//! The queue on its way to HQ, batch by batch.

use std::collections::BTreeSet;
use std::sync::atomic::Ordering;
use std::sync::{Arc, PoisonError};
use std::time::Duration;

use crewseal_custody::wire::{Batch, MAX_BATCH};
use crewseal_custody::{Contradiction, Since};

use super::CrewError;
use super::phone::{Crew, Phone};
use crate::blocking_pool;
use crate::outbox::queue::{self, Status, Undeliverable, Waiting};
use crate::random;
use crate::sync::{Pace, SyncError, pause};

/// So many entries in a row are set aside, each refused alone. If the next is, too, it is not
/// the entries: all others wait.
const MOST_SET_ASIDE: usize = 3;

/// What a sync achieved.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Delivered {
    /// Entries that HQ has, with its receipt verified. They do not wait any more.
    pub receipted: u64,
    /// Entries that HQ refused; they are parked.
    pub parked: u64,
    /// Entries that HQ was sent and said nothing of; they wait. Where it says nothing again and
    /// again, tell HQ.
    pub unanswered: u64,
}

/// What the answer to one batch came to.
pub(super) struct Settlement {
    pub(super) delivered: Delivered,
    /// What HQ contradicts with it, though what it settles is settled.
    pub(super) trouble: Option<Contradiction>,
}

impl Crew {
    /// How the queue stands.
    ///
    /// # Errors
    /// [`CrewError::Store`].
    pub fn outbox(&self) -> Result<Status, CrewError> {
        self.phone.state()?.store.transaction(|t| queue::status(t).map_err(CrewError::from))
    }

    /// Delivers what waits, once through the queue, and has HQ show that its log goes on from
    /// all that is known of it. A phone that was logged out or wiped delivers, too, by the
    /// right that HQ gave to the device before.
    ///
    /// # Errors
    /// [`CrewError::Sync`] says when to try again. [`CrewError::Answer`] for an answer that
    /// does not hold, and [`CrewError::Contradiction`] for one that contradicts HQ's own word,
    /// or if HQ cannot show that its log is one. Whatever was receipted before stays receipted.
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
        let mut connection = self.delivery_connection().await?;
        let mut delivered = Delivered::default();
        let (mut after, mut was_slow, mut in_a_row) = (0, false, 0);
        let (mut is_ready, mut trouble) = (false, None);
        loop {
            let phone = Arc::clone(&self.phone);
            let (entries, batch) = blocking_pool::run(move || phone.next_batch(after)).await?;
            let Some(last) = entries.last() else { break };
            if !is_ready {
                connection = self.ready(connection).await?;
                is_ready = true;
            }
            let began = self.phone.since_boot();
            let answer = match connection.client.deliver(&self.phone.vault, &batch).await {
                Ok(answer) => answer,
                // A slow network is tried with less once more; then it is left alone.
                Err(SyncError::TooSlow) if entries.len() > 1 && !was_slow => {
                    was_slow = true;
                    self.phone.pace_of(|pace| pace.halve(size(&entries)));
                    continue;
                }
                Err(error @ (SyncError::TooLarge | SyncError::Differs))
                    if in_a_row < MOST_SET_ASIDE =>
                {
                    in_a_row += usize::from(entries.len() == 1);
                    after = self.with_less(error, after, entries).await?;
                    continue;
                }
                Err(error) => {
                    if error == SyncError::TooSlow {
                        self.phone.pace_of(|pace| pace.halve(size(&entries)));
                    }
                    return Err(self.phone.failed(error));
                }
            };
            self.follow_keys(&mut connection).await?;
            let last = last.position;
            (was_slow, in_a_row) = (false, 0);
            let took = took(began, self.phone.since_boot());
            self.phone.pace_of(|pace| pace.was_answered(size(&entries), took));
            let (phone, hq) = (Arc::clone(&self.phone), connection.keys.clone());
            // A receipt that cannot be kept now comes again: what waits still is sent again,
            // and HQ answers it as a repeat.
            let settling = blocking_pool::run(move || phone.settle(&hq, &entries, &answer));
            let Settlement { delivered: settled, trouble: how } = settling.await?;
            trouble = trouble.or(how);
            delivered.receipted += settled.receipted;
            delivered.parked += settled.parked;
            // What is left is sent again at once, as long as that leads on.
            let leads_on = settled.receipted + settled.parked > 0;
            if settled.unanswered == 0 || !leads_on {
                delivered.unanswered += settled.unanswered;
                after = last;
            }
            tell(&delivered);
        }
        self.phone.failures.store(0, Ordering::Relaxed);
        // What waited is delivered, whatever becomes of this; the next fetch or sync asks
        // again.
        let _unless_renewed = self.renew_credential(&mut connection).await;
        self.ask_log(&connection).await?;
        trouble.map_or(Ok(delivered), |how| Err(CrewError::Contradiction(how)))
    }

    /// After a batch that was too much, or that HQ could not put together: sends less the
    /// next time, or sets a single entry aside. What comes back is after which place of the
    /// queue to go on.
    async fn with_less(
        &self,
        error: SyncError,
        after: i64,
        entries: Vec<Waiting>,
    ) -> Result<i64, CrewError> {
        if entries.len() > 1 {
            self.phone.pace_of(|pace| pace.halve(size(&entries)));
            return Ok(after);
        }
        let why = match error {
            SyncError::TooLarge => Undeliverable::TooLarge,
            _ => Undeliverable::Differs,
        };
        let phone = Arc::clone(&self.phone);
        blocking_pool::run(move || phone.set_aside(&entries, why)).await
    }
}

impl Phone {
    pub(super) fn next_batch(&self, after: i64) -> Result<(Vec<Waiting>, Batch), CrewError> {
        let most = self.pace_of(|pace| pace.bytes());
        let (entries, batch) = self.state()?.store.transaction(|t| {
            let mut entries = queue::waiting(t, after, MAX_BATCH)?;
            // One goes always, however large.
            let mut bytes = 0;
            entries.retain(|entry| {
                let is_first = bytes == 0;
                bytes += entry.envelope.as_bytes().len();
                is_first || bytes <= most
            });
            let epochs: BTreeSet<_> =
                entries.iter().map(|entry| entry.envelope.address().epoch).collect();
            // An entry whose header is lost goes all the same: HQ may have the
            // header, and if not, its refusal parks the entry.
            let headers: Vec<_> =
                epochs.into_iter().filter_map(|epoch| queue::header(t, epoch)).collect();
            let envelopes: Vec<_> = entries.iter().map(|entry| entry.envelope.clone()).collect();
            let batch = Batch::of(&headers, &envelopes);
            let knows_all = entries.iter().all(|entry| entry.leaf_salt.is_some());
            let batch = if knows_all { batch } else { batch.asking_for_salts() };
            Ok::<_, CrewError>((entries, batch))
        })?;
        if !entries.is_empty() {
            self.raise_high_water_mark()?;
        }
        Ok((entries, batch))
    }

    /// What is known of the network, of which nobody is kept waiting.
    fn pace_of<T>(&self, what: impl FnOnce(&mut Pace) -> T) -> T {
        what(&mut self.pace.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Sets entries aside that cannot be sent; the place of the last of them.
    fn set_aside(&self, entries: &[Waiting], why: Undeliverable) -> Result<i64, CrewError> {
        self.state()?.store.transaction(|t| {
            entries.iter().try_for_each(|entry| queue::set_aside(t, entry, why))?;
            Ok(entries.last().map_or(i64::MAX, |entry| entry.position))
        })
    }

    pub(super) fn failed(&self, error: SyncError) -> CrewError {
        let retry_after = match error {
            SyncError::Busy { retry_after } => retry_after,
            SyncError::Offline | SyncError::Unreadable | SyncError::TooSlow => None,
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

/// How many bytes of entries these are.
fn size(entries: &[Waiting]) -> usize {
    entries.iter().map(|entry| entry.envelope.as_bytes().len()).sum()
}

/// How long it took, by a clock that does not go back; nothing if that cannot be told.
fn took(began: Since, now: Since) -> Duration {
    let is_of_one_boot = began.boot == now.boot;
    let millis = if is_of_one_boot { now.millis.saturating_sub(began.millis) } else { 0 };
    Duration::from_millis(millis)
}
