//! The turn (glossary): one call at a time has the store and the keys, in order of asking, and
//! none waits for them forever.
//!
//! Whoever has them may be waiting for a person, for hardware that hangs, or for a key
//! vault that itself waits for another call of the same phone. That other call must end.

use std::collections::VecDeque;
use std::ops::{Deref, DerefMut};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::vault::PATIENCE;

/// What one call at a time has, for as long as it needs it. The others stand in line.
pub(super) struct FairMutex<T> {
    line: Mutex<Line>,
    passed_on: Condvar,
    limit: Duration,
    what: Mutex<T>,
}

/// Who waits. Each call has a number of its own.
#[derive(Default)]
struct Line {
    next: u64,
    /// Whose turn it is. Nobody's, only if nobody waits.
    turn: Option<u64>,
    waiting: VecDeque<u64>,
}

/// The turn of a call, until it is dropped.
pub(super) struct FairMutexGuard<'a, T> {
    what: MutexGuard<'a, T>,
    // Dropped after what it is the turn of, which is free then.
    _over: Over<'a, T>,
}

/// Passes the turn on, also when the call panics.
struct Over<'a, T>(&'a FairMutex<T>);

/// The turn did not pass on for as long as the limit.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct TimedOut;

impl<T> FairMutex<T> {
    pub(super) fn new(what: T) -> Self {
        Self {
            line: Mutex::default(),
            passed_on: Condvar::new(),
            limit: PATIENCE,
            what: Mutex::new(what),
        }
    }

    /// Another limit than the usual one.
    #[cfg(test)]
    pub(super) const fn limit(&mut self, limit: Duration) {
        self.limit = limit;
    }

    /// How many stand in line.
    #[cfg(test)]
    pub(super) fn waiting(&self) -> usize {
        self.line().waiting.len()
    }

    /// Waits in line for the turn. The limit is for each turn of another call, not for the
    /// wait: many short calls in a row are no reason to give up. Nobody passes another, so
    /// every call gets its turn or this error.
    pub(super) fn lock(&self) -> Result<FairMutexGuard<'_, T>, TimedOut> {
        let mut line = self.line();
        let me = line.next;
        line.next = line.next.wrapping_add(1);
        if line.turn.is_none() {
            line.turn = Some(me);
        } else {
            line.waiting.push_back(me);
        }
        while line.turn != Some(me) {
            let before = line.turn;
            let waited =
                self.passed_on.wait_timeout_while(line, self.limit, |line| line.turn == before);
            let late;
            (line, late) = waited.unwrap_or_else(PoisonError::into_inner);
            if late.timed_out() {
                line.waiting.retain(|other| *other != me);
                return Err(TimedOut);
            }
        }
        drop(line);
        let over = Over(self);
        // Nobody else has it: it is this call's turn.
        let what = self.what.lock().unwrap_or_else(PoisonError::into_inner);
        Ok(FairMutexGuard { what, _over: over })
    }

    /// Nothing in it can be half done.
    fn line(&self) -> MutexGuard<'_, Line> {
        self.line.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<T> Drop for Over<'_, T> {
    fn drop(&mut self) {
        let mut line = self.0.line();
        line.turn = line.waiting.pop_front();
        // Waking costs a call of the system even where nobody sleeps.
        if line.turn.is_some() {
            self.0.passed_on.notify_all();
        }
    }
}

impl<T> Deref for FairMutexGuard<'_, T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.what
    }
}

impl<T> DerefMut for FairMutexGuard<'_, T> {
    fn deref_mut(&mut self) -> &mut T {
        &mut self.what
    }
}

#[cfg(test)]
mod tests;
