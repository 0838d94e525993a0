//! The keys of a store: how they hang on each other, and how they are exchanged.
//!
//! The platform's wrapping key wraps the storage key. The storage key wraps the
//! lookup key, the common key and the key of each compartment, and seals nothing
//! else. So a new storage key costs a few short rows, however much is stored.

use rusqlite::{Connection, OptionalExtension, params};
use zeroize::Zeroizing;

use super::database::truncate_log;
use super::error::StoreError;
use super::page_carver::Column;
use super::seal::{Lookup, Seal};
use super::{KeyVault, VaultError};
use crate::random;

const COMMON_PLACE: &[u8] = b"common-key/2";
const LOOKUP_PLACE: &[u8] = b"lookup-key/2";

/// The keys of an open store.
pub(super) struct Keys {
    /// Wraps the other keys and seals no value.
    storage: Seal,
    /// Seals what lies in no compartment.
    pub(super) common: Seal,
    pub(super) lookup: Lookup,
}

/// The keys under the storage key, as they leave it for a moment.
struct Bare {
    common: Zeroizing<[u8; 32]>,
    lookup: Zeroizing<[u8; 32]>,
}

/// The keys as they lie in the store.
struct Wrapped {
    storage: Vec<u8>,
    common: Option<Vec<u8>>,
    lookup: Option<Vec<u8>>,
    has_contents: bool,
}

impl Keys {
    /// The keys of this store; new ones, if it has none yet.
    pub(super) fn open(
        connection: &mut Connection,
        vault: &dyn KeyVault,
    ) -> Result<Self, StoreError> {
        let Some(wrapped) = Wrapped::read(connection)? else {
            return Self::make(connection, vault);
        };
        if wrapped.is_emptied() && !has_values(connection)? {
            finish_emptying(connection, vault)?;
            return Self::make(connection, vault);
        }
        let storage_key = vault.unwrap(&wrapped.storage)?;
        match (&wrapped.common, &wrapped.lookup) {
            (Some(common), Some(lookup)) => Self::unwrapped(&storage_key, common, lookup),
            (None, None) if !wrapped.has_contents => Self::from_format_1(connection, &storage_key),
            _ => Err(StoreError::ValueCorrupt),
        }
    }

    fn unwrapped(storage: &[u8; 32], common: &[u8], lookup: &[u8]) -> Result<Self, StoreError> {
        let storage = Seal::new(storage);
        let bare = Bare {
            common: key(&storage, COMMON_PLACE, common)?,
            lookup: key(&storage, LOOKUP_PLACE, lookup)?,
        };
        Ok(Self::of(storage, &bare))
    }

    fn of(storage: Seal, bare: &Bare) -> Self {
        Self { storage, common: Seal::new(&bare.common), lookup: Lookup::new(&bare.lookup) }
    }

    /// Where something is sealed already, its key was there.
    fn make(connection: &Connection, vault: &dyn KeyVault) -> Result<Self, StoreError> {
        if has_values(connection)? {
            return Err(StoreError::ValueCorrupt);
        }
        let bare = Bare { common: random::key()?, lookup: random::key()? };
        let storage_key = random::key()?;
        let wrapped = vault.wrap(&storage_key)?;
        let storage = Seal::new(&storage_key);
        connection.execute(
            "INSERT INTO vault (one, storage_key, common_key, lookup_key) VALUES (1, ?1, ?2, ?3)",
            params![
                wrapped,
                storage.close(COMMON_PLACE, bare.common.as_ref())?,
                storage.close(LOOKUP_PLACE, bare.lookup.as_ref())?
            ],
        )?;
        Ok(Self::of(storage, &bare))
    }

    /// In format 1 the storage key sealed values itself, and the lookup key was
    /// derived from it. The names stay as they are; the values get the common key.
    fn from_format_1(
        connection: &mut Connection,
        storage_key: &[u8; 32],
    ) -> Result<Self, StoreError> {
        let storage = Seal::new(storage_key);
        let lookup = Zeroizing::new(Lookup::new(storage_key).hash("lookup key", b""));
        let bare = Bare { common: random::key()?, lookup };
        let keys = Self::of(storage, &bare);
        let sql = connection.transaction()?;
        {
            let mut rows = sql.prepare(
                "SELECT id, drawer, name, sealed FROM value WHERE compartment IS NULL ORDER BY id",
            )?;
            let mut rows = rows.query([])?;
            let mut update = sql.prepare("UPDATE value SET sealed = ?2 WHERE id = ?1")?;
            while let Some(row) = rows.next()? {
                let (collection, name): ([u8; 32], [u8; 32]) = (row.get(1)?, row.get(2)?);
                let (place, sealed): (_, Vec<u8>) = (aad(&collection, &name), row.get(3)?);
                // What is damaged stays as it is, and is named when it is read.
                if let Ok(value) = keys.storage.open(&place, &sealed) {
                    let sealed = keys.common.close(&place, &value)?;
                    update.execute(params![row.get::<_, i64>(0)?, sealed])?;
                }
            }
        }
        sql.execute(
            "UPDATE vault SET common_key = ?1, lookup_key = ?2",
            params![
                keys.storage.close(COMMON_PLACE, bare.common.as_ref())?,
                keys.storage.close(LOOKUP_PLACE, bare.lookup.as_ref())?
            ],
        )?;
        sql.commit()?;
        Ok(keys)
    }

    pub(super) fn wrap(&self, compartment: &[u8; 32], key: &[u8]) -> Result<Vec<u8>, StoreError> {
        Ok(self.storage.close(&aad(b"compartment", compartment), key)?)
    }

    pub(super) fn unwrap(
        &self,
        compartment: &[u8; 32],
        wrapped: &[u8],
    ) -> Result<Zeroizing<[u8; 32]>, StoreError> {
        key(&self.storage, &aad(b"compartment", compartment), wrapped)
    }

    /// Wraps all that this storage key wraps under another one.
    pub(super) fn exchange(
        &self,
        connection: &Connection,
        storage_key: &[u8; 32],
        wrapped: &[u8],
    ) -> Result<Self, StoreError> {
        let before = Wrapped::read(connection)?.ok_or(StoreError::ValueCorrupt)?;
        let (Some(common), Some(lookup)) = (before.common, before.lookup) else {
            return Err(StoreError::ValueCorrupt);
        };
        let bare = Bare {
            common: key(&self.storage, COMMON_PLACE, &common)?,
            lookup: key(&self.storage, LOOKUP_PLACE, &lookup)?,
        };
        let fresh = Self::of(Seal::new(storage_key), &bare);
        connection.execute(
            "UPDATE vault SET storage_key = ?1, common_key = ?2, lookup_key = ?3",
            params![
                wrapped,
                fresh.storage.close(COMMON_PLACE, bare.common.as_ref())?,
                fresh.storage.close(LOOKUP_PLACE, bare.lookup.as_ref())?
            ],
        )?;
        let mut rows = connection.prepare("SELECT name, key FROM compartment")?;
        let mut rows = rows.query([])?;
        let mut update = connection.prepare("UPDATE compartment SET key = ?2 WHERE name = ?1")?;
        while let Some(row) = rows.next()? {
            let (name, wrapped): ([u8; 32], Vec<u8>) = (row.get(0)?, row.get(1)?);
            // A damaged wrap opens nothing before or after, and stops nothing.
            if let Ok(key) = self.unwrap(&name, &wrapped) {
                update.execute(params![name, fresh.wrap(&name, key.as_ref())?])?;
            }
        }
        Ok(fresh)
    }
}

impl Wrapped {
    fn read(connection: &Connection) -> Result<Option<Self>, StoreError> {
        let select = "SELECT storage_key, common_key, lookup_key, contents IS NOT NULL FROM vault";
        let row = connection.query_row(select, [], |row| {
            Ok(Self {
                storage: row.get(0)?,
                common: row.get(1)?,
                lookup: row.get(2)?,
                has_contents: row.get(3)?,
            })
        });
        Ok(row.optional()?)
    }

    const fn is_emptied(&self) -> bool {
        self.storage.is_empty()
            && self.common.is_none()
            && self.lookup.is_none()
            && !self.has_contents
    }
}

/// Takes every value, every key and every name from a store, and its keys from the
/// vault, which makes new ones. What lies in other tables stays.
///
/// The emptied keys say that it was begun, so the next opening finishes it.
pub(super) fn empty(connection: &mut Connection, vault: &dyn KeyVault) -> Result<(), StoreError> {
    let sql = connection.transaction()?;
    sql.execute_batch(
        "DELETE FROM value;
         DELETE FROM compartment;
         INSERT INTO vault (one, storage_key) VALUES (1, x'')
         ON CONFLICT DO UPDATE
             SET storage_key = x'', common_key = NULL, lookup_key = NULL, contents = NULL;",
    )?;
    sql.commit()?;
    finish_emptying(connection, vault)
}

fn finish_emptying(connection: &Connection, vault: &dyn KeyVault) -> Result<(), StoreError> {
    truncate_log(connection)?;
    vault.erase()?;
    connection.execute("DELETE FROM vault", [])?;
    Ok(())
}

/// Whether a store has keys, or had them.
pub(super) fn has_keys(connection: &Connection) -> Result<bool, StoreError> {
    Ok(Wrapped::read(connection)?.is_some())
}

/// The storage key as the vault wrapped it; none if the store has none yet.
pub(super) fn wrapped_storage_key(connection: &Connection) -> Result<Option<Vec<u8>>, StoreError> {
    Ok(Wrapped::read(connection)?.map(|wrapped| wrapped.storage))
}

fn has_values(connection: &Connection) -> Result<bool, StoreError> {
    let count = "SELECT (SELECT count(*) FROM value) + (SELECT count(*) FROM compartment)";
    Ok(connection.query_row(count, [], |row| row.get::<_, i64>(0))? > 0)
}

/// Whether the vault opens the keys of a store's row of keys, of which these are the
/// storage key and what follows it.
pub(super) fn opens(
    vault: &dyn KeyVault,
    storage: &[u8],
    rest: &[Column],
) -> Result<bool, StoreError> {
    if storage.is_empty() {
        return Ok(false);
    }
    let storage = match vault.unwrap(storage) {
        Err(VaultError::KeyGone) => return Ok(false),
        storage => storage?,
    };
    Ok(match rest {
        [Column::Blob(common), Column::Blob(lookup), ..] => {
            Keys::unwrapped(&storage, common, lookup).is_ok()
        }
        // As format 1 has it.
        rest => rest.iter().all(|column| matches!(column, Column::Null)),
    })
}

fn key(seal: &Seal, place: &[u8], wrapped: &[u8]) -> Result<Zeroizing<[u8; 32]>, StoreError> {
    let key = seal.open(place, wrapped)?;
    let key: &[u8; 32] = key.as_slice().try_into().map_err(|_| StoreError::ValueCorrupt)?;
    Ok(Zeroizing::new(*key))
}

/// What binds a sealed value to its place: table or collection, name, format.
pub(super) fn aad(collection: &[u8], name: &[u8; 32]) -> Vec<u8> {
    [collection, name, b"/1"].concat()
}
