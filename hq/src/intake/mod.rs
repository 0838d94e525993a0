//! Intake: what becomes of each envelope that a phone, or another phone for it,
//! delivers.
//!
//! First every envelope is read without the database: opened, its event verified and
//! compared with the address (`refusal`). Then the whole batch waits for its turn (`crate::group`):
//! whoever is first takes all batches that wait, judges (`outcome`) and stores them
//! (`batch_writer`), each for itself, in one transaction under one checkpoint. What HQ can read
//! and attribute to a known device is stored, whatever it says; a bad entry never holds up a
//! good one. Last, each batch gets its answer (`answer`).

mod answer;
mod batch_writer;
mod confirmation;
mod epochs;
mod outcome;
mod refusal;
mod statistics;

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, OnceLock};

use batch_writer::BatchWriter;
use crewseal_custody::envelope::{Address, Envelope, EpochId};
use crewseal_custody::signed::{Signed, Unverified};
use crewseal_custody::wire::BatchAnswer;
use crewseal_custody::{Credential, DeviceId, Event, MAX_SEQUENCE, Refusal, attribute};
use epochs::Epochs;
use minicbor::bytes::ByteVec;
use refusal::{OpenedEntry, read};
use rusqlite::Connection;
pub use statistics::{Delivered, Stats};

use crate::error::HqError;
use crate::group::Job;
use crate::hq::Hq;
use crate::store::{self, LogWriter, PlacedEvent};

/// An envelope, and what was in it.
type ReadEntry = (Address, Result<OpenedEntry, Refusal>);

/// A batch of which everything was read and verified.
struct ReadBatch {
    client: DeviceId,
    entries: Vec<ReadEntry>,
    /// What the other sides of handoffs signed, which came beside entries.
    counterparts: Vec<Signed<Event>>,
    /// The headers by which entries were opened.
    headers: BTreeMap<EpochId, Vec<u8>>,
}

/// A batch that was written.
struct WrittenBatch {
    /// Where each entry stands; none that was refused.
    places: Vec<Option<PlacedEvent>>,
    /// HQ's time.
    at: u64,
    delivered: Delivered,
}

impl Hq {
    /// Takes in what the device `client` delivers, with the headers of epochs that came
    /// along, and answers it, with what the leaves are salted with if `salts`. When this
    /// returns, what is answered is on the disk.
    ///
    /// # Errors
    /// [`HqError::UnknownDevice`] for a device that is not enrolled, [`HqError::ClockBehind`]
    /// or [`HqError::ClockAhead`], or the database; then nothing of the batch is stored.
    pub fn take_in(
        &self,
        headers: &[ByteVec],
        envelopes: &[Envelope],
        client: DeviceId,
        salts: bool,
    ) -> Result<BatchAnswer, HqError> {
        let batch = Arc::new(self.read_batch(headers, envelopes, client)?);
        let written = Arc::new(OnceLock::new());
        let job: Job = {
            let (hq, batch, written) = (self.clone(), Arc::clone(&batch), Arc::clone(&written));
            Box::new(move |log| {
                // Nobody else sets it.
                let _is_set = written.set(hq.write_batch(log, &batch)?);
                Ok(())
            })
        };
        // One that cannot be written fails alone.
        let standing = self.group.write(job, |jobs| {
            self.log_up_to(|log| jobs.into_iter().map(|job| log.apart(job)).collect())
        })?;
        let written: &WrittenBatch = written.get().ok_or(HqError::Busy)?;
        let Delivered { stored, refused, repeated } = written.delivered;
        tracing::info!(%client, stored, refused, repeated, "batch taken in");
        self.answer(&batch.entries, written, &standing, salts)
    }

    /// Opens and verifies all of a batch.
    fn read_batch(
        &self,
        headers: &[ByteVec],
        envelopes: &[Envelope],
        client: DeviceId,
    ) -> Result<ReadBatch, HqError> {
        let keyring = self.keyring();
        let mut epochs = Epochs::new(&keyring.private, headers);
        let credentials = self.store.read(|db| {
            store::credential(db, &self.keys(), &client)?.ok_or(HqError::UnknownDevice(client))?;
            epochs.recall(db, envelopes)?;
            self.credentials(db, envelopes.iter().map(|envelope| envelope.address().device))
        })?;
        let entries: Vec<ReadEntry> = envelopes
            .iter()
            .map(|envelope| {
                let credential = credentials.get(&envelope.address().device);
                let taken = read(envelope, &mut epochs, credential.map(|signed| &**signed));
                (*envelope.address(), taken)
            })
            .collect();
        let counterparts = self.counterparts(&entries)?;
        let opened = entries.iter().filter(|(_, taken)| taken.is_ok());
        let headers = epochs.headers(opened.map(|(address, _)| address.epoch));
        Ok(ReadBatch { client, entries, counterparts, headers })
    }

    /// Writes a batch: what its events answer first, as that was signed first, then the events
    /// in their order, so that what is new of it is one run of places.
    fn write_batch(
        &self,
        log: &mut LogWriter<'_>,
        batch: &ReadBatch,
    ) -> Result<WrittenBatch, HqError> {
        let (db, at) = (log.db, log.at);
        let mut delivered = Delivered::default();
        let mut writer = BatchWriter::new(self, log);
        for event in &batch.counterparts {
            writer.counterpart(event, &mut delivered)?;
        }
        let mut places = Vec::with_capacity(batch.entries.len());
        for (_, taken) in &batch.entries {
            places.push(match taken {
                Ok(entry) => Some(writer.entry(entry, &mut delivered)?),
                Err(_) => {
                    delivered.refused += 1;
                    None
                }
            });
        }
        writer.finish()?;
        place_damaged(&batch.entries, &mut places);
        epochs::keep(db, &batch.headers)?;
        statistics::count(db, &batch.client, &delivered)?;
        Ok(WrittenBatch { places, at, delivered })
    }

    /// What came beside these entries of the other sides of handoffs and a known device
    /// signed.
    fn counterparts(&self, read: &[ReadEntry]) -> Result<Vec<Signed<Event>>, HqError> {
        let beside: Vec<&Unverified<Event>> = read
            .iter()
            .filter_map(|(_, taken)| taken.as_ref().ok()?.counterpart.as_ref())
            .filter(|event| event.claims().sequence <= MAX_SEQUENCE)
            .collect();
        if beside.is_empty() {
            return Ok(Vec::new());
        }
        let devices = beside.iter().map(|event| event.claims().device);
        let credentials = self.store.read(|db| self.credentials(db, devices))?;
        let signed = beside.into_iter().filter_map(|event| {
            attribute(event.clone(), |device| credentials.get(device).map(|one| &**one)).ok()
        });
        Ok(signed.collect())
    }

    fn credentials(
        &self,
        db: &Connection,
        devices: impl Iterator<Item = DeviceId>,
    ) -> Result<HashMap<DeviceId, Signed<Credential>>, HqError> {
        let mut credentials = HashMap::new();
        for device in devices {
            // A batch is of one device for the most part, and its credential verified once.
            if credentials.contains_key(&device) {
                continue;
            }
            if let Some(credential) = store::credential(db, &self.keys(), &device)? {
                credentials.insert(device, credential);
            }
        }
        Ok(credentials)
    }
}

/// An envelope that was damaged on its way may come beside a whole one of the same event. Its
/// event is here, and a phone tells the two answers apart by nothing: both get the place.
fn place_damaged(entries: &[ReadEntry], places: &mut [Option<PlacedEvent>]) {
    let address = |(address, _): &ReadEntry| {
        let Address { event, device, generation, sequence, .. } = *address;
        (event, device, generation, sequence)
    };
    if places.iter().all(Option::is_some) {
        return;
    }
    let whole: HashMap<_, PlacedEvent> = entries
        .iter()
        .zip(places.iter())
        .filter_map(|(entry, place)| Some((address(entry), (*place)?)))
        .collect();
    for (entry, place) in entries.iter().zip(places) {
        *place = place.or_else(|| whole.get(&address(entry)).copied());
    }
}
