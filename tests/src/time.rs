//! The time of a day that is played faster than it passes.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use crewseal::clock::Clock;
use crewseal_custody::BootId;

const DAY: u64 = 24 * 60 * 60;

/// A clock that moves when it is told to. Copies show the same time.
#[derive(Clone)]
pub struct DayClock {
    now: Arc<AtomicU64>,
    start: u64,
}

impl DayClock {
    /// Seven in the morning (UTC) of the day before yesterday: late enough that
    /// certificates made by it are valid by the real clock too.
    pub fn morning() -> Self {
        let real = std::time::SystemTime::now()
            .duration_since(std::time::UNIX_EPOCH)
            .map_or(0, |since| since.as_secs());
        let start = (real / DAY).saturating_sub(2) * DAY + 7 * 60 * 60;
        Self { now: Arc::new(AtomicU64::new(start)), start }
    }

    /// Lets minutes pass.
    pub fn pass(&self, minutes: u64) {
        self.now.fetch_add(minutes * 60, Ordering::SeqCst);
    }

    /// The time of day, `14:05`.
    pub fn time_of_day(&self) -> String {
        let minutes = self.now() % DAY / 60;
        format!("{:02}:{:02}", minutes / 60, minutes % 60)
    }
}

impl Clock for DayClock {
    fn now(&self) -> u64 {
        self.now.load(Ordering::SeqCst)
    }

    fn since_boot(&self) -> (BootId, u64) {
        (BootId(*b"boot"), (self.now() - self.start) * 1_000)
    }
}

impl crewseal_hq::clock::Clock for DayClock {
    fn now(&self) -> u64 {
        Clock::now(self)
    }

    fn uptime(&self) -> Duration {
        Duration::from_secs(Clock::now(self) - self.start)
    }
}
