//! A batch on its way into the database: each event judged, stored and put in its place in the
//! log.

use std::collections::hash_map::Entry as Slot;
use std::collections::{BTreeMap, BTreeSet, HashMap};

use crewseal_custody::cbor::to_vec;
use crewseal_custody::logged::Logged;
use crewseal_custody::signed::{Digest, Signed};
use crewseal_custody::{BoxList, Dispute, Event, EventKind, JobId, Lists, Outcome};
use crewseal_label::Token;
use rusqlite::{Connection, OptionalExtension, params};

use super::outcome::{Surroundings, judge};
use super::refusal::OpenedEntry;
use super::statistics::Delivered;
use crate::error::HqError;
use crate::hq::Hq;
use crate::store::{self, LogWriter, PlacedEvent};

/// Where verified events go, within the transaction of one batch.
pub(super) struct BatchWriter<'b, 't> {
    hq: &'b Hq,
    log: &'b mut LogWriter<'t>,
    /// The lists of each job, as far as its events needed them.
    lists: HashMap<JobId, Lists>,
    /// Boxes that crews labelled on the spot, by their job.
    commissioned: BTreeMap<JobId, BTreeSet<Token>>,
}

impl<'b, 't> BatchWriter<'b, 't> {
    pub(super) fn new(hq: &'b Hq, log: &'b mut LogWriter<'t>) -> Self {
        Self { hq, log, lists: HashMap::new(), commissioned: BTreeMap::new() }
    }

    const fn db(&self) -> &'t Connection {
        self.log.db
    }

    /// Stores the event of an entry, or finds where it stands already.
    pub(super) fn entry(
        &mut self,
        entry: &OpenedEntry,
        delivered: &mut Delivered,
    ) -> Result<PlacedEvent, HqError> {
        let (db, event) = (self.db(), &entry.event);
        if let Some(first) = store::placed(db, &event.id())? {
            delivered.repeated += 1;
            return Ok(first);
        }
        let placed = self.take(event)?;
        let mut insert = db.prepare_cached(
            "INSERT OR IGNORE INTO attachments (event, digest, key) VALUES (?1, ?2, ?3)",
        )?;
        for key in &entry.keys {
            insert.execute(params![event.id().0, key.digest.0, to_vec(key)])?;
        }
        if let Some(statement) = &entry.statement {
            db.prepare_cached("INSERT INTO statements (event, bytes) VALUES (?1, ?2)")?
                .execute(params![event.id().0, statement.as_slice()])?;
        }
        delivered.stored += 1;
        Ok(placed)
    }

    /// Takes in what the other side of a handoff signed, as if its own phone had delivered
    /// it. That phone gets this place when it does.
    pub(super) fn counterpart(
        &mut self,
        event: &Signed<Event>,
        delivered: &mut Delivered,
    ) -> Result<(), HqError> {
        if store::placed(self.db(), &event.id())?.is_none() {
            self.take(event)?;
            delivered.stored += 1;
        }
        Ok(())
    }

    /// Does what follows from all of the batch: boxes that were labelled on the spot become
    /// boxes of their jobs, with one version of the manifest for however many.
    pub(super) fn finish(self) -> Result<(), HqError> {
        let Self { hq, log, commissioned, .. } = self;
        let mut commissioned = commissioned.iter();
        commissioned.try_for_each(|(job, boxes)| hq.add_commissioned(log, *job, boxes))
    }

    /// Notes the boxes that an event takes into its job, if its device is of the crew and
    /// HQ still vouches for it.
    fn note_commissioned(&mut self, event: &Event) -> Result<(), HqError> {
        let (db, key) = (self.db(), &self.hq.keys());
        if event.kind != EventKind::Commission
            || !store::is_in_crew(db, &event.job, &event.device)?
            || store::revoked_since(db, key, &event.device)?.is_some()
        {
            return Ok(());
        }
        if let Some(boxes) = self.resolve(&event.job, &event.boxes)? {
            self.commissioned.entry(event.job).or_default().extend(boxes);
        }
        Ok(())
    }

    /// Judges and stores an event that is not here yet.
    fn take(&mut self, event: &Signed<Event>) -> Result<PlacedEvent, HqError> {
        let outcome = judge(event, &self.around(event)?);
        let Event { device, generation, sequence, .. } = **event;
        let logged = Logged { device, generation, sequence, outcome, at: self.log.at };
        let placed = self.log.event(event, &logged)?;
        self.store(event, &placed)?;
        if outcome != Outcome::StoredInDispute(Dispute::IllFormed) {
            self.hq.confirm((self.db(), self.log.at), event)?;
        }
        if matches!(outcome, Outcome::Stored | Outcome::StoredAfterGap(_)) {
            self.note_commissioned(event)?;
        }
        Ok(placed)
    }

    fn around(&mut self, event: &Event) -> Result<Surroundings, HqError> {
        let place = |sequence: u64| (event.device.0, event.generation, store::column(sequence));
        let mut at = self.db().prepare_cached(
            "SELECT id FROM events WHERE device = ?1 AND generation = ?2 AND sequence = ?3",
        )?;
        let before = at
            .query_map(place(event.sequence.saturating_sub(1)), |row| row.get(0).map(Digest))?
            .collect::<Result<_, _>>()?;
        let taken = at.exists(place(event.sequence))?;
        let (complete_to, boxes_known) = (self.complete_to(event)?, self.boxes_are_known(event)?);
        Ok(Surroundings { taken, before, complete_to, boxes_known })
    }

    fn complete_to(&self, event: &Event) -> Result<u64, HqError> {
        let number: Option<i64> = self
            .db()
            .prepare_cached("SELECT complete_to FROM chains WHERE device = ?1 AND generation = ?2")?
            .query_row((event.device.0, event.generation), |row| row.get(0))
            .optional()?;
        Ok(number.and_then(|number| u64::try_from(number).ok()).unwrap_or(0))
    }

    /// Whether HQ issued what the event's box lists name, and every label that
    /// it acts on. What was merely found may bear any label.
    fn boxes_are_known(&mut self, event: &Event) -> Result<bool, HqError> {
        let Some(boxes) = self.resolve(&event.job, &event.boxes)? else { return Ok(false) };
        for finding in &event.findings {
            if self.resolve(&event.job, &finding.boxes)?.is_none() {
                return Ok(false);
            }
        }
        for token in boxes {
            if store::roll_of(self.db(), &token)?.is_none() {
                return Ok(false);
            }
        }
        Ok(true)
    }

    fn resolve(
        &mut self,
        job: &JobId,
        boxes: &BoxList,
    ) -> Result<Option<BTreeSet<Token>>, HqError> {
        let db = self.db();
        let lists = match self.lists.entry(*job) {
            Slot::Occupied(known) => known.into_mut(),
            Slot::Vacant(new) => new.insert(store::lists(db, &self.hq.keys(), job)?),
        };
        store::resolve(db, &self.hq.keys(), lists, boxes)
    }

    fn store(&self, event: &Signed<Event>, placed: &PlacedEvent) -> Result<(), HqError> {
        let (device, generation) = (event.device.0, event.generation);
        self.db()
            .prepare_cached(
                "INSERT INTO events (id, device, generation, sequence, job, bytes,
                                     log, place, outcome, logged_at)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)",
            )?
            .execute(params![
                event.id().0,
                device,
                generation,
                store::column(event.sequence),
                event.job.0,
                event.as_bytes(),
                placed.log,
                store::column(placed.place),
                to_vec(&placed.logged.outcome),
                store::column(placed.logged.at),
            ])?;
        let before = self.complete_to(event)?;
        let mut complete_to = before;
        let mut there = self.db().prepare_cached(
            "SELECT 1 FROM events WHERE device = ?1 AND generation = ?2 AND sequence = ?3",
        )?;
        while there.exists((device, generation, store::column(complete_to.saturating_add(1))))? {
            complete_to += 1;
        }
        if complete_to > before {
            self.db()
                .prepare_cached(
                    "INSERT INTO chains (device, generation, complete_to) VALUES (?1, ?2, ?3)
                     ON CONFLICT DO UPDATE SET complete_to = excluded.complete_to",
                )?
                .execute((device, generation, store::column(complete_to)))?;
        }
        Ok(())
    }
}
