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
mod fields;
mod giving;
pub mod message;
mod receiving;
pub mod text;
pub mod words;

pub use drawn::drawn;
pub use giving::{Compared, Giving, GivingState};
pub use message::{Hello, MessageError};
pub use receiving::{Receiving, ReceivingState};

use crate::{EventId, LAPSE, Since};

/// Why a message does not go on with this handoff. Nothing has changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum HandoffError {
    /// It answers another offer or greeting than this one.
    #[error("a message of another handoff")]
    OtherHandoff,
    /// What was said in HELLO is not what is opened now.
    #[error("the acceptance does not open what its sender bound himself to")]
    Opening,
    /// It comes too late: the offer lapsed.
    #[error("the offer has lapsed")]
    Lapsed,
    /// It comes too late: the offer was taken back.
    #[error("the offer was taken back")]
    Withdrawn,
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

/// How old something is by the phone's own monotonic clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Age {
    /// It may still be answered.
    Open,
    /// [`LAPSE`] is over.
    Lapsed,
    /// The phone was started again, and another boot is another clock.
    Unknown,
}

impl Age {
    const fn of(opened: Since, now: Since) -> Self {
        if u32::from_be_bytes(opened.boot.0) != u32::from_be_bytes(now.boot.0) {
            Self::Unknown
        } else if now.millis < opened.millis || now.millis - opened.millis >= LAPSE {
            Self::Lapsed
        } else {
            Self::Open
        }
    }
}
