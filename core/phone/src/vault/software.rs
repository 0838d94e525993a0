//! A vault in a file, for desktops and tests: everything in it is sealed under
//! a key stretched from a passphrase. A phone uses its hardware instead.

use std::fs;
use std::io;
use std::num::NonZeroU32;
use std::path::{Path, PathBuf};
use std::sync::{PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use crewseal_custody::Protection;
use crewseal_custody::cbor::{self, Version};
use crewseal_custody::signed::PublicKey;
use minicbor::bytes::ByteVec;
use minicbor::{Decode, Encode};
use ring::pbkdf2;
use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair};
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

use super::durable;
use super::seal::Seal;
use super::{KeyVault, Mark, PublicKeys, VaultError};
use crate::random;

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
    lid: Lid,
    hands: RwLock<Hands>,
}

/// What the file of keys is sealed under.
struct Lid {
    salt: [u8; 16],
    rounds: u32,
    seal: Seal,
}

/// The keys, ready to be used.
struct Hands {
    act: EcdsaKeyPair,
    handoff: EcdsaKeyPair,
    wrapping: Seal,
    /// While the wrapping key is exchanged: the one before.
    before: Option<Seal>,
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
    /// While the wrapping key is exchanged: the one before.
    #[n(3)]
    #[cbor(with = "minicbor::bytes")]
    before: Option<[u8; 32]>,
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
        let (lid, keys) = match fs::read(directory.join(KEYS_FILE)) {
            Ok(bytes) => {
                let file = KeysFile::read(&bytes)?;
                let lid = Lid::new(passphrase, file.salt, file.rounds)?;
                let keys = lid.open(&file)?;
                (lid, keys)
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                fs::create_dir_all(directory).map_err(|_| VaultError::Hardware)?;
                let salt = random::bytes().map_err(|_| VaultError::Hardware)?;
                let lid = Lid::new(passphrase, salt, rounds)?;
                let keys = Keys::generate()?;
                lid.write(directory, &keys)?;
                (lid, keys)
            }
            Err(_) => return Err(VaultError::Hardware),
        };
        let hands = RwLock::new(Hands::of(&keys)?);
        Ok(Self { directory: directory.to_owned(), lid, hands })
    }

    /// A panic elsewhere leaves the keys as they were.
    fn hands(&self) -> RwLockReadGuard<'_, Hands> {
        self.hands.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn hands_to_change(&self) -> RwLockWriteGuard<'_, Hands> {
        self.hands.write().unwrap_or_else(PoisonError::into_inner)
    }

    fn kept(&self) -> Result<Keys, VaultError> {
        let bytes = fs::read(self.directory.join(KEYS_FILE)).map_err(|_| VaultError::Hardware)?;
        self.lid.open(&KeysFile::read(&bytes)?)
    }
}

impl Lid {
    fn new(passphrase: &str, salt: [u8; 16], rounds: u32) -> Result<Self, VaultError> {
        let key = stretch(passphrase, &salt, rounds)?;
        Ok(Self { salt, rounds, seal: Seal::new(&key) })
    }

    fn open(&self, file: &KeysFile) -> Result<Keys, VaultError> {
        let plain = self.seal.open(KEYS_PLACE, &file.sealed).map_err(|_| VaultError::Locked)?;
        cbor::from_slice(&plain).map_err(|_| VaultError::KeyGone)
    }

    fn write(&self, directory: &Path, keys: &Keys) -> Result<(), VaultError> {
        let plain = Zeroizing::new(cbor::to_vec(keys));
        let sealed = self.seal.close(KEYS_PLACE, &plain).map_err(|_| VaultError::Hardware)?;
        let (salt, rounds) = (self.salt, self.rounds);
        let file = KeysFile { version: Version, salt, rounds, sealed: sealed.into() };
        write_durably(&directory.join(KEYS_FILE), &cbor::to_vec(&file))
    }
}

impl Hands {
    fn of(keys: &Keys) -> Result<Self, VaultError> {
        Ok(Self {
            act: key_pair(&keys.act)?,
            handoff: key_pair(&keys.handoff)?,
            wrapping: Seal::new(&keys.wrapping),
            before: keys.before.as_ref().map(Seal::new),
        })
    }

    const fn pair(&self, protection: Protection) -> &EcdsaKeyPair {
        match protection {
            Protection::Act => &self.act,
            Protection::Handoff => &self.handoff,
        }
    }
}

impl KeysFile {
    fn read(bytes: &[u8]) -> Result<Self, VaultError> {
        cbor::from_versioned::<_, 1>(bytes).map_err(|_| VaultError::KeyGone)
    }
}

impl KeyVault for SoftwareVault {
    fn public_keys(&self) -> Result<PublicKeys, VaultError> {
        let key = |pair: &EcdsaKeyPair| {
            let bytes = pair.public_key().as_ref();
            bytes.try_into().map(PublicKey).map_err(|_| VaultError::Hardware)
        };
        let hands = self.hands();
        Ok(PublicKeys { act: key(&hands.act)?, handoff: key(&hands.handoff)? })
    }

    fn sign(&self, protection: Protection, message: &[u8]) -> Result<[u8; 64], VaultError> {
        let signature = self
            .hands()
            .pair(protection)
            .sign(&SystemRandom::new(), message)
            .map_err(|_| VaultError::Hardware)?;
        signature.as_ref().try_into().map_err(|_| VaultError::Hardware)
    }

    fn attestation(&self) -> Result<Option<Vec<u8>>, VaultError> {
        Ok(None)
    }

    fn wrap(&self, key: &[u8; 32]) -> Result<Vec<u8>, VaultError> {
        self.hands().wrapping.close(WRAP_PLACE, key).map_err(|_| VaultError::Hardware)
    }

    fn unwrap(&self, wrapped: &[u8]) -> Result<Zeroizing<[u8; 32]>, VaultError> {
        let hands = self.hands();
        let key = [Some(&hands.wrapping), hands.before.as_ref()]
            .into_iter()
            .flatten()
            .find_map(|wrapping| wrapping.open(WRAP_PLACE, wrapped).ok())
            .ok_or(VaultError::KeyGone)?;
        <[u8; 32]>::try_from(key.as_slice()).map(Zeroizing::new).map_err(|_| VaultError::KeyGone)
    }

    fn begin_rotation(&self) -> Result<(), VaultError> {
        let mut hands = self.hands_to_change();
        if hands.before.is_some() {
            return Ok(());
        }
        let mut keys = self.kept()?;
        let fresh = random::key().map_err(|_| VaultError::Hardware)?;
        keys.before = Some(keys.wrapping);
        keys.wrapping = *fresh;
        self.lid.write(&self.directory, &keys)?;
        *hands = Hands::of(&keys)?;
        Ok(())
    }

    fn is_rotating(&self) -> Result<bool, VaultError> {
        Ok(self.hands().before.is_some())
    }

    fn finish_rotation(&self) -> Result<(), VaultError> {
        let mut hands = self.hands_to_change();
        if hands.before.is_none() {
            return Ok(());
        }
        let mut keys = self.kept()?;
        keys.before.zeroize();
        self.lid.write(&self.directory, &keys)?;
        hands.before = None;
        Ok(())
    }

    fn erase(&self) -> Result<(), VaultError> {
        let mut hands = self.hands_to_change();
        // The mark first: with new keys it would be another device's.
        match fs::remove_file(self.directory.join(MARK_FILE)) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                return Err(VaultError::Hardware);
            }
            _ => {}
        }
        let keys = Keys::generate()?;
        self.lid.write(&self.directory, &keys)?;
        *hands = Hands::of(&keys)?;
        Ok(())
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
            let system = SystemRandom::new();
            EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &system)
                .map(|document| document.as_ref().to_vec())
                .map_err(|_| VaultError::Hardware)
        };
        let wrapping = random::key().map_err(|_| VaultError::Hardware)?;
        Ok(Self { act: pkcs8()?, handoff: pkcs8()?, wrapping: *wrapping, before: None })
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
