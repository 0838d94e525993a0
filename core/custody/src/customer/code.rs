//! Release codes: the customer's word for one act, given with a code.
//!
//! At booking the customer gets one code for each act that needs his word. A
//! code is the seed of a key, and HQ keeps the public half only: it travels in
//! the job pack, so the crew's phone verifies a release without a network, and
//! whoever copies the pack or HQ's database has no code.
//!
//! The act comes first and the release after it, over the id of the act's event:
//! what is released is what was written down, to the last box. A phone that was
//! told a code could release another act with it; that a number counts once is
//! for whoever judges the events to hold to.

use std::fmt;

use crewseal_label::typed::{CHECK_CHARS, TypedError};
use minicbor::{Decode, Encode};
use ring::signature::{ED25519, Ed25519KeyPair, KeyPair, UnparsedPublicKey};
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

use crate::signed::Namespace;
use crate::{EventId, EventKind, JobId, paper_code};

/// Characters of the code itself: 80 bits and not one over.
const CODE_CHARS: usize = 16;

/// How many characters a release code has.
const RELEASE_CHARS: usize = CODE_CHARS + CHECK_CHARS;

/// How many characters stand together where a person reads them.
const GROUP_CHARS: usize = 6;

/// The 80 random bits of one release code.
///
/// Whoever knows them can give the customer's word, so `Debug` shows nothing of
/// them, and they are wiped when dropped.
#[derive(Zeroize, ZeroizeOnDrop)]
pub struct ReleaseCode([u8; 10]);

impl ReleaseCode {
    /// The code made of these bytes. Only HQ makes new ones, from its random
    /// generator.
    #[must_use]
    pub const fn from_bytes(bytes: [u8; 10]) -> Self {
        Self(bytes)
    }

    pub(crate) const fn as_bytes(&self) -> &[u8; 10] {
        &self.0
    }

    /// Reads a code, scanned or typed, as forgivingly as a label: spaces,
    /// hyphens, lower case and full-width characters do not matter, O reads as
    /// 0, I and L as 1. A slip in one or two characters is an error, never
    /// another code.
    ///
    /// # Errors
    /// [`ReleaseCodeError`], which says what to look at.
    pub fn parse(text: &str) -> Result<Self, ReleaseCodeError> {
        Ok(Self(*paper_code::parse::<10, RELEASE_CHARS>(text)?))
    }

    /// What the code's QR says: 18 characters of `0-9A-Z`.
    #[must_use]
    pub fn to_text(&self) -> Zeroizing<String> {
        paper_code::text(&self.0, RELEASE_CHARS)
    }

    /// The text as it stands under the QR, `0C4KRM-9G...`: three groups of six.
    #[must_use]
    pub fn to_grouped(&self) -> Zeroizing<String> {
        paper_code::grouped(&self.to_text(), GROUP_CHARS)
    }

    /// The customer's word for the act of this event.
    #[must_use]
    pub fn sign(&self, job: JobId, number: u8, act: &EventId) -> ReleaseProof {
        let signed = self.key_pair(job, number).sign(&message(job, number, act));
        let mut signature = [0; 64];
        signature.copy_from_slice(signed.as_ref());
        ReleaseProof { number, signature }
    }

    /// The key depends on job and number, so the bits of one code open nothing
    /// elsewhere, should they ever be drawn twice.
    fn key_pair(&self, job: JobId, number: u8) -> Ed25519KeyPair {
        paper_code::key_pair(Namespace::ReleaseKey.digest(&[&job.0, &[number], &self.0]))
    }
}

impl fmt::Debug for ReleaseCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ReleaseCode(..)")
    }
}

/// Why a text is no release code. None of them quotes the text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ReleaseCodeError {
    /// Some characters were left out or typed twice, or it is another kind of
    /// code, such as a box's label.
    #[error("a release code has 18 characters, this has {characters}; count them again")]
    Length {
        /// How many were given, spaces and hyphens not counted.
        characters: usize,
    },
    /// A character that no release code has.
    #[error("character {position} is none that a release code has; look at it again")]
    Character {
        /// Which one, from 1, spaces and hyphens not counted.
        position: usize,
    },
    /// The check characters do not fit: one or more characters are wrong.
    #[error("the code was typed wrong; compare it with the booking, character by character")]
    Check,
}

impl From<TypedError> for ReleaseCodeError {
    fn from(error: TypedError) -> Self {
        match error {
            TypedError::Length { characters } => Self::Length { characters },
            TypedError::Character { position } => Self::Character { position },
            TypedError::Check => Self::Check,
        }
    }
}

/// The public half of a release code, which HQ keeps and the job pack carries.
#[derive(Clone, Copy, PartialEq, Eq, Encode, Decode)]
#[cbor(array)]
pub struct ReleaseKey {
    /// Which of the job's codes.
    #[n(0)]
    pub number: u8,
    /// The kind of act that the code releases, and no other.
    #[n(1)]
    pub kind: EventKind,
    /// An Ed25519 key.
    #[n(2)]
    #[cbor(with = "minicbor::bytes")]
    pub public: [u8; 32],
}

impl ReleaseKey {
    /// The key of a job's code.
    #[must_use]
    pub fn of(job: JobId, number: u8, kind: EventKind, code: &ReleaseCode) -> Self {
        let mut public = [0; 32];
        public.copy_from_slice(code.key_pair(job, number).public_key().as_ref());
        Self { number, kind, public }
    }

    /// Whether the customer released this act, an event of this job and
    /// kind. Both are asked for, so that nobody forgets that a code for the
    /// pick-up releases no delivery.
    #[must_use]
    pub fn authorises(
        &self,
        job: JobId,
        kind: EventKind,
        act: &EventId,
        proof: &ReleaseProof,
    ) -> bool {
        kind == self.kind
            && proof.number == self.number
            && UnparsedPublicKey::new(&ED25519, self.public)
                .verify(&message(job, self.number, act), &proof.signature)
                .is_ok()
    }
}

impl fmt::Debug for ReleaseKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ReleaseKey({}, {:?}, ", self.number, self.kind)?;
        self.public.iter().take(4).try_for_each(|byte| write!(f, "{byte:02x}"))?;
        f.write_str(")")
    }
}

/// That whoever had the code gave his word for one act.
#[derive(Clone, Copy, PartialEq, Eq, Encode, Decode)]
#[cbor(array)]
pub struct ReleaseProof {
    /// Which of the job's codes.
    #[n(0)]
    pub number: u8,
    /// By its key, over job, number and the id of the act's event.
    #[n(1)]
    #[cbor(with = "minicbor::bytes")]
    pub signature: [u8; 64],
}

impl fmt::Debug for ReleaseProof {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ReleaseProof({})", self.number)
    }
}

/// What a release signs. All after the zero byte is of fixed length.
fn message(job: JobId, number: u8, act: &EventId) -> Vec<u8> {
    [Namespace::Release.as_str().as_bytes(), &[0], &job.0, &[number], &act.0].concat()
}

#[cfg(test)]
mod tests;
