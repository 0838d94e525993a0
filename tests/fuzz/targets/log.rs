//! The walk through a write-ahead log, on any bytes.
//!
//! It must not panic and must end, it finds no more frames than there are, and what
//! comes after the frames that it counts makes it count no fewer.
#![no_main]

use crewseal::vault::wal::{self, End};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: &[u8]| {
    let Ok(found) = wal::walk(input) else { return };
    let frames = usize::try_from(found.frames).unwrap_or(usize::MAX);
    assert!(frames.saturating_mul(24 + 512) <= input.len());
    if let End::Corrupt { frame } = found.end {
        assert!(frame >= found.frames);
    }
    let longer = [input, &[0; 70_000]].concat();
    let Ok(again) = wal::walk(longer.as_slice()) else { return };
    assert!(again.frames >= found.frames);
});
