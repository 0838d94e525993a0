//! Leaves on their way into HQ's log, within the transaction that stores what they are of.

use crewseal_custody::log::{SignedCheckpoint, TreeHead, root};
use crewseal_custody::logged::{ActKind, Leaf, LeafSalt, Logged};
use crewseal_custody::signed::{Digest, Signed};
use crewseal_custody::{Event, EventId, Salt, Tick};
use rusqlite::Connection;

use super::log::{self, PlacedEvent};
use super::tiles::{self, TileCache, TileNodes};
use crate::error::{HqError, KeysError};
use crate::random::random;

const DAMAGED: HqError = HqError::Damaged { what: "the log" };

/// How far a log is.
#[derive(Debug, Clone)]
pub(crate) struct Standing {
    pub(crate) generation: u32,
    pub(crate) size: u64,
    /// The newest, signed.
    pub(crate) checkpoint: String,
}

/// HQ's log within a transaction. Leaves are in the database at once, their hashes when the
/// head is asked for or the transaction ends.
pub(crate) struct LogWriter<'t> {
    tiles: &'t TileCache,
    pub(crate) db: &'t Connection,
    /// HQ's time, in seconds since 1970-01-01 UTC.
    pub(crate) at: u64,
    generation: u32,
    replicated: Option<u64>,
    /// How large the log was when the transaction began.
    committed: u64,
    size: u64,
    /// The hashes of the last leaves that are in no tile yet.
    pending: Vec<Digest>,
    checkpoint: String,
}

impl<'t> LogWriter<'t> {
    /// The log as a transaction finds it that writes at this time.
    pub(crate) fn open(db: &'t Connection, tiles: &'t TileCache, at: u64) -> Result<Self, HqError> {
        let log = log::newest_log(db)?.ok_or(KeysError::NoLogKey)?;
        Ok(Self {
            tiles,
            db,
            at,
            generation: log.generation,
            replicated: log.replicated,
            committed: log.size,
            size: log.size,
            pending: Vec::new(),
            checkpoint: log.checkpoint,
        })
    }

    /// Adds a leaf, and says its place.
    pub(crate) fn push(&mut self, leaf: &Leaf) -> Result<u64, HqError> {
        let place = self.size;
        log::add_leaf(self.db, (self.generation, place), &leaf.to_bytes())?;
        self.pending.push(leaf.hash());
        self.size = place.saturating_add(1);
        Ok(place)
    }

    /// Adds an event with HQ's word on it, and says where it stands now.
    pub(crate) fn event(
        &mut self,
        event: &Signed<Event>,
        logged: &Logged,
    ) -> Result<PlacedEvent, HqError> {
        self.event_of(event, event.id(), logged)
    }

    /// The same of one whose signature was verified when it was stored.
    pub(crate) fn event_of(
        &mut self,
        event: &Event,
        id: EventId,
        logged: &Logged,
    ) -> Result<PlacedEvent, HqError> {
        let salt = LeafSalt::of(event);
        let place = self.push(&Leaf::event(id, &salt, logged))?;
        Ok(PlacedEvent { id, log: self.generation, place, salt, logged: *logged })
    }

    /// Adds an act of HQ's own: a message with this id.
    pub(crate) fn act(&mut self, kind: ActKind, message: &Digest) -> Result<(), HqError> {
        let salt = Salt(random()?);
        self.act_salted(kind, message, &salt)
    }

    /// Adds a tick, which has a salt already.
    pub(crate) fn tick(&mut self, tick: &Signed<Tick>) -> Result<(), HqError> {
        self.act_salted(ActKind::Tick, &tick.id(), &tick.nonce)
    }

    pub(crate) fn act_salted(
        &mut self,
        kind: ActKind,
        message: &Digest,
        salt: &Salt,
    ) -> Result<(), HqError> {
        let place = self.push(&Leaf::act(kind, salt, message))?;
        log::add_act(self.db, (self.generation, place), message, salt)
    }

    /// Does all of this or nothing of it, and goes on either way.
    pub(crate) fn apart<T>(
        &mut self,
        work: impl FnOnce(&mut Self) -> Result<T, HqError>,
    ) -> Result<Result<T, HqError>, HqError> {
        // Whether their hashes are in a tile by then or not, it is undone with the rest.
        let (size, pending) = (self.size, self.pending.clone());
        self.db.execute_batch("SAVEPOINT apart")?;
        let done = work(self);
        if done.is_err() {
            self.db.execute_batch("ROLLBACK TO apart")?;
            (self.size, self.pending) = (size, pending);
        }
        self.db.execute_batch("RELEASE apart")?;
        Ok(done)
    }

    /// The log as it is now.
    pub(crate) fn head(&mut self) -> Result<TreeHead, HqError> {
        let pending = std::mem::take(&mut self.pending);
        let count = u64::try_from(pending.len()).map_err(|_| DAMAGED)?;
        let first = self.size.checked_sub(count).ok_or(DAMAGED)?;
        tiles::extend(self.db, self.generation, first, pending)?;
        let (cache, generation) = (self.tiles, self.generation);
        let mut nodes = TileNodes::of(self.db, cache, generation, self.committed);
        let root = root(self.size, &mut nodes)?;
        Ok(TreeHead { generation, size: self.size, root })
    }

    /// How large it is.
    pub(crate) const fn size(&self) -> u64 {
        self.size
    }

    /// Up to which size a backup has it.
    pub(crate) const fn replicated(&self) -> Option<u64> {
        self.replicated
    }

    /// Has the checkpoint signed over what was added. The head comes with it if anything was.
    pub(crate) fn close(
        mut self,
        sign: impl FnOnce(TreeHead, Option<u64>, u64) -> Result<SignedCheckpoint, HqError>,
    ) -> Result<(Standing, Option<TreeHead>), HqError> {
        let grown = if self.size > self.committed { Some(self.head()?) } else { None };
        if let Some(head) = grown {
            self.checkpoint = sign(head, self.replicated, self.at)?.as_text().to_owned();
            log::note_checkpoint(self.db, (self.generation, self.size), &self.checkpoint)?;
        }
        let Self { generation, size, checkpoint, .. } = self;
        Ok((Standing { generation, size, checkpoint }, grown))
    }
}
