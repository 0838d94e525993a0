//! Statistics: how much was delivered, and by whom.

use std::collections::BTreeMap;

use crewseal_custody::DeviceId;
use rusqlite::Connection;

use crate::error::HqError;
use crate::hq::Hq;
use crate::store;

/// How many envelopes HQ took in.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Stats {
    /// All together.
    pub total: Delivered,
    /// By the device that delivered them, its own or another's.
    pub devices: BTreeMap<DeviceId, Delivered>,
}

/// What became of the envelopes that were delivered.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Delivered {
    /// New events, stored.
    pub stored: u64,
    /// Not stored.
    pub refused: u64,
    /// Stored before, and answered with the first receipt.
    pub repeated: u64,
}

impl Hq {
    /// How many envelopes HQ took in.
    ///
    /// # Errors
    /// The database.
    pub fn stats(&self) -> Result<Stats, HqError> {
        self.store.read(|db| {
            let mut query =
                db.prepare("SELECT device, stored, refused, repeated FROM deliveries")?;
            let mut rows = query.query([])?;
            let mut stats = Stats::default();
            while let Some(row) = rows.next()? {
                let number = |at| row.get::<_, i64>(at).map(|n| u64::try_from(n).unwrap_or(0));
                let delivered =
                    Delivered { stored: number(1)?, refused: number(2)?, repeated: number(3)? };
                stats.total.stored += delivered.stored;
                stats.total.refused += delivered.refused;
                stats.total.repeated += delivered.repeated;
                stats.devices.insert(DeviceId(row.get(0)?), delivered);
            }
            Ok(stats)
        })
    }
}

/// Adds what a device delivered.
pub(super) fn count(
    db: &Connection,
    client: &DeviceId,
    delivered: &Delivered,
) -> Result<(), HqError> {
    let column = store::column;
    db.prepare_cached(
        "INSERT INTO deliveries (device, stored, refused, repeated) VALUES (?1, ?2, ?3, ?4)
         ON CONFLICT DO UPDATE SET stored = stored + excluded.stored,
         refused = refused + excluded.refused, repeated = repeated + excluded.repeated",
    )?
    .execute((
        client.0,
        column(delivered.stored),
        column(delivered.refused),
        column(delivered.repeated),
    ))?;
    Ok(())
}
