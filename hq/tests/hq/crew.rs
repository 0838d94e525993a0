//! The phone's own app beside the phones made of its parts: it lives by the same clock.

use crewseal_custody::BootId;
use crewseal_hq::clock::Clock as _;

use crate::phone::TestClock;

impl crewseal::clock::Clock for TestClock {
    fn now(&self) -> u64 {
        crewseal_hq::clock::Clock::now(self)
    }

    fn since_boot(&self) -> (BootId, u64) {
        (BootId([0; 4]), self.uptime().as_secs() * 1_000)
    }
}
