//! Time comes in from outside: phones, HQ and tests each have their own.

use crewseal_custody::BootId;

/// A platform's clocks.
pub trait Clock: Send + Sync {
    /// Seconds since 1970-01-01 UTC, as the platform believes. People set
    /// phones' clocks wrong; nothing is decided by this alone.
    fn now(&self) -> u64;

    /// Milliseconds since the boot that the id names, sleep included. Never
    /// goes back within a boot.
    fn since_boot(&self) -> (BootId, u64);
}

/// The clocks of a desktop or server: the boot is this process.
pub struct SystemClock {
    boot: BootId,
    started: std::time::Instant,
}

impl SystemClock {
    /// A clock that counts from now, under this boot id.
    #[must_use]
    pub fn new(boot: BootId) -> Self {
        Self { boot, started: std::time::Instant::now() }
    }
}

impl Clock for SystemClock {
    fn now(&self) -> u64 {
        std::time::SystemTime::now()
            .duration_since(std::time::UNIX_EPOCH)
            .map_or(0, |since| since.as_secs())
    }

    fn since_boot(&self) -> (BootId, u64) {
        let millis = u64::try_from(self.started.elapsed().as_millis()).unwrap_or(u64::MAX);
        (self.boot, millis)
    }
}
