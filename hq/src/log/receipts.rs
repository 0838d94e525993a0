//! Receipts: that events and acts of HQ's stand in its logs, one receipt for each log.

use std::collections::BTreeMap;

use crewseal_custody::EventId;
use crewseal_custody::log::{SignedCheckpoint, prove_runs};
use crewseal_custody::logged::{LoggedAct, ProvenEvent, Receipt};
use rusqlite::Connection;

use crate::error::HqError;
use crate::hq::Hq;
use crate::store::{self, PlacedEvent, TileNodes};

const DAMAGED: HqError = HqError::Damaged { what: "a checkpoint" };

impl Hq {
    /// The receipt for one event.
    ///
    /// # Errors
    /// [`HqError::UnknownEvent`], or the database.
    pub fn receipt(&self, event: &EventId) -> Result<Receipt, HqError> {
        self.store.read(|db| {
            let placed = store::placed(db, event)?.ok_or(HqError::UnknownEvent(*event))?;
            let receipts = self.receipts(db, &[placed], &BTreeMap::new())?;
            receipts.into_iter().next().ok_or(HqError::UnknownEvent(*event))
        })
    }

    /// Two of the events whose ids begin with these digits, in lower case, or the one, if there is
    /// but one.
    ///
    /// # Errors
    /// The database.
    pub fn events_beginning(&self, digits: &str) -> Result<Vec<EventId>, HqError> {
        self.store.read(|db| store::events_beginning(db, digits))
    }

    /// Receipts for these events and acts of HQ's, under the newest checkpoints, by log.
    pub(crate) fn receipts(
        &self,
        db: &Connection,
        events: &[PlacedEvent],
        acts: &BTreeMap<u32, Vec<LoggedAct>>,
    ) -> Result<Vec<Receipt>, HqError> {
        let mut receipts = Vec::new();
        for log in store::logs(db)? {
            let events: Vec<ProvenEvent> = events
                .iter()
                .filter(|event| event.log == log.generation)
                .map(|PlacedEvent { id, place, salt, logged, .. }| ProvenEvent {
                    id: *id,
                    place: *place,
                    salt: *salt,
                    logged: *logged,
                })
                .collect();
            let acts = acts.get(&log.generation).cloned().unwrap_or_default();
            let places = events.iter().map(|event| event.place);
            let mut places: Vec<u64> = places.chain(acts.iter().map(|act| act.place)).collect();
            if places.is_empty() {
                continue;
            }
            places.sort_unstable();
            places.dedup();
            let tiles = &self.log_state.tiles;
            let mut nodes = TileNodes::of(db, tiles, log.generation, log.size);
            let proof = prove_runs(&places, log.size, &mut nodes)?;
            let checkpoint =
                SignedCheckpoint::read_verified(log.checkpoint.as_bytes(), self.origin())
                    .map_err(|_| DAMAGED)?;
            receipts.push(Receipt::of(&checkpoint, &events, acts, &proof));
        }
        Ok(receipts)
    }
}
