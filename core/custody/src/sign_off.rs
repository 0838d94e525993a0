//! Sign-offs: what a supervisor is asked to sign, on his own phone, and what
//! stands for his signature where he has no phone at hand.
//!
//! The crew's phone says in a [`SignOffRequest`] what it did: act by act, how many
//! boxes, what was found. It signs the request, so a summary that is not true of
//! the events that it names is a lie with a signature. The supervisor's event
//! names the request among its attachments, so it can be shown what he saw.
//!
//! On somebody else's phone he can only give a [`OneTimeCode`] of HQ's. The
//! sign-off is that phone's claim until HQ has said in a [`Confirmation`] whether
//! the code is one of this supervisor's and was not used before.

use std::collections::BTreeSet;
use std::fmt;

use minicbor::{Decode, Encode};
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

use crate::cbor::Version;
use crate::signed::{Digest, Message, Namespace};
use crate::{
    Batch, DeviceId, EventId, FindingKind, Inclusion, JobId, Kind, MOST_SIGNED_OFF, ReleaseCode,
    ReleaseCodeError, Salt,
};

/// One act, in short.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(array)]
pub struct Entry {
    /// The event.
    #[n(0)]
    pub event: EventId,
    /// What was done.
    #[n(1)]
    pub kind: Kind,
    /// With how many boxes.
    #[n(2)]
    pub boxes: u32,
    /// What was found, and with how many boxes.
    #[n(3)]
    pub findings: Vec<(FindingKind, u32)>,
}

/// What a crew's device asks a supervisor to sign off: one act, or all that it did
/// in a job since the last time.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct SignOffRequest {
    /// Format version.
    #[n(0)]
    pub version: Version<1>,
    /// The crew's device.
    #[n(1)]
    pub device: DeviceId,
    /// The job.
    #[n(2)]
    pub job: JobId,
    /// The acts in the order of the device's numbers.
    #[n(3)]
    pub entries: Vec<Entry>,
    /// Random.
    #[n(4)]
    pub salt: Salt,
}

impl Message for SignOffRequest {
    const NAMESPACE: Namespace = Namespace::SignOffRequest;
}

/// What a sign-off's event says that it is of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Subject {
    /// The one act, or the newest of several.
    pub about: EventId,
    /// Of several, the root of their [`Batch`].
    pub root: Option<Digest>,
}

impl Subject {
    /// Of these acts; none of no acts, of too many, or if one stands there twice.
    #[must_use]
    pub fn of(entries: &[Entry]) -> Option<Self> {
        let about = entries.last()?.event;
        let events: BTreeSet<EventId> = entries.iter().map(|entry| entry.event).collect();
        if entries.len() > MOST_SIGNED_OFF || events.len() != entries.len() {
            return None;
        }
        let root = if entries.len() == 1 { None } else { Some(Batch::of(&events)?.root()) };
        Some(Self { about, root })
    }
}

/// A supervisor's code for one sign-off on another's phone: 80 random bits, in the
/// form of a [`ReleaseCode`]. Whoever knows it can claim his word once, so `Debug`
/// shows nothing of it, and it is wiped when dropped.
#[derive(Clone, PartialEq, Eq, Zeroize, ZeroizeOnDrop, Encode, Decode)]
#[cbor(transparent)]
pub struct OneTimeCode(#[cbor(with = "minicbor::bytes")] [u8; 10]);

impl OneTimeCode {
    /// What begins the text of its QR, so that no camera takes it for another code.
    pub const PREFIX: &'static str = "S:";

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

/// That one event is among those of a sign-off of several, wherever the others are.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(array)]
pub struct SignedOff {
    /// The sign-off.
    #[n(0)]
    pub sign_off: EventId,
    /// The event.
    #[n(1)]
    pub event: EventId,
    /// The proof under the sign-off's root.
    #[n(2)]
    pub inclusion: Inclusion,
}

/// How much a sign-off of an event is worth.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum SignOff {
    /// The supervisor of this device signed on his own phone.
    Signed(DeviceId),
    /// Somebody claimed it with a code; HQ has yet to say whether it was one.
    Claimed,
    /// It was claimed with a code that HQ gave to the supervisor of this device.
    Confirmed(DeviceId),
    /// It was claimed, and HQ says that there was no such code any more.
    Refused,
}
