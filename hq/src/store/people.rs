//! The devices that HQ vouches for, and those that it no longer vouches for.

use crewseal_custody::signed::Signed;
use crewseal_custody::wire::KnownCarrier;
use crewseal_custody::{CarrierId, Credential, DeviceId, HqKeys, Revocations};
use rusqlite::{Connection, OptionalExtension, params};

use super::columns::{column, open_signed};
use crate::error::HqError;

/// The newest credential of a device.
pub(crate) fn credential(
    db: &Connection,
    hq: &HqKeys,
    device: &DeviceId,
) -> Result<Option<Signed<Credential>>, HqError> {
    let bytes: Option<Vec<u8>> = db
        .prepare_cached(
            "SELECT bytes FROM credentials WHERE device = ?1 ORDER BY serial DESC LIMIT 1",
        )?
        .query_row([device.0], |row| row.get(0))
        .optional()?;
    bytes.map(|bytes| open_signed(&bytes, hq, "a credential")).transpose()
}

/// All credentials that HQ ever gave a device, the oldest first.
pub(crate) fn credential_history(
    db: &Connection,
    hq: &HqKeys,
    device: &DeviceId,
) -> Result<Vec<Signed<Credential>>, HqError> {
    let mut query =
        db.prepare_cached("SELECT bytes FROM credentials WHERE device = ?1 ORDER BY serial")?;
    let rows = query.query_map([device.0], |row| row.get::<_, Vec<u8>>(0))?;
    rows.map(|bytes| open_signed(&bytes?, hq, "a credential")).collect()
}

/// Keeps another credential of a device that is here.
pub(crate) fn add_credential(
    db: &Connection,
    credential: &Signed<Credential>,
) -> Result<(), HqError> {
    db.execute(
        "INSERT INTO credentials (device, serial, bytes) VALUES (?1, ?2, ?3)",
        params![credential.device().0, column(credential.serial), credential.as_bytes()],
    )?;
    Ok(())
}

/// A carrier whom HQ knows.
pub(crate) fn carrier(
    db: &Connection,
    carrier: &CarrierId,
) -> Result<Option<KnownCarrier>, HqError> {
    let first: Option<Option<[u8; 16]>> = db
        .prepare_cached("SELECT first FROM carriers WHERE id = ?1")?
        .query_row([carrier.0], |row| row.get(0))
        .optional()?;
    Ok(first.map(|first| KnownCarrier { id: *carrier, first: first.map(DeviceId) }))
}

/// Whether HQ shows a device jobs and rolls at this time, in seconds since 1970-01-01 UTC:
/// not once it is revoked, nor once its credential has ended, until that is renewed.
pub(crate) fn may_see(
    db: &Connection,
    hq: &HqKeys,
    device: &DeviceId,
    now: u64,
) -> Result<bool, HqError> {
    let holds = credential(db, hq, device)?.is_some_and(|known| now < known.valid_to);
    Ok(holds && revoked_since(db, hq, device)?.is_none())
}

/// The newest list of revoked devices; none if no device ever was.
pub(crate) fn revocations(
    db: &Connection,
    hq: &HqKeys,
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
    hq: &HqKeys,
    device: &DeviceId,
) -> Result<Option<u64>, HqError> {
    Ok(revocations(db, hq)?.and_then(|list| list.revoked_since(device)))
}
