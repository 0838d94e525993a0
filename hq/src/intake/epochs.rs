//! Epochs: the headers by which HQ opens envelopes.

use std::collections::{BTreeMap, HashMap};

use crewseal_custody::cbor::{from_versioned, to_vec};
use crewseal_custody::envelope::{Envelope, EpochHeader, EpochId, OpenedEpoch};
use minicbor::bytes::ByteVec;
use rusqlite::{Connection, OptionalExtension, params};
use zeroize::Zeroizing;

use crate::error::HqError;
use crate::keys::Keys;

/// The epochs that a batch needs, from the batch itself or from before.
pub(super) struct Epochs<'k> {
    keys: &'k Keys,
    headers: HashMap<EpochId, EpochHeader>,
    opened: HashMap<EpochId, Option<OpenedEpoch>>,
}

impl<'k> Epochs<'k> {
    pub(super) fn new(keys: &'k Keys, headers: &[ByteVec]) -> Self {
        let headers = headers.iter().filter_map(|bytes| header(bytes, keys));
        Self { keys, headers: headers.collect(), opened: HashMap::new() }
    }

    /// Fetches the headers that are not in the batch.
    pub(super) fn recall(
        &mut self,
        db: &Connection,
        envelopes: &[Envelope],
    ) -> Result<(), HqError> {
        let mut query = db.prepare_cached("SELECT header FROM epochs WHERE id = ?1")?;
        for epoch in envelopes.iter().map(|envelope| envelope.address().epoch) {
            if !self.headers.contains_key(&epoch) {
                let bytes: Option<Vec<u8>> =
                    query.query_row([epoch.0], |row| row.get(0)).optional()?;
                self.headers.extend(bytes.and_then(|bytes| header(&bytes, self.keys)));
            }
        }
        Ok(())
    }

    pub(super) fn open(&mut self, envelope: &Envelope) -> Option<Zeroizing<Vec<u8>>> {
        let id = envelope.address().epoch;
        let header = self.headers.get(&id)?;
        let key = self.keys.opening(header.hq_key())?;
        let epoch = self.opened.entry(id).or_insert_with(|| key.epoch(header).ok());
        epoch.as_ref()?.open(envelope).ok()
    }

    /// The headers of these epochs, by which something could be read: they are kept for entries
    /// that come without one.
    pub(super) fn headers(
        &self,
        read: impl IntoIterator<Item = EpochId>,
    ) -> BTreeMap<EpochId, Vec<u8>> {
        let header = |epoch| Some((epoch, to_vec(self.headers.get(&epoch)?)));
        read.into_iter().filter_map(header).collect()
    }
}

/// Keeps headers of epochs.
pub(super) fn keep(db: &Connection, headers: &BTreeMap<EpochId, Vec<u8>>) -> Result<(), HqError> {
    let mut insert =
        db.prepare_cached("INSERT OR IGNORE INTO epochs (id, header) VALUES (?1, ?2)")?;
    for (epoch, header) in headers {
        insert.execute(params![epoch.0, header])?;
    }
    Ok(())
}

/// A header that one of these keys may open, with its epoch.
fn header(bytes: &[u8], keys: &Keys) -> Option<(EpochId, EpochHeader)> {
    let header: EpochHeader = from_versioned::<_, 1>(bytes).ok()?;
    keys.opening(header.hq_key())?;
    Some((header.epoch(), header))
}
