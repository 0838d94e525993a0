//! One call at a time has the store and the keys, and none waits for them forever.
//!
//! Whoever has them may be waiting for a person, for hardware that hangs, or for a key
//! vault that itself waits for another call of the same phone. That other call must end.

use std::collections::VecDeque;
use std::ops::{Deref, DerefMut};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// How long a call waits while the turn does not pass on.
const LIMIT: Duration = Duration::from_secs(10);

/// What one call at a time has, for as long as it needs it. The others stand in line.
pub(super) struct Turns<T> {
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
pub(super) struct Turn<'a, T> {
    what: MutexGuard<'a, T>,
    // Dropped after what it is the turn of, which is free then.
    _over: Over<'a, T>,
}

/// Passes the turn on, also when the call panics.
struct Over<'a, T>(&'a Turns<T>);

/// The turn did not pass on for as long as the limit.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct TooLong;

impl<T> Turns<T> {
    pub(super) fn new(what: T) -> Self {
        Self {
            line: Mutex::default(),
            passed_on: Condvar::new(),
            limit: LIMIT,
            what: Mutex::new(what),
        }
    }

    /// Another limit than the usual one.
    #[cfg(test)]
    pub(super) const fn limit(&mut self, limit: Duration) {
        self.limit = limit;
    }

    /// Waits in line for the turn. The limit is for each turn of another call, not for the
    /// wait: many short calls in a row are no reason to give up. Nobody passes another, so
    /// every call gets its turn or this error.
    pub(super) fn take(&self) -> Result<Turn<'_, T>, TooLong> {
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
                return Err(TooLong);
            }
        }
        drop(line);
        let over = Over(self);
        // Nobody else has it: it is this call's turn.
        let what = self.what.lock().unwrap_or_else(PoisonError::into_inner);
        Ok(Turn { what, _over: over })
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

impl<T> Deref for Turn<'_, T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.what
    }
}

impl<T> DerefMut for Turn<'_, T> {
    fn deref_mut(&mut self) -> &mut T {
        &mut self.what
    }
}

#[cfg(test)]
mod tests {
    use std::thread;

    use super::*;

    /// Turns that no test waits out.
    fn patient(what: Vec<u32>) -> Turns<Vec<u32>> {
        let mut turns = Turns::new(what);
        turns.limit(Duration::from_secs(3_600));
        turns
    }

    fn impatient() -> Turns<Vec<u32>> {
        let mut turns = Turns::new(Vec::new());
        turns.limit(Duration::from_millis(1));
        turns
    }

    /// Returns when so many stand in line.
    fn until_waiting(turns: &Turns<Vec<u32>>, count: usize) {
        while turns.line().waiting.len() != count {
            thread::yield_now();
        }
    }

    #[test]
    fn whoever_waits_too_long_is_told_and_the_next_has_the_turn() {
        let turns = impatient();
        let mut mine = turns.take().unwrap();
        for _ in 0..3 {
            assert_eq!(turns.take().err(), Some(TooLong));
        }
        mine.push(1);
        drop(mine);
        // Whoever gave up is not in the way of anybody.
        assert_eq!(*turns.take().unwrap(), [1]);
        assert_eq!(*turns.take().unwrap(), [1]);
    }

    #[test]
    fn the_turn_goes_to_those_who_wait_in_the_order_that_they_came() {
        let turns = patient(Vec::new());
        let mine = turns.take().unwrap();
        thread::scope(|scope| {
            for number in 0..8 {
                let turns = &turns;
                scope.spawn(move || turns.take().unwrap().push(number));
                until_waiting(turns, usize::try_from(number).unwrap() + 1);
            }
            drop(mine);
            // Whoever comes now does not pass them.
            assert_eq!(*turns.take().unwrap(), [0, 1, 2, 3, 4, 5, 6, 7]);
        });
    }

    /// Of two who wait the first gives up, and the second still gets the turn.
    #[test]
    fn whoever_gives_up_leaves_the_line() {
        let turns = impatient();
        let mine = turns.take().unwrap();
        assert!(turns.take().is_err());
        assert_eq!(turns.line().waiting.len(), 0);
        drop(mine);
        assert_eq!(turns.line().turn, None);
    }

    #[test]
    fn a_call_that_panics_passes_its_turn_on() {
        let turns = impatient();
        let panicked = thread::scope(|scope| {
            let panics = || {
                let mut turn = turns.take().unwrap();
                turn.push(1);
                panic!("a call that nobody tested");
            };
            scope.spawn(panics).join()
        });
        assert!(panicked.is_err());
        assert_eq!(*turns.take().unwrap(), [1]);
    }
}
