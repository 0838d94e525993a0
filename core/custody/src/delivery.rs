//! The delivery slip: what delivers the queue when this phone's keys are gone.
//!
//! It says where HQ answers and how to know it, and has a token that lets its bearer
//! deliver and do nothing else. It lies in the store in clear, and stays there when a user
//! logs out or HQ wipes the phone: whoever reads it learns which HQ it is, and could bring
//! that HQ entries.

use minicbor::bytes::ByteVec;
use minicbor::{Decode, Encode};
use zeroize::{Zeroize, ZeroizeOnDrop};

use crate::cbor::Version;
use crate::signed::PublicKey;

/// What delivers the queue without any key of this phone.
#[derive(Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct Slip {
    /// Format version.
    #[n(0)]
    pub version: Version<1>,
    /// Where HQ answers, `https://host:port`.
    #[n(1)]
    pub url: String,
    /// The certificate (DER) of the only authority that HQ's server certificate may come
    /// from.
    #[n(2)]
    pub authority: ByteVec,
    /// HQ's signing key, which its receipts are verified with.
    #[n(3)]
    pub hq: PublicKey,
    /// What lets its bearer deliver.
    #[n(4)]
    pub token: DeliveryToken,
    /// Until when, in seconds since 1970-01-01 UTC.
    #[n(5)]
    pub until: u64,
}

/// A secret of printable ASCII that lets its bearer deliver, and do nothing else.
#[derive(Clone, PartialEq, Eq, Zeroize, ZeroizeOnDrop, Encode, Decode)]
#[cbor(transparent)]
pub struct DeliveryToken(pub String);

impl std::fmt::Debug for DeliveryToken {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("DeliveryToken(..)")
    }
}

/// Tells nothing of the token.
impl std::fmt::Debug for Slip {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Slip({}, until {})", self.url, self.until)
    }
}
