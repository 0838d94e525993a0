//! Custody for wasm32: one signed event at a time, verified by the same code as on a
//! phone and at HQ. `verify.mjs` calls it with the frozen vectors.

use std::sync::{Mutex, PoisonError};

use crewseal_custody::Event;
use crewseal_custody::signed::{PublicKey, Signed};

/// A public key, and after it a signed event.
static ROOM: Mutex<Vec<u8>> = Mutex::new(Vec::new());

/// Makes room for a key and an event of `length` bytes together, and says where to put
/// them. What was there before is gone.
#[expect(unsafe_code, reason = "the host calls it by this name")]
#[unsafe(no_mangle)]
pub extern "C" fn room(length: usize) -> *mut u8 {
    let mut room = ROOM.lock().unwrap_or_else(PoisonError::into_inner);
    *room = vec![0; length];
    room.as_mut_ptr()
}

/// Whether what was put there is an event that the key signed.
#[expect(unsafe_code, reason = "the host calls it by this name")]
#[unsafe(no_mangle)]
pub extern "C" fn is_signed() -> bool {
    let room = ROOM.lock().unwrap_or_else(PoisonError::into_inner);
    let Some((key, event)) = room.split_first_chunk() else { return false };
    Signed::<Event>::open(event, &PublicKey(*key)).is_ok()
}
