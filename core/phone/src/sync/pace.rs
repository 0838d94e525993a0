//! How much goes to HQ at once. Nobody knows the network, so it is tried: what was slow or
//! too much is halved, and what was quick grows again, slowly. A small batch costs only the
//! heads of a request more; one that does not arrive in time has to be sent again, whole.

use std::time::Duration;

use crewseal_custody::wire::MAX_BODY;

/// How much goes at first: 100 acts, which take 16 seconds at 24 kbit/s.
const FIRST: usize = 48 << 10;
/// Half of what HQ reads leaves room for headers and framing.
const MOST: usize = MAX_BODY / 2;
/// What takes longer is halved.
const SLOW: Duration = Duration::from_secs(20);
/// What takes no longer may grow.
const QUICK: Duration = Duration::from_secs(5);

/// How many bytes of entries the next batch may have. One entry goes always, however large.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pace(usize);

impl Default for Pace {
    fn default() -> Self {
        Self(FIRST)
    }
}

impl Pace {
    /// How many bytes of entries the next batch may have, from 1 to 2 MiB.
    #[must_use]
    pub const fn bytes(self) -> usize {
        self.0
    }

    /// After a batch with so many bytes of entries was answered, after this time.
    pub fn was_answered(&mut self, bytes: usize, took: Duration) {
        if took >= SLOW {
            self.halve(bytes);
        } else if took <= QUICK && bytes > self.0 / 2 {
            // Otherwise there was no more to send, which says nothing of the network.
            self.0 = self.0.saturating_add((self.0 / 2).max(1)).min(MOST);
        }
    }

    /// After a batch with so many bytes of entries was too much, or too slow.
    pub fn halve(&mut self, bytes: usize) {
        self.0 = (self.0.min(bytes) / 2).max(1);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn halves_down_to_one_byte_and_grows_up_to_the_most() {
        let mut pace = Pace::default();
        for _ in 0..40 {
            pace.halve(pace.bytes());
        }
        assert_eq!(pace.bytes(), 1, "one entry goes always");
        for _ in 0..60 {
            pace.was_answered(pace.bytes(), Duration::ZERO);
        }
        assert_eq!(pace.bytes(), MOST);
        pace.was_answered(MOST, SLOW);
        assert_eq!(pace.bytes(), MOST / 2);
    }

    #[test]
    fn what_was_neither_slow_nor_quick_nor_much_changes_nothing() {
        let mut pace = Pace::default();
        pace.was_answered(FIRST, QUICK + Duration::from_secs(1));
        pace.was_answered(FIRST / 2, Duration::ZERO);
        assert_eq!(pace, Pace::default());
    }

    proptest! {
        #[test]
        fn is_never_nothing_and_never_too_much(
            steps in proptest::collection::vec((any::<bool>(), 0_usize..5 << 20, 0_u64..60), 0..80),
        ) {
            let mut pace = Pace::default();
            for (halve, bytes, seconds) in steps {
                if halve {
                    pace.halve(bytes);
                } else {
                    pace.was_answered(bytes, Duration::from_secs(seconds));
                }
                prop_assert!((1..=MOST).contains(&pace.bytes()));
            }
        }
    }
}
