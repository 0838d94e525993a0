//! Epochs: how entries are sealed so that nobody but HQ can open them again.
//!
//! HPKE (RFC 9180) with X-Wing, a hybrid of X25519 and ML-KEM-768, gives each
//! epoch a first key that only HQ can find again. Entry i is sealed under a key
//! derived from k(i), used once, and k(i) is replaced by k(i + 1) at once. So
//! HQ opens any entry alone and in any order, while the phone, which holds only
//! the newest k, opens none that it has sealed. The chain lives in memory only
//! and never goes back: a commit that failed burns an index, a restart opens a
//! new epoch.

use std::fmt;
use std::sync::{Mutex, PoisonError};

use aes_gcm::aead::{Aead, KeyInit, Payload};
use aes_gcm::{Aes256Gcm, Key, Nonce};
use hkdf::Hkdf;
use hpke::aead::AesGcm256;
use hpke::kdf::HkdfSha256;
use hpke::kem::XWing;
use hpke::rand_core::CryptoRng;
use hpke::{Deserializable, Kem, OpModeR, OpModeS, Serializable};
use minicbor::bytes::ByteVec;
use minicbor::{Decode, Encode};
use sha2::Sha256;
use zeroize::{Zeroize, Zeroizing};

use super::{Address, Envelope, EpochId, HqKeyId, MAX_CONTENT, unpad};
use crate::cbor::{self, Version};
use crate::signed::Namespace;
use crate::stack::{with_large_stack_wiped, with_stack_wiped};
use crate::{DeviceId, EventId};

/// How many entries one epoch seals; then a new one begins.
pub const EPOCH_ENTRIES: u16 = 1_024;

const INFO: &[u8] = b"crewseal/outbox/1";
const EXPORT: &[u8] = b"crewseal outbox v1";
const ENTRY: &[u8] = b"entry";
const NEXT: &[u8] = b"next";
/// Every key seals one entry, so the nonce need not differ.
const NONCE: [u8; 12] = [0; 12];

/// What HQ needs to find an epoch's keys. Travels with every batch.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct EpochHeader {
    /// Format version; it stands for the suite X-Wing, HKDF-SHA256,
    /// AES-256-GCM.
    #[n(0)]
    pub version: Version<1>,
    /// To which of HQ's keys.
    #[n(1)]
    #[cbor(with = "minicbor::bytes")]
    hq_key: [u8; 8],
    /// The encapsulated key, 1,120 bytes.
    #[n(2)]
    encapsulated: ByteVec,
}

impl EpochHeader {
    /// The epoch.
    #[must_use]
    pub fn epoch(&self) -> EpochId {
        EpochId::of(&self.encapsulated)
    }

    /// To which of HQ's keys it is sealed.
    #[must_use]
    pub const fn hq_key(&self) -> HqKeyId {
        HqKeyId(self.hq_key)
    }
}

/// HQ's public key for outboxes.
#[derive(Clone)]
pub struct SealingKey {
    key: <XWing as Kem>::PublicKey,
    id: HqKeyId,
}

/// HQ's private key for outboxes.
pub struct OpeningKey {
    key: <XWing as Kem>::PrivateKey,
    public: SealingKey,
}

/// Why an entry could not be sealed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SealError {
    /// HQ's key is not a key.
    #[error("HQ's key cannot be used; enrol again")]
    Key,
    /// The epoch has sealed as much as it may; begin another.
    #[error("the epoch is full")]
    Full,
    /// The content is larger than an entry may be.
    #[error("too large for one entry")]
    TooLarge,
}

/// Why an entry could not be opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum UnsealError {
    /// Sealed to another key of HQ.
    #[error("sealed to another key")]
    OtherKey,
    /// Of another epoch than this header's, or with an index no epoch has.
    #[error("of another epoch")]
    OtherEpoch,
    /// The content or its address was changed.
    #[error("does not open")]
    Altered,
}

impl SealingKey {
    /// Reads the 1,216 bytes of the public key.
    ///
    /// # Errors
    /// [`SealError::Key`].
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, SealError> {
        let key = <XWing as Kem>::PublicKey::from_bytes(bytes).map_err(|_| SealError::Key)?;
        let digest = Namespace::SealingKey.digest(&[bytes]);
        let mut id = [0; 8];
        id.iter_mut().zip(digest.0).for_each(|(to, from)| *to = from);
        Ok(Self { key, id: HqKeyId(id) })
    }

    /// The bytes of the public key.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        self.key.to_bytes().to_vec()
    }

    /// Its id on envelopes.
    #[must_use]
    pub const fn id(&self) -> HqKeyId {
        self.id
    }
}

impl OpeningKey {
    /// Reads the 32 bytes of the private key. 32 random bytes make a new one: they are
    /// X-Wing's seed.
    ///
    /// # Errors
    /// [`SealError::Key`].
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, SealError> {
        let key = <XWing as Kem>::PrivateKey::from_bytes(bytes).map_err(|_| SealError::Key)?;
        let public = XWing::sk_to_pk(&key);
        Ok(Self { key, public: SealingKey::from_bytes(&public.to_bytes())? })
    }

    /// The bytes of the private key: a secret.
    #[must_use]
    pub fn to_bytes(&self) -> Zeroizing<Vec<u8>> {
        Zeroizing::new(self.key.to_bytes().to_vec())
    }

    /// The public key.
    #[must_use]
    pub const fn public(&self) -> &SealingKey {
        &self.public
    }

    /// Finds an epoch's first key again.
    ///
    /// # Errors
    /// [`UnsealError::OtherKey`], or [`UnsealError::Altered`] for a header that
    /// no phone made.
    pub fn epoch(&self, header: &EpochHeader) -> Result<OpenedEpoch, UnsealError> {
        if header.hq_key() != self.public.id {
            return Err(UnsealError::OtherKey);
        }
        let encapsulated = <XWing as Kem>::EncappedKey::from_bytes(&header.encapsulated)
            .map_err(|_| UnsealError::Altered)?;
        let context = hpke::setup_receiver::<AesGcm256, HkdfSha256, XWing>(
            &OpModeR::Base,
            &self.key,
            &encapsulated,
            INFO,
        )
        .map_err(|_| UnsealError::Altered)?;
        let mut key = Zeroizing::new([0; 32]);
        context.export(EXPORT, key.as_mut()).map_err(|_| UnsealError::Altered)?;
        let first = Chain(Box::new(key));
        let reached = Mutex::new((0, first.again()));
        Ok(OpenedEpoch { hq_key: self.public.id, id: header.epoch(), first, reached })
    }
}

/// An epoch as HQ sees it: any entry opens, alone and in any order.
pub struct OpenedEpoch {
    hq_key: HqKeyId,
    id: EpochId,
    first: Chain,
    /// How far the chain was followed for the last entry: the next one mostly comes after it,
    /// and a batch in its order costs a step for each.
    reached: Mutex<(u16, Chain)>,
}

impl OpenedEpoch {
    /// Opens one entry.
    ///
    /// # Errors
    /// [`UnsealError`].
    pub fn open(&self, envelope: &Envelope) -> Result<Zeroizing<Vec<u8>>, UnsealError> {
        let address = envelope.address();
        if address.hq_key != self.hq_key {
            return Err(UnsealError::OtherKey);
        }
        if address.epoch != self.id || address.index >= EPOCH_ENTRIES {
            return Err(UnsealError::OtherEpoch);
        }
        let (aad, sealed) = envelope.parts();
        let cipher = self.cipher(address.index).ok_or(UnsealError::Altered)?;
        let padded = cipher
            .decrypt(&Nonce::from(NONCE), Payload { msg: sealed, aad })
            .map(Zeroizing::new)
            .map_err(|_| UnsealError::Altered)?;
        unpad(&padded).map(|content| Zeroizing::new(content.to_vec())).ok_or(UnsealError::Altered)
    }

    fn cipher(&self, index: u16) -> Option<Aes256Gcm> {
        let (at, chain) = &mut *self.reached.lock().unwrap_or_else(PoisonError::into_inner);
        if *at > index {
            (*at, *chain) = (0, self.first.again());
        }
        while *at < index {
            chain.step()?;
            *at += 1;
        }
        chain.cipher()
    }
}

/// A sealing epoch: in memory only, forward only.
pub struct Epoch {
    header: EpochHeader,
    id: EpochId,
    chain: Chain,
    next: u16,
}

impl Epoch {
    /// Begins an epoch with randomness from a generator. Its header must be stored before
    /// its first entry.
    ///
    /// # Errors
    /// [`SealError::Key`].
    pub fn begin(hq: &SealingKey, random: &mut impl CryptoRng) -> Result<Self, SealError> {
        with_large_stack_wiped(|| Self::encapsulated_to(hq, random))
    }

    fn encapsulated_to(hq: &SealingKey, random: &mut impl CryptoRng) -> Result<Self, SealError> {
        let (encapsulated, context) = hpke::setup_sender_with_rng::<AesGcm256, HkdfSha256, XWing>(
            &OpModeS::Base,
            &hq.key,
            INFO,
            random,
        )
        .map_err(|_| SealError::Key)?;
        let mut key = Zeroizing::new([0; 32]);
        context.export(EXPORT, key.as_mut()).map_err(|_| SealError::Key)?;
        let encapsulated = encapsulated.to_bytes().to_vec();
        Ok(Self {
            id: EpochId::of(&encapsulated),
            header: EpochHeader {
                version: Version,
                hq_key: hq.id.0,
                encapsulated: encapsulated.into(),
            },
            chain: Chain(Box::new(key)),
            next: 0,
        })
    }

    /// The epoch.
    #[must_use]
    pub const fn id(&self) -> EpochId {
        self.id
    }

    /// What HQ needs to open its entries.
    #[must_use]
    pub fn header(&self) -> Vec<u8> {
        cbor::to_vec(&self.header)
    }

    /// How many more entries it can seal.
    #[must_use]
    pub const fn left(&self) -> u16 {
        EPOCH_ENTRIES - self.next
    }

    /// Seals one entry. Whether or not anything comes of it, its index is used
    /// up and nobody here can open it again.
    ///
    /// # Errors
    /// [`SealError::Full`] or [`SealError::TooLarge`].
    pub fn seal(
        &mut self,
        device: DeviceId,
        generation: u32,
        sequence: u64,
        event: EventId,
        content: &[u8],
    ) -> Result<Envelope, SealError> {
        if content.len() >= MAX_CONTENT {
            return Err(SealError::TooLarge);
        }
        if self.left() == 0 {
            return Err(SealError::Full);
        }
        let address = Address {
            hq_key: self.header.hq_key(),
            epoch: self.id,
            index: self.next,
            device,
            generation,
            sequence,
            event,
        };
        // The entry's key and its chain's step are gone when this returns, from
        // the stack, too: before a byte of the entry reaches the disk.
        with_stack_wiped(|| {
            let cipher = self.chain.cipher().ok_or(SealError::Key)?;
            self.chain.step().ok_or(SealError::Key)?;
            self.next += 1;
            Envelope::close(address, content, |aad, padded| {
                cipher.encrypt(&Nonce::from(NONCE), Payload { msg: padded, aad })
            })
            .map_err(|_| SealError::TooLarge)
        })
    }
}

impl fmt::Debug for Epoch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Epoch({:?}, {} sealed)", self.id, self.next)
    }
}

/// One step of an epoch's chain of keys. It stays where it was made, as a value
/// that moves leaves itself behind.
struct Chain(Box<Zeroizing<[u8; 32]>>);

impl Chain {
    /// The same step once more.
    fn again(&self) -> Self {
        Self(self.0.clone())
    }

    /// HKDF-Expand (RFC 5869 section 2.3). It refuses only sizes that do not
    /// occur here; a key that was not derived is never used all the same.
    fn derive(&self, label: &[u8]) -> Option<Zeroizing<[u8; 32]>> {
        let mut key = Zeroizing::new([0; 32]);
        let prk = Hkdf::<Sha256>::from_prk(self.0.as_slice()).ok()?;
        prk.expand(label, key.as_mut()).ok()?;
        Some(key)
    }

    /// Puts the next key in the place of this one.
    fn step(&mut self) -> Option<()> {
        **self.0 = *self.derive(NEXT)?;
        Some(())
    }

    fn cipher(&self) -> Option<Aes256Gcm> {
        let mut key = Key::<Aes256Gcm>::from(*self.derive(ENTRY)?);
        let cipher = Aes256Gcm::new(&key);
        key.zeroize();
        Some(cipher)
    }
}
