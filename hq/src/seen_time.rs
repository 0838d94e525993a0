//! What a process saw of the clocks: whether they go on as they should.
//!
//! HQ's time follows the machine's clock and never goes back before the newest time that HQ
//! wrote. A small step back of the clock is waited out; where it leaps, nobody can say which
//! time is right but a person, and until he does there is none.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::clock::Clock;
use crate::error::HqError;

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
    /// From now on. What was written last is known by its time, and by how often the clock had
    /// been corrected.
    pub(crate) fn begin(clock: &dyn Clock, (newest, corrections): (u64, i64)) -> Self {
        let (now, uptime) = (clock.now(), clock.uptime());
        Self(Mutex::new(Seen { now, uptime, corrections, newest }))
    }

    fn seen(&self) -> MutexGuard<'_, Seen> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// HQ's time for what is not written.
    pub(crate) fn now(&self, clock: &dyn Clock) -> u64 {
        clock.now().max(self.seen().newest)
    }

    /// HQ's time for what is written next, after what was written last.
    ///
    /// # Errors
    /// [`HqError::ClockBehind`] or [`HqError::ClockAhead`] if the clock leapt.
    pub(crate) fn next(
        &self,
        clock: &dyn Clock,
        (newest, corrections): (u64, i64),
    ) -> Result<u64, HqError> {
        let (now, uptime) = (clock.now(), clock.uptime());
        if now.saturating_add(LEAP) < newest {
            return Err(HqError::ClockBehind { seconds: newest.saturating_sub(now) });
        }
        let mut seen = self.seen();
        let passed = uptime.saturating_sub(seen.uptime).as_secs();
        let ahead = now.saturating_sub(seen.now.saturating_add(passed));
        if ahead > LEAP && corrections == seen.corrections {
            return Err(HqError::ClockAhead { seconds: ahead });
        }
        let at = now.max(newest);
        *seen = Seen { now, uptime, corrections, newest: at };
        Ok(at)
    }
}
