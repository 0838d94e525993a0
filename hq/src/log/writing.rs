//! Writing: what is stored gets its place in the log, and one checkpoint is signed over all
//! that one transaction added.

use crewseal_custody::log::{Checkpoint, SignedCheckpoint, TreeHead};

use crate::error::{HqError, KeysError};
use crate::hq::Hq;
use crate::store::{self, LogWriter, Standing};

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
            let mut log = LogWriter::open(db, &self.log_state.tiles, self.time(db)?)?;
            let done = work(&mut log)?;
            let (standing, head) = self.close(log)?;
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
            let mut log = LogWriter::open(db, &self.log_state.tiles, self.time(db)?)?;
            if replicated > log.size() {
                return Err(HqError::NotSoLarge { size: log.size() });
            }
            // What HQ said once it cannot take back.
            if log.replicated().is_some_and(|known| replicated <= known) {
                return Ok(());
            }
            let head = log.head()?;
            let signed = self.sign_checkpoint(head, Some(replicated), log.at)?;
            store::note_replicated(db, head.generation, replicated)?;
            store::note_checkpoint(db, (head.generation, head.size), signed.as_text())
        })
    }

    /// Ends what a transaction adds to the log, with its checkpoint.
    pub(super) fn close(
        &self,
        log: LogWriter<'_>,
    ) -> Result<(Standing, Option<TreeHead>), HqError> {
        log.close(|head, replicated, at| self.sign_checkpoint(head, replicated, at))
    }

    /// Signs a checkpoint.
    fn sign_checkpoint(
        &self,
        head: TreeHead,
        replicated: Option<u64>,
        at: u64,
    ) -> Result<SignedCheckpoint, HqError> {
        let keyring = self.keyring();
        let listed = keyring.listed.newest().is_some_and(|list| !list.log.is_empty());
        let missing = if listed { KeysError::Ended } else { KeysError::NoLogKey };
        let key = *keyring.listed.log_key(at).ok_or(missing)?;
        let checkpoint = Checkpoint { head, replicated, at };
        checkpoint.sign(self.origin(), &key, |bytes| keyring.private.sign_log(&key, bytes))
    }
}
