//! What becomes of an entry that HQ refused: a supervisor decides, and signs.

use minicbor::{Decode, Encode};

use crate::cbor::Version;
use crate::personal::Personal;
use crate::signed::{Digest, Message, Namespace};
use crate::{DeviceId, EventId};

/// The longest note, in characters.
pub const MAX_NOTE: usize = 500;

/// What is to become of a parked entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Encode, Decode)]
#[cbor(index_only)]
pub enum Decision {
    /// It goes to HQ again, as it is: HQ mended what was wrong there.
    #[n(1)]
    SendAgain,
    /// It is not sent any more. It stays where it is all the same.
    #[n(2)]
    GiveUp,
}

/// A supervisor's decision on a parked entry, signed by the handoff key of his
/// device.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct Resolution {
    /// Format version.
    #[n(0)]
    pub version: Version<1>,
    /// The entry's event.
    #[n(1)]
    pub event: EventId,
    /// The refusal that is decided on: the id of HQ's receipt. So a decision
    /// serves once; a further refusal wants another.
    #[n(2)]
    pub refusal: Digest,
    /// What is to be done.
    #[n(3)]
    pub decision: Decision,
    /// Why, in the supervisor's words; at most [`MAX_NOTE`] characters.
    #[n(4)]
    pub note: Personal,
    /// The supervisor's device.
    #[n(5)]
    pub by: DeviceId,
    /// His phone's clock, in seconds since 1970-01-01 UTC: a claim.
    #[n(6)]
    pub claimed_at: u64,
}

impl Message for Resolution {
    const NAMESPACE: Namespace = Namespace::Resolution;
}
