//! The phone behind the face: the steps in their order.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use crewseal_custody::cbor::{self, Version};
use crewseal_custody::delivery::Slip;
use crewseal_custody::envelope::{AttachmentKey, Entry, Epoch, SealError, SealingKey};
use crewseal_custody::job::JobPack;
use crewseal_custody::roll::RollWire;
use crewseal_custody::signed::{PublicKey, Signed};
use crewseal_custody::stack::leaving_no_trace;
use crewseal_custody::wire::{
    Batch, DeliveryRight, Endpoint, EnrolClaim, EnrolRequest, EnrolmentCode, MAX_BATCH, MAX_BODY,
};
use crewseal_custody::{
    Act, BoxClass, DeviceId, Event, EventId, Finding, FindingKind, JobId, Kind, Link, Lists,
    Manifests, Moment, Protection, Receipt, Revocations, Salt, Tick,
};
use crewseal_label::Token;
use minicbor::bytes::ByteVec;
use zeroize::Zeroizing;

use super::diary::Line;
use super::head::read_chain;
use super::kept::{
    ENROLMENT, Enrolment, JOB, KeptTick, ONLY, REVOCATIONS, ROLL, TICK, load_lists, read_enrolment,
    read_packs, remember, stored,
};
use super::known::{Known, classes_of, read_revocations};
use super::on_demand::OnDemand;
use super::ready::{Anchored, Ready, is_open};
use super::turn::{TooLong, Turn, Turns};
use super::{CrewError, Delivered, Fetched, Found};
use crate::clock::Clock;
use crate::outbox::queue::{self, Settled, Waiting};
use crate::outbox::{attachment, delivery};
use crate::random;
use crate::sync::{Client, SyncError, pause};
use crate::vault::{KeyVault, Mark, PublicKeys, StoreError, Transaction};

pub(super) struct Phone {
    /// Where its store is.
    pub(super) directory: PathBuf,
    pub(super) vault: Arc<dyn KeyVault>,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) device: DeviceId,
    pub(super) keys: PublicKeys,
    pub(super) state: Turns<State>,
    /// Of syncs, one after another, by which the wait until the next grows. Not in the
    /// state: a sync that is over does not wait for a turn to say so.
    pub(super) failures: AtomicU32,
}

pub(super) struct State {
    pub(super) store: OnDemand,
    pub(super) lists: Lists,
    /// In memory only: it never goes back, and a restart begins another.
    pub(super) epoch: Option<Epoch>,
    /// What acts need of the store; none where that must be read again.
    pub(super) ready: Option<Ready>,
    /// With its session, as long as the enrolment is the same.
    pub(super) client: Option<Arc<Client>>,
}

/// How many seconds before its end a delivery slip is renewed: 30 days.
const SLIP_RENEWAL: u64 = 30 * 24 * 60 * 60;

impl Phone {
    /// The turn of a call, which has all to itself until it is dropped. It waits for the
    /// turns of others, and fails where one of them takes too long.
    ///
    /// So whatever belongs together is done in one turn: between two of them the second
    /// may not come. A panic in somebody's turn leaves the store as its last commit left
    /// it, which is a good state to go on from.
    ///
    /// A store that turned out damaged is opened again here, and salvaged. Where
    /// that fails, it goes on refusing all work and says why.
    ///
    /// # Errors
    /// [`CrewError::KeysBusy`].
    pub(super) fn state(&self) -> Result<Turn<'_, State>, CrewError> {
        let mut state = self.state.take().map_err(|TooLong| CrewError::KeysBusy)?;
        if state.store.is_broken() {
            (state.epoch, state.ready) = (None, None);
            if let Ok(lists) = state.store.reopen(self.vault.as_ref(), self.device) {
                state.lists = lists;
            }
        }
        Ok(state)
    }

    pub(super) fn failed(&self, error: SyncError) -> CrewError {
        let retry_after = match error {
            SyncError::Busy { retry_after } => retry_after,
            SyncError::Offline | SyncError::Unreadable => None,
            SyncError::KeysBusy => return CrewError::KeysBusy,
            _ => return CrewError::Sync { error, again_after: None },
        };
        let failures = self.failures.fetch_add(1, Ordering::Relaxed).saturating_add(1);
        // Without random bytes the wait is the longest: still right, only late.
        let jitter = random::bytes().map_or(u32::MAX, u32::from_be_bytes);
        CrewError::Sync { error, again_after: Some(pause(failures, retry_after, jitter)) }
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
        state: &mut State,
        hq: &PublicKey,
        tick: &Signed<Tick>,
        revocations: Option<&Signed<Revocations>>,
        packs: &[Signed<JobPack>],
        rolls: &[RollWire],
    ) -> Result<Fetched, CrewError> {
        let (boot, millis) = self.clock.since_boot();
        let kept =
            KeptTick { version: Version, tick: tick.as_bytes().to_vec().into(), boot, millis };
        let mut labels = 0;
        state.ready = None;
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
        Ok(Fetched { jobs: packs.len(), labels })
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

    /// Begins anew with this enrolment: nothing is sealed to the HQ before, or
    /// sent to it, any more. What an HQ with another key signed can be verified no more,
    /// and comes again from this one.
    pub(super) fn keep_enrolment(&self, enrolment: &Enrolment) -> Result<(), CrewError> {
        let mut state = self.state()?;
        let State { store, lists, epoch, client, ready, .. } = &mut *state;
        *ready = None;
        *lists = store.transaction(|t| {
            let is_same_hq = match read_enrolment(t) {
                Ok(before) => before.hq == enrolment.hq,
                Err(CrewError::NotEnrolled | CrewError::Store(StoreError::Damaged)) => false,
                Err(error) => return Err(error),
            };
            if !is_same_hq {
                [TICK, REVOCATIONS, ROLL, JOB]
                    .into_iter()
                    .try_for_each(|drawer| t.clear(drawer))?;
            }
            t.put(ENROLMENT, ONLY, None, &cbor::to_vec(enrolment))?;
            load_lists(t, &enrolment.hq)
        })?;
        (*epoch, *client) = (None, None);
        Ok(())
    }

    /// The connection to HQ, and HQ's key.
    pub(super) fn client(&self) -> Result<(Arc<Client>, PublicKey), CrewError> {
        let mut state = self.state()?;
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

    /// The connection to deliver by, and HQ's key: this device's own or, on a phone that
    /// is not enrolled, that of the delivery slip which the device before left.
    pub(super) fn carrier(&self) -> Result<(Arc<Client>, PublicKey), CrewError> {
        match self.client() {
            Err(CrewError::NotEnrolled) => {}
            known => return known,
        }
        let slip = self.state()?.store.transaction(|t| Ok::<_, CrewError>(delivery::read(t)?))?;
        let slip = slip.ok_or(CrewError::NotEnrolled)?;
        let client = Client::delivering(&slip)
            .map_err(|error| CrewError::Sync { error, again_after: None })?;
        Ok((Arc::new(client), slip.endpoint.hq))
    }

    /// Whether the right to deliver without keys is to be asked for: there is none, of
    /// another HQ, or one that ends soon.
    pub(super) fn wants_slip(&self) -> Result<bool, CrewError> {
        let now = self.clock.now();
        self.state()?.store.transaction(|t| {
            let (slip, enrolment) = (delivery::read(t)?, read_enrolment(t)?);
            let is_good = |slip: &Slip| {
                let Endpoint { url, hq, .. } = &slip.endpoint;
                let is_same = *hq == enrolment.hq && *url == enrolment.url;
                is_same && slip.until > now.saturating_add(SLIP_RENEWAL)
            };
            Ok(!slip.as_ref().is_some_and(is_good))
        })
    }

    pub(super) fn keep_slip(&self, right: DeliveryRight) -> Result<(), CrewError> {
        self.state()?.store.transaction(|t| {
            let Enrolment { url, authority, hq, .. } = read_enrolment(t)?;
            let DeliveryRight { token, until, .. } = right;
            let endpoint = Endpoint { url, authority, hq };
            let slip = Slip { version: Version, endpoint, token, until };
            Ok(delivery::keep(t, &slip)?)
        })
    }

    pub(super) fn open_job(&self, job: JobId) -> Result<JobPack, CrewError> {
        let packs = self.state()?.store.transaction(read_packs)?;
        let pack = packs.into_iter().find(|pack| pack.job == job).ok_or(CrewError::UnknownJob)?;
        if is_open(&pack, self.clock.now()) { Ok(pack) } else { Err(CrewError::NotOpen) }
    }

    pub(super) fn act(
        &self,
        kind: Kind,
        job: JobId,
        boxes: &BTreeSet<Token>,
    ) -> Result<Act, CrewError> {
        self.act_for(kind, job, boxes, |_| u32::MAX)
    }

    /// An act whose boxes are named to somebody who has these versions of manifests.
    pub(super) fn act_for(
        &self,
        kind: Kind,
        job: JobId,
        boxes: &BTreeSet<Token>,
        newest: impl Fn(&Manifests) -> u32,
    ) -> Result<Act, CrewError> {
        Ok(Act {
            kind,
            job,
            boxes: self.state()?.lists.name_for(boxes, newest)?,
            findings: Vec::new(),
            place: None,
            attachments: Vec::new(),
            to: None,
            about: None,
        })
    }

    /// The classes of these boxes of a job.
    pub(super) fn classes(
        &self,
        pack: &JobPack,
        boxes: &BTreeSet<Token>,
    ) -> Result<BTreeSet<BoxClass>, CrewError> {
        classes_of(pack, &self.state()?.lists, boxes)
    }

    /// Whether the rules let this phone's carrier do this, before it is signed.
    pub(super) fn check(
        &self,
        kind: Kind,
        pack: &JobPack,
        boxes: &BTreeSet<Token>,
    ) -> Result<(), CrewError> {
        let classes = self.classes(pack, boxes)?;
        let known = self.state()?.store.transaction(|t| Known::read(t))?;
        known.may(kind, &classes)
    }

    /// An act that a person does alone, in a job that is open, and that no rule forbids
    /// to this phone's carrier.
    pub(super) fn deed(
        &self,
        kind: Kind,
        job: JobId,
        boxes: &BTreeSet<Token>,
        findings: &[Found],
        about: Option<EventId>,
    ) -> Result<Act, CrewError> {
        use Kind::{Accept, Ack, Offer, Release, Resume, Withdraw};
        {
            let mut state = self.state()?;
            let State { store, ready, lists, .. } = &mut *state;
            let known = match ready.take() {
                Some(known) => known,
                None => match store.transaction(Ready::read) {
                    // Then no job came from HQ either, which is what to say first.
                    Err(CrewError::NoTick) => {
                        drop(state);
                        self.open_job(job)?;
                        return Err(CrewError::NoTick);
                    }
                    read => read?,
                },
            };
            let known = ready.insert(known);
            let pack = known.open_job(job, self.clock.now())?;
            if matches!(kind, Offer | Accept | Ack | Withdraw | Release | Resume) {
                return Err(CrewError::OnlyByHandoff);
            }
            known.known.may(kind, &classes_of(pack, lists, boxes)?)?;
        }
        let findings = self.findings(findings)?;
        Ok(Act { findings, about, ..self.act(kind, job, boxes)? })
    }

    pub(super) fn findings(&self, findings: &[Found]) -> Result<Vec<Finding>, CrewError> {
        self.findings_for(findings, |_| u32::MAX)
    }

    pub(super) fn findings_for(
        &self,
        findings: &[Found],
        newest: impl Fn(&Manifests) -> u32,
    ) -> Result<Vec<Finding>, CrewError> {
        // What was found of one kind is one finding, however often it was said.
        let mut by_kind: BTreeMap<FindingKind, BTreeSet<Token>> = BTreeMap::new();
        for (kind, boxes) in findings {
            by_kind.entry(*kind).or_default().extend(boxes);
        }
        let state = self.state()?;
        let named = by_kind.iter().map(|(kind, boxes)| {
            let boxes = state.lists.name_for(boxes, &newest)?;
            Ok(Finding { kind: *kind, boxes, photo: None })
        });
        named.collect()
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
        complete: impl FnOnce(Event) -> Event,
        keep: impl FnOnce(&mut Transaction<'_>, &Signed<Event>) -> Result<T, CrewError>,
    ) -> Result<T, CrewError> {
        let job = act.job;
        self.commit(&mut *self.state()?, vec![act], &[], complete, |t, lists, recorded| {
            remember(t, job, entered, lists)?;
            keep(t, recorded.last.as_ref().ok_or(CrewError::NothingToSign)?)
        })
    }

    /// The same for what leaves the phone at once, shown to another phone: with the mark
    /// raised in the same turn. A call that came between could keep what is signed by
    /// then from being shown.
    pub(super) fn record_to_show(
        &self,
        act: Act,
        entered: &BTreeSet<Token>,
        complete: impl FnOnce(Event) -> Event,
        keep: impl FnOnce(&mut Transaction<'_>, &Signed<Event>) -> Result<Vec<u8>, CrewError>,
    ) -> Result<Vec<u8>, CrewError> {
        let job = act.job;
        let mut state = self.state()?;
        let shown = self.commit(&mut state, vec![act], &[], complete, |t, lists, recorded| {
            remember(t, job, entered, lists)?;
            keep(t, recorded.last.as_ref().ok_or(CrewError::NothingToSign)?)
        })?;
        self.release_all(&mut state)?;
        Ok(shown)
    }

    /// Several acts in one commit: all of them are recorded, or none.
    pub(super) fn record_all(&self, acts: Vec<Act>) -> Result<Vec<EventId>, CrewError> {
        let mut state = self.state()?;
        self.commit(&mut state, acts, &[], |event| event, |_, _, done| Ok(done.ids.clone()))
    }

    /// One act with its photos, ready to leave, sealed with it.
    pub(super) fn record_with_photos(
        &self,
        mut act: Act,
        photos: &[Zeroizing<Vec<u8>>],
    ) -> Result<EventId, CrewError> {
        let keys = photos.iter().map(|photo| fresh_key(photo)).collect::<Result<Vec<_>, _>>()?;
        act.attachments.extend(keys.iter().map(|key| key.digest));
        self.commit(
            &mut *self.state()?,
            vec![act],
            &keys,
            |event| event,
            |t, _, recorded| {
                let event = *recorded.ids.last().ok_or(CrewError::NothingToSign)?;
                for (key, photo) in keys.iter().zip(photos) {
                    attachment::keep(t, event, key, photo)?;
                }
                Ok(event)
            },
        )
    }

    /// Says that the store was restored or lost, if that is not said yet.
    pub(super) fn declare(&self, state: &mut State) -> Result<(), CrewError> {
        if !state.store.transaction(|t| read_chain(t))?.is_undeclared() {
            return Ok(());
        }
        self.commit(state, Vec::new(), &[], |event| event, |_, _, _| Ok(()))
    }

    /// Signs acts of one job, verifies the signatures, and commits them to the queue.
    /// `complete` and `keys`, which are of attachments, are for the first act: what has
    /// more fields or photos is recorded alone.
    ///
    /// Where nothing says yet that the store was restored, that comes first: nothing
    /// else can be the first event of a new generation.
    fn commit<T>(
        &self,
        state: &mut State,
        acts: Vec<Act>,
        keys: &[AttachmentKey],
        complete: impl FnOnce(Event) -> Event,
        keep: impl FnOnce(&mut Transaction<'_>, &Lists, &Recorded) -> Result<T, CrewError>,
    ) -> Result<T, CrewError> {
        leaving_no_trace(|| self.commit_acts(state, acts, keys, complete, keep))
    }

    fn commit_acts<T>(
        &self,
        state: &mut State,
        acts: Vec<Act>,
        keys: &[AttachmentKey],
        complete: impl FnOnce(Event) -> Event,
        keep: impl FnOnce(&mut Transaction<'_>, &Lists, &Recorded) -> Result<T, CrewError>,
    ) -> Result<T, CrewError> {
        let State { store, epoch, lists, ready, .. } = state;
        // It is put back after the commit only: whatever fails before, what the
        // store says is read from the store again.
        let head = store.open()?.head();
        let mut now = match ready.take().filter(|ready| ready.is_at(head)) {
            Some(known) => known,
            None => store.transaction(Ready::read)?,
        };
        let mut headers = Vec::new();
        let commit = || {
            let resume = now.chain.is_undeclared().then(Act::resume);
            if acts.is_empty() && resume.is_none() {
                return Err(CrewError::NothingToSign);
            }
            // Signing may wait for a person, so the transaction begins after it. Of
            // the events none but the last is needed once it is sealed, and it lies
            // on the stack, which is overwritten; a list would leave them on the heap.
            let mut envelopes = Vec::with_capacity(acts.len() + 1);
            let mut recorded = Recorded { ids: Vec::with_capacity(acts.len()), last: None };
            let mut lines = Vec::with_capacity(acts.len());
            let mut complete = Some(complete);
            let job = acts.first().map(|act| act.job);
            let mine = acts.into_iter().map(|act| (act, true));
            for (act, is_mine) in resume.map(|act| (act, false)).into_iter().chain(mine) {
                let event = self.event(&now, act)?;
                let complete = if is_mine { complete.take() } else { None };
                let keys = if complete.is_some() { keys } else { &[] };
                let event = match complete {
                    Some(complete) => self.sign(complete(event))?,
                    None => self.sign(event)?,
                };
                if epoch.as_ref().is_none_or(|epoch| epoch.left() == 0) {
                    let begun = Epoch::begin(
                        &SealingKey::from_bytes(&now.sealing_key)?,
                        &mut random::generator(),
                    )?;
                    headers.push((begun.id(), begun.header()));
                    *epoch = Some(begun);
                }
                let sealing = epoch.as_mut().ok_or(SealError::Full)?;
                let (generation, sequence, id) = (event.generation, event.sequence, event.id());
                let content = Entry::to_bytes(event.as_bytes(), keys);
                envelopes.push(sealing.seal(self.device, generation, sequence, id, &content)?);
                now.chain.append(event.job, id);
                if is_mine {
                    lines.push(Line::of(&event));
                    recorded.ids.push(id);
                    recorded.last = Some(event);
                }
            }
            store.transaction(|t| {
                for (id, header) in &headers {
                    queue::begin_epoch(t, *id, header)?;
                }
                for envelope in &envelopes {
                    queue::push(t, envelope)?;
                }
                now.write_down(t, job.map(|job| (job, lines)))?;
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
        Ok(Event::new(link, now.anchored.moment(self.clock.as_ref()), salt()?, act))
    }

    pub(super) fn moment(&self, t: &Transaction<'_>, hq: &PublicKey) -> Result<Moment, CrewError> {
        Ok(Anchored::read(t, hq)?.moment(self.clock.as_ref()))
    }

    /// Before a byte of an event leaves: the mark outside the database.
    pub(super) fn release(&self) -> Result<(), CrewError> {
        self.release_all(&mut *self.state()?)
    }

    /// The same in this turn. In one, or of two releases the earlier could put the mark
    /// back.
    pub(super) fn release_all(&self, state: &mut State) -> Result<(), CrewError> {
        let chain = state.store.transaction(|t| read_chain(t))?;
        let mark = Mark { generation: chain.generation, sequence: chain.sequence };
        if self.vault.mark()? < mark {
            self.vault.raise_mark(mark)?;
        }
        Ok(())
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
}

/// The newest tick that is here, if it is this HQ's.
fn kept_tick(t: &Transaction<'_>, hq: &PublicKey) -> Result<Option<Signed<Tick>>, CrewError> {
    let Some(bytes) = t.get(TICK, ONLY)? else { return Ok(None) };
    Ok(Signed::open(&stored::<KeptTick>(&bytes)?.tick, hq).ok())
}

/// What a commit is about to make durable.
struct Recorded {
    ids: Vec<EventId>,
    last: Option<Signed<Event>>,
}

pub(super) fn salt() -> Result<Salt, CrewError> {
    Ok(Salt(random::bytes()?))
}

fn fresh_key(photo: &[u8]) -> Result<AttachmentKey, CrewError> {
    Ok(AttachmentKey::new(photo, salt()?, &*random::key()?)?)
}
