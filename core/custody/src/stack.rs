//! Wipes what work with secrets leaves behind on the stack.
//!
//! A cipher object that wipes itself leaves the copies that were made on the way
//! to its place: moved values, round keys, blocks of a hash. They lie on the
//! stack below the caller, where one overwrite reaches all of them.

use std::hint::black_box;

/// More than sealing, signing and hashing use together.
const SMALL: usize = 32 << 10;
/// More than ML-KEM uses.
const LARGE: usize = 256 << 10;

/// Does some work with secrets, then overwrites the part of the stack it used.
pub fn with_stack_wiped<T>(work: impl FnOnce() -> T) -> T {
    let done = below(work);
    overwrite::<SMALL>();
    done
}

/// The same for ML-KEM, which uses much more of the stack.
pub(crate) fn with_large_stack_wiped<T>(work: impl FnOnce() -> T) -> T {
    let done = below(work);
    overwrite::<LARGE>();
    done
}

/// Not in the caller's own frame, which nothing overwrites.
#[inline(never)]
fn below<T>(work: impl FnOnce() -> T) -> T {
    work()
}

#[inline(never)]
fn overwrite<const BYTES: usize>() {
    black_box(&mut [0_u8; BYTES]);
}
