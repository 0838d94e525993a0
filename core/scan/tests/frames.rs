//! What a stream of frames asks of the allocator: next to nothing, as an app
//! that does is the first to be closed when memory is short.
#![expect(unsafe_code, reason = "an allocator is unsafe to write; this one hands all on")]

use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::atomic::{AtomicU64, Ordering};

use crewseal_scan::{Luma, Session};

struct Counting;

static ASKED: AtomicU64 = AtomicU64::new(0);

// SAFETY: every call is handed to the system's allocator as it came.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        ASKED.fetch_add(layout.size() as u64, Ordering::Relaxed);
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, memory: *mut u8, layout: Layout) {
        unsafe { System.dealloc(memory, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// The one test of this file: others would allocate meanwhile.
#[test]
fn frames_without_a_code_ask_for_nothing() {
    let (width, height) = (640_u32, 480_u32);
    let pixels: Vec<u8> =
        (0..width * height).map(|at| [40, 200, 90, 180, 120, 60, 230][at as usize % 7]).collect();
    let mut session = Session::default();
    for number in 0..64 {
        // A pixel further each time: no two are equal.
        let frame = Luma::new(width, height - 1, width as usize, &pixels[number..]).unwrap();
        let before = ASKED.load(Ordering::Relaxed);
        let sighted = session.frame(&frame);
        let asked = ASKED.load(Ordering::Relaxed) - before;
        assert!(sighted.is_empty());
        assert!(number < 16 || asked == 0, "{asked} bytes in frame {number}");
    }
}
