//! Calls of a phone from within a call that it makes itself, to its key vault or its
//! clock. It keeps its store to itself meanwhile, so they would wait for each other:
//! they fail at once instead.

use std::cell::RefCell;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::CrewError;

thread_local! {
    /// The phones that this thread is making such a call for, the innermost last.
    static CALLING: RefCell<Vec<PhoneId>> = const { RefCell::new(Vec::new()) };
}

/// Which phone of this process.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PhoneId(u64);

/// Takes the phone off the list, also when the app's code panics.
struct Returned;

impl PhoneId {
    /// One that no other phone has.
    pub fn new() -> Self {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        Self(NEXT.fetch_add(1, Ordering::Relaxed))
    }

    /// Calls the app, while the phone waits for the answer.
    pub fn call<T>(self, app: impl FnOnce() -> T) -> T {
        CALLING.with_borrow_mut(|calling| calling.push(self));
        let _returned = Returned;
        app()
    }

    /// Fails on a thread that is within such a call of this phone.
    pub fn check(self) -> Result<(), CrewError> {
        let is_within = CALLING.with_borrow(|calling| calling.contains(&self));
        if is_within { Err(CrewError::FromWithin) } else { Ok(()) }
    }
}

impl Drop for Returned {
    fn drop(&mut self) {
        CALLING.with_borrow_mut(Vec::pop);
    }
}
