//! Compartments: keys of their own, for values that are to be forgotten together.

use rusqlite::{Connection, OptionalExtension, params};
use zeroize::Zeroizing;

use super::error::StoreError;
use super::keyring::Keys;
use super::seal::Seal;
use crate::random;

/// A key of its own, for values that are to be forgotten together.
pub struct Compartment {
    pub(super) name: [u8; 32],
    pub(super) seal: Seal,
}

impl Compartment {
    /// The compartment of this hashed name, if there is one.
    pub(super) fn find(
        connection: &Connection,
        keys: &Keys,
        name: [u8; 32],
    ) -> Result<Option<Self>, StoreError> {
        let select = "SELECT key FROM compartment WHERE name = ?1";
        let mut statement = connection.prepare_cached(select)?;
        let sealed: Option<Vec<u8>> = statement.query_row([name], |row| row.get(0)).optional()?;
        let Some(sealed) = sealed else { return Ok(None) };
        let key = keys.unwrap(&name, &sealed)?;
        Ok(Some(Self { name, seal: Seal::new(&key) }))
    }

    /// Makes one, with a new random key.
    pub(super) fn make(
        connection: &Connection,
        keys: &Keys,
        name: [u8; 32],
    ) -> Result<Self, StoreError> {
        let key = random::key()?;
        let sealed = keys.wrap(&name, key.as_ref())?;
        connection.execute(
            "INSERT INTO compartment (name, key) VALUES (?1, ?2)",
            params![name, sealed],
        )?;
        Ok(Self { name, seal: Seal::new(&key) })
    }

    /// Seals a part of the head, so that it is forgotten with the rest of the
    /// compartment.
    ///
    /// # Errors
    /// [`StoreError::Io`] without random bytes.
    pub fn close(&self, part: &[u8]) -> Result<Vec<u8>, StoreError> {
        Ok(self.seal.close(&self.place(), part)?)
    }

    /// Opens what [`close`](Self::close) sealed.
    ///
    /// # Errors
    /// [`StoreError::ValueCorrupt`].
    pub fn open(&self, sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>, StoreError> {
        Ok(self.seal.open(&self.place(), sealed)?)
    }

    fn place(&self) -> Vec<u8> {
        [b"head/1".as_slice(), &self.name].concat()
    }
}

/// Deletes the key of the compartment of this hashed name. What comes back is the key as
/// it was wrapped; none if there is no such compartment.
pub(super) fn delete_key(
    connection: &Connection,
    name: &[u8; 32],
) -> Result<Option<Vec<u8>>, StoreError> {
    let select = "SELECT key FROM compartment WHERE name = ?1";
    let wrapped = connection.query_row(select, [name], |row| row.get(0)).optional()?;
    if wrapped.is_some() {
        connection.execute("DELETE FROM compartment WHERE name = ?1", [name])?;
    }
    Ok(wrapped)
}
