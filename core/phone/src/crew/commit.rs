//! From an act to an event that may leave the phone: sign, verify, commit durably, raise the
//! high-water mark, and only then may a byte of it be shown or sent.

use std::collections::BTreeSet;

use crewseal_custody::envelope::{
    AttachmentKey, Beside, Entry, Envelope, Epoch, EpochId, SealError, SealingKey,
};
use crewseal_custody::logged::LeafSalt;
use crewseal_custody::signed::Signed;
use crewseal_custody::stack::with_stack_wiped;
use crewseal_custody::{Act, Event, EventId, HqKeys, JobId, Link, Lists, Moment};
use crewseal_label::Token;
use zeroize::Zeroizing;

use super::CrewError;
use super::act_cache::{ActCache, Anchored};
use super::chain::read_chain;
use super::diary::Line;
use super::persisted::remember;
use super::phone::{Phone, State, salt};
use crate::outbox::{attachment, queue};
use crate::random;
use crate::vault::{Mark, Transaction};

impl Phone {
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
        self.commit(
            &mut *self.state()?,
            vec![act],
            Beside::default(),
            complete,
            |t, lists, recorded| {
                remember(t, job, entered, lists)?;
                keep(t, recorded.last.as_ref().ok_or(CrewError::NothingToSign)?)
            },
        )
    }

    /// The same for what leaves the phone at once, shown to another phone: with the mark
    /// raised in the same turn. A call that came between could keep what is signed by
    /// then from being shown. `counterpart` is what the other side signed that it answers.
    pub(super) fn record_to_show(
        &self,
        act: Act,
        counterpart: Option<&[u8]>,
        entered: &BTreeSet<Token>,
        complete: impl FnOnce(Event) -> Event,
        keep: impl FnOnce(&mut Transaction<'_>, &Signed<Event>) -> Result<Vec<u8>, CrewError>,
    ) -> Result<Vec<u8>, CrewError> {
        let job = act.job;
        let mut state = self.state()?;
        let beside = Beside { counterpart, ..Beside::default() };
        let shown =
            self.commit(&mut state, vec![act], beside, complete, |t, lists, recorded| {
                remember(t, job, entered, lists)?;
                keep(t, recorded.last.as_ref().ok_or(CrewError::NothingToSign)?)
            })?;
        self.raise_high_water_mark_in(&mut state)?;
        Ok(shown)
    }

    /// Several acts in one commit: all of them are recorded, or none.
    pub(super) fn record_all(&self, acts: Vec<Act>) -> Result<Vec<EventId>, CrewError> {
        let mut state = self.state()?;
        let beside = Beside::default();
        self.commit(&mut state, acts, beside, |event| event, |_, _, done| Ok(done.ids.clone()))
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
            Beside { keys: &keys, ..Beside::default() },
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
        self.commit(state, Vec::new(), Beside::default(), |event| event, |_, _, _| Ok(()))
    }

    /// Signs acts of one job, verifies the signatures, and commits them to the queue.
    /// `complete` and `beside` are for the first act: what has more fields, or more beside it
    /// than its statement, is recorded alone.
    ///
    /// Where nothing says yet that the store was restored, that comes first: nothing
    /// else can be the first event of a new generation. Where the terms of the job are
    /// others than the chain said last, they come right before the act.
    fn commit<T>(
        &self,
        state: &mut State,
        acts: Vec<Act>,
        beside: Beside<'_>,
        complete: impl FnOnce(Event) -> Event,
        keep: impl FnOnce(&mut Transaction<'_>, &Lists, &Recorded) -> Result<T, CrewError>,
    ) -> Result<T, CrewError> {
        with_stack_wiped(|| self.commit_acts(state, acts, beside, complete, keep))
    }

    fn commit_acts<T>(
        &self,
        state: &mut State,
        acts: Vec<Act>,
        beside: Beside<'_>,
        complete: impl FnOnce(Event) -> Event,
        keep: impl FnOnce(&mut Transaction<'_>, &Lists, &Recorded) -> Result<T, CrewError>,
    ) -> Result<T, CrewError> {
        let State { store, epoch, lists, act_cache, .. } = state;
        // It is put back after the commit only: whatever fails before, what the
        // store says is read from the store again.
        let head = store.open()?.head();
        let now = match act_cache.take().filter(|act_cache| act_cache.is_at(head)) {
            Some(known) => known,
            None => store.transaction(ActCache::read)?,
        };
        let mut sealing = Sealing::after(now, acts.len());
        let job = acts.first().map(|act| act.job).filter(|job| *job != JobId::NONE);
        // Signing may wait for a person, so the transaction begins after it.
        let committed = sealing.add(self, epoch, acts, beside, complete).and_then(|()| {
            store.transaction(|t| {
                sealing.write_down(t, job)?;
                keep(t, lists, &sealing.recorded)
            })
        });
        match committed {
            Ok(done) => {
                *act_cache = Some(sealing.now);
                Ok(done)
            }
            Err(error) => {
                // What was sealed is lost with its index, which no other entry
                // gets. An epoch that began here is lost whole: its header may
                // not be in the store.
                if !sealing.headers.is_empty() {
                    *epoch = None;
                }
                Err(error)
            }
        }
    }

    /// What has not the form of its kind is signed by nobody.
    fn sign(&self, event: Event) -> Result<Signed<Event>, CrewError> {
        event.check_form()?;
        let protection = event.protection;
        let sign = |bytes: &[u8]| self.vault.sign(protection, bytes);
        Ok(Signed::sign(event, self.keys.of(protection), sign)?)
    }

    fn event(&self, now: &ActCache, act: Act) -> Result<Event, CrewError> {
        let link = Link {
            device: self.device,
            generation: now.chain.generation,
            sequence: now.chain.sequence.saturating_add(1),
            previous: now.chain.previous,
        };
        Ok(Event::new(link, now.anchored.moment(self.clock.as_ref()), salt()?, act))
    }

    pub(super) fn moment(&self, t: &Transaction<'_>, hq: &HqKeys) -> Result<Moment, CrewError> {
        Ok(Anchored::read(t, hq)?.moment(self.clock.as_ref()))
    }

    /// Before a byte of an event leaves: the mark outside the database.
    pub(super) fn raise_high_water_mark(&self) -> Result<(), CrewError> {
        self.raise_high_water_mark_in(&mut *self.state()?)
    }

    /// The same in this turn. In one, or of two releases the earlier could put the mark
    /// back.
    pub(super) fn raise_high_water_mark_in(&self, state: &mut State) -> Result<(), CrewError> {
        let chain = state.store.transaction(|t| read_chain(t))?;
        let mark = Mark { generation: chain.generation, sequence: chain.sequence };
        if self.vault.mark()? < mark {
            self.vault.raise_mark(mark)?;
        }
        Ok(())
    }
}

/// What a commit is about to make durable. Of the events none but the last is needed once it
/// is sealed, and it lies on the stack, which is overwritten; a list would leave them on the
/// heap.
struct Recorded {
    ids: Vec<EventId>,
    last: Option<Signed<Event>>,
}

/// Acts that are signed and sealed one after another, for one commit.
struct Sealing {
    /// What acts need of the store, as it will be after the commit.
    now: ActCache,
    /// Of the epochs that began here.
    headers: Vec<(EpochId, Vec<u8>)>,
    entries: Vec<(Envelope, queue::Beside)>,
    lines: Vec<Line>,
    recorded: Recorded,
}

impl Sealing {
    fn after(now: ActCache, acts: usize) -> Self {
        Self {
            now,
            headers: Vec::new(),
            entries: Vec::with_capacity(acts.saturating_add(2)),
            lines: Vec::with_capacity(acts),
            recorded: Recorded { ids: Vec::with_capacity(acts), last: None },
        }
    }

    /// Signs acts and seals them, after saying what nothing says yet: that the store was
    /// restored, and under which terms they are done.
    fn add(
        &mut self,
        phone: &Phone,
        epoch: &mut Option<Epoch>,
        acts: Vec<Act>,
        beside: Beside<'_>,
        complete: impl FnOnce(Event) -> Event,
    ) -> Result<(), CrewError> {
        if self.now.chain.is_undeclared() {
            let event = phone.sign(phone.event(&self.now, Act::resume())?)?;
            self.seal(phone, epoch, &event, Beside::default())?;
        } else if acts.is_empty() {
            return Err(CrewError::NothingToSign);
        }
        let mut first = Some((complete, beside));
        for act in acts {
            self.inform(phone, epoch, act.job)?;
            let statement = act.statement.clone();
            let event = phone.event(&self.now, act)?;
            let (event, beside) = match first.take() {
                Some((complete, beside)) => (phone.sign(complete(event))?, beside),
                None => (phone.sign(event)?, Beside::default()),
            };
            let beside = Beside { statement: statement.as_ref(), ..beside };
            self.seal(phone, epoch, &event, beside)?;
            self.lines.push(Line::of(&event));
            self.recorded.ids.push(event.id());
            self.recorded.last = Some(event);
        }
        Ok(())
    }

    /// Says the terms of a job, unless they are those that the chain said last.
    fn inform(
        &mut self,
        phone: &Phone,
        epoch: &mut Option<Epoch>,
        job: JobId,
    ) -> Result<(), CrewError> {
        let Some(terms) = self.now.unsaid(job) else { return Ok(()) };
        let digest = terms.digest();
        let event = phone.sign(phone.event(&self.now, Act::informed(job, terms.into_ids()))?)?;
        self.seal(phone, epoch, &event, Beside::default())?;
        self.now.chain.say(job, digest);
        Ok(())
    }

    /// Seals an event to HQ, as the newest of the chain.
    fn seal(
        &mut self,
        phone: &Phone,
        epoch: &mut Option<Epoch>,
        event: &Signed<Event>,
        beside: Beside<'_>,
    ) -> Result<(), CrewError> {
        if epoch.as_ref().is_none_or(|epoch| epoch.left() == 0) {
            let begun = Epoch::begin(
                &SealingKey::from_bytes(&self.now.sealing_key)?,
                &mut random::generator(),
            )?;
            self.headers.push((begun.id(), begun.header()));
            *epoch = Some(begun);
        }
        let epoch = epoch.as_mut().ok_or(SealError::Full)?;
        let (generation, sequence, id) = (event.generation, event.sequence, event.id());
        let content = Entry::to_bytes(event.as_bytes(), beside);
        let envelope = epoch.seal(phone.device, generation, sequence, id, &content)?;
        let known = queue::Beside { leaf_salt: LeafSalt::of(event), job: event.job };
        self.entries.push((envelope, known));
        self.now.chain.append(event.job, id);
        Ok(())
    }

    /// Puts it all into the queue, and the acts of the job into the diary.
    fn write_down(&mut self, t: &mut Transaction<'_>, job: Option<JobId>) -> Result<(), CrewError> {
        for (id, header) in &self.headers {
            queue::begin_epoch(t, *id, header)?;
        }
        for (envelope, known) in &self.entries {
            queue::push(t, envelope, Some(known))?;
        }
        let lines = std::mem::take(&mut self.lines);
        self.now.write_down(t, job.map(|job| (job, lines)))
    }
}

fn fresh_key(photo: &[u8]) -> Result<AttachmentKey, CrewError> {
    Ok(AttachmentKey::new(photo, salt()?, &*random::key()?)?)
}
