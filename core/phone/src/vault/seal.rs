//! Sealing of single values: AES-256-GCM with a random nonce, bound by
//! additional data to the place where the value lies, so that values cannot
//! change places.

use aes_gcm::aead::{Aead, KeyInit, Payload};
use aes_gcm::{Aes256Gcm, Key, Nonce};
use crewseal_custody::stack::with_stack_wiped;
use ring::hmac;
use zeroize::{Zeroize, Zeroizing};

use crate::random;

pub(super) const NONCE_BYTES: usize = 12;

/// Why a value was not sealed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum SealError {
    /// There were no random bytes for a nonce.
    NoRandomBytes,
    /// It is longer than AES-GCM can seal, 64 GiB.
    TooLarge,
}

/// A value was not sealed by this key for this place, or was altered since.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct BadSeal;

impl From<random::Unavailable> for SealError {
    fn from(_: random::Unavailable) -> Self {
        Self::NoRandomBytes
    }
}

/// Seals values under one key. It wipes itself, and lies where it was made, as a
/// value that moves leaves itself behind.
pub(super) struct Seal(Box<Aes256Gcm>);

impl Seal {
    pub(super) fn new(key: &[u8; 32]) -> Self {
        with_stack_wiped(|| {
            let mut key = Key::<Aes256Gcm>::from(*key);
            let cipher = Box::new(Aes256Gcm::new(&key));
            key.zeroize();
            Self(cipher)
        })
    }

    /// Nonce, ciphertext, tag.
    pub(super) fn close(&self, place: &[u8], value: &[u8]) -> Result<Vec<u8>, SealError> {
        let nonce = random::bytes::<NONCE_BYTES>()?;
        let payload = Payload { msg: value, aad: place };
        let sealed = with_stack_wiped(|| self.0.encrypt(&Nonce::from(nonce), payload));
        let sealed = sealed.map_err(|_| SealError::TooLarge)?;
        Ok([nonce.as_slice(), &sealed].concat())
    }

    pub(super) fn open(&self, place: &[u8], sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>, BadSeal> {
        let (nonce, sealed) = sealed.split_first_chunk::<NONCE_BYTES>().ok_or(BadSeal)?;
        let payload = Payload { msg: sealed, aad: place };
        with_stack_wiped(|| self.0.decrypt(&Nonce::from(*nonce), payload))
            .map(Zeroizing::new)
            .map_err(|_| BadSeal)
    }
}

/// Keyed hashes, by which sealed rows are found.
pub(super) struct Lookup(hmac::Key);

impl Lookup {
    pub(super) fn new(key: &[u8; 32]) -> Self {
        with_stack_wiped(|| Self(hmac::Key::new(hmac::HMAC_SHA256, key)))
    }

    pub(super) fn hash(&self, room: &str, name: &[u8]) -> [u8; 32] {
        let mut context = hmac::Context::with_key(&self.0);
        context.update(room.as_bytes());
        context.update(&[0]);
        context.update(name);
        let mut hash = [0; 32];
        hash.copy_from_slice(context.sign().as_ref());
        hash
    }
}
