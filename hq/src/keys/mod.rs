//! HQ's keys: what signs, what opens outboxes, and what vouches for the server.
//!
//! The private halves lie in one file beside the database and never in it, so a copy of the
//! database for a report or a backup holds no key. Which of them hold, and until when, the
//! key lists in the database say, which list keys signed that lie elsewhere ([`list_key`]).
//! The server's own key is made anew with its certificate and never touches the disk.

mod authority;
mod list_key;
mod rotation;

use std::fs;
use std::path::Path;
use std::sync::Arc;

use crewseal_custody::cbor::{self, Version};
use crewseal_custody::envelope::{HqKeyId, OpeningKey};
use crewseal_custody::signed::PublicKey;
use crewseal_custody::{HqKeys, KeyUse};
use minicbor::bytes::ByteVec;
use minicbor::{Decode, Encode};
use ring::rand::SystemRandom;
use ring::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair, KeyPair as _,
};
use zeroize::Zeroizing;

use self::authority::Authority;
pub(crate) use self::authority::SERVER_DAYS;
pub use self::list_key::ListKey;
pub use self::rotation::Rotation;
pub(crate) use self::rotation::found;
use crate::error::{HqError, KeysError};
use crate::private_file;
use crate::random::random;

/// The file's name.
pub(crate) const FILE: &str = "hq.keys";

/// HQ's keys ready for use, and what its lists say of them.
pub(crate) struct Keyring {
    pub(crate) private: Keys,
    pub(crate) listed: Arc<HqKeys>,
}

/// The private halves.
pub(crate) struct Keys {
    signing: Vec<Signing>,
    opening: Vec<OpeningKey>,
    authorities: Vec<Authority>,
    log: Vec<LogSigning>,
}

/// A key that signs checkpoints of the log.
struct LogSigning {
    public: [u8; 32],
    pair: Ed25519KeyPair,
    seed: Zeroizing<[u8; 32]>,
}

/// A key that signs.
struct Signing {
    public: PublicKey,
    pair: EcdsaKeyPair,
    pkcs8: Zeroizing<Vec<u8>>,
}

/// The keys as they lie in the file.
#[derive(Encode, Decode)]
#[cbor(map)]
struct KeyFile {
    #[n(0)]
    version: Version<2>,
    /// P-256, PKCS#8.
    #[n(1)]
    signing: Vec<ByteVec>,
    /// X-Wing's seeds.
    #[n(2)]
    opening: Vec<ByteVec>,
    #[n(3)]
    authorities: Vec<AuthorityKey>,
    /// Ed25519's seeds; none in a file from before there was a log.
    #[n(4)]
    #[cbor(skip_if = "Vec::is_empty")]
    log: Vec<ByteVec>,
}

/// An authority's key (P-256, PKCS#8) and certificate (DER).
#[derive(Encode, Decode)]
#[cbor(array)]
struct AuthorityKey {
    #[n(0)]
    key: ByteVec,
    #[n(1)]
    certificate: ByteVec,
}

/// The file of the first format: one key of each kind.
#[derive(Encode, Decode)]
#[cbor(map)]
struct FirstKeyFile {
    #[n(0)]
    version: Version<1>,
    #[n(1)]
    signing: ByteVec,
    #[n(2)]
    opening: ByteVec,
    #[n(3)]
    authority: ByteVec,
    #[n(4)]
    certificate: ByteVec,
}

impl Signing {
    fn draw() -> Result<Self, HqError> {
        let random = SystemRandom::new();
        let pkcs8 = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &random)
            .map_err(|_| KeysError::Generate)?;
        Ok(Self::read(pkcs8.as_ref()).ok_or(KeysError::Generate)?)
    }

    fn read(pkcs8: &[u8]) -> Option<Self> {
        let scheme = &ECDSA_P256_SHA256_FIXED_SIGNING;
        let pair = EcdsaKeyPair::from_pkcs8(scheme, pkcs8, &SystemRandom::new()).ok()?;
        let public = PublicKey(pair.public_key().as_ref().try_into().ok()?);
        Some(Self { public, pair, pkcs8: pkcs8.to_vec().into() })
    }

    /// r and s, 32 bytes each.
    fn sign(&self, bytes: &[u8]) -> Result<[u8; 64], HqError> {
        let signature = self.pair.sign(&SystemRandom::new(), bytes).map_err(|_| HqError::Random)?;
        signature.as_ref().try_into().map_err(|_| HqError::Random)
    }
}

impl LogSigning {
    fn read(seed: &[u8]) -> Option<Self> {
        let seed = Zeroizing::new(<[u8; 32]>::try_from(seed).ok()?);
        let pair = Ed25519KeyPair::from_seed_unchecked(&*seed).ok()?;
        let public = pair.public_key().as_ref().try_into().ok()?;
        Some(Self { public, pair, seed })
    }
}

impl Keys {
    /// New keys, one of each kind and use, in the order of [`KeyUse`]. `now` is in seconds
    /// since 1970-01-01 UTC.
    fn draw(now: u64) -> Result<Self, HqError> {
        let (signing, opening) = (Vec::new(), Vec::new());
        let mut keys = Self { signing, opening, authorities: Vec::new(), log: Vec::new() };
        keys.draw_signing()?;
        keys.draw_signing()?;
        keys.draw_opening()?;
        keys.draw_authority(now)?;
        keys.draw_log()?;
        Ok(keys)
    }

    fn draw_log(&mut self) -> Result<[u8; 32], HqError> {
        let seed = Zeroizing::new(random::<32>()?);
        let drawn = LogSigning::read(&*seed).ok_or(KeysError::Generate)?;
        let public = drawn.public;
        self.log.push(drawn);
        Ok(public)
    }

    fn draw_signing(&mut self) -> Result<PublicKey, HqError> {
        let drawn = Signing::draw()?;
        let public = drawn.public;
        self.signing.push(drawn);
        Ok(public)
    }

    fn draw_opening(&mut self) -> Result<Vec<u8>, HqError> {
        let drawn = OpeningKey::from_bytes(&random::<32>()?).map_err(|_| KeysError::Generate)?;
        let public = drawn.public().to_bytes();
        self.opening.push(drawn);
        Ok(public)
    }

    fn draw_authority(&mut self, now: u64) -> Result<Vec<u8>, HqError> {
        let drawn = Authority::draw(now).ok_or(KeysError::Generate)?;
        let certificate = drawn.certificate().to_vec();
        self.authorities.push(drawn);
        Ok(certificate)
    }

    /// Reads the file, of either format.
    pub(crate) fn read(path: &Path) -> Result<Self, HqError> {
        private_file::refuse_exposed(path)?;
        let bytes = Zeroizing::new(fs::read(path)?);
        Ok(Self::load(&bytes).ok_or(KeysError::Unreadable)?)
    }

    fn load(bytes: &[u8]) -> Option<Self> {
        let file = if cbor::version_of(bytes) == Some(1) {
            let first: FirstKeyFile = cbor::from_slice(bytes).ok()?;
            let (key, certificate) = (first.authority, first.certificate);
            KeyFile {
                version: Version,
                signing: vec![first.signing],
                opening: vec![first.opening],
                authorities: vec![AuthorityKey { key, certificate }],
                log: Vec::new(),
            }
        } else {
            cbor::from_versioned::<KeyFile, 2>(bytes).ok()?
        };
        let authority = |one: &AuthorityKey| Authority::read(&one.key, &one.certificate);
        Some(Self {
            signing: file.signing.iter().map(|one| Signing::read(one)).collect::<Option<_>>()?,
            opening: file
                .opening
                .iter()
                .map(|one| OpeningKey::from_bytes(one).ok())
                .collect::<Option<_>>()?,
            authorities: file.authorities.iter().map(authority).collect::<Option<_>>()?,
            log: file.log.iter().map(|seed| LogSigning::read(seed)).collect::<Option<_>>()?,
        })
    }

    /// Writes the file, in place of the one that may be there: whole or not at all.
    pub(crate) fn write(&self, path: &Path) -> Result<(), HqError> {
        let authority = |one: &Authority| AuthorityKey {
            key: one.key().into(),
            certificate: one.certificate().to_vec().into(),
        };
        let bytes = Zeroizing::new(cbor::to_vec(&KeyFile {
            version: Version,
            signing: self.signing.iter().map(|one| one.pkcs8.to_vec().into()).collect(),
            opening: self.opening.iter().map(|one| one.to_bytes().to_vec().into()).collect(),
            authorities: self.authorities.iter().map(authority).collect(),
            log: self.log.iter().map(|one| one.seed.to_vec().into()).collect(),
        }));
        private_file::replace(path, &bytes)?;
        Ok(())
    }

    /// What signs with this public key, if its private half is here: r and s, 32 bytes each.
    pub(crate) fn sign(&self, key: &PublicKey, bytes: &[u8]) -> Result<[u8; 64], HqError> {
        let signing = self.signing.iter().find(|one| one.public == *key);
        signing.ok_or(KeysError::Gone)?.sign(bytes)
    }

    /// A checkpoint's signature, if the private half of this key is here.
    pub(crate) fn sign_log(&self, key: &[u8; 32], bytes: &[u8]) -> Result<[u8; 64], HqError> {
        let signing = self.log.iter().find(|one| one.public == *key).ok_or(KeysError::Gone)?;
        signing.pair.sign(bytes).as_ref().try_into().map_err(|_| HqError::Random)
    }

    /// What opens the outboxes that were sealed to the key with this id.
    pub(crate) fn opening(&self, id: HqKeyId) -> Option<&OpeningKey> {
        self.opening.iter().find(|key| key.public().id() == id)
    }
}

impl Keyring {
    /// The key by which HQ signs for this use at this time.
    pub(crate) fn signing_key(&self, key_use: KeyUse, now: u64) -> Result<PublicKey, HqError> {
        let listed = self.listed.signing_key(key_use, now).copied();
        Ok(listed.ok_or(KeysError::Ended)?)
    }
}
