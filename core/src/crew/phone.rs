//! The phone behind the face: the steps in their order.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use minicbor::bytes::ByteVec;
use ring::rand::{SecureRandom, SystemRandom};

use super::kept::{
    CHAIN, Chain, ENROLMENT, Enrolment, JOB, KeptTick, ONLY, ROLL, TICK, load_lists, read_chain,
    read_enrolment, read_packs, remember, stored,
};
use super::{CrewError, Delivered, Fetched, Found, prepare};
use crate::cbor::{self, Version};
use crate::clock::Clock;
use crate::custody::{
    Act, Anchor, DeviceId, Event, EventId, Finding, JobId, Kind, Link, Lists, Moment, Protection,
    Receipt, Salt, Since, Tick,
};
use crate::job::JobPack;
use crate::label::Token;
use crate::label::roll::RollWire;
use crate::outbox::queue::{self, Settled, Waiting};
use crate::outbox::{Epoch, SealError, SealingKey};
use crate::signed::{PublicKey, Signed};
use crate::sync::wire::{Batch, EnrolClaim, EnrolRequest, EnrolmentCode, MAX_BATCH, MAX_BODY};
use crate::sync::{Client, SyncError, pause};
use crate::vault::{KeyVault, Mark, Store, Transaction};

pub(super) struct Phone {
    pub(super) vault: Arc<dyn KeyVault>,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) device: DeviceId,
    pub(super) state: Mutex<State>,
}

pub(super) struct State {
    pub(super) store: Store,
    pub(super) lists: Lists,
    /// In memory only: it never goes back, and a restart begins another.
    pub(super) epoch: Option<Epoch>,
    /// With its session, as long as the enrolment is the same.
    pub(super) client: Option<Arc<Client>>,
    pub(super) failures: u32,
}

impl Phone {
    /// A panic elsewhere while the lock was held leaves the store as its last
    /// commit left it, which is a good state to go on from.
    ///
    /// A store that turned out damaged is opened again here, and salvaged. Where
    /// that fails, it goes on refusing all work and says why.
    pub(super) fn state(&self) -> MutexGuard<'_, State> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if state.store.is_broken() && state.store.reopen(self.vault.as_ref()).is_ok() {
            state.epoch = None;
            if let Ok(lists) = prepare(&mut state.store, self.vault.as_ref()) {
                state.lists = lists;
            }
        }
        state
    }

    pub(super) fn failed(&self, error: SyncError) -> CrewError {
        let retry_after = match error {
            SyncError::Busy { retry_after } => retry_after,
            SyncError::Offline | SyncError::Unreadable => None,
            _ => return CrewError::Sync { error, again_after: None },
        };
        let mut state = self.state();
        state.failures = state.failures.saturating_add(1);
        let mut random = [0; 4];
        // Without random bytes the wait is the longest: still right, only late.
        let jitter =
            SystemRandom::new().fill(&mut random).map_or(u32::MAX, |()| u32::from_be_bytes(random));
        CrewError::Sync { error, again_after: Some(pause(state.failures, retry_after, jitter)) }
    }

    pub(super) fn enrol_request(&self, code: EnrolmentCode) -> Result<EnrolRequest, CrewError> {
        use Protection::{Act, Handoff};
        let keys = self.vault.public_keys()?;
        let claim =
            EnrolClaim { version: Version, code, act_key: keys.act, handoff_key: keys.handoff };
        let act = Signed::sign(claim.clone(), &keys.act, |bytes| self.vault.sign(Act, bytes))?;
        let handoff = Signed::sign(claim, &keys.handoff, |bytes| self.vault.sign(Handoff, bytes))?;
        Ok(EnrolRequest {
            version: Version,
            act_proof: act.as_bytes().to_vec().into(),
            handoff_proof: handoff.as_bytes().to_vec().into(),
        })
    }

    pub(super) fn keep(
        &self,
        hq: &PublicKey,
        tick: &[u8],
        packs: &[Signed<JobPack>],
        rolls: &[RollWire],
    ) -> Result<Fetched, CrewError> {
        let (boot, millis) = self.clock.since_boot();
        let kept = KeptTick { version: Version, tick: tick.to_vec().into(), boot, millis };
        let mut labels = 0;
        let mut state = self.state();
        state.lists = state.store.transaction(|t| {
            t.put(TICK, ONLY, None, &cbor::to_vec(&kept))?;
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
        Ok(Fetched { jobs: packs.len(), labels })
    }

    /// Begins anew with this enrolment: nothing is sealed to the HQ before, or
    /// sent to it, any more.
    pub(super) fn keep_enrolment(&self, enrolment: &Enrolment) -> Result<(), CrewError> {
        let mut state = self.state();
        let State { store, epoch, client, .. } = &mut *state;
        store.transaction(|t| t.put(ENROLMENT, ONLY, None, &cbor::to_vec(enrolment)))?;
        (*epoch, *client) = (None, None);
        Ok(())
    }

    /// The connection to HQ, and HQ's key.
    pub(super) fn client(&self) -> Result<(Arc<Client>, PublicKey), CrewError> {
        let mut state = self.state();
        let State { store, client, .. } = &mut *state;
        let enrolment = store.transaction(|t| read_enrolment(t))?;
        let known = match client {
            Some(known) => Arc::clone(known),
            None => {
                let made = Client::new(&enrolment.url, &enrolment.authority)
                    .map_err(|error| CrewError::Sync { error, again_after: None })?;
                Arc::clone(client.insert(Arc::new(made)))
            }
        };
        Ok((known, enrolment.hq))
    }

    pub(super) fn open_job(&self, job: JobId) -> Result<JobPack, CrewError> {
        let packs = self.state().store.transaction(read_packs)?;
        let pack = packs.into_iter().find(|pack| pack.job == job).ok_or(CrewError::UnknownJob)?;
        if is_open(&pack, self.clock.now()) { Ok(pack) } else { Err(CrewError::NotOpen) }
    }

    pub(super) fn act(
        &self,
        kind: Kind,
        job: JobId,
        boxes: &BTreeSet<Token>,
    ) -> Result<Act, CrewError> {
        Ok(Act {
            kind,
            job,
            boxes: self.state().lists.name(boxes)?,
            findings: Vec::new(),
            place: None,
            attachments: Vec::new(),
            to: None,
            about: None,
        })
    }

    pub(super) fn findings(&self, findings: &[Found]) -> Result<Vec<Finding>, CrewError> {
        let state = self.state();
        findings
            .iter()
            .map(|(kind, boxes)| {
                Ok(Finding { kind: *kind, boxes: state.lists.name(boxes)?, photo: None })
            })
            .collect()
    }

    /// Signs an act, verifies the signature, and commits it to the queue with
    /// the chain and what the screen needs.
    pub(super) fn record(
        &self,
        act: Act,
        entered: &BTreeSet<Token>,
    ) -> Result<Signed<Event>, CrewError> {
        self.record_with(act, entered, |event| event, |_, event| Ok(event.clone()))
    }

    /// The same for an event with more fields, and with what else must be kept if
    /// and only if it is.
    pub(super) fn record_with<T>(
        &self,
        act: Act,
        entered: &BTreeSet<Token>,
        complete: impl FnOnce(Event) -> Event,
        keep: impl FnOnce(&mut Transaction<'_>, &Signed<Event>) -> Result<T, CrewError>,
    ) -> Result<T, CrewError> {
        let mut state = self.state();
        let State { store, epoch, lists, .. } = &mut *state;
        store
            .transaction(|t| {
                let enrolment = read_enrolment(t)?;
                let chain = read_chain(t)?;
                let link = Link {
                    device: self.device,
                    generation: chain.generation,
                    sequence: chain.sequence.saturating_add(1),
                    previous: chain.previous,
                };
                let job = act.job;
                let event =
                    complete(Event::new(link, self.moment(t, &enrolment.hq)?, salt()?, act));
                let protection = event.protection;
                let keys = self.vault.public_keys()?;
                let event = Signed::sign(event, keys.of(protection), |bytes| {
                    self.vault.sign(protection, bytes)
                })?;

                if epoch.as_ref().is_none_or(|epoch| epoch.left() == 0) {
                    let begun = Epoch::begin(&SealingKey::from_bytes(&enrolment.sealing_key)?)?;
                    queue::begin_epoch(t, begun.id(), &begun.header())?;
                    *epoch = Some(begun);
                }
                let sealing = epoch.as_mut().ok_or(SealError::Full)?;
                let envelope = sealing.seal(
                    link.device,
                    link.generation,
                    link.sequence,
                    event.id(),
                    event.as_bytes(),
                )?;
                queue::push(t, &envelope)?;
                let chain = Chain { sequence: link.sequence, previous: Some(event.id()), ..chain };
                t.put(CHAIN, ONLY, None, &cbor::to_vec(&chain))?;
                remember(t, job, entered, lists)?;
                keep(t, &event)
            })
            .inspect_err(|_| {
                // The epoch's header may be in the transaction that failed.
                *epoch = None;
            })
    }

    pub(super) fn moment(&self, t: &Transaction<'_>, hq: &PublicKey) -> Result<Moment, CrewError> {
        let kept = t.get(TICK, ONLY)?.ok_or(CrewError::NoTick)?;
        let kept: KeptTick = stored(&kept)?;
        let tick: Signed<Tick> = Signed::open(&kept.tick, hq).map_err(CrewError::FromHq)?;
        let (boot, now) = self.clock.since_boot();
        let millis = if boot == kept.boot { now.saturating_sub(kept.millis) } else { now };
        Ok(Moment {
            claimed_at: self.clock.now(),
            since: Since { boot, millis },
            anchor: Anchor { number: tick.number, nonce: tick.nonce },
        })
    }

    /// Before a byte of an event leaves: the mark outside the database. Under
    /// the lock, or of two releases the earlier could put the mark back.
    pub(super) fn release(&self) -> Result<(), CrewError> {
        let mut state = self.state();
        let chain = state.store.transaction(|t| read_chain(t))?;
        let mark = Mark { generation: chain.generation, sequence: chain.sequence };
        if self.vault.mark()? < mark {
            self.vault.raise_mark(mark)?;
        }
        Ok(())
    }

    pub(super) fn next_batch(&self, after: i64) -> Result<(Vec<Waiting>, Batch), CrewError> {
        let (entries, batch) = self.state().store.transaction(|t| {
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
            self.release()?;
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
        self.state().store.transaction(|t| {
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
}

pub(super) const fn is_open(pack: &JobPack, now: u64) -> bool {
    pack.opens_at <= now && now < pack.closes_at
}

pub(super) fn salt() -> Result<Salt, CrewError> {
    let mut bytes = [0; 16];
    SystemRandom::new().fill(&mut bytes).map_err(|_| SealError::Random)?;
    Ok(Salt(bytes))
}
