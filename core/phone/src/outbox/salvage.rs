//! Carves entries of the queue out of a damaged store.
//!
//! An envelope is whole in itself: its magic says where it begins, its length where
//! it ends, its digest that nothing between was damaged. So it is found in any page,
//! whether or not anything leads to that page. One that is larger than its page
//! goes on in overflow pages, whose first stands where SQLite's rule of how much
//! of a row stays in its page puts it.

use std::collections::{BTreeMap, BTreeSet};

use crewseal_custody::cbor;
use crewseal_custody::delivery_grant::StoredGrant;
use crewseal_custody::envelope::{Envelope, EpochHeader, EpochId, MAGIC, MAX_ENVELOPE};
use crewseal_custody::{DeviceId, EventId};

use super::{attachment, delivery_grant, queue};
use crate::vault::{Column, Entries, PageCarver, PageVersion, Snapshot, Store, StoreError};

/// How many entries go into the new store in one transaction.
const BATCH: usize = 1_000;
/// What may stand in a row before the envelope.
const BEFORE: std::ops::RangeInclusive<usize> = 4..=12;
/// What may stand after it: numbers, and beside them the salt of a leaf and the hash of a job,
/// 16 bytes each.
const NUMBERS: std::ops::RangeInclusive<usize> = 0..=24;
const HASHES: [usize; 3] = [0, 16, 32];
/// An epoch's header is this long and begins like this, up to HQ's key.
const EPOCH_HEADER_BYTES: usize = 1_137;
const EPOCH_HEADER: &[u8] = &[0xa3, 0x00, 0x01, 0x01, 0x48];

/// Where an envelope lies.
struct Place {
    version: PageVersion,
    at: usize,
    /// For one that goes on elsewhere.
    rest: Option<Rest>,
}

#[derive(Clone, Copy)]
struct Rest {
    end: usize,
    overflow: u32,
    snapshot: Snapshot,
}

/// Which act an envelope is of.
type Number = (DeviceId, u32, u64);

/// What was found.
#[derive(Default)]
struct Found {
    /// In the order in which they were signed. What the database holds now stands
    /// before what is left of earlier: of two acts with one number, the one that
    /// was committed last.
    envelopes: BTreeMap<Number, (EventId, EpochId, Place)>,
    headers: BTreeMap<EpochId, Vec<u8>>,
}

/// Puts every whole envelope of a damaged store into the queue, with the headers of
/// their epochs. Those that are in the queue stay as they are. Says how many are
/// now in the queue, and how many of them have no header.
///
/// # Errors
/// [`StoreError`]. Some of them may be in the queue then; it can be done again.
pub(super) fn salvage(store: &mut Store, carver: &mut PageCarver) -> Result<Entries, StoreError> {
    let mut found = Found::default();
    let versions = [carver.newest(), carver.older()].concat();
    for version in versions {
        found.carve(carver, version);
    }
    salvage_photos(store, carver)?;
    salvage_grant(store, carver)?;
    let known: BTreeSet<EventId> = store.transaction(queue::events)?;
    let epochs: BTreeSet<EpochId> = found.envelopes.values().map(|(_, epoch, _)| *epoch).collect();
    let headers = &found.headers;
    store.transaction(|t| {
        for epoch in &epochs {
            if let Some(header) = headers.get(epoch).filter(|_| queue::header(t, *epoch).is_none())
            {
                queue::begin_epoch(t, *epoch, header)?;
            }
        }
        Ok::<_, StoreError>(())
    })?;
    let missing: Vec<&Place> = found
        .envelopes
        .values()
        .filter(|(event, _, _)| !known.contains(event))
        .map(|(_, _, place)| place)
        .collect();
    for batch in missing.chunks(BATCH) {
        store.transaction(|t| {
            for place in batch {
                if let Some(envelope) = read(carver, place) {
                    queue::push(t, &envelope, None)?;
                }
            }
            Ok::<_, StoreError>(())
        })?;
    }
    let without_header =
        found.envelopes.values().filter(|(_, epoch, _)| !headers.contains_key(epoch)).count();
    let count = |number: usize| u64::try_from(number).unwrap_or(u64::MAX);
    Ok(Entries { whole: count(found.envelopes.len()), without_header: count(without_header) })
}

/// Takes the photos that wait, row by row as they are: they are sealed to HQ.
fn salvage_photos(store: &mut Store, carver: &mut PageCarver) -> Result<(), StoreError> {
    let versions = carver.newest();
    // Of which photos there are chunks, their own rows say, so these come first.
    for salvage in [attachment::salvage, attachment::salvage_chunk] {
        for version in &versions {
            let rows = carver.rows(*version);
            store.transaction(|t| rows.iter().try_for_each(|row| salvage(t, &row.columns)))?;
        }
    }
    Ok(())
}

/// Takes over how to deliver without keys, which is needed most where they are lost.
/// Nothing proves it but that HQ takes deliveries by it.
fn salvage_grant(store: &mut Store, carver: &mut PageCarver) -> Result<(), StoreError> {
    for version in [carver.newest(), carver.before_damage()].concat() {
        for row in carver.rows(version) {
            if let (1, [Column::Null, Column::Blob(bytes)]) = (row.number, row.columns.as_slice())
                && StoredGrant::read(bytes).is_some()
            {
                return store.transaction(|t| match delivery_grant::read(t)? {
                    Some(_) => Ok(()),
                    None => delivery_grant::keep(t, bytes),
                });
            }
        }
    }
    Ok(())
}

impl Found {
    fn carve(&mut self, carver: &mut PageCarver, version: PageVersion) {
        let Some(page) = carver.read(version) else { return };
        for at in starts(&page, EPOCH_HEADER) {
            let bytes = page.get(at..at + EPOCH_HEADER_BYTES).unwrap_or_default();
            if let Ok(header) = cbor::from_versioned::<EpochHeader, 1>(bytes) {
                self.headers.entry(header.epoch()).or_insert_with(|| bytes.to_vec());
            }
        }
        for at in starts(&page, &MAGIC) {
            if let Some((envelope, rest)) = envelope_at(carver, &page, at) {
                let address = envelope.address();
                let number = (address.device, address.generation, address.sequence);
                let place = Place { version, at, rest };
                self.envelopes.entry(number).or_insert((address.event, address.epoch, place));
            }
        }
    }
}

fn starts(page: &[u8], with: &[u8]) -> Vec<usize> {
    page.windows(with.len()).enumerate().filter(|(_, at)| *at == with).map(|(at, _)| at).collect()
}

/// The length that an envelope states, if one can have it.
fn stated_length(page: &[u8], at: usize) -> Option<usize> {
    let length = page.get(at + MAGIC.len()..)?.first_chunk()?;
    usize::try_from(u32::from_be_bytes(*length)).ok().filter(|length| *length <= MAX_ENVELOPE)
}

fn envelope_at(
    carver: &mut PageCarver,
    page: &[u8],
    at: usize,
) -> Option<(Envelope, Option<Rest>)> {
    let length = stated_length(page, at)?;
    if let Some(bytes) = page.get(at..at + length) {
        return Envelope::parse(bytes).ok().map(|envelope| (envelope, None));
    }
    let mut tried = BTreeSet::new();
    let after = || HASHES.into_iter().flat_map(|hashes| NUMBERS.map(move |n| hashes + n));
    for (before, after) in BEFORE.flat_map(|before| after().map(move |after| (before, after))) {
        let local = carver.local_bytes(before + length + after);
        let end = (at + local).checked_sub(before).filter(|end| *end > at);
        let Some(end) = end.filter(|end| tried.insert(*end)) else { continue };
        let Some(overflow) = page.get(end..).and_then(|link| link.first_chunk()) else { continue };
        let overflow = u32::from_be_bytes(*overflow);
        for snapshot in [Snapshot::Newest, Snapshot::Checkpoint] {
            let rest = Rest { end, overflow, snapshot };
            if let Some(envelope) = spanning(carver, page, at, length, rest) {
                return Some((envelope, Some(rest)));
            }
        }
    }
    None
}

fn spanning(
    carver: &mut PageCarver,
    page: &[u8],
    at: usize,
    length: usize,
    rest: Rest,
) -> Option<Envelope> {
    let local = page.get(at..rest.end)?;
    let bytes = carver.payload(local, rest.overflow, length, rest.snapshot)?;
    Envelope::parse(bytes.get(..length)?).ok()
}

fn read(carver: &mut PageCarver, place: &Place) -> Option<Envelope> {
    let page = carver.read(place.version)?;
    let length = stated_length(&page, place.at)?;
    match place.rest {
        None => Envelope::parse(page.get(place.at..place.at + length)?).ok(),
        Some(rest) => spanning(carver, &page, place.at, length, rest),
    }
}
