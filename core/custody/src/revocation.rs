//! Revocations: the devices that HQ takes its word back from.

use std::collections::BTreeMap;

use minicbor::{Decode, Encode};

use crate::DeviceId;
use crate::cbor::Version;
use crate::signed::{Message, Namespace};

/// The devices that HQ has revoked, signed by HQ.
///
/// Its epoch stands in HQ's ticks, which travel from phone to phone: a phone that
/// has seen a higher epoch than its list knows that there is a newer list.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct Revocations {
    /// Format version.
    #[n(0)]
    pub version: Version<1>,
    /// The name of HQ's log.
    #[n(1)]
    pub origin: String,
    /// How many times HQ had revoked a device. The list of an epoch has all of
    /// the lists before it.
    #[n(2)]
    pub epoch: u64,
    /// Since when each of them is revoked, in seconds since 1970-01-01 UTC. What
    /// it did before that stays good.
    #[n(3)]
    pub since: BTreeMap<DeviceId, u64>,
}

impl Revocations {
    /// Since when a device is revoked; none if it is not.
    #[must_use]
    pub fn revoked_since(&self, device: &DeviceId) -> Option<u64> {
        self.since.get(device).copied()
    }
}

impl Message for Revocations {
    const NAMESPACE: Namespace = Namespace::Revocations;
}
