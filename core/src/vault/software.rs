//! A vault in a file, for desktops and tests: everything in it is sealed under
//! a key stretched from a passphrase. A phone uses its hardware instead.

use std::fs;
use std::io;
use std::num::NonZeroU32;
use std::path::{Path, PathBuf};

use minicbor::bytes::ByteVec;
use minicbor::{Decode, Encode};
use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair};
use ring::{pbkdf2, rand};
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

use super::durable;
use super::seal::{Seal, random, random_key};
use super::{KeyVault, Mark, PublicKeys, VaultError};
use crate::cbor::{self, Version};
use crate::custody::Protection;
use crate::signed::PublicKey;

const KEYS_FILE: &str = "vault.keys";
const MARK_FILE: &str = "vault.mark";
const KEYS_PLACE: &[u8] = b"vault.keys/1";
const WRAP_PLACE: &[u8] = b"storage-key/1";

/// More rounds than anybody sets; a damaged file must not hang the app.
const MOST_ROUNDS: u32 = 20_000_000;

/// Rounds of PBKDF2-HMAC-SHA256 that OWASP recommends (2023).
pub const PASSPHRASE_ROUNDS: u32 = 600_000;

/// Device keys in a file, sealed under a passphrase.
pub struct SoftwareVault {
    directory: PathBuf,
    act: EcdsaKeyPair,
    handoff: EcdsaKeyPair,
    wrapping: Seal,
}

#[derive(Encode, Decode)]
#[cbor(map)]
struct KeysFile {
    #[n(0)]
    version: Version<1>,
    #[n(1)]
    #[cbor(with = "minicbor::bytes")]
    salt: [u8; 16],
    #[n(2)]
    rounds: u32,
    #[n(3)]
    sealed: ByteVec,
}

#[derive(Encode, Decode, Zeroize, ZeroizeOnDrop)]
#[cbor(map)]
struct Keys {
    #[n(0)]
    #[cbor(with = "minicbor::bytes")]
    act: Vec<u8>,
    #[n(1)]
    #[cbor(with = "minicbor::bytes")]
    handoff: Vec<u8>,
    #[n(2)]
    #[cbor(with = "minicbor::bytes")]
    wrapping: [u8; 32],
}

#[derive(Encode, Decode)]
#[cbor(map)]
struct MarkFile {
    #[n(0)]
    version: Version<1>,
    #[n(1)]
    generation: u32,
    #[n(2)]
    sequence: u64,
}

impl SoftwareVault {
    /// Opens the vault in a directory; makes one if there is none.
    ///
    /// # Errors
    /// [`VaultError::Locked`] for a wrong passphrase, [`VaultError::Hardware`]
    /// if its files cannot be read or written.
    pub fn open(directory: &Path, passphrase: &str, rounds: u32) -> Result<Self, VaultError> {
        let path = directory.join(KEYS_FILE);
        let keys = match fs::read(&path) {
            Ok(bytes) => Self::unseal(&bytes, passphrase)?,
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                fs::create_dir_all(directory).map_err(|_| VaultError::Hardware)?;
                let keys = Keys::generate()?;
                write_durably(&path, &Self::seal(&keys, passphrase, rounds)?)?;
                keys
            }
            Err(_) => return Err(VaultError::Hardware),
        };
        Ok(Self {
            directory: directory.to_owned(),
            act: key_pair(&keys.act)?,
            handoff: key_pair(&keys.handoff)?,
            wrapping: Seal::new(&keys.wrapping),
        })
    }

    fn seal(keys: &Keys, passphrase: &str, rounds: u32) -> Result<Vec<u8>, VaultError> {
        let salt = random().map_err(|_| VaultError::Hardware)?;
        let key = stretch(passphrase, &salt, rounds)?;
        let plain = Zeroizing::new(cbor::to_vec(keys));
        let sealed = Seal::new(&key).close(KEYS_PLACE, &plain).map_err(|_| VaultError::Hardware)?;
        Ok(cbor::to_vec(&KeysFile { version: Version, salt, rounds, sealed: sealed.into() }))
    }

    fn unseal(bytes: &[u8], passphrase: &str) -> Result<Keys, VaultError> {
        let file: KeysFile =
            cbor::from_versioned::<_, 1>(bytes).map_err(|_| VaultError::KeyGone)?;
        let key = stretch(passphrase, &file.salt, file.rounds)?;
        let plain =
            Seal::new(&key).open(KEYS_PLACE, &file.sealed).map_err(|_| VaultError::Locked)?;
        cbor::from_slice(&plain).map_err(|_| VaultError::KeyGone)
    }

    const fn pair(&self, protection: Protection) -> &EcdsaKeyPair {
        match protection {
            Protection::Act => &self.act,
            Protection::Handoff => &self.handoff,
        }
    }
}

impl KeyVault for SoftwareVault {
    fn public_keys(&self) -> Result<PublicKeys, VaultError> {
        let key = |pair: &EcdsaKeyPair| {
            let bytes = pair.public_key().as_ref();
            bytes.try_into().map(PublicKey).map_err(|_| VaultError::Hardware)
        };
        Ok(PublicKeys { act: key(&self.act)?, handoff: key(&self.handoff)? })
    }

    fn sign(&self, protection: Protection, message: &[u8]) -> Result<[u8; 64], VaultError> {
        let signature = self
            .pair(protection)
            .sign(&SystemRandom::new(), message)
            .map_err(|_| VaultError::Hardware)?;
        signature.as_ref().try_into().map_err(|_| VaultError::Hardware)
    }

    fn wrap(&self, key: &[u8; 32]) -> Result<Vec<u8>, VaultError> {
        self.wrapping.close(WRAP_PLACE, key).map_err(|_| VaultError::Hardware)
    }

    fn unwrap(&self, wrapped: &[u8]) -> Result<Zeroizing<[u8; 32]>, VaultError> {
        let key = self.wrapping.open(WRAP_PLACE, wrapped).map_err(|_| VaultError::KeyGone)?;
        <[u8; 32]>::try_from(key.as_slice()).map(Zeroizing::new).map_err(|_| VaultError::KeyGone)
    }

    fn mark(&self) -> Result<Mark, VaultError> {
        match fs::read(self.directory.join(MARK_FILE)) {
            Ok(bytes) => {
                let file: MarkFile =
                    cbor::from_versioned::<_, 1>(&bytes).map_err(|_| VaultError::Hardware)?;
                Ok(Mark { generation: file.generation, sequence: file.sequence })
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Mark::default()),
            Err(_) => Err(VaultError::Hardware),
        }
    }

    fn raise_mark(&self, mark: Mark) -> Result<(), VaultError> {
        if mark <= self.mark()? {
            return Ok(());
        }
        let Mark { generation, sequence } = mark;
        let bytes = cbor::to_vec(&MarkFile { version: Version, generation, sequence });
        write_durably(&self.directory.join(MARK_FILE), &bytes)
    }
}

impl Keys {
    fn generate() -> Result<Self, VaultError> {
        let pkcs8 = || {
            let random = rand::SystemRandom::new();
            EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &random)
                .map(|document| document.as_ref().to_vec())
                .map_err(|_| VaultError::Hardware)
        };
        let wrapping = random_key().map_err(|_| VaultError::Hardware)?;
        Ok(Self { act: pkcs8()?, handoff: pkcs8()?, wrapping: *wrapping })
    }
}

fn key_pair(pkcs8: &[u8]) -> Result<EcdsaKeyPair, VaultError> {
    EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, pkcs8, &SystemRandom::new())
        .map_err(|_| VaultError::KeyGone)
}

fn stretch(
    passphrase: &str,
    salt: &[u8; 16],
    rounds: u32,
) -> Result<Zeroizing<[u8; 32]>, VaultError> {
    let rounds = NonZeroU32::new(rounds)
        .filter(|rounds| rounds.get() <= MOST_ROUNDS)
        .ok_or(VaultError::KeyGone)?;
    let mut key = Zeroizing::new([0; 32]);
    let passphrase = passphrase.as_bytes();
    pbkdf2::derive(pbkdf2::PBKDF2_HMAC_SHA256, rounds, salt, passphrase, key.as_mut());
    Ok(key)
}

fn write_durably(path: &Path, bytes: &[u8]) -> Result<(), VaultError> {
    durable::write(path, bytes).map_err(|_| VaultError::Hardware)
}
