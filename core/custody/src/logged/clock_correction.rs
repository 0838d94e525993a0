//! Corrections of HQ's clock.
//!
//! HQ's time in its log never goes back by itself, and HQ stops where it leaps. A person says
//! then which time is right, and the log says that he did: what was signed around that place
//! may have a wrong time, and everybody can see it.

use minicbor::{Decode, Encode};

use super::{ActKind, Leaf};
use crate::Salt;
use crate::cbor::Version;
use crate::hq_keys::HqMessage;
use crate::signed::{Message, Namespace, Signed};

/// That HQ's clock was corrected.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct ClockCorrection {
    /// Format version.
    #[n(0)]
    pub version: Version<1>,
    /// The HQ's name, as in its key lists.
    #[n(1)]
    pub origin: String,
    /// The newest time that HQ wrote before, in seconds since 1970-01-01 UTC.
    #[n(2)]
    pub before: u64,
    /// The time that holds from here on, in seconds since 1970-01-01 UTC.
    #[n(3)]
    pub at: u64,
    /// Random: the salt of its leaf.
    #[n(4)]
    pub salt: Salt,
}

impl Message for ClockCorrection {
    const NAMESPACE: Namespace = Namespace::ClockCorrection;
}

impl HqMessage for ClockCorrection {
    fn signed_at(&self) -> Option<u64> {
        Some(self.at)
    }
}

impl Signed<ClockCorrection> {
    /// Its leaf in HQ's log.
    #[must_use]
    pub fn leaf(&self) -> Leaf {
        Leaf::act(ActKind::ClockCorrection, &self.salt, &self.id())
    }
}
