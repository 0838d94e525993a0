//! Intake: what becomes of each envelope that a phone, or another phone for it,
//! delivers.
//!
//! First every envelope is read without the database: opened, its event
//! verified and compared with the address. Then the whole batch is judged and
//! stored in one transaction with its receipts. What a known device signed is
//! stored whatever is wrong with it; a bad entry never holds up a good one.

use std::collections::hash_map::Entry as Slot;
use std::collections::{BTreeMap, BTreeSet, HashMap};

use crewseal_custody::cbor::{CborError, Version, from_versioned, to_vec};
use crewseal_custody::envelope::{
    Address, AttachmentKey, Entry, Envelope, EpochHeader, EpochId, OpenedEpoch, OpeningKey,
};
use crewseal_custody::signed::{Digest, Signed, SignedError, Unverified};
use crewseal_custody::wire::{Batch, Receipts};
use crewseal_custody::{
    BoxList, Credential, DeviceId, Dispute, Event, EventId, JobId, Lists, Outcome, Receipt,
    Refusal, Refused, admit,
};
use crewseal_label::Token;
use rusqlite::{Connection, OptionalExtension, params};
use zeroize::Zeroizing;

use crate::error::HqError;
use crate::hq::Hq;
use crate::store;

/// How many envelopes HQ took in.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Stats {
    /// All together.
    pub total: Delivered,
    /// By the device that delivered them, its own or another's.
    pub devices: BTreeMap<DeviceId, Delivered>,
}

/// What became of the envelopes that were delivered.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Delivered {
    /// New events, stored.
    pub stored: u64,
    /// Not stored.
    pub refused: u64,
    /// Stored before, and answered with the first receipt.
    pub repeated: u64,
}

impl Hq {
    /// Takes in what `carrier` delivers and answers each envelope whose address
    /// can be read. When this returns, the answers are on the disk.
    ///
    /// # Errors
    /// [`HqError::UnknownDevice`] for a carrier that is not enrolled, or the
    /// database; then nothing of the batch is stored.
    pub fn take_in(&self, batch: &Batch, carrier: DeviceId) -> Result<Receipts, HqError> {
        let envelopes: Vec<Envelope> =
            batch.envelopes.iter().filter_map(|bytes| Envelope::parse(bytes).ok()).collect();
        let mut epochs = Epochs::new(self.keys.opening(), batch);
        let credentials = self.store.read(|db| {
            store::credential(db, self.key(), &carrier)?.ok_or(HqError::UnknownDevice(carrier))?;
            epochs.recall(db, &envelopes)?;
            self.credentials(db, &envelopes)
        })?;
        let read: Vec<(Address, Result<Taken, Refusal>)> = envelopes
            .iter()
            .map(|envelope| {
                let credential = credentials.get(&envelope.address().device);
                let taken = read(envelope, &mut epochs, credential.map(|signed| &**signed));
                (*envelope.address(), taken)
            })
            .collect();
        let (receipts, delivered) = self.store.write(|db| {
            let mut shelf = Shelf { hq: self, db, lists: HashMap::new() };
            let mut delivered = Delivered::default();
            let mut receipts = Vec::with_capacity(read.len());
            for (address, taken) in &read {
                receipts.push(shelf.answer(address, taken, &mut delivered)?.into());
            }
            epochs.keep(db, &read)?;
            count(db, &carrier, &delivered)?;
            Ok((receipts, delivered))
        })?;
        tracing::info!(
            %carrier,
            stored = delivered.stored,
            refused = delivered.refused,
            repeated = delivered.repeated,
            "batch taken in"
        );
        Ok(Receipts { version: Version, receipts })
    }

    fn credentials(
        &self,
        db: &Connection,
        envelopes: &[Envelope],
    ) -> Result<HashMap<DeviceId, Signed<Credential>>, HqError> {
        let mut credentials = HashMap::new();
        for device in envelopes.iter().map(|envelope| envelope.address().device) {
            if let Some(credential) = store::credential(db, self.key(), &device)? {
                credentials.insert(device, credential);
            }
        }
        Ok(credentials)
    }

    /// How many envelopes HQ took in.
    ///
    /// # Errors
    /// The database.
    pub fn stats(&self) -> Result<Stats, HqError> {
        self.store.read(|db| {
            let mut query =
                db.prepare("SELECT device, stored, refused, repeated FROM deliveries")?;
            let mut rows = query.query([])?;
            let mut stats = Stats::default();
            while let Some(row) = rows.next()? {
                let number = |at| row.get::<_, i64>(at).map(|n| u64::try_from(n).unwrap_or(0));
                let delivered =
                    Delivered { stored: number(1)?, refused: number(2)?, repeated: number(3)? };
                stats.total.stored += delivered.stored;
                stats.total.refused += delivered.refused;
                stats.total.repeated += delivered.repeated;
                stats.devices.insert(DeviceId(row.get(0)?), delivered);
            }
            Ok(stats)
        })
    }
}

/// What was in an envelope.
struct Taken {
    event: Signed<Event>,
    /// Of the attachments that the event names.
    keys: Vec<AttachmentKey>,
}

/// The event in an envelope, if the device on its address signed it.
fn read(
    envelope: &Envelope,
    epochs: &mut Epochs<'_>,
    credential: Option<&Credential>,
) -> Result<Taken, Refusal> {
    let content = epochs.open(envelope).ok_or(Refusal::Unreadable)?;
    let entry = Entry::read(&content).map_err(|error| match error {
        CborError::Version { .. } => Refusal::UnknownVersion,
        _ => Refusal::Malformed,
    })?;
    let event = Unverified::<Event>::parse(&entry.event).map_err(|error| match error {
        SignedError::Payload(CborError::Version { .. }) => Refusal::UnknownVersion,
        _ => Refusal::Malformed,
    })?;
    let (address, claims) = (envelope.address(), event.claims());
    if address.event != event.id()
        || address.device != claims.device
        || address.generation != claims.generation
        || address.sequence != claims.sequence
    {
        return Err(Refusal::Mislabelled);
    }
    // No counter of acts comes to 2^63, where the database's numbers end.
    if i64::try_from(claims.sequence).is_err() {
        return Err(Refusal::Malformed);
    }
    let event = admit(event, |_| credential).map_err(|refused| match refused {
        Refused::UnknownDevice => Refusal::UnknownDevice,
        Refused::Signed(SignedError::Signature) => Refusal::Signature,
        Refused::Signed(_) => Refusal::Malformed,
    })?;
    // The event is signed, the keys beside it are not: they serve what it names.
    let mut keys = entry.keys;
    keys.retain(|key| event.attachments.contains(&key.digest));
    Ok(Taken { event, keys })
}

/// What HQ has around the place that an event takes in its device's chain.
#[derive(Debug, Default)]
struct Surroundings {
    /// Another event stands in this very place.
    taken: bool,
    /// The events in the place before; more than one after a fork.
    before: Vec<EventId>,
    /// Up to this number none of the generation is missing.
    complete_to: u64,
}

/// What is said of a verified event. A contradiction goes before a gap, for the
/// gap may still be filled.
fn judge(event: &Event, around: &Surroundings, boxes_known: bool) -> Outcome {
    let follows = if around.before.is_empty() {
        event.sequence > 1 || event.generation > 1 || event.previous.is_none()
    } else {
        event.previous.is_some_and(|previous| around.before.contains(&previous))
    };
    if around.taken {
        Outcome::StoredInDispute(Dispute::Fork)
    } else if !follows {
        Outcome::StoredInDispute(Dispute::BrokenChain)
    } else if !boxes_known {
        Outcome::StoredInDispute(Dispute::UnknownBoxes)
    } else if event.sequence > around.complete_to.saturating_add(1) {
        Outcome::StoredAfterGap(around.complete_to.saturating_add(1))
    } else {
        Outcome::Stored
    }
}

/// Where verified events go, within the transaction of one batch.
struct Shelf<'t> {
    hq: &'t Hq,
    db: &'t Connection,
    /// The lists of each job, as far as its events needed them.
    lists: HashMap<JobId, Lists>,
}

impl Shelf<'_> {
    /// The receipt for one envelope.
    fn answer(
        &mut self,
        address: &Address,
        taken: &Result<Taken, Refusal>,
        delivered: &mut Delivered,
    ) -> Result<Vec<u8>, HqError> {
        let Taken { event, keys } = match taken {
            Ok(taken) => taken,
            Err(refusal) => {
                delivered.refused += 1;
                return self.receipt(address, Outcome::Refused(*refusal));
            }
        };
        if let Some(first) = self.first_receipt(&event.id())? {
            delivered.repeated += 1;
            return Ok(first);
        }
        let boxes_known = self.boxes_are_known(event)?;
        let outcome = judge(event, &self.around(event)?, boxes_known);
        let receipt = self.receipt(address, outcome)?;
        self.store(event, &receipt)?;
        self.hq.confirm(self.db, event)?;
        let mut insert = self.db.prepare_cached(
            "INSERT OR IGNORE INTO attachments (event, digest, key) VALUES (?1, ?2, ?3)",
        )?;
        for key in keys {
            insert.execute(params![event.id().0, key.digest.0, to_vec(key)])?;
        }
        delivered.stored += 1;
        Ok(receipt)
    }

    fn receipt(&self, address: &Address, outcome: Outcome) -> Result<Vec<u8>, HqError> {
        let receipt = self.hq.sign(Receipt {
            version: Version,
            event: address.event,
            device: address.device,
            generation: address.generation,
            sequence: address.sequence,
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

    fn around(&self, event: &Event) -> Result<Surroundings, HqError> {
        let place = |sequence: u64| (event.device.0, event.generation, store::column(sequence));
        let mut at = self.db.prepare_cached(
            "SELECT id FROM events WHERE device = ?1 AND generation = ?2 AND sequence = ?3",
        )?;
        let before = at
            .query_map(place(event.sequence.saturating_sub(1)), |row| row.get(0).map(Digest))?
            .collect::<Result<_, _>>()?;
        Ok(Surroundings {
            taken: at.exists(place(event.sequence))?,
            before,
            complete_to: self.complete_to(event)?,
        })
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
            Slot::Vacant(new) => new.insert(store::lists(self.db, self.hq.key(), job)?),
        };
        store::resolve(self.db, self.hq.key(), lists, boxes)
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

fn count(db: &Connection, carrier: &DeviceId, delivered: &Delivered) -> Result<(), HqError> {
    let column = store::column;
    db.prepare_cached(
        "INSERT INTO deliveries (device, stored, refused, repeated) VALUES (?1, ?2, ?3, ?4)
         ON CONFLICT DO UPDATE SET stored = stored + excluded.stored,
         refused = refused + excluded.refused, repeated = repeated + excluded.repeated",
    )?
    .execute((
        carrier.0,
        column(delivered.stored),
        column(delivered.refused),
        column(delivered.repeated),
    ))?;
    Ok(())
}

/// The epochs that a batch needs, from the batch itself or from before.
struct Epochs<'k> {
    key: &'k OpeningKey,
    headers: HashMap<EpochId, EpochHeader>,
    opened: HashMap<EpochId, Option<OpenedEpoch>>,
}

impl<'k> Epochs<'k> {
    fn new(key: &'k OpeningKey, batch: &Batch) -> Self {
        let headers = batch.epochs.iter().filter_map(|bytes| header(bytes, key));
        Self { key, headers: headers.collect(), opened: HashMap::new() }
    }

    /// Fetches the headers that are not in the batch.
    fn recall(&mut self, db: &Connection, envelopes: &[Envelope]) -> Result<(), HqError> {
        let mut query = db.prepare_cached("SELECT header FROM epochs WHERE id = ?1")?;
        for epoch in envelopes.iter().map(|envelope| envelope.address().epoch) {
            if !self.headers.contains_key(&epoch) {
                let bytes: Option<Vec<u8>> =
                    query.query_row([epoch.0], |row| row.get(0)).optional()?;
                self.headers.extend(bytes.and_then(|bytes| header(&bytes, self.key)));
            }
        }
        Ok(())
    }

    fn open(&mut self, envelope: &Envelope) -> Option<Zeroizing<Vec<u8>>> {
        let id = envelope.address().epoch;
        let (key, header) = (self.key, self.headers.get(&id)?);
        let epoch = self.opened.entry(id).or_insert_with(|| key.epoch(header).ok());
        epoch.as_ref()?.open(envelope).ok()
    }

    /// Keeps the headers by which something could be read, for entries that
    /// come without one.
    fn keep(
        &self,
        db: &Connection,
        read: &[(Address, Result<Taken, Refusal>)],
    ) -> Result<(), HqError> {
        let mut insert =
            db.prepare_cached("INSERT OR IGNORE INTO epochs (id, header) VALUES (?1, ?2)")?;
        for (address, _) in read.iter().filter(|(_, event)| event.is_ok()) {
            if let Some(header) = self.headers.get(&address.epoch) {
                insert.execute(params![address.epoch.0, to_vec(header)])?;
            }
        }
        Ok(())
    }
}

/// A header that this key may open, with its epoch.
fn header(bytes: &[u8], key: &OpeningKey) -> Option<(EpochId, EpochHeader)> {
    let header: EpochHeader = from_versioned::<_, 1>(bytes).ok()?;
    (header.hq_key() == key.public().id()).then(|| (header.epoch(), header))
}
