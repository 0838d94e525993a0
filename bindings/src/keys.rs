//! The platform's key hardware, behind a trait that apps implement, in the forms
//! that Android Keystore and the Secure Enclave speak.

use std::sync::Arc;

use crewseal::vault::{self, VaultError};
pub use crewseal_custody::Protection;
use crewseal_custody::signed::PublicKey;
use zeroize::{Zeroize, Zeroizing};

use crate::reentrancy::PhoneId;

/// A phone's key hardware: two keys of P-256 that never leave it, and a third
/// that wraps the key of the store.
///
/// The core calls it from threads of its own, where it may wait for hardware
/// and for a person. Whatever it throws that is not declared here counts as a
/// failure of the hardware.
#[uniffi::export(foreign)]
pub trait KeyVault: Send + Sync {
    /// The public keys; made, if there are none yet.
    fn public_keys(&self) -> Result<PublicKeys, KeyVaultError>;

    /// Signs with ECDSA over SHA-256 of the message, and returns the signature
    /// in DER: `SHA256withECDSA` of Android,
    /// `ecdsaSignatureMessageX962SHA256` of Apple's Security framework.
    fn sign(&self, protection: Protection, message: Vec<u8>) -> Result<Vec<u8>, KeyVaultError>;

    /// What the platform says of the two keys, in its own form: the certificate
    /// chain of Android's key attestation, the object of Apple's App Attest. None
    /// where it says nothing.
    fn attestation(&self) -> Result<Option<Vec<u8>>, KeyVaultError>;

    /// Wraps the store's key, 32 bytes, under the newest wrapping key, so that only
    /// this vault can unwrap it. Overwrite the array when you are done.
    fn wrap(&self, key: Vec<u8>) -> Result<Vec<u8>, KeyVaultError>;

    /// Unwraps the store's key, whichever of the present wrapping keys wrapped it.
    fn unwrap(&self, wrapped: Vec<u8>) -> Result<Vec<u8>, KeyVaultError>;

    /// Makes a new wrapping key beside the present one, and returns when it would
    /// survive a power cut. From now on `wrap` uses the new one. While a rotation
    /// goes on, another call changes nothing. It must work even if the present
    /// wrapping key was lost, as after a new fingerprint.
    fn begin_rotation(&self) -> Result<(), KeyVaultError>;

    /// Whether a rotation was begun and is not finished.
    fn is_rotating(&self) -> Result<bool, KeyVaultError>;

    /// Deletes every wrapping key but the newest.
    fn finish_rotation(&self) -> Result<(), KeyVaultError>;

    /// Deletes all keys and the high-water mark. Whatever is asked for next is made
    /// anew: from now on this is another device.
    fn erase(&self) -> Result<(), KeyVaultError>;

    /// The high-water mark; none if none was ever set.
    fn mark(&self) -> Result<Option<HighWaterMark>, KeyVaultError>;

    /// Sets the high-water mark, outside of every backup, and returns when it
    /// would survive a power cut.
    fn raise_mark(&self, mark: HighWaterMark) -> Result<(), KeyVaultError>;
}

/// A device's two public keys, each as 65 bytes: 0x04, x, y. They are the last
/// 65 bytes of `PublicKey.encoded` on Android and what
/// `SecKeyCopyExternalRepresentation` gives on Apple's systems.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct PublicKeys {
    /// For scans, chain events and background sync: usable once the phone was
    /// unlocked after its start, without asking anyone.
    pub act: Vec<u8>,
    /// For handoffs and sign-off: a person must be present.
    pub handoff: Vec<u8>,
}

/// Which of the two keys is to sign.
#[uniffi::remote(Enum)]
pub enum Protection {
    /// The act key.
    Act,
    /// The handoff key: ask the person.
    Handoff,
}

/// The name of [`vault::Mark`] in Kotlin and Swift.
pub type HighWaterMark = vault::Mark;

/// How far this device's chain of events has gone in what ever left the phone.
/// An old store put back is noticed by it.
#[uniffi::remote(Record)]
pub struct HighWaterMark {
    /// The generation.
    pub generation: u32,
    /// The last number of it that may have left the phone.
    pub sequence: u64,
}

/// Why the key hardware did not do what it was asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error, uniffi::Error)]
pub enum KeyVaultError {
    /// The phone was not unlocked since its start.
    #[error("the keys are locked")]
    Locked,
    /// The person said no.
    #[error("cancelled by the user")]
    Cancelled,
    /// The keys are gone for good: the device must be enrolled again.
    #[error("the keys are gone")]
    KeyGone,
    /// The hardware failed, this time.
    #[error("the key hardware failed")]
    Hardware,
}

impl From<uniffi::UnexpectedUniFFICallbackError> for KeyVaultError {
    fn from(_: uniffi::UnexpectedUniFFICallbackError) -> Self {
        Self::Hardware
    }
}

impl From<KeyVaultError> for VaultError {
    fn from(error: KeyVaultError) -> Self {
        match error {
            KeyVaultError::Locked => Self::Locked,
            KeyVaultError::Cancelled => Self::Cancelled,
            KeyVaultError::KeyGone => Self::KeyGone,
            KeyVaultError::Hardware => Self::Hardware,
        }
    }
}

/// An app's vault as the core wants it.
pub struct AppVault {
    pub vault: Arc<dyn KeyVault>,
    pub phone: PhoneId,
}

impl AppVault {
    fn ask<T>(
        &self,
        what: impl FnOnce(&dyn KeyVault) -> Result<T, KeyVaultError>,
    ) -> Result<T, VaultError> {
        Ok(self.phone.call(|| what(self.vault.as_ref()))?)
    }
}

impl vault::KeyVault for AppVault {
    fn public_keys(&self) -> Result<vault::PublicKeys, VaultError> {
        let keys = self.ask(|vault| vault.public_keys())?;
        Ok(vault::PublicKeys { act: public_key(&keys.act)?, handoff: public_key(&keys.handoff)? })
    }

    fn sign(&self, protection: Protection, message: &[u8]) -> Result<[u8; 64], VaultError> {
        let der = self.ask(|vault| vault.sign(protection, message.to_vec()))?;
        r_and_s(&der).ok_or(VaultError::BadSignature)
    }

    fn attestation(&self) -> Result<Option<Vec<u8>>, VaultError> {
        self.ask(|vault| vault.attestation())
    }

    fn wrap(&self, key: &[u8; 32]) -> Result<Vec<u8>, VaultError> {
        self.ask(|vault| vault.wrap(key.to_vec()))
    }

    fn unwrap(&self, wrapped: &[u8]) -> Result<Zeroizing<[u8; 32]>, VaultError> {
        let mut key = self.ask(|vault| vault.unwrap(wrapped.to_vec()))?;
        let unwrapped = <[u8; 32]>::try_from(key.as_slice()).map(Zeroizing::new);
        key.zeroize();
        unwrapped.map_err(|_| VaultError::Hardware)
    }

    fn begin_rotation(&self) -> Result<(), VaultError> {
        self.ask(|vault| vault.begin_rotation())
    }

    fn is_rotating(&self) -> Result<bool, VaultError> {
        self.ask(|vault| vault.is_rotating())
    }

    fn finish_rotation(&self) -> Result<(), VaultError> {
        self.ask(|vault| vault.finish_rotation())
    }

    fn erase(&self) -> Result<(), VaultError> {
        self.ask(|vault| vault.erase())
    }

    fn mark(&self) -> Result<HighWaterMark, VaultError> {
        Ok(self.ask(|vault| vault.mark())?.unwrap_or_default())
    }

    fn raise_mark(&self, mark: HighWaterMark) -> Result<(), VaultError> {
        self.ask(|vault| vault.raise_mark(mark))
    }
}

fn public_key(bytes: &[u8]) -> Result<PublicKey, VaultError> {
    bytes.try_into().map(PublicKey).map_err(|_| VaultError::Hardware)
}

/// A P-256 signature in DER as r and s, 32 bytes each. With two numbers of at
/// most 33 bytes every length fits one byte.
fn r_and_s(der: &[u8]) -> Option<[u8; 64]> {
    let (numbers, []) = tagged(0x30, der)? else { return None };
    let (r, rest) = tagged(0x02, numbers)?;
    let (s, []) = tagged(0x02, rest)? else { return None };
    let mut fixed = [0; 64];
    let (left, right) = fixed.split_at_mut(32);
    for (half, number) in [(left, r), (right, s)] {
        let number = number.strip_prefix(&[0]).unwrap_or(number);
        let from = half.len().checked_sub(number.len())?;
        half.get_mut(from..)?.copy_from_slice(number);
    }
    Some(fixed)
}

/// What stands behind a tag and a length of one byte, and what follows it.
fn tagged(tag: u8, der: &[u8]) -> Option<(&[u8], &[u8])> {
    let (found, rest) = der.split_first()?;
    let (length, rest) = rest.split_first()?;
    let length = usize::from(*length);
    (*found == tag && length < 0x80).then(|| rest.split_at_checked(length))?
}

#[cfg(test)]
mod tests {
    use ring::rand::SystemRandom;
    use ring::signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, KeyPair};

    use super::*;

    #[test]
    fn hardware_signatures_hold_in_the_core_however_short_their_numbers() {
        let (scheme, random) = (&ECDSA_P256_SHA256_ASN1_SIGNING, SystemRandom::new());
        let pkcs8 = EcdsaKeyPair::generate_pkcs8(scheme, &random).unwrap();
        let pair = EcdsaKeyPair::from_pkcs8(scheme, pkcs8.as_ref(), &random).unwrap();
        let key = public_key(pair.public_key().as_ref()).unwrap();
        let mut lengths = std::collections::BTreeSet::new();
        for _ in 0..2_000 {
            let der = pair.sign(&random, b"a box").unwrap();
            lengths.insert(der.as_ref().len());
            assert!(key.verifies(b"a box", &r_and_s(der.as_ref()).unwrap()));
        }
        assert!(lengths.len() >= 4, "{lengths:?}");
    }

    #[test]
    fn what_an_app_throws_unforeseen_is_a_failure_of_the_hardware() {
        let unforeseen = uniffi::UnexpectedUniFFICallbackError::new("anything");
        assert_eq!(KeyVaultError::from(unforeseen), KeyVaultError::Hardware);
    }

    #[test]
    fn what_is_no_signature_is_refused() {
        let whole = [&[0x30, 0x06, 0x02, 0x01, 0x01, 0x02, 0x01, 0x02][..], &[0]].concat();
        assert!(r_and_s(&whole[..8]).is_some());
        assert_eq!(r_and_s(&whole), None);
        for length in 0..8 {
            assert_eq!(r_and_s(&whole[..length]), None);
        }
        let long = [&[0x30, 0x26, 0x02, 0x21][..], &[1; 33], &[0x02, 0x01, 0x02]].concat();
        assert_eq!(r_and_s(&long), None);
    }
}
