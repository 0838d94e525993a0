//! Ticks: HQ's clock, signed.

use minicbor::{Decode, Encode};

use crate::Salt;
use crate::cbor::Version;
use crate::hq_keys::HqMessage;
use crate::signed::{Digest, Message, Namespace};

/// HQ's time, with random bytes that nobody could know before. An event that
/// names a tick was made after it.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct Tick {
    /// Format version.
    #[n(0)]
    pub version: Version<1>,
    /// The name of HQ's log.
    #[n(1)]
    pub origin: String,
    /// Ticks of an origin are numbered from 1.
    #[n(2)]
    pub number: u64,
    /// HQ's time, in seconds since 1970-01-01 UTC.
    #[n(3)]
    pub at: u64,
    /// Random.
    #[n(4)]
    pub nonce: Salt,
    /// The root of HQ's log; none as long as there is no log.
    #[n(5)]
    pub root: Option<Digest>,
    /// How many times HQ had revoked a device, by
    /// [`Revocations`](crate::Revocations). None from an HQ that revokes none.
    #[n(6)]
    pub epoch: Option<u64>,
}

impl Message for Tick {
    const NAMESPACE: Namespace = Namespace::Tick;
}

impl HqMessage for Tick {
    fn signed_at(&self) -> Option<u64> {
        Some(self.at)
    }
}
