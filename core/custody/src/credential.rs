//! Credentials: HQ's word about a device and who carries it.

use std::collections::BTreeSet;

use minicbor::{Decode, Encode};

use crate::cbor::Version;
use crate::signed::{Digest, Message, Namespace, PublicKey};
use crate::{BoxClass, DeviceId};

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

/// What somebody is licensed to do. The numbers stand in signed bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Encode, Decode)]
#[cbor(index_only)]
pub enum Licence {
    /// Drives vehicles of up to 3.5 tonnes.
    #[n(1)]
    Driving,
    /// Drives vehicles above 3.5 tonnes.
    #[n(2)]
    DrivingHeavy,
    /// Drives a forklift.
    #[n(3)]
    Forklift,
    /// Destroys confidential papers and data carriers.
    #[n(4)]
    ConfidentialDestruction,
}

/// An agreement not to tell what is seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Encode, Decode)]
#[cbor(array)]
pub struct Nda {
    /// Of its text, by [`Nda::digest`].
    #[n(0)]
    pub text: Digest,
    /// Seconds since 1970-01-01 UTC at which it ends.
    #[n(1)]
    pub until: u64,
}

impl Nda {
    /// The digest of an agreement's text, as it was signed: its bytes in UTF-8.
    #[must_use]
    pub fn digest(text: &str) -> Digest {
        Namespace::Nda.digest(&[text.as_bytes()])
    }
}

/// What HQ has seen papers of. What does not stand here, the carrier does not have.
#[derive(Debug, Clone, Default, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct Qualifications {
    /// His licences.
    #[n(0)]
    #[cbor(skip_if = "BTreeSet::is_empty")]
    pub licences: BTreeSet<Licence>,
    /// The agreement that he signed.
    #[n(1)]
    pub nda: Option<Nda>,
    /// Seconds since 1970-01-01 UTC at which his training runs out.
    #[n(2)]
    pub trained_until: Option<u64>,
    /// The classes of boxes that he may take, besides ordinary ones.
    #[n(3)]
    #[cbor(skip_if = "BTreeSet::is_empty")]
    pub classes: BTreeSet<BoxClass>,
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
    /// What its carrier may do beyond his role. None in credentials that say
    /// nothing of it, as the first ones did: the rules that ask for it do not
    /// judge their carriers.
    #[n(8)]
    pub qualifications: Option<Qualifications>,
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
