//! Times that are waits for a disk as much as work: the clock on the wall, and
//! of many samples the median.

use std::time::{Duration, Instant};

/// Samples of one thing.
#[derive(Default)]
pub struct Samples(Vec<Duration>);

impl Samples {
    /// Does it once and takes the time.
    pub fn time<T>(&mut self, work: impl FnOnce() -> T) -> T {
        let start = Instant::now();
        let result = work();
        self.0.push(start.elapsed());
        result
    }

    pub fn add(&mut self, time: Duration) {
        self.0.push(time);
    }

    /// The one in the middle.
    pub fn median(&self) -> Duration {
        let mut sorted = self.0.clone();
        sorted.sort();
        sorted.get(sorted.len() / 2).copied().unwrap_or_default()
    }

    /// What one took over all of them, the slow ones included.
    pub fn mean(&self) -> Duration {
        let all: Duration = self.0.iter().sum();
        all.checked_div(u32::try_from(self.0.len()).unwrap_or(u32::MAX)).unwrap_or_default()
    }
}

pub fn microseconds(time: Duration) -> f64 {
    time.as_secs_f64() * 1e6
}
