//! The delivery grant in the store: what delivers the queue when this phone's keys are
//! gone, and so lies there in clear.

use crewseal_custody::delivery_grant::StoredGrant;
use rusqlite::OptionalExtension;

use crate::vault::{StoreError, Transaction};

/// Puts a grant, by its [`to_bytes`](StoredGrant::to_bytes), into the store, in place of an
/// older one.
///
/// # Errors
/// [`StoreError`].
pub fn keep(transaction: &Transaction<'_>, grant: &[u8]) -> Result<(), StoreError> {
    let insert = "INSERT OR REPLACE INTO delivery (one, slip) VALUES (1, ?1)";
    transaction.sql().prepare_cached(insert)?.execute([grant])?;
    Ok(())
}

/// The grant of this store; none if there is none, or none that can be read.
///
/// # Errors
/// [`StoreError`].
pub fn read(transaction: &Transaction<'_>) -> Result<Option<StoredGrant>, StoreError> {
    let select = "SELECT slip FROM delivery WHERE one = 1";
    let bytes: Option<Vec<u8>> =
        transaction.sql().prepare_cached(select)?.query_row([], |row| row.get(0)).optional()?;
    Ok(bytes.and_then(|bytes| StoredGrant::read(&bytes)))
}
