//! HQ's time comes in from outside, so that a test can play a year of it.

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// HQ's clocks.
pub trait Clock: Send + Sync {
    /// Seconds since 1970-01-01 UTC. It stands in ticks and receipts.
    fn now(&self) -> u64;

    /// How long HQ has been running, by a clock that nobody sets and that never goes
    /// back: for sessions, challenges and rates.
    fn uptime(&self) -> Duration;
}

/// The clocks of the machine that HQ runs on.
#[derive(Debug)]
pub struct SystemClock {
    started: Instant,
}

impl SystemClock {
    /// A clock whose uptime counts from now.
    #[must_use]
    pub fn start() -> Self {
        Self { started: Instant::now() }
    }
}

impl Clock for SystemClock {
    fn now(&self) -> u64 {
        SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs())
    }

    fn uptime(&self) -> Duration {
        self.started.elapsed()
    }
}
