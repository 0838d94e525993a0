//! HQ's time: what stands in ticks, in HQ's words on events, and in checkpoints.
//!
//! It follows the machine's clock and never goes back before the newest time that HQ wrote. A
//! small step back of the clock is waited out; where it leaps, nobody can say which time is
//! right but a person, and until he does HQ takes nothing in.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use crewseal_custody::Salt;
use crewseal_custody::cbor::Version;
use crewseal_custody::log::{ActKind, ClockCorrection};
use rusqlite::Connection;

use super::writing::LogWriter;
use crate::clock::Clock;
use crate::error::HqError;
use crate::hq::Hq;
use crate::random::random;
use crate::store;

/// A leap is more than this.
const LEAP: u64 = 10 * 60;

/// The clocks as they were when HQ last looked, and how often the time had been corrected.
#[derive(Debug, Clone, Copy)]
struct Seen {
    now: u64,
    uptime: Duration,
    corrections: i64,
    /// The newest time that was written.
    newest: u64,
}

/// What a process saw of the clocks, since it began.
pub(crate) struct SeenTime(Mutex<Seen>);

impl SeenTime {
    /// From now on.
    pub(crate) fn begin(clock: &dyn Clock, db: &Connection) -> Result<Self, HqError> {
        let (newest, corrections) = store::newest_time(db)?;
        let (now, uptime) = (clock.now(), clock.uptime());
        Ok(Self(Mutex::new(Seen { now, uptime, corrections, newest })))
    }
}

impl Hq {
    /// HQ's time for what is not written into the log, in seconds since 1970-01-01 UTC.
    pub(crate) fn now(&self) -> u64 {
        let seen = self.log_state.time.0.lock().unwrap_or_else(PoisonError::into_inner);
        self.clock.now().max(seen.newest)
    }

    /// HQ's time for what this transaction writes.
    ///
    /// # Errors
    /// [`HqError::ClockBehind`] or [`HqError::ClockAhead`] if the clock leapt.
    pub(crate) fn time(&self, db: &Connection) -> Result<u64, HqError> {
        let (newest, corrections) = store::newest_time(db)?;
        let (now, uptime) = (self.clock.now(), self.clock.uptime());
        if now.saturating_add(LEAP) < newest {
            return Err(HqError::ClockBehind { seconds: newest.saturating_sub(now) });
        }
        let mut seen = self.log_state.time.0.lock().unwrap_or_else(PoisonError::into_inner);
        let passed = uptime.saturating_sub(seen.uptime).as_secs();
        let ahead = now.saturating_sub(seen.now.saturating_add(passed));
        if ahead > LEAP && corrections == seen.corrections {
            return Err(HqError::ClockAhead { seconds: ahead });
        }
        let at = now.max(newest);
        *seen = Seen { now, uptime, corrections, newest: at };
        if at > newest {
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
            let mut log = LogWriter::open_at(self, db, now)?;
            log.act_salted(ActKind::ClockCorrection, &correction.id(), &correction.salt)?;
            Ok((before, log.close()?.1))
        })?;
        if let Some(head) = head {
            self.log_state.mark.advance(&head)?;
        }
        Ok((before, now))
    }
}
