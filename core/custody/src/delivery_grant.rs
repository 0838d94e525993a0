//! Delivery without keys: what brings the queue to HQ when this phone's own are gone.
//!
//! HQ grants a phone a token that lets its bearer deliver and do nothing else: the
//! [`DeliveryGrant`]. With it the phone keeps where HQ answers and how to know it: the
//! [`StoredGrant`]. That lies in the store in clear, and stays there when a user
//! logs out or HQ wipes the phone: whoever reads it learns which HQ it is, and could
//! bring that HQ entries.

use minicbor::bytes::ByteVec;
use minicbor::{Decode, Encode};
use zeroize::{Zeroize, ZeroizeOnDrop};

use crate::cbor::{self, Version};
use crate::hq_keys::HqKeys;
use crate::signed::PublicKey;

/// A right to deliver, and to do nothing else, for when a phone's keys are gone.
#[derive(Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct DeliveryGrant {
    /// Format version.
    #[n(0)]
    pub version: Version<1>,
    /// For the header `Authorization: Bearer`.
    #[n(1)]
    pub token: DeliveryToken,
    /// Until when, in seconds since 1970-01-01 UTC.
    #[n(2)]
    pub until: u64,
}

/// What delivers the queue without any key of this phone: a right, and where it holds.
#[derive(Clone, PartialEq, Eq)]
pub struct StoredGrant {
    /// Where HQ answers. Its keys are what receipts are verified with.
    pub endpoint: Endpoint,
    /// What lets its bearer deliver.
    pub token: DeliveryToken,
    /// Until when, in seconds since 1970-01-01 UTC.
    pub until: u64,
}

/// Where HQ answers, and how to know it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Endpoint {
    /// `https://host:port`.
    pub url: String,
    /// The certificates (DER) of the authorities that HQ's server certificate may come from,
    /// and no other.
    pub authorities: Vec<ByteVec>,
    /// HQ's keys.
    pub keys: HqKeys,
}

impl Endpoint {
    /// Where an HQ answers whose key lists are known, by the authorities that they name.
    #[must_use]
    pub fn of(url: String, keys: HqKeys) -> Self {
        let authorities = keys.authorities().map(|one| one.to_vec().into()).collect();
        Self { url, authorities, keys }
    }
}

impl StoredGrant {
    /// The grant as it lies in the store.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let Self { endpoint: Endpoint { url, authorities, keys }, token, until } = self.clone();
        let key_lists = keys.lists().to_vec();
        cbor::to_vec(&Stored { version: Version, url, authorities, key_lists, token, until })
    }

    /// Reads a grant that lay in the store; none if it is none. One from before there were
    /// key lists knows HQ by one key.
    #[must_use]
    pub fn read(bytes: &[u8]) -> Option<Self> {
        if cbor::version_of(bytes) == Some(1) {
            let first: StoredFirst = cbor::from_slice(bytes).ok()?;
            let StoredFirst { url, authority, hq, token, until, .. } = first;
            let keys = HqKeys::of_one_key(hq);
            let endpoint = Endpoint { url, authorities: vec![authority], keys };
            return Some(Self { endpoint, token, until });
        }
        let stored: Stored = cbor::from_versioned::<_, 2>(bytes).ok()?;
        let Stored { url, authorities, key_lists, token, until, .. } = stored;
        let keys = HqKeys::read(&key_lists).ok()?;
        Some(Self { endpoint: Endpoint { url, authorities, keys }, token, until })
    }
}

#[derive(Encode, Decode)]
#[cbor(map)]
struct Stored {
    #[n(0)]
    version: Version<2>,
    #[n(1)]
    url: String,
    #[n(2)]
    authorities: Vec<ByteVec>,
    #[n(3)]
    key_lists: Vec<ByteVec>,
    #[n(4)]
    token: DeliveryToken,
    #[n(5)]
    until: u64,
}

/// From before there were key lists.
#[derive(Encode, Decode)]
#[cbor(map)]
struct StoredFirst {
    #[n(0)]
    version: Version<1>,
    #[n(1)]
    url: String,
    #[n(2)]
    authority: ByteVec,
    #[n(3)]
    hq: PublicKey,
    #[n(4)]
    token: DeliveryToken,
    #[n(5)]
    until: u64,
}

/// Tells nothing of the token.
impl std::fmt::Debug for StoredGrant {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "StoredGrant({}, until {})", self.endpoint.url, self.until)
    }
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
