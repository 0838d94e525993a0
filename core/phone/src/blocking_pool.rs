//! Threads for what may wait for a disk, for key hardware or for a person: the only ones, for
//! this crate and for the calls of apps.
//!
//! Calls of an app mostly come one after another, and the thread that rested last takes the
//! next: its memory is still warm, and in Kotlin it is a thread of Java's already. Tokio's
//! own threads for such work take turns, as many as there ever were at once.

use std::sync::mpsc::{Sender, channel};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread::{self, ThreadId};
use std::time::Duration;

use tokio::sync::oneshot;

/// Work, of which what is left when the thread can be given more is to tell what came of it.
type Work = Box<dyn FnOnce() -> Tell + Send>;
type Tell = Box<dyn FnOnce()>;

/// After so long without work a thread ends.
const REST: Duration = Duration::from_secs(10);

/// Why work did not end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PoolError {
    /// It panicked. What it held is as its last commit left it.
    #[error("a fault in the core; report it")]
    Panicked,
    /// The system gave no thread for it, and it did not begin.
    #[error("the system gave no thread; try again later")]
    NoThread,
}

/// Runs what may wait on a thread where waiting does no harm.
///
/// # Errors
/// Those of the work, and [`PoolError`].
pub async fn run<T, E>(work: impl FnOnce() -> Result<T, E> + Send + 'static) -> Result<T, E>
where
    T: Send + 'static,
    E: From<PoolError> + Send + 'static,
{
    static THREADS: Threads = Threads::new();
    THREADS.run(work).await
}

/// Where the threads that rest get work, the last to rest last.
struct Threads(Mutex<Vec<(ThreadId, Sender<Work>)>>);

impl Threads {
    const fn new() -> Self {
        Self(Mutex::new(Vec::new()))
    }

    async fn run<T, E>(
        &'static self,
        work: impl FnOnce() -> Result<T, E> + Send + 'static,
    ) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<PoolError> + Send + 'static,
    {
        let (tell, told) = oneshot::channel();
        self.give(Box::new(move || {
            let done = work();
            // Nobody may be there any more to be told.
            Box::new(move || drop(tell.send(done)))
        }))?;
        // It fails only if the work panicked.
        told.await.unwrap_or_else(|_| Err(PoolError::Panicked.into()))
    }

    /// To the thread that rested last, or to a new one.
    fn give(&'static self, mut work: Work) -> Result<(), PoolError> {
        loop {
            let Some((_, to)) = self.resting().pop() else { break };
            match to.send(work) {
                Ok(()) => return Ok(()),
                // It has ended meanwhile.
                Err(returned) => work = returned.0,
            }
        }
        let thread = thread::Builder::new().name("crewseal".to_owned());
        let begun = thread.spawn(move || self.serve(work));
        begun.map(drop).map_err(|_| PoolError::NoThread)
    }

    /// What a thread does until it has rested for long.
    fn serve(&self, mut work: Work) {
        let me = thread::current().id();
        let (to, from) = channel();
        loop {
            let tell = work();
            // Before who waits for it is told, and gives the next.
            self.resting().push((me, to.clone()));
            tell();
            work = match from.recv_timeout(REST) {
                Ok(next) => next,
                Err(_) if self.leaves(me) => return,
                // Somebody has just taken it off the list, to give it work.
                Err(_) => match from.recv() {
                    Ok(next) => next,
                    Err(_) => return,
                },
            };
        }
    }

    /// Takes a thread off the list, if it is on it.
    fn leaves(&self, thread: ThreadId) -> bool {
        let mut resting = self.resting();
        let place = resting.iter().position(|(one, _)| *one == thread);
        place.map(|place| resting.remove(place)).is_some()
    }

    /// A panic while it was locked leaves a list of threads.
    fn resting(&self) -> MutexGuard<'_, Vec<(ThreadId, Sender<Work>)>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    fn threads() -> &'static Threads {
        Box::leak(Box::new(Threads::new()))
    }

    async fn one_that_works(threads: &'static Threads) -> String {
        let work = || Ok::<_, PoolError>(format!("{:?}", thread::current().id()));
        threads.run(work).await.unwrap()
    }

    #[tokio::test]
    async fn work_that_comes_one_after_another_is_done_by_one_thread() {
        let (threads, mut seen) = (threads(), BTreeSet::new());
        for _ in 0..1_000 {
            seen.insert(one_that_works(threads).await);
        }
        assert_eq!(seen.len(), 1, "{seen:?}");
        assert!(!seen.contains(&format!("{:?}", thread::current().id())));
    }

    #[tokio::test]
    async fn work_that_waits_holds_up_no_other() {
        let threads = threads();
        let (go_on, wait) = channel();
        let waiting = threads.run(move || wait.recv().map_err(|_| PoolError::Panicked));
        let waiting = tokio::spawn(waiting);
        for _ in 0..100 {
            one_that_works(threads).await;
        }
        go_on.send(7).unwrap();
        assert_eq!(waiting.await.unwrap(), Ok(7));
    }

    #[tokio::test]
    async fn a_panic_is_told_and_ends_nothing_else() {
        let threads = threads();
        let panicked = threads.run(|| -> Result<(), _> { panic!("as it should") }).await;
        assert_eq!(panicked, Err(PoolError::Panicked));
        one_that_works(threads).await;
    }

    #[tokio::test]
    async fn a_thread_that_has_just_been_given_work_does_not_leave() {
        let threads = threads();
        one_that_works(threads).await;
        let (thread, to) = threads.resting().pop().unwrap();
        assert!(!threads.leaves(thread));
        threads.resting().push((thread, to));
        assert!(threads.leaves(thread));
        assert!(!threads.leaves(thread));
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 4)]
    async fn whatever_comes_at_once_is_done_and_answered() {
        let threads = threads();
        let many = (0..2_000_u32)
            .map(|number| tokio::spawn(threads.run(move || Ok::<_, PoolError>(number))));
        for (number, one) in many.collect::<Vec<_>>().into_iter().enumerate() {
            assert_eq!(one.await.unwrap().map(usize::try_from), Ok(Ok(number)));
        }
    }
}
