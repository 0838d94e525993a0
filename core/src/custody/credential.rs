//! Credentials: HQ's word about a device and who carries it.

use minicbor::{Decode, Encode};

use super::DeviceId;
use crate::cbor::Version;
use crate::signed::{Message, Namespace, PublicKey};

/// What a device's carrier does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Encode, Decode)]
#[cbor(index_only)]
pub enum Role {
    /// Packs, carries, loads.
    #[n(1)]
    Mover,
    /// Drives, and answers for the load on the road.
    #[n(2)]
    Driver,
    /// Keeps the warehouse.
    #[n(3)]
    Warehouse,
    /// Signs off.
    #[n(4)]
    Supervisor,
    /// An outside partner's crew.
    #[n(5)]
    Contractor,
}

/// Which of a device's two keys signed, and so what stood before the signature.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Encode, Decode)]
#[cbor(index_only)]
pub enum Protection {
    /// The act key: usable once the phone was unlocked after its start.
    #[n(0)]
    Act,
    /// The handoff key: a person was present.
    #[n(1)]
    Handoff,
}

/// A device's keys and its carrier's role, signed by HQ.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct Credential {
    /// Format version.
    #[n(0)]
    pub version: Version<1>,
    /// The device's act key.
    #[n(1)]
    pub act_key: PublicKey,
    /// The device's handoff key.
    #[n(2)]
    pub handoff_key: PublicKey,
    /// What the crew calls its carrier, `Mover 17`; never a person's name.
    #[n(3)]
    pub pseudonym: String,
    /// What its carrier does.
    #[n(4)]
    pub role: Role,
    /// Seconds since 1970-01-01 UTC from which it holds.
    #[n(5)]
    pub valid_from: u64,
    /// Seconds since 1970-01-01 UTC at which it ends.
    #[n(6)]
    pub valid_to: u64,
}

impl Message for Credential {
    const NAMESPACE: Namespace = Namespace::Credential;
}

impl Credential {
    /// The device, which follows from the keys.
    #[must_use]
    pub fn device(&self) -> DeviceId {
        DeviceId::of(&self.act_key, &self.handoff_key)
    }

    /// The key of this protection.
    #[must_use]
    pub const fn key(&self, protection: Protection) -> &PublicKey {
        match protection {
            Protection::Act => &self.act_key,
            Protection::Handoff => &self.handoff_key,
        }
    }
}
