//! The handoff: two phones, no network.
//!
//! HELLO (receiver), OFFER (giver), ACCEPT (receiver), ACK (giver): each is
//! shown as a QR and scanned by the other phone. The last three are events of
//! their devices' chains; here is how they travel and what each side may do
//! next. All of it is pure: time, randomness, keys and lists come in.
//!
//! * [`Hello`], [`message`]: what travels, and what the other side knows already.
//! * [`Giving`] and [`Receiving`]: each side's state, as it is kept over a crash.
//! * [`drawn`]: the boxes that are checked by hand, which neither side can steer.
//! * [`text`]: a message as the text of one QR, or of many.
//! * [`words`]: four words on both screens, against mix-ups.

mod drawn;
mod giving;
pub mod message;
mod receiving;
pub mod text;
pub mod words;

pub use drawn::drawn;
pub use giving::{Compared, Giving, GivingState};
pub use message::{Hello, MessageError};
pub use receiving::{Receiving, ReceivingState};

use crate::custody::{EventId, Since};

/// How long an offer may be answered, by each phone's own monotonic clock, in
/// milliseconds: long enough to scan a van, short enough that nobody answers
/// yesterday's.
pub const LAPSE: u64 = 30 * 60 * 1_000;

/// Why a message does not go on with this handoff. Nothing has changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum HandoffError {
    /// It answers another offer or greeting than this one.
    #[error("a message of another handoff")]
    OtherHandoff,
    /// What was said in HELLO is not what is opened now.
    #[error("the acceptance does not open what its sender bound himself to")]
    Opening,
    /// It comes too late: the offer lapsed or was taken back.
    #[error("the offer has lapsed")]
    Lapsed,
    /// The offer was answered before, by another acceptance.
    #[error("the offer was answered before")]
    Answered {
        /// The acceptance that counts.
        by: EventId,
    },
    /// What is kept of the handoff cannot be read.
    #[error("what is kept of the handoff cannot be read")]
    Damaged,
}

/// Whether so much time has passed since. Another boot is another clock: what
/// was opened before it has lapsed.
const fn has_lapsed(opened: Since, now: Since) -> bool {
    let is_same_boot = u32::from_be_bytes(opened.boot.0) == u32::from_be_bytes(now.boot.0);
    !is_same_boot || now.millis < opened.millis || now.millis - opened.millis >= LAPSE
}
