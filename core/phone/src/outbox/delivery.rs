//! The delivery grant in the store: what delivers the queue when this phone's keys are
//! gone, and so lies there in clear.

use crewseal_custody::cbor;
use crewseal_custody::delivery::StoredGrant;
use rusqlite::OptionalExtension;

use crate::vault::{StoreError, Transaction};

/// Puts a grant into the store, in place of an older one.
///
/// # Errors
/// [`StoreError`].
pub fn keep(transaction: &Transaction<'_>, grant: &StoredGrant) -> Result<(), StoreError> {
    let insert = "INSERT OR REPLACE INTO delivery (one, slip) VALUES (1, ?1)";
    transaction.sql().prepare_cached(insert)?.execute([cbor::to_vec(grant)])?;
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
    Ok(bytes.and_then(|bytes| cbor::from_versioned::<_, 1>(&bytes).ok()))
}
