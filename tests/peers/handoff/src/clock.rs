//! Times several things in turn, so that whatever else the machine does meets
//! all alike. The clock is the thread's CPU time, and of several rounds the
//! least counts, as nothing makes a thing quicker than it is.

use std::time::Duration;

use cpu_time::ThreadTime;

/// The least time of each over the rounds.
pub fn alternate<const N: usize>(
    rounds: usize,
    work: [&mut dyn FnMut() -> Duration; N],
) -> [Duration; N] {
    let mut least = [Duration::MAX; N];
    for round in 0..rounds {
        for turn in 0..N {
            let at = (round + turn) % N;
            least[at] = least[at].min(work[at]());
        }
    }
    least
}

/// How long it takes, without letting go of what came of it.
pub fn time<T>(work: impl FnOnce() -> T) -> (Duration, T) {
    let start = ThreadTime::now();
    let result = work();
    (start.elapsed(), result)
}

pub fn milliseconds(time: Duration) -> f64 {
    time.as_secs_f64() * 1e3
}

pub fn ratio(ours: Duration, other: Duration) -> f64 {
    ours.as_secs_f64() / other.as_secs_f64()
}
