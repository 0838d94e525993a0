//! Vouchers: what makes a new device a carrier's own and not only his on HQ's word.
//!
//! An older device of his, or the recovery code on his paper, signs the new device's keys.
//! HQ checks that before it says so in the new device's credential, and the credential
//! carries the signature, so anybody can check it again without HQ.

use std::fmt;

use minicbor::{Decode, Encode};

use crate::cbor::{self, Version};
use crate::recovery::{RecoveryCode, RecoveryKey};
use crate::signed::{Message, Namespace, PublicKey, Signed, Unverified};
use crate::{CarrierId, DeviceId, HqId};

/// The keys of a carrier's new device: what it asks for a voucher with, and what the voucher
/// signs.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct NewKeys {
    /// Format version.
    #[n(0)]
    pub version: Version<1>,
    /// The HQ at which the device enrols.
    #[n(1)]
    pub hq: HqId,
    /// The carrier.
    #[n(2)]
    pub carrier: CarrierId,
    /// The new device's act key.
    #[n(3)]
    pub act_key: PublicKey,
    /// The new device's handoff key.
    #[n(4)]
    pub handoff_key: PublicKey,
}

impl Message for NewKeys {
    const NAMESPACE: Namespace = Namespace::Voucher;
}

impl NewKeys {
    /// The new device.
    #[must_use]
    pub fn device(&self) -> DeviceId {
        DeviceId::of(&self.act_key, &self.handoff_key)
    }
}

/// That a carrier vouches for the keys of a new device of his.
#[derive(Clone, Copy, PartialEq, Eq, Encode, Decode)]
#[cbor(flat)]
pub enum Voucher {
    /// By an older device of his.
    #[n(1)]
    Device {
        /// That device.
        #[n(0)]
        device: DeviceId,
        /// Of its handoff key (r and s), over [`NewKeys`] as a signed message.
        #[n(1)]
        #[cbor(with = "minicbor::bytes")]
        signature: [u8; 64],
    },
    /// By the recovery code on his paper.
    #[n(2)]
    Recovery {
        /// Its public half, of which the carrier's id is made.
        #[n(0)]
        key: RecoveryKey,
        /// The carrier's first device, of which it is made, too: so the two are shown to be
        /// one carrier's.
        #[n(1)]
        first: DeviceId,
        /// Of that key, over the digest of [`NewKeys`].
        #[n(2)]
        #[cbor(with = "minicbor::bytes")]
        signature: [u8; 64],
    },
}

impl Voucher {
    /// The voucher of an older device that signed these keys with its handoff key.
    #[must_use]
    pub fn by_device(device: DeviceId, keys: &Signed<NewKeys>) -> Self {
        let (_, signature) = keys.parts();
        Self::Device { device, signature }
    }

    /// The voucher of a recovery code that this device drew. It holds only if the code is the
    /// carrier's and that was his first device.
    #[must_use]
    pub fn by_recovery_code(code: &RecoveryCode, first: DeviceId, keys: &NewKeys) -> Self {
        let id = NewKeys::NAMESPACE.digest(&[&cbor::to_vec(keys)]);
        Self::Recovery { key: code.key(), first, signature: code.sign(&id) }
    }

    /// Whether this is the carrier's word for these keys. `older` is the handoff key of the
    /// device that vouches, if that is known to be another device of the same carrier.
    pub(crate) fn holds(&self, keys: &NewKeys, older: Option<&PublicKey>) -> bool {
        let payload = cbor::to_vec(keys);
        match self {
            Self::Device { signature, .. } => older.is_some_and(|key| {
                Unverified::<NewKeys>::of_parts(&payload, *signature)
                    .is_ok_and(|signed| signed.verify(key).is_ok())
            }),
            Self::Recovery { key, first, signature } => {
                key.carrier(first) == keys.carrier
                    && key.vouches(&NewKeys::NAMESPACE.digest(&[&payload]), signature)
            }
        }
    }
}

/// Who vouches, without the signature.
impl fmt::Debug for Voucher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Device { device, .. } => write!(f, "Voucher(by {device:?})"),
            Self::Recovery { key, .. } => write!(f, "Voucher(by {key:?})"),
        }
    }
}
