//! The phone behind the face: the steps in their order.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use minicbor::bytes::ByteVec;
use ring::rand::{SecureRandom, SystemRandom};
use zeroize::Zeroizing;

use super::kept::{
    CHAIN, ENROLMENT, Enrolment, JOB, KeptTick, ONLY, ROLL, Ready, TICK, load_lists, read_chain,
    read_enrolment, read_packs, remember,
};
use super::{CrewError, Delivered, Fetched, Found};
use crate::cbor::{self, Version};
use crate::clock::Clock;
use crate::custody::{
    Act, DeviceId, Event, EventId, Finding, JobId, Kind, Link, Lists, Moment, Protection, Receipt,
    Salt,
};
use crate::job::JobPack;
use crate::label::Token;
use crate::label::roll::RollWire;
use crate::outbox::queue::{self, Settled, Waiting};
use crate::outbox::{AttachmentKey, Entry, Epoch, SealError, SealingKey, attachment};
use crate::signed::{PublicKey, Signed};
use crate::sync::wire::{Batch, EnrolClaim, EnrolRequest, EnrolmentCode, MAX_BATCH, MAX_BODY};
use crate::sync::{Client, SyncError, pause};
use crate::vault::wipe::leaving_no_trace;
use crate::vault::{KeyVault, Mark, PublicKeys, Store, Transaction};

pub(super) struct Phone {
    pub(super) vault: Arc<dyn KeyVault>,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) device: DeviceId,
    pub(super) keys: PublicKeys,
    pub(super) state: Mutex<State>,
}

pub(super) struct State {
    pub(super) store: Store,
    pub(super) lists: Lists,
    /// In memory only: it never goes back, and a restart begins another.
    pub(super) epoch: Option<Epoch>,
    /// What acts need of the store; none where that must be read again.
    pub(super) ready: Option<Ready>,
    /// With its session, as long as the enrolment is the same.
    pub(super) client: Option<Arc<Client>>,
    pub(super) failures: u32,
}

impl Phone {
    /// A panic elsewhere while the lock was held leaves the store as its last
    /// commit left it, which is a good state to go on from.
    pub(super) fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
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
        state.ready = None;
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
        let State { store, epoch, client, ready, .. } = &mut *state;
        *ready = None;
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

    /// An act that a person does alone.
    pub(super) fn deed(
        &self,
        kind: Kind,
        job: JobId,
        boxes: &BTreeSet<Token>,
        findings: &[Found],
        about: Option<EventId>,
    ) -> Result<Act, CrewError> {
        use Kind::{Accept, Ack, Offer, Release, Resume, Withdraw};
        if matches!(kind, Offer | Accept | Ack | Withdraw | Release | Resume) {
            return Err(CrewError::OnlyByHandoff);
        }
        let findings = self.findings(findings)?;
        Ok(Act { findings, about, ..self.act(kind, job, boxes)? })
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

    /// Refuses a job that is not on this phone or not open now.
    pub(super) fn admit(&self, job: JobId) -> Result<(), CrewError> {
        let mut state = self.state();
        let State { store, ready, .. } = &mut *state;
        let known = match ready.take() {
            Some(known) => known,
            None => match store.transaction(Ready::read) {
                // Then no job came from HQ either, which is what to say first.
                Err(CrewError::NoTick) => {
                    drop(state);
                    return self.open_job(job).map(drop);
                }
                read => read?,
            },
        };
        ready.insert(known).admit(job, self.clock.now())
    }

    /// Signs an act, verifies the signature, and commits it to the queue with
    /// the chain and what the screen needs.
    pub(super) fn record(&self, act: Act, entered: &BTreeSet<Token>) -> Result<EventId, CrewError> {
        self.record_with(act, entered, |event| event, |_, event| Ok(event.id()))
    }

    /// The same for an event with more fields, and with what else must be kept if
    /// and only if it is.
    pub(super) fn record_with<T>(
        &self,
        act: Act,
        entered: &BTreeSet<Token>,
        complete: impl Fn(Event) -> Event,
        keep: impl FnOnce(&mut Transaction<'_>, &Signed<Event>) -> Result<T, CrewError>,
    ) -> Result<T, CrewError> {
        let job = act.job;
        self.commit(vec![act], &[], complete, |t, lists, recorded| {
            remember(t, job, entered, lists)?;
            keep(t, &recorded.last)
        })
    }

    /// Several acts in one commit: all of them are recorded, or none.
    pub(super) fn record_all(&self, acts: Vec<Act>) -> Result<Vec<EventId>, CrewError> {
        self.commit(acts, &[], |event| event, |_, _, recorded| Ok(recorded.ids.clone()))
    }

    /// One act with its photos, ready to leave, sealed with it.
    pub(super) fn record_with_photos(
        &self,
        mut act: Act,
        photos: &[Zeroizing<Vec<u8>>],
    ) -> Result<EventId, CrewError> {
        let keys =
            photos.iter().map(|photo| AttachmentKey::draw(photo)).collect::<Result<Vec<_>, _>>()?;
        act.attachments.extend(keys.iter().map(|key| key.digest));
        self.commit(
            vec![act],
            &keys,
            |event| event,
            |t, _, recorded| {
                let event = recorded.last.id();
                for (key, photo) in keys.iter().zip(photos) {
                    attachment::keep(t, event, key, photo)?;
                }
                Ok(event)
            },
        )
    }

    /// Signs acts, verifies the signatures, and commits them to the queue. `keys`
    /// are of the attachments of the one act that has any.
    fn commit<T>(
        &self,
        acts: Vec<Act>,
        keys: &[AttachmentKey],
        complete: impl Fn(Event) -> Event,
        keep: impl FnOnce(&mut Transaction<'_>, &Lists, &Recorded) -> Result<T, CrewError>,
    ) -> Result<T, CrewError> {
        leaving_no_trace(|| self.commit_acts(acts, keys, complete, keep))
    }

    fn commit_acts<T>(
        &self,
        acts: Vec<Act>,
        keys: &[AttachmentKey],
        complete: impl Fn(Event) -> Event,
        keep: impl FnOnce(&mut Transaction<'_>, &Lists, &Recorded) -> Result<T, CrewError>,
    ) -> Result<T, CrewError> {
        let mut state = self.state();
        let State { store, epoch, lists, ready, .. } = &mut *state;
        // It is put back after the commit only: whatever fails before, what the
        // store says is read from the store again.
        let mut now = match ready.take() {
            Some(known) => known,
            None => store.transaction(Ready::read)?,
        };
        let mut headers = Vec::new();
        let commit = || {
            // Signing may wait for a person, so the transaction begins after it. Of
            // the events none but the last is needed once it is sealed, and it lies
            // on the stack, which is overwritten; a list would leave them on the heap.
            let mut envelopes = Vec::with_capacity(acts.len());
            let mut ids = Vec::with_capacity(acts.len());
            let mut last = None;
            for act in acts {
                let event = self.sign(complete(self.event(&now, act)?))?;
                if epoch.as_ref().is_none_or(|epoch| epoch.left() == 0) {
                    let begun = Epoch::begin(&SealingKey::from_bytes(&now.sealing_key)?)?;
                    headers.push((begun.id(), begun.header()));
                    *epoch = Some(begun);
                }
                let sealing = epoch.as_mut().ok_or(SealError::Full)?;
                let (generation, sequence, id) = (event.generation, event.sequence, event.id());
                let content = Entry::to_bytes(event.as_bytes(), keys);
                envelopes.push(sealing.seal(self.device, generation, sequence, id, &content)?);
                now.chain.sequence = sequence;
                now.chain.previous = Some(id);
                ids.push(id);
                last = Some(event);
            }
            let Some(last) = last else { return Err(CrewError::NothingToSign) };
            let recorded = Recorded { ids, last };
            store.transaction(|t| {
                for (id, header) in &headers {
                    queue::begin_epoch(t, *id, header)?;
                }
                for envelope in &envelopes {
                    queue::push(t, envelope)?;
                }
                t.put(CHAIN, ONLY, None, &cbor::to_vec(&now.chain))?;
                keep(t, lists, &recorded)
            })
        };
        match commit() {
            Ok(done) => {
                *ready = Some(now);
                Ok(done)
            }
            Err(error) => {
                // What was sealed is lost with its index, which no other entry
                // gets. An epoch that began here is lost whole: its header may
                // not be in the store.
                if !headers.is_empty() {
                    *epoch = None;
                }
                Err(error)
            }
        }
    }

    fn sign(&self, event: Event) -> Result<Signed<Event>, CrewError> {
        let protection = event.protection;
        let sign = |bytes: &[u8]| self.vault.sign(protection, bytes);
        Ok(Signed::sign(event, self.keys.of(protection), sign)?)
    }

    fn event(&self, now: &Ready, act: Act) -> Result<Event, CrewError> {
        let link = Link {
            device: self.device,
            generation: now.chain.generation,
            sequence: now.chain.sequence.saturating_add(1),
            previous: now.chain.previous,
        };
        let moment = Moment {
            claimed_at: self.clock.now(),
            since: now.since(self.clock.since_boot()),
            anchor: now.anchor,
        };
        Ok(Event::new(link, moment, salt()?, act))
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

/// What a commit is about to make durable.
struct Recorded {
    ids: Vec<EventId>,
    last: Signed<Event>,
}

pub(super) const fn is_open(pack: &JobPack, now: u64) -> bool {
    pack.opens_at <= now && now < pack.closes_at
}

pub(super) fn salt() -> Result<Salt, CrewError> {
    let mut bytes = [0; 16];
    SystemRandom::new().fill(&mut bytes).map_err(|_| SealError::Random)?;
    Ok(Salt(bytes))
}
