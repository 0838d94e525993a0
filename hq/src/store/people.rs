//! The devices that HQ vouches for, and those that it no longer vouches for.

use crewseal_custody::signed::{PublicKey, Signed};
use crewseal_custody::{Credential, DeviceId, Revocations};
use rusqlite::{Connection, OptionalExtension};

use super::columns::open_signed;
use crate::error::HqError;

/// The credential of a device.
pub(crate) fn credential(
    db: &Connection,
    hq: &PublicKey,
    device: &DeviceId,
) -> Result<Option<Signed<Credential>>, HqError> {
    let bytes: Option<Vec<u8>> = db
        .prepare_cached("SELECT credential FROM devices WHERE id = ?1")?
        .query_row([device.0], |row| row.get(0))
        .optional()?;
    bytes.map(|bytes| open_signed(&bytes, hq, "a credential")).transpose()
}

/// The newest list of revoked devices; none if no device ever was.
pub(crate) fn revocations(
    db: &Connection,
    hq: &PublicKey,
) -> Result<Option<Signed<Revocations>>, HqError> {
    let bytes: Option<Vec<u8>> = db
        .prepare_cached("SELECT bytes FROM revocations ORDER BY epoch DESC LIMIT 1")?
        .query_row([], |row| row.get(0))
        .optional()?;
    bytes.map(|bytes| open_signed(&bytes, hq, "a list of revoked devices")).transpose()
}

/// Since when a device is revoked; none if it is not.
pub(crate) fn revoked_since(
    db: &Connection,
    hq: &PublicKey,
    device: &DeviceId,
) -> Result<Option<u64>, HqError> {
    Ok(revocations(db, hq)?.and_then(|list| list.revoked_since(device)))
}
