//! Recovery codes: what a carrier keeps on paper, so that his next phone is his although the
//! one before is lost.
//!
//! His first phone draws the code when it enrols and shows it once. It is the seed of a key
//! of which HQ gets the public half only, and the carrier's id is made of that half and of
//! the phone: nobody, and HQ least of all, can give the same id to another recovery key, or
//! show another phone as his first.

use std::fmt;

use crewseal_label::typed::{CHECK_CHARS, TypedError};
use minicbor::{Decode, Encode};
use ring::signature::{ED25519, Ed25519KeyPair, KeyPair, UnparsedPublicKey};
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

use crate::signed::{Digest, Namespace};
use crate::{CarrierId, DeviceId, paper_code};

/// Characters of the code itself: 128 bits, and two bits over that are zero.
const CODE_CHARS: usize = 26;

/// How many characters a recovery code has.
const RECOVERY_CHARS: usize = CODE_CHARS + CHECK_CHARS;

/// How many characters stand together where a person reads them.
const GROUP_CHARS: usize = 4;

/// The 128 random bits of one recovery code.
///
/// Whoever knows them can vouch for a new device of this carrier, so `Debug` shows nothing
/// of them, and they are wiped when dropped.
#[derive(Clone, PartialEq, Eq, Zeroize, ZeroizeOnDrop, Encode, Decode)]
#[cbor(transparent)]
pub struct RecoveryCode(#[cbor(with = "minicbor::bytes")] [u8; 16]);

impl RecoveryCode {
    /// The code made of these bytes. Only a carrier's first phone makes new ones, from its
    /// random generator.
    #[must_use]
    pub const fn from_bytes(bytes: [u8; 16]) -> Self {
        Self(bytes)
    }

    /// Reads a code, scanned or typed, as forgivingly as a label: spaces, hyphens, lower case
    /// and full-width characters do not matter, O reads as 0, I and L as 1. A slip in one or
    /// two characters is an error, never another code.
    ///
    /// # Errors
    /// [`RecoveryCodeError`], which says what to look at.
    pub fn parse(text: &str) -> Result<Self, RecoveryCodeError> {
        Ok(Self(*paper_code::parse::<16, RECOVERY_CHARS>(text)?))
    }

    /// What the code's QR says: 28 characters of `0-9A-Z`.
    #[must_use]
    pub fn to_text(&self) -> Zeroizing<String> {
        paper_code::text(&self.0, RECOVERY_CHARS)
    }

    /// The text as it is written down: seven groups of four.
    #[must_use]
    pub fn to_grouped(&self) -> Zeroizing<String> {
        paper_code::grouped(&self.to_text(), GROUP_CHARS)
    }

    /// The public half, for HQ.
    #[must_use]
    pub fn key(&self) -> RecoveryKey {
        let mut public = [0; 32];
        public.copy_from_slice(self.key_pair().public_key().as_ref());
        RecoveryKey(public)
    }

    /// The carrier's word for keys with this digest.
    pub(crate) fn sign(&self, keys: &Digest) -> [u8; 64] {
        let signed = self.key_pair().sign(&message(keys));
        let mut signature = [0; 64];
        signature.copy_from_slice(signed.as_ref());
        signature
    }

    fn key_pair(&self) -> Ed25519KeyPair {
        paper_code::key_pair(Namespace::RecoveryKey.digest(&[&self.0]))
    }
}

impl fmt::Debug for RecoveryCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("RecoveryCode(..)")
    }
}

/// Why a text is no recovery code. None of them quotes the text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum RecoveryCodeError {
    /// Some characters were left out or typed twice, or it is another kind of code.
    #[error("a recovery code has 28 characters, this has {characters}; count them again")]
    Length {
        /// How many were given, spaces and hyphens not counted.
        characters: usize,
    },
    /// A character that no recovery code has.
    #[error("character {position} is none that a recovery code has; look at it again")]
    Character {
        /// Which one, from 1, spaces and hyphens not counted.
        position: usize,
    },
    /// The check characters do not fit: one or more characters are wrong.
    #[error("the code was typed wrong; compare it with the paper, character by character")]
    Check,
}

impl From<TypedError> for RecoveryCodeError {
    fn from(error: TypedError) -> Self {
        match error {
            TypedError::Length { characters } => Self::Length { characters },
            TypedError::Character { position } => Self::Character { position },
            TypedError::Check => Self::Check,
        }
    }
}

/// The public half of a recovery code, an Ed25519 key, which HQ keeps.
#[derive(Clone, Copy, PartialEq, Eq, Encode, Decode)]
#[cbor(transparent)]
pub struct RecoveryKey(#[cbor(with = "minicbor::bytes")] pub [u8; 32]);

impl RecoveryKey {
    /// The carrier whose recovery key it is, `first` being his first device, which drew it.
    #[must_use]
    pub fn carrier(&self, first: &DeviceId) -> CarrierId {
        let digest = Namespace::Carrier.digest(&[&self.0, &first.0]);
        CarrierId(digest.0.first_chunk().copied().unwrap_or_default())
    }

    /// Whether `signature` is this key's, over keys with this digest.
    pub(crate) fn vouches(&self, keys: &Digest, signature: &[u8; 64]) -> bool {
        UnparsedPublicKey::new(&ED25519, self.0).verify(&message(keys), signature).is_ok()
    }
}

impl fmt::Debug for RecoveryKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("RecoveryKey(")?;
        self.0.iter().take(4).try_for_each(|byte| write!(f, "{byte:02x}"))?;
        f.write_str(")")
    }
}

/// What a recovery key signs.
fn message(keys: &Digest) -> Vec<u8> {
    [Namespace::Recovery.as_str().as_bytes(), &[0], &keys.0].concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_is_read_as_it_was_written_down() {
        let code = RecoveryCode::from_bytes(std::array::from_fn(|at| u8::try_from(at).unwrap()));
        let text = code.to_text();
        assert_eq!(text.len(), RECOVERY_CHARS);
        let grouped = code.to_grouped();
        assert_eq!(grouped.split('-').count(), 7);
        for written in [text.as_str(), grouped.as_str(), &grouped.to_lowercase()] {
            assert_eq!(RecoveryCode::parse(written), Ok(code.clone()));
        }
        assert_eq!(RecoveryCode::parse(&text).unwrap().key(), code.key());
        assert_eq!(format!("{code:?}"), "RecoveryCode(..)");
    }

    #[test]
    fn a_slip_is_an_error() {
        let code = RecoveryCode::from_bytes([0x5a; 16]);
        let text = code.to_text();
        for at in 0..text.len() {
            let mut slipped = text.to_string();
            let other = if slipped.as_bytes()[at] == b'7' { "8" } else { "7" };
            slipped.replace_range(at..=at, other);
            assert_eq!(RecoveryCode::parse(&slipped), Err(RecoveryCodeError::Check), "{at}");
        }
        let short = RecoveryCodeError::Length { characters: 27 };
        assert_eq!(RecoveryCode::parse(&text[1..]), Err(short));
        let wrong = RecoveryCodeError::Character { position: 1 };
        assert_eq!(RecoveryCode::parse(&format!("!{}", &text[1..])), Err(wrong));
    }

    #[test]
    fn every_code_has_a_key_and_a_carrier_of_its_own() {
        let (one, other) = (RecoveryCode::from_bytes([1; 16]), RecoveryCode::from_bytes([2; 16]));
        assert_ne!(one.key(), other.key());
        let (first, second) = (DeviceId([1; 16]), DeviceId([2; 16]));
        assert_ne!(one.key().carrier(&first), other.key().carrier(&first));
        assert_ne!(one.key().carrier(&first), one.key().carrier(&second));
        let keys = Digest([7; 32]);
        let signature = one.sign(&keys);
        assert!(one.key().vouches(&keys, &signature));
        assert!(!other.key().vouches(&keys, &signature));
        assert!(!one.key().vouches(&Digest([8; 32]), &signature));
    }
}
