//! The outbox: what waits for HQ, and what not even this phone can read.
//!
//! From the moment an event is queued, it exists on the phone only sealed to
//! HQ's key. [`Epoch`] seals: it draws a key with HPKE, moves it one step
//! forward per entry, and forgets each step at once. [`Envelope`] is the form
//! in which an entry lies in the database and travels: whole in itself, so it
//! can be carved out of a broken file and delivered by any carrier.

pub mod attachment;
mod envelope;
mod epoch;
mod photo;
pub mod queue;
mod resolution;
pub(crate) mod salvage;
mod slip;

pub use attachment::{AttachmentKey, Entry};
pub use envelope::{Address, Envelope, EnvelopeError, HqKeyId, MAX_CONTENT};
pub use epoch::{
    EPOCH_ENTRIES, Epoch, EpochHeader, EpochId, OpenedEpoch, OpeningKey, SealError, SealingKey,
    UnsealError,
};
pub use photo::{LONGEST_SIDE, prepare_photo};
pub use resolution::{Decision, MAX_NOTE, Parked, Resolution};
pub use slip::{DeliveryToken, Slip};
