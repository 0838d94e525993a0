//! Time on processors, of this process and of another, and the cores that a process may use.

use std::collections::BTreeMap;
use std::time::Duration;

use rustix::thread::{CpuSet, sched_getaffinity, sched_setaffinity};
use rustix::time::{ClockId, clock_gettime};

/// What this process took so far, all its threads together.
pub fn own() -> Duration {
    let time = clock_gettime(ClockId::ProcessCPUTime);
    let seconds = u64::try_from(time.tv_sec).unwrap_or(0);
    Duration::from_secs(seconds) + Duration::from_nanos(u64::try_from(time.tv_nsec).unwrap_or(0))
}

/// What this process takes for some work.
pub fn taken<T>(work: impl FnOnce() -> T) -> (Duration, T) {
    let before = own();
    let done = work();
    (own().saturating_sub(before), done)
}

/// What each thread of another process took so far.
pub struct Threads(BTreeMap<String, u64>);

impl Threads {
    /// Those of a process now.
    pub fn of(process: u32) -> Self {
        let threads = std::fs::read_dir(format!("/proc/{process}/task"));
        let times = threads.into_iter().flatten().flatten().filter_map(|thread| {
            let times = std::fs::read_to_string(thread.path().join("schedstat")).ok()?;
            let on_cpu = times.split(' ').next()?.parse().ok()?;
            Some((thread.file_name().to_string_lossy().into_owned(), on_cpu))
        });
        Self(times.collect())
    }

    /// What they took since then. Threads that ended meanwhile are not in it.
    pub fn since(&self, before: &Self) -> Duration {
        let taken = self.0.iter().map(|(thread, now)| {
            let before = before.0.get(thread).copied().unwrap_or(0);
            now.saturating_sub(before)
        });
        Duration::from_nanos(taken.sum())
    }
}

/// Does some work on one core, which what is started meanwhile stays on; on all where the
/// system does not say which there are. Says whether it is one.
pub fn on_one_core<T>(work: impl FnOnce() -> T) -> (bool, T) {
    let all = sched_getaffinity(None).ok();
    let one = all.as_ref().and_then(|all| {
        let last = (0..CpuSet::MAX_CPU).rev().find(|core| all.is_set(*core))?;
        let mut one = CpuSet::new();
        one.set(last);
        sched_setaffinity(None, &one).ok()
    });
    let done = work();
    if let Some(all) = &all {
        // Where it does not hold, only the clock on the wall tells.
        let _all_again = sched_setaffinity(None, all);
    }
    (one.is_some(), done)
}

/// The median.
pub fn median(mut times: Vec<Duration>) -> Duration {
    times.sort_unstable();
    times.get(times.len() / 2).copied().unwrap_or_default()
}
