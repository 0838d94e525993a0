//! Delivery without keys: what brings the queue to HQ when this phone's own are gone.
//!
//! HQ grants a phone a token that lets its bearer deliver and do nothing else: the
//! [`DeliveryGrant`]. With it the phone keeps where HQ answers and how to know it: the
//! [`StoredGrant`]. That lies in the store in clear, and stays there when a user
//! logs out or HQ wipes the phone: whoever reads it learns which HQ it is, and could
//! bring that HQ entries.

use minicbor::encode::Write;
use minicbor::{Decode, Decoder, Encode, Encoder, decode, encode};
use zeroize::{Zeroize, ZeroizeOnDrop};

use crate::cbor::{self, Version};
use crate::wire::Endpoint;

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
    /// Format version, under key 0.
    pub version: Version<1>,
    /// Where HQ answers. Its key is what receipts are verified with.
    pub endpoint: Endpoint,
    /// What lets its bearer deliver, under key 4.
    pub token: DeliveryToken,
    /// Until when, in seconds since 1970-01-01 UTC, under key 5.
    pub until: u64,
}

impl<C> Encode<C> for StoredGrant {
    fn encode<W: Write>(
        &self,
        e: &mut Encoder<W>,
        context: &mut C,
    ) -> Result<(), encode::Error<W::Error>> {
        e.map(3 + Endpoint::FIELDS)?.u8(0)?.encode_with(self.version, context)?;
        self.endpoint.write(e)?;
        e.u8(4)?.encode_with(&self.token, context)?.u8(5)?.u64(self.until)?.ok()
    }
}

impl<'b, C> Decode<'b, C> for StoredGrant {
    fn decode(d: &mut Decoder<'b>, context: &mut C) -> Result<Self, decode::Error> {
        cbor::map(d, 3 + Endpoint::FIELDS)?;
        Ok(Self {
            version: cbor::field(d, context, 0)?,
            endpoint: Endpoint::read(d, context)?,
            token: cbor::field(d, context, 4)?,
            until: cbor::field(d, context, 5)?,
        })
    }
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
