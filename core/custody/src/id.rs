//! Ids: bytes that name and say nothing.

use std::fmt;

use minicbor::{Decode, Encode};

use crate::signed::{Digest, Namespace, PublicKey};

/// An event's id: the digest of its payload.
pub type EventId = Digest;

macro_rules! id {
    ($(#[$doc:meta])* $name:ident, $bytes:literal) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Encode, Decode)]
        #[cbor(transparent)]
        pub struct $name(#[cbor(with = "minicbor::bytes")] pub [u8; $bytes]);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.iter().take(4).try_for_each(|byte| write!(f, "{byte:02x}"))
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!(stringify!($name), "({})"), self)
            }
        }
    };
}

id! {
    /// A job, by a random pseudonym that HQ drew. Shown by its first four bytes.
    JobId, 16
}

id! {
    /// A device, by the first half of the digest of its two public keys, so an
    /// id cannot be given to other keys. A device whose keys were renewed is
    /// another device.
    DeviceId, 16
}

id! {
    /// A carrier, the person who answers for boxes, by a pseudonym of random bytes: that of
    /// his recovery key ([`RecoveryKey::carrier`](crate::RecoveryKey::carrier)), or one that
    /// HQ drew for whoever has none.
    CarrierId, 16
}

id! {
    /// An HQ, by the digest of its first [`KeyList`](crate::KeyList).
    HqId, 32
}

id! {
    /// A phone's boot: random, drawn anew after every restart of the phone.
    /// Monotonic times compare within one boot only.
    BootId, 4
}

id! {
    /// Random bytes in a payload, so that its digest tells nothing about it.
    Salt, 16
}

id! {
    /// What a receiver binds himself to before he sees an offer: the first 20
    /// bytes of the digest of random bytes that he keeps until he accepts. Long
    /// enough that nobody finds a second opening while two people stand in a
    /// doorway, and short enough for a small QR.
    Commitment, 20
}

impl Commitment {
    /// The commitment of a device to these bytes.
    #[must_use]
    pub fn to(opening: &Salt, device: &DeviceId) -> Self {
        let digest = Namespace::Commitment.digest(&[&device.0, &opening.0]);
        let mut bytes = [0; 20];
        bytes.iter_mut().zip(digest.0).for_each(|(to, from)| *to = from);
        Self(bytes)
    }
}

impl JobId {
    /// Of no job: in an event that is about its device alone.
    pub const NONE: Self = Self([0; 16]);
}

impl CarrierId {
    /// The carrier of a device whose credential names none, as those of format 1: each
    /// such device has a carrier apart.
    #[must_use]
    pub const fn of_device(device: DeviceId) -> Self {
        Self(device.0)
    }
}

impl DeviceId {
    /// The id of the device with these keys.
    #[must_use]
    pub fn of(act_key: &PublicKey, handoff_key: &PublicKey) -> Self {
        let digest = Namespace::Device.digest(&[&act_key.0, &handoff_key.0]);
        let mut id = [0; 16];
        id.iter_mut().zip(digest.0).for_each(|(to, from)| *to = from);
        Self(id)
    }
}
