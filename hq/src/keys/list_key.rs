//! List keys: what signs key lists, and nothing else. Whoever has as many as must sign can
//! replace every key of an HQ, so their files belong where no network is.

use std::fs;
use std::path::Path;

use crewseal_custody::cbor::{self, Version};
use crewseal_custody::signed::PublicKey;
use crewseal_custody::{ListMessage, ListSigned};
use minicbor::bytes::ByteVec;
use minicbor::{Decode, Encode};
use zeroize::Zeroizing;

use super::Signing;
use crate::error::{HqError, KeysError};
use crate::private_file;

/// The name under which the first list key lies beside the database, until it is taken away.
pub(crate) const FILE: &str = "list.key";

/// A list key, ready to sign.
pub struct ListKey(Signing);

/// The key as it lies in its file.
#[derive(Encode, Decode)]
#[cbor(map)]
struct ListKeyFile {
    #[n(0)]
    version: Version<1>,
    /// P-256, PKCS#8.
    #[n(1)]
    key: ByteVec,
}

impl ListKey {
    /// Draws a new one into a file that must not be there yet.
    ///
    /// # Errors
    /// [`HqError::File`] or [`HqError::Keys`].
    pub fn draw(path: &Path) -> Result<Self, HqError> {
        let drawn = Signing::draw()?;
        let key = drawn.pkcs8.to_vec().into();
        let bytes = Zeroizing::new(cbor::to_vec(&ListKeyFile { version: Version, key }));
        private_file::create_with(path, &bytes)?;
        Ok(Self(drawn))
    }

    /// Reads one from its file.
    ///
    /// # Errors
    /// [`HqError::File`] or [`HqError::Keys`].
    pub fn read(path: &Path) -> Result<Self, HqError> {
        private_file::refuse_exposed(path)?;
        let bytes = Zeroizing::new(fs::read(path)?);
        let file: Option<ListKeyFile> = cbor::from_versioned::<_, 1>(&bytes).ok();
        let signing = file.and_then(|file| Signing::read(&file.key));
        Ok(Self(signing.ok_or(KeysError::Unreadable)?))
    }

    /// Its public half.
    #[must_use]
    pub const fn public(&self) -> &PublicKey {
        &self.0.public
    }

    /// Signs a key list, or a restore of the log: whoever does so has looked at what stands in it.
    ///
    /// # Errors
    /// [`HqError::Random`] or [`HqError::KeyList`].
    pub fn sign<T: ListMessage>(&self, message: &mut ListSigned<T>) -> Result<(), HqError> {
        message.sign(self.public(), |bytes| self.0.sign(bytes))
    }
}
