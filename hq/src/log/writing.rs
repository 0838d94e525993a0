//! Writing: what is stored gets its place in the log, and one checkpoint is signed over all
//! that one transaction added.

use crewseal_custody::log::{
    ActKind, Checkpoint, Leaf, LeafSalt, Logged, SignedCheckpoint, TreeHead, root,
};
use crewseal_custody::signed::{Digest, Signed};
use crewseal_custody::{Event, EventId, Salt, Tick};
use rusqlite::Connection;

use super::tree::{self, TileNodes};
use crate::error::{HqError, KeysError};
use crate::hq::Hq;
use crate::random::random;
use crate::store::{self, PlacedEvent};

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
    hq: &'t Hq,
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

impl Hq {
    /// Writes all or nothing, with its places in the log; it is on the disk when this returns.
    ///
    /// # Errors
    /// [`HqError::ClockBehind`] or [`HqError::ClockAhead`], [`KeysError::NoLogKey`], and what
    /// `work` returns.
    pub(crate) fn log<T>(
        &self,
        work: impl FnOnce(&mut LogWriter<'_>) -> Result<T, HqError>,
    ) -> Result<T, HqError> {
        Ok(self.log_up_to(work)?.0)
    }

    /// The same, and how far the log is with it.
    pub(crate) fn log_up_to<T>(
        &self,
        work: impl FnOnce(&mut LogWriter<'_>) -> Result<T, HqError>,
    ) -> Result<(T, Standing), HqError> {
        let (done, standing, head) = self.store.write(|db| {
            let mut log = LogWriter::open(self, db)?;
            let done = work(&mut log)?;
            let (standing, head) = log.close()?;
            Ok((done, standing, head))
        })?;
        if let Some(head) = head {
            self.log_state.mark.advance(&head)?;
        }
        Ok((done, standing))
    }

    /// Notes that a backup or replica has HQ's log up to this size. It stands in checkpoints from
    /// now on, so that nobody can say later that it was lost.
    ///
    /// # Errors
    /// [`HqError::NotSoLarge`], [`KeysError::NoLogKey`], and as HQ's time says.
    pub fn note_replicated(&self, replicated: u64) -> Result<(), HqError> {
        self.store.write(|db| {
            let mut log = LogWriter::open(self, db)?;
            if replicated > log.size {
                return Err(HqError::NotSoLarge { size: log.size });
            }
            // What HQ said once it cannot take back.
            if log.replicated.is_some_and(|known| replicated <= known) {
                return Ok(());
            }
            let head = log.head()?;
            let signed = self.sign_checkpoint(head, Some(replicated), log.at)?;
            store::note_replicated(db, log.generation, replicated)?;
            store::note_checkpoint(db, (log.generation, log.size), signed.as_text())
        })
    }

    /// Signs a checkpoint.
    pub(super) fn sign_checkpoint(
        &self,
        head: TreeHead,
        replicated: Option<u64>,
        at: u64,
    ) -> Result<SignedCheckpoint, HqError> {
        let keyring = self.keyring();
        let key = *keyring.listed.log_key(at).ok_or(KeysError::NoLogKey)?;
        let checkpoint = Checkpoint { head, replicated, at };
        checkpoint.sign(self.origin(), &key, |bytes| keyring.private.sign_log(&key, bytes))
    }
}

impl<'t> LogWriter<'t> {
    pub(super) fn open(hq: &'t Hq, db: &'t Connection) -> Result<Self, HqError> {
        let at = hq.time(db)?;
        Self::open_at(hq, db, at)
    }

    /// The same at a time that was found out already.
    pub(super) fn open_at(hq: &'t Hq, db: &'t Connection, at: u64) -> Result<Self, HqError> {
        let log = store::newest_log(db)?.ok_or(KeysError::NoLogKey)?;
        Ok(Self {
            hq,
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
    pub(super) fn push(&mut self, leaf: &Leaf) -> Result<u64, HqError> {
        let place = self.size;
        store::add_leaf(self.db, (self.generation, place), &leaf.to_bytes())?;
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
    pub(super) fn event_of(
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

    pub(super) fn act_salted(
        &mut self,
        kind: ActKind,
        message: &Digest,
        salt: &Salt,
    ) -> Result<(), HqError> {
        let place = self.push(&Leaf::act(kind, salt, message))?;
        store::add_act(self.db, (self.generation, place), message, salt)
    }

    /// Does all of this or nothing of it, and goes on either way.
    pub(crate) fn apart<T>(
        &mut self,
        work: impl FnOnce(&mut Self) -> Result<T, HqError>,
    ) -> Result<Result<T, HqError>, HqError> {
        let (size, pending) = (self.size, self.pending.len());
        self.db.execute_batch("SAVEPOINT apart")?;
        let done = work(self);
        if done.is_err() {
            self.db.execute_batch("ROLLBACK TO apart")?;
            self.size = size;
            self.pending.truncate(pending);
        }
        self.db.execute_batch("RELEASE apart")?;
        Ok(done)
    }

    /// The log as it is now.
    pub(crate) fn head(&mut self) -> Result<TreeHead, HqError> {
        let pending = std::mem::take(&mut self.pending);
        let count = u64::try_from(pending.len()).map_err(|_| DAMAGED)?;
        let first = self.size.checked_sub(count).ok_or(DAMAGED)?;
        tree::extend(self.db, self.generation, first, pending)?;
        let (cache, generation) = (&self.hq.log_state.tiles, self.generation);
        let mut nodes = TileNodes::of(self.db, cache, generation, self.committed);
        let root = root(self.size, &mut nodes)?;
        Ok(TreeHead { generation, size: self.size, root })
    }

    /// Signs the checkpoint over what was added. The head comes with it if anything was.
    pub(super) fn close(mut self) -> Result<(Standing, Option<TreeHead>), HqError> {
        let grown = if self.size > self.committed { Some(self.head()?) } else { None };
        if let Some(head) = grown {
            let signed = self.hq.sign_checkpoint(head, self.replicated, self.at)?;
            self.checkpoint = signed.as_text().to_owned();
            store::note_checkpoint(self.db, (self.generation, self.size), &self.checkpoint)?;
        }
        let Self { generation, size, checkpoint, .. } = self;
        Ok((Standing { generation, size, checkpoint }, grown))
    }
}
