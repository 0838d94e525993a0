//! Sign-offs: what a supervisor is asked to sign, on his own phone, and what
//! stands for his signature where he has no phone at hand.
//!
//! The crew's phone says in a [`SignOffRequest`] what it did: act by act, how many
//! boxes, what was found. It signs the request, so a summary that is not true of
//! the events that it names is a lie with a signature. The supervisor's event
//! names the request among its attachments, so it can be shown what he saw. Of several
//! acts he signs the root of their [`Batch`].
//!
//! On somebody else's phone he can only give a [`OneTimeCode`] of HQ's. The
//! sign-off is that phone's claim until HQ has said in a [`Confirmation`] whether
//! the code is one of this supervisor's and was not used before.

mod batch;
mod one_time_code;
mod request;

use minicbor::{Decode, Encode};

pub use batch::{Batch, Inclusion, MOST_SIGNED_OFF};
pub use one_time_code::{Confirmation, OneTimeCode};
pub use request::{SignOffEntry, SignOffRequest, Subject};

use crate::{DeviceId, EventId};

/// That one event is among those of a sign-off of several, wherever the others are.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(array)]
pub struct SignedOff {
    /// The sign-off.
    #[n(0)]
    pub sign_off: EventId,
    /// The event.
    #[n(1)]
    pub event: EventId,
    /// The proof under the sign-off's root.
    #[n(2)]
    pub inclusion: Inclusion,
}

/// How much a sign-off of an event is worth.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum SignOff {
    /// The supervisor of this device signed on his own phone.
    Signed(DeviceId),
    /// Somebody claimed it with a code; HQ has yet to say whether it was one.
    Claimed,
    /// It was claimed with a code that HQ gave to the supervisor of this device.
    Confirmed(DeviceId),
    /// It was claimed, and HQ says that there was no such code any more.
    Refused,
}
