//! How long to wait before trying again.
//!
//! Exponential with full jitter: anywhere between now and the limit, so that a
//! city's phones do not all call at the same second when the network returns.
//! Crates for retrying add a little jitter to a fixed schedule; that spreads a
//! storm by too little. And the wait is the app's to do: a phone's background
//! job ends and is started again later.

use std::time::Duration;

/// The limit after the first failure; it doubles with each further one.
const FIRST: Duration = Duration::from_secs(2);
/// The limit never grows beyond this.
const LONGEST: Duration = Duration::from_secs(15 * 60);
/// HQ may ask for a longer wait, but not for more than this: a wrong header
/// must not silence a phone for ever.
const LONGEST_ASKED: Duration = Duration::from_secs(24 * 60 * 60);

/// How long to wait after `failures` failures in a row, at least one.
///
/// `retry_after` is what HQ asked for; it is kept to, up to a day, with jitter
/// on top.
/// `random` is 32 random bits.
#[must_use]
pub fn pause(failures: u32, retry_after: Option<Duration>, random: u32) -> Duration {
    let doublings = failures.saturating_sub(1).min(16);
    let limit = FIRST.saturating_mul(1 << doublings).min(LONGEST);
    let jitter = limit.mul_f64(f64::from(random) / f64::from(u32::MAX));
    retry_after.unwrap_or_default().min(LONGEST_ASKED).saturating_add(jitter)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn anywhere_up_to_the_limit_and_never_before_what_hq_asked(
            failures: u32,
            asked in proptest::option::of(0_u64..100_000),
            random: u32,
        ) {
            let asked = asked.map(Duration::from_secs);
            let wait = pause(failures, asked, random);
            let least = asked.unwrap_or_default().min(LONGEST_ASKED);
            prop_assert!(wait >= least && wait <= least + LONGEST);
            prop_assert_eq!(pause(failures, asked, 0), least);
        }
    }

    #[test]
    fn limits_double_up_to_the_longest() {
        let limits: Vec<u64> = (1..12).map(|n| pause(n, None, u32::MAX).as_secs()).collect();
        assert_eq!(limits, [2, 4, 8, 16, 32, 64, 128, 256, 512, 900, 900]);
    }
}
