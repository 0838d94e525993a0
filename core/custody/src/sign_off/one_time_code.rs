//! A supervisor's word on a phone that is not his: a code of HQ's, and what HQ says of it.

use std::fmt;

use minicbor::{Decode, Encode};
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

use crate::cbor::Version;
use crate::hq_keys::HqMessage;
use crate::signed::{Digest, Message, Namespace};
use crate::{DeviceId, EventId, ReleaseCode, ReleaseCodeError};

/// A supervisor's code for one sign-off on another's phone: 80 random bits, in the
/// form of a [`ReleaseCode`]. Whoever knows it can claim his word once, so `Debug`
/// shows nothing of it, and it is wiped when dropped.
#[derive(Clone, PartialEq, Eq, Zeroize, ZeroizeOnDrop, Encode, Decode)]
#[cbor(transparent)]
pub struct OneTimeCode(#[cbor(with = "minicbor::bytes")] [u8; 10]);

impl OneTimeCode {
    /// What begins the text of its QR, so that no camera takes it for another code.
    const PREFIX: &'static str = "S:";

    /// The code made of these bytes. Only HQ makes new ones, from its random
    /// generator.
    #[must_use]
    pub const fn from_bytes(bytes: [u8; 10]) -> Self {
        Self(bytes)
    }

    /// Reads a code, scanned or typed, as forgivingly as a release code.
    ///
    /// # Errors
    /// [`ReleaseCodeError`], which says what to look at.
    pub fn parse(text: &str) -> Result<Self, ReleaseCodeError> {
        let typed = text.strip_prefix(Self::PREFIX).unwrap_or(text);
        Ok(Self(*ReleaseCode::parse(typed)?.as_bytes()))
    }

    /// What the code's QR says: the prefix and 18 characters of `0-9A-Z`.
    #[must_use]
    pub fn to_text(&self) -> Zeroizing<String> {
        let text = ReleaseCode::from_bytes(self.0).to_text();
        Zeroizing::new([Self::PREFIX, &text].concat())
    }

    /// The 18 characters in three groups of six, for people.
    #[must_use]
    pub fn to_grouped(&self) -> Zeroizing<String> {
        ReleaseCode::from_bytes(self.0).to_grouped()
    }

    /// What HQ keeps of it.
    #[must_use]
    pub fn hash(&self) -> Digest {
        Namespace::OneTimeCode.digest(&[&self.0])
    }
}

impl fmt::Debug for OneTimeCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("OneTimeCode(..)")
    }
}

/// What HQ says of a sign-off that was claimed with a code.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct Confirmation {
    /// Format version.
    #[n(0)]
    pub version: Version<1>,
    /// The sign-off's event.
    #[n(1)]
    pub event: EventId,
    /// The supervisor to whom HQ gave the code. None: HQ gave no such code, or it
    /// was used before, and the claim is refused.
    #[n(2)]
    pub supervisor: Option<DeviceId>,
    /// HQ's time, in seconds since 1970-01-01 UTC.
    #[n(3)]
    pub at: u64,
    /// The name of HQ's log.
    #[n(4)]
    pub origin: String,
}

impl Message for Confirmation {
    const NAMESPACE: Namespace = Namespace::Confirmation;
}

impl HqMessage for Confirmation {
    fn signed_at(&self) -> Option<u64> {
        Some(self.at)
    }
}
