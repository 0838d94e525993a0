//! Intake: what becomes of each envelope that a phone, or another phone for it,
//! delivers.
//!
//! First every envelope is read without the database: opened, its event verified and
//! compared with the address (`refusal`). Then the whole batch is judged (`outcome`) and
//! stored in one transaction with its receipts (`batch_writer`). What HQ can read and
//! attribute to a known device is stored, whatever it says; a bad entry never holds up a
//! good one.

mod batch_writer;
mod confirmation;
mod epochs;
mod outcome;
mod refusal;
mod statistics;

use std::collections::HashMap;

use batch_writer::BatchWriter;
use crewseal_custody::cbor::Version;
use crewseal_custody::envelope::{Address, Envelope};
use crewseal_custody::signed::{Signed, Unverified};
use crewseal_custody::wire::Receipts;
use crewseal_custody::{Credential, DeviceId, Event, EventId, MAX_SEQUENCE, Refusal, attribute};
use epochs::Epochs;
use minicbor::bytes::ByteVec;
use refusal::{OpenedEntry, read};
use rusqlite::Connection;
pub use statistics::{Delivered, Stats};

use crate::error::HqError;
use crate::hq::Hq;
use crate::store;

impl Hq {
    /// Takes in what the device `client` delivers, with the headers of epochs that came
    /// along, and answers each envelope. When this returns, the answers are on the disk.
    ///
    /// # Errors
    /// [`HqError::UnknownDevice`] for a device that is not enrolled, or the
    /// database; then nothing of the batch is stored.
    pub fn take_in(
        &self,
        headers: &[ByteVec],
        envelopes: &[Envelope],
        client: DeviceId,
    ) -> Result<Receipts, HqError> {
        let mut epochs = Epochs::new(self.keys.opening(), headers);
        let credentials = self.store.read(|db| {
            store::credential(db, self.key(), &client)?.ok_or(HqError::UnknownDevice(client))?;
            epochs.recall(db, envelopes)?;
            self.credentials(db, envelopes.iter().map(|envelope| envelope.address().device))
        })?;
        let read: Vec<(Address, Result<OpenedEntry, Refusal>)> = envelopes
            .iter()
            .map(|envelope| {
                let credential = credentials.get(&envelope.address().device);
                let taken = read(envelope, &mut epochs, credential.map(|signed| &**signed));
                (*envelope.address(), taken)
            })
            .collect();
        let counterparts = self.counterparts(&read)?;
        let (receipts, delivered) = self.store.write(|db| {
            let mut writer = BatchWriter::new(self, db, &counterparts);
            let mut delivered = Delivered::default();
            let mut receipts = Vec::with_capacity(read.len());
            for (address, taken) in &read {
                receipts.push(writer.answer(address, taken, &mut delivered)?.into());
            }
            writer.finish()?;
            let opened = read.iter().filter(|(_, taken)| taken.is_ok());
            epochs.keep(db, opened.map(|(address, _)| address.epoch))?;
            statistics::count(db, &client, &delivered)?;
            Ok((receipts, delivered))
        })?;
        tracing::info!(
            %client,
            stored = delivered.stored,
            refused = delivered.refused,
            repeated = delivered.repeated,
            "batch taken in"
        );
        Ok(Receipts { version: Version, receipts })
    }

    /// What came beside these entries of the other sides of handoffs and a known device
    /// signed.
    fn counterparts(
        &self,
        read: &[(Address, Result<OpenedEntry, Refusal>)],
    ) -> Result<HashMap<EventId, Signed<Event>>, HqError> {
        let beside: Vec<&Unverified<Event>> = read
            .iter()
            .filter_map(|(_, taken)| taken.as_ref().ok()?.counterpart.as_ref())
            .filter(|event| event.claims().sequence <= MAX_SEQUENCE)
            .collect();
        if beside.is_empty() {
            return Ok(HashMap::new());
        }
        let devices = beside.iter().map(|event| event.claims().device);
        let credentials = self.store.read(|db| self.credentials(db, devices))?;
        let signed = beside.into_iter().filter_map(|event| {
            attribute(event.clone(), |device| credentials.get(device).map(|one| &**one)).ok()
        });
        Ok(signed.map(|event| (event.id(), event)).collect())
    }

    fn credentials(
        &self,
        db: &Connection,
        devices: impl Iterator<Item = DeviceId>,
    ) -> Result<HashMap<DeviceId, Signed<Credential>>, HqError> {
        let mut credentials = HashMap::new();
        for device in devices {
            if let Some(credential) = store::credential(db, self.key(), &device)? {
                credentials.insert(device, credential);
            }
        }
        Ok(credentials)
    }
}
