//! Ticks: HQ's clock, signed.

use std::ops::RangeInclusive;

use minicbor::{Decode, Encode};

use crate::Salt;
use crate::cbor::Versions;
use crate::hq_keys::HqMessage;
use crate::log::TreeHead;
use crate::logged::{ActKind, Leaf};
use crate::signed::{Message, Namespace, Signed};

/// HQ's time, with random bytes that nobody could know before. An event that
/// names a tick was made after it.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct Tick {
    /// Format version: 2, or 1 from before there was a log.
    #[n(0)]
    pub version: Versions<1, 2>,
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
    /// HQ's log just before this tick became a leaf of it; none only in version 1.
    #[n(5)]
    pub log: Option<TreeHead>,
    /// How many times HQ had revoked a device, by
    /// [`Revocations`](crate::Revocations). None from an HQ that revokes none.
    #[n(6)]
    pub epoch: Option<u64>,
}

impl Message for Tick {
    const NAMESPACE: Namespace = Namespace::Tick;
    const VERSIONS: RangeInclusive<u64> = 1..=2;
}

impl Tick {
    /// The version of a tick with such a view of the log.
    #[must_use]
    pub const fn version_with(log: Option<&TreeHead>) -> Versions<1, 2> {
        if log.is_some() { Versions::NEWEST } else { Versions::OLDEST }
    }
}

impl Signed<Tick> {
    /// Its leaf in HQ's log, which its own random bytes salt.
    #[must_use]
    pub fn leaf(&self) -> Leaf {
        Leaf::act(ActKind::Tick, &self.nonce, &self.id())
    }
}

impl HqMessage for Tick {
    fn signed_at(&self) -> Option<u64> {
        Some(self.at)
    }
}
