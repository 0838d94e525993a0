//! What the core asks of a platform's key hardware.

use std::time::Duration;

use crewseal_custody::Protection;
use crewseal_custody::signed::{PublicKey, SignedError};
use zeroize::Zeroizing;

/// A device's two public keys.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PublicKeys {
    /// For scans, chain events and background sync.
    pub act: PublicKey,
    /// For handoffs and sign-off: a person is present.
    pub handoff: PublicKey,
}

impl PublicKeys {
    /// The key of this protection.
    #[must_use]
    pub const fn of(&self, protection: Protection) -> &PublicKey {
        match protection {
            Protection::Act => &self.act,
            Protection::Handoff => &self.handoff,
        }
    }
}

/// How far this device's chain has gone in what ever left the phone. Kept
/// outside the database, so that an old database put back is noticed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct Mark {
    /// The generation.
    pub generation: u32,
    /// The last number of it that may have left the phone.
    pub sequence: u64,
}

/// How long a call waits for another that waits for the key hardware or for a person.
pub(crate) const PATIENCE: Duration = Duration::from_secs(10);

/// A platform's key hardware: Android Keystore, Secure Enclave, or
/// [`SoftwareVault`](super::SoftwareVault) on desktops and in tests.
///
/// Calls may block on hardware or on a person; the core makes them from a
/// thread where that is allowed.
pub trait KeyVault: Send + Sync {
    /// The public keys.
    ///
    /// # Errors
    /// [`VaultError`].
    fn public_keys(&self) -> Result<PublicKeys, VaultError>;

    /// Signs with ECDSA P-256 over SHA-256 of the message; r and s, 32 bytes
    /// each, big-endian.
    ///
    /// # Errors
    /// [`VaultError`].
    fn sign(&self, protection: Protection, message: &[u8]) -> Result<[u8; 64], VaultError>;

    /// What the platform says of the two keys, in its own form: the certificate
    /// chain of Android's key attestation, the object of Apple's App Attest. None
    /// where it says nothing.
    ///
    /// # Errors
    /// [`VaultError`].
    fn attestation(&self) -> Result<Option<Vec<u8>>, VaultError>;

    /// Wraps the storage key under the newest wrapping key, so that only this vault
    /// can unwrap it.
    ///
    /// # Errors
    /// [`VaultError`].
    fn wrap(&self, key: &[u8; 32]) -> Result<Vec<u8>, VaultError>;

    /// Unwraps the storage key, whichever of the present wrapping keys wrapped it.
    ///
    /// # Errors
    /// [`VaultError::KeyGone`] if it was none of them, and others.
    fn unwrap(&self, wrapped: &[u8]) -> Result<Zeroizing<[u8; 32]>, VaultError>;

    /// Makes a new wrapping key beside the present one, durably before it returns.
    /// From now on [`wrap`](Self::wrap) uses the new one. While a rotation goes on,
    /// another call changes nothing. It must work even if the present wrapping key
    /// is lost, as after a new fingerprint.
    ///
    /// # Errors
    /// [`VaultError`].
    fn begin_rotation(&self) -> Result<(), VaultError>;

    /// Whether a rotation was begun and is not finished.
    ///
    /// # Errors
    /// [`VaultError`].
    fn is_rotating(&self) -> Result<bool, VaultError>;

    /// Deletes every wrapping key but the newest, durably before it returns: what
    /// another one wrapped cannot be unwrapped any more. Without a rotation that
    /// goes on it changes nothing.
    ///
    /// # Errors
    /// [`VaultError`].
    fn finish_rotation(&self) -> Result<(), VaultError>;

    /// Deletes all keys and the mark, durably before it returns. Whatever is asked
    /// for next is made anew: from now on this is another device.
    ///
    /// # Errors
    /// [`VaultError`].
    fn erase(&self) -> Result<(), VaultError>;

    /// The high-water mark; the lowest if none was ever set.
    ///
    /// # Errors
    /// [`VaultError`].
    fn mark(&self) -> Result<Mark, VaultError>;

    /// Raises the high-water mark, durably before it returns. A mark that is
    /// no higher changes nothing.
    ///
    /// # Errors
    /// [`VaultError`].
    fn raise_mark(&self, mark: Mark) -> Result<(), VaultError>;
}

/// Why the key hardware did not do what it was asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum VaultError {
    /// The phone was not unlocked since its start, or the passphrase is wrong.
    #[error("the keys are locked; unlock the phone")]
    Locked,
    /// The person said no.
    #[error("cancelled by the user")]
    Cancelled,
    /// The keys are gone for good; the device must be enrolled again.
    #[error("the keys are gone; enrol again")]
    KeyGone,
    /// The hardware or its file failed.
    #[error("the key hardware failed; try again later")]
    Hardware,
    /// The hardware returned a signature that is not its own.
    #[error("the key hardware made a signature that does not verify")]
    BadSignature,
}

impl From<SignedError> for VaultError {
    fn from(_: SignedError) -> Self {
        Self::BadSignature
    }
}
