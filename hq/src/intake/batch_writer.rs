//! A batch on its way into the database: each event judged, stored and receipted.

use std::collections::hash_map::Entry as Slot;
use std::collections::{BTreeMap, BTreeSet, HashMap};

use crewseal_custody::cbor::{Version, to_vec};
use crewseal_custody::envelope::Address;
use crewseal_custody::signed::{Digest, Signed};
use crewseal_custody::{
    BoxList, DeviceId, Dispute, Event, EventId, EventKind, JobId, Lists, Outcome, Receipt, Refusal,
};
use crewseal_label::Token;
use rusqlite::{Connection, OptionalExtension, params};

use super::outcome::{Surroundings, judge};
use super::refusal::OpenedEntry;
use super::statistics::Delivered;
use crate::error::HqError;
use crate::hq::Hq;
use crate::store;

/// What a receipt names.
struct Receipted {
    event: EventId,
    device: DeviceId,
    generation: u32,
    sequence: u64,
}

impl Receipted {
    fn of(event: &Signed<Event>) -> Self {
        let Event { device, generation, sequence, .. } = **event;
        Self { event: event.id(), device, generation, sequence }
    }
}

impl From<&Address> for Receipted {
    fn from(address: &Address) -> Self {
        let Address { event, device, generation, sequence, .. } = *address;
        Self { event, device, generation, sequence }
    }
}

/// Where verified events go, within the transaction of one batch.
pub(super) struct BatchWriter<'t> {
    hq: &'t Hq,
    db: &'t Connection,
    /// What the other sides of handoffs signed, which came beside entries of the batch.
    counterparts: &'t HashMap<EventId, Signed<Event>>,
    /// The lists of each job, as far as its events needed them.
    lists: HashMap<JobId, Lists>,
    /// Boxes that crews labelled on the spot, by their job.
    commissioned: BTreeMap<JobId, BTreeSet<Token>>,
}

impl<'t> BatchWriter<'t> {
    pub(super) fn new(
        hq: &'t Hq,
        db: &'t Connection,
        counterparts: &'t HashMap<EventId, Signed<Event>>,
    ) -> Self {
        Self { hq, db, counterparts, lists: HashMap::new(), commissioned: BTreeMap::new() }
    }

    /// The receipt for one envelope.
    pub(super) fn answer(
        &mut self,
        address: &Address,
        taken: &Result<OpenedEntry, Refusal>,
        delivered: &mut Delivered,
    ) -> Result<Vec<u8>, HqError> {
        let entry = match taken {
            Ok(taken) => taken,
            Err(refusal) => {
                delivered.refused += 1;
                return self.receipt(&address.into(), Outcome::Refused(*refusal));
            }
        };
        // What it answers comes first, as it was signed first.
        let event = &entry.event;
        if let Some(other) = event.about.and_then(|about| self.counterparts.get(&about)) {
            self.counterpart(other, delivered)?;
        }
        if let Some(first) = self.first_receipt(&event.id())? {
            delivered.repeated += 1;
            return Ok(first);
        }
        let receipt = self.take(event, &address.into())?;
        let mut insert = self.db.prepare_cached(
            "INSERT OR IGNORE INTO attachments (event, digest, key) VALUES (?1, ?2, ?3)",
        )?;
        for key in &entry.keys {
            insert.execute(params![event.id().0, key.digest.0, to_vec(key)])?;
        }
        if let Some(statement) = &entry.statement {
            self.db
                .prepare_cached("INSERT INTO statements (event, bytes) VALUES (?1, ?2)")?
                .execute(params![event.id().0, statement.as_slice()])?;
        }
        delivered.stored += 1;
        Ok(receipt)
    }

    /// Does what follows from all of the batch: boxes that were labelled on the spot become
    /// boxes of their jobs, with one version of the manifest for however many.
    pub(super) fn finish(self) -> Result<(), HqError> {
        let mut commissioned = self.commissioned.iter();
        commissioned.try_for_each(|(job, boxes)| self.hq.add_commissioned(self.db, *job, boxes))
    }

    /// Notes the boxes that an event takes into its job, if its device is of the crew and
    /// HQ still vouches for it.
    fn note_commissioned(&mut self, event: &Event) -> Result<(), HqError> {
        let (db, key) = (self.db, &self.hq.keys());
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

    /// Takes in what the other side of a handoff signed, as if its own phone had delivered
    /// it. That phone gets this receipt when it does.
    fn counterpart(
        &mut self,
        event: &Signed<Event>,
        delivered: &mut Delivered,
    ) -> Result<(), HqError> {
        if self.first_receipt(&event.id())?.is_none() {
            self.take(event, &Receipted::of(event))?;
            delivered.stored += 1;
        }
        Ok(())
    }

    /// Judges and stores an event that is not here yet.
    fn take(&mut self, event: &Signed<Event>, of: &Receipted) -> Result<Vec<u8>, HqError> {
        let outcome = judge(event, &self.around(event)?);
        let receipt = self.receipt(of, outcome)?;
        self.store(event, &receipt)?;
        if outcome != Outcome::StoredInDispute(Dispute::IllFormed) {
            self.hq.confirm(self.db, event)?;
        }
        if matches!(outcome, Outcome::Stored | Outcome::StoredAfterGap(_)) {
            self.note_commissioned(event)?;
        }
        Ok(receipt)
    }

    fn receipt(&self, of: &Receipted, outcome: Outcome) -> Result<Vec<u8>, HqError> {
        let receipt = self.hq.sign(Receipt {
            version: Version,
            event: of.event,
            device: of.device,
            generation: of.generation,
            sequence: of.sequence,
            outcome,
            at: self.hq.clock.now(),
            origin: self.hq.origin().to_owned(),
        })?;
        Ok(receipt.as_bytes().to_vec())
    }

    fn first_receipt(&self, event: &EventId) -> Result<Option<Vec<u8>>, HqError> {
        let mut query = self.db.prepare_cached("SELECT bytes FROM receipts WHERE event = ?1")?;
        Ok(query.query_row([event.0], |row| row.get(0)).optional()?)
    }

    fn around(&mut self, event: &Event) -> Result<Surroundings, HqError> {
        let place = |sequence: u64| (event.device.0, event.generation, store::column(sequence));
        let db = self.db;
        let mut at = db.prepare_cached(
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
            .db
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
            if store::roll_of(self.db, &token)?.is_none() {
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
        let lists = match self.lists.entry(*job) {
            Slot::Occupied(known) => known.into_mut(),
            Slot::Vacant(new) => new.insert(store::lists(self.db, &self.hq.keys(), job)?),
        };
        store::resolve(self.db, &self.hq.keys(), lists, boxes)
    }

    fn store(&self, event: &Signed<Event>, receipt: &[u8]) -> Result<(), HqError> {
        let (device, generation) = (event.device.0, event.generation);
        self.db
            .prepare_cached(
                "INSERT INTO events (id, device, generation, sequence, job, bytes)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
            )?
            .execute(params![
                event.id().0,
                device,
                generation,
                store::column(event.sequence),
                event.job.0,
                event.as_bytes(),
            ])?;
        self.db
            .prepare_cached("INSERT INTO receipts (event, bytes) VALUES (?1, ?2)")?
            .execute(params![event.id().0, receipt])?;
        let before = self.complete_to(event)?;
        let mut complete_to = before;
        let mut there = self.db.prepare_cached(
            "SELECT 1 FROM events WHERE device = ?1 AND generation = ?2 AND sequence = ?3",
        )?;
        while there.exists((device, generation, store::column(complete_to.saturating_add(1))))? {
            complete_to += 1;
        }
        if complete_to > before {
            self.db
                .prepare_cached(
                    "INSERT INTO chains (device, generation, complete_to) VALUES (?1, ?2, ?3)
                     ON CONFLICT DO UPDATE SET complete_to = excluded.complete_to",
                )?
                .execute((device, generation, store::column(complete_to)))?;
        }
        Ok(())
    }
}
