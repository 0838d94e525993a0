//! Counts the bytes that the process asks of the allocator.
//!
//! A frame comes 30 times a second. What a call takes and gives back that often
//! is time, and on a phone with little memory it is the app that gets killed.

#![expect(unsafe_code, reason = "an allocator is unsafe to write; this one hands all on")]

use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::atomic::{AtomicU64, Ordering};

/// The system's allocator, watched.
pub struct Counting;

static ASKED: AtomicU64 = AtomicU64::new(0);

/// Bytes asked for since the process started, given back or not. What grows
/// counts with its whole new size, as it may have to move.
pub fn asked() -> u64 {
    ASKED.load(Ordering::Relaxed)
}

fn note(bytes: usize) {
    ASKED.fetch_add(bytes as u64, Ordering::Relaxed);
}

// SAFETY: every call is handed to the system's allocator as it came.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        note(layout.size());
        unsafe { System.alloc(layout) }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        note(layout.size());
        unsafe { System.alloc_zeroed(layout) }
    }

    unsafe fn realloc(&self, memory: *mut u8, layout: Layout, new_size: usize) -> *mut u8 {
        note(new_size);
        unsafe { System.realloc(memory, layout, new_size) }
    }

    unsafe fn dealloc(&self, memory: *mut u8, layout: Layout) {
        unsafe { System.dealloc(memory, layout) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_asked_for_is_counted() {
        let before = asked();
        let mut bytes = Vec::<u8>::with_capacity(1000);
        bytes.reserve_exact(5000);
        // Other tests ask, too.
        assert!(asked() - before >= 6000, "{}", bytes.capacity());
    }
}
