//! The platform's clocks, behind a trait that apps implement.

use std::sync::Arc;

use crewseal_custody::BootId;

use crate::reentrancy::PhoneId;

/// The phone's clocks. Calls come from any thread.
#[uniffi::export(foreign)]
pub trait Clock: Send + Sync {
    /// Seconds since 1970-01-01 UTC, as the phone believes. It may be set
    /// wrong; nothing is decided by it alone.
    fn now(&self) -> Result<u64, ClockError>;

    /// How long the phone has been running: `SystemClock.elapsedRealtime` on
    /// Android, `mach_continuous_time` on Apple's systems.
    fn since_boot(&self) -> Result<SinceBoot, ClockError>;
}

/// How long the phone has been running, and since which start.
#[derive(Debug, Clone, Copy, PartialEq, Eq, uniffi::Record)]
pub struct SinceBoot {
    /// A number drawn at random after every start of the phone and kept until
    /// the next: times compare within one start only.
    pub boot: u32,
    /// Milliseconds since that start, sleep included. They never go back.
    pub millis: u64,
}

/// The clock could not be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error, uniffi::Error)]
pub enum ClockError {
    /// The platform gave no time.
    #[error("the clock could not be read")]
    Failed,
}

impl From<uniffi::UnexpectedUniFFICallbackError> for ClockError {
    fn from(_: uniffi::UnexpectedUniFFICallbackError) -> Self {
        Self::Failed
    }
}

/// An app's clock as the core wants it.
pub struct AppClock {
    pub clock: Arc<dyn Clock>,
    pub phone: PhoneId,
}

/// A clock that fails stands at zero, of no boot: nothing is lost, no job is
/// open, and HQ finds that the times disagree.
impl crewseal::clock::Clock for AppClock {
    fn now(&self) -> u64 {
        self.phone.call(|| self.clock.now()).unwrap_or(0)
    }

    fn since_boot(&self) -> (BootId, u64) {
        self.phone
            .call(|| self.clock.since_boot())
            .map_or((BootId([0; 4]), 0), |since| (BootId(since.boot.to_be_bytes()), since.millis))
    }
}
