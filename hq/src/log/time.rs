//! HQ's time: what stands in ticks, in HQ's words on events, and in checkpoints.

use crewseal_custody::Salt;
use crewseal_custody::cbor::Version;
use crewseal_custody::logged::{ActKind, ClockCorrection};
use rusqlite::Connection;

use crate::error::HqError;
use crate::hq::Hq;
use crate::random::random;
use crate::store::{self, LogWriter};

impl Hq {
    /// HQ's time for what this transaction writes.
    ///
    /// # Errors
    /// [`HqError::ClockBehind`] or [`HqError::ClockAhead`] if the clock leapt.
    pub(crate) fn time(&self, db: &Connection) -> Result<u64, HqError> {
        let last = store::newest_time(db)?;
        let at = self.log_state.time.next(&*self.clock, last)?;
        if at > last.0 {
            store::note_time(db, at)?;
        }
        Ok(at)
    }

    /// Says that the clock is right now, whatever it was before. The log says that it was
    /// said. The answer is the newest time that HQ wrote before, and the one that holds now.
    ///
    /// # Errors
    /// [`HqError::Random`], or the database.
    pub fn correct_clock(&self) -> Result<(u64, u64), HqError> {
        let now = self.clock.now();
        let (before, head) = self.store.write(|db| {
            let (before, _) = store::newest_time(db)?;
            let correction = self.sign(ClockCorrection {
                version: Version,
                origin: self.origin().to_owned(),
                before,
                at: now,
                salt: Salt(random()?),
            })?;
            store::add_correction(db, correction.as_bytes())?;
            store::note_time(db, now)?;
            let mut log = LogWriter::open(db, &self.log_state.tiles, now)?;
            log.act_salted(ActKind::ClockCorrection, &correction.id(), &correction.salt)?;
            Ok((before, self.close(log)?.1))
        })?;
        if let Some(head) = head {
            self.log_state.mark.advance(&head)?;
        }
        Ok((before, now))
    }
}
