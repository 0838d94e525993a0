//! Leaves: what the log commits to, and what it shows of that.
//!
//! The log may be read by anybody, so a leaf is digests and one byte that says of what. The
//! digest of HQ's word on an event is salted from the event's own salt, that of an act of HQ's
//! with random bytes: when those are destroyed, the leaf stays and says nothing any more.

use minicbor::{Decode, Encode};

use crate::cbor;
use crate::event::Event;
use crate::signed::{Digest, Namespace};
use crate::{DeviceId, EventId, Outcome, Salt};

/// The bytes of the longest leaf: that of an event.
pub const LEAF_BYTES: usize = 65;

/// What stands in one place of the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Leaf {
    /// An event, and HQ's word on it.
    Event {
        /// Its id.
        id: EventId,
        /// The salted digest of what HQ says of it: [`Logged::digest`].
        logged: Digest,
    },
    /// An act of HQ's own.
    Act {
        /// Of which kind.
        kind: ActKind,
        /// Its salted digest: [`ActKind::digest`].
        digest: Digest,
    },
}

/// What HQ does itself. The numbers stand in leaves.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Encode, Decode)]
#[cbor(index_only)]
pub enum ActKind {
    /// It signed a tick.
    #[n(1)]
    Tick,
    /// It vouched for a device.
    #[n(2)]
    Credential,
    /// It revoked a device.
    #[n(3)]
    Revocations,
    /// It added boxes to a job.
    #[n(4)]
    Manifest,
    /// It minted labels.
    #[n(5)]
    Roll,
    /// It took a key list into use.
    #[n(6)]
    KeyList,
    /// It erased a job.
    #[n(7)]
    Erasure,
    /// Its clock was corrected.
    #[n(8)]
    ClockCorrection,
    /// It lost the end of the log before: the first leaf of the one that goes on.
    #[n(9)]
    Restore,
}

impl ActKind {
    const ALL: [Self; 9] = [
        Self::Tick,
        Self::Credential,
        Self::Revocations,
        Self::Manifest,
        Self::Roll,
        Self::KeyList,
        Self::Erasure,
        Self::ClockCorrection,
        Self::Restore,
    ];

    const fn number(self) -> u8 {
        match self {
            Self::Tick => 1,
            Self::Credential => 2,
            Self::Revocations => 3,
            Self::Manifest => 4,
            Self::Roll => 5,
            Self::KeyList => 6,
            Self::Erasure => 7,
            Self::ClockCorrection => 8,
            Self::Restore => 9,
        }
    }

    /// The digest of an act in its leaf: of the salt, and of the id of the message that HQ
    /// signed.
    #[must_use]
    pub fn digest(self, salt: &Salt, message: &Digest) -> Digest {
        Namespace::LogAct.digest(&[&[self.number()], &salt.0, &message.0])
    }
}

impl Leaf {
    /// The number in front of an event's leaf.
    const EVENT: u8 = 0;

    /// The leaf of an event.
    #[must_use]
    pub fn event(id: EventId, salt: &LeafSalt, logged: &Logged) -> Self {
        Self::Event { id, logged: logged.digest(salt) }
    }

    /// The leaf of an act of HQ's: of a message with this id.
    #[must_use]
    pub fn act(kind: ActKind, salt: &Salt, message: &Digest) -> Self {
        Self::Act { kind, digest: kind.digest(salt, message) }
    }

    /// Its bytes: the number of its kind and its digests.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(LEAF_BYTES);
        match self {
            Self::Event { id, logged } => {
                bytes.push(Self::EVENT);
                bytes.extend(id.0);
                bytes.extend(logged.0);
            }
            Self::Act { kind, digest } => {
                bytes.push(kind.number());
                bytes.extend(digest.0);
            }
        }
        bytes
    }

    /// Reads one; none if these bytes are not one.
    #[must_use]
    pub fn parse(bytes: &[u8]) -> Option<Self> {
        let (number, digests) = bytes.split_first()?;
        let (id, rest) = digests.split_first_chunk::<32>()?;
        if *number == Self::EVENT {
            let logged = Digest(rest.try_into().ok()?);
            return Some(Self::Event { id: Digest(*id), logged });
        }
        let kind = ActKind::ALL.into_iter().find(|kind| kind.number() == *number)?;
        rest.is_empty().then_some(Self::Act { kind, digest: Digest(*id) })
    }

    /// Its hash in the tree.
    #[must_use]
    pub fn hash(&self) -> Digest {
        crate::log::leaf_hash(&self.to_bytes())
    }
}

/// What the digest in an event's leaf is salted with. It follows from the event's salt, which
/// it does not tell, so a phone can keep it beside an entry that it cannot read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Encode, Decode)]
#[cbor(transparent)]
pub struct LeafSalt(#[cbor(with = "minicbor::bytes")] pub [u8; 16]);

impl LeafSalt {
    /// That of an event.
    #[must_use]
    pub fn of(event: &Event) -> Self {
        let digest = Namespace::LeafSalt.digest(&[&event.salt.0]);
        Self(digest.0.first_chunk().copied().unwrap_or_default())
    }
}

/// HQ's word on an event in its log.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Encode, Decode)]
#[cbor(array)]
pub struct Logged {
    /// The device that signed it.
    #[n(0)]
    pub device: DeviceId,
    /// The device's generation.
    #[n(1)]
    pub generation: u32,
    /// The event's number in that generation.
    #[n(2)]
    pub sequence: u64,
    /// What became of it.
    #[n(3)]
    pub outcome: Outcome,
    /// HQ's time, in seconds since 1970-01-01 UTC.
    #[n(4)]
    pub at: u64,
}

impl Logged {
    /// Its salted digest, which stands in the event's leaf.
    #[must_use]
    pub fn digest(&self, salt: &LeafSalt) -> Digest {
        Namespace::Logged.digest(&[&salt.0, &cbor::to_vec(self)])
    }
}
