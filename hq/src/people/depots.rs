//! To which depot a device belongs, and what there is of each.

use crewseal_custody::DeviceId;

use crate::depot::Depot;
use crate::error::HqError;
use crate::hq::Hq;
use crate::store::{self, number};

/// A depot, and what belongs to it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DepotSummary {
    /// The depot; none: the common one.
    pub depot: Option<Depot>,
    /// How many devices it has.
    pub devices: u64,
    /// How many rolls were printed for it.
    pub rolls: u64,
}

impl Hq {
    /// Moves a device to another depot, or to the common one: it gets the rolls of that one
    /// with its next news, and no new ones of the depot before. What it has it keeps.
    ///
    /// # Errors
    /// [`HqError::UnknownDevice`], or the database.
    pub fn move_to_depot(&self, device: DeviceId, depot: Option<&Depot>) -> Result<(), HqError> {
        self.store.write(|db| {
            let of_device = (device.0, store::depot_column(depot));
            match db.execute("UPDATE devices SET depot = ?2 WHERE id = ?1", of_device)? {
                0 => Err(HqError::UnknownDevice(device)),
                _ => Ok(()),
            }
        })
    }

    /// The depot of a device; none: the common one.
    ///
    /// # Errors
    /// The database.
    pub fn depot_of(&self, device: &DeviceId) -> Result<Option<Depot>, HqError> {
        self.store.read(|db| store::depot_of(db, device))
    }

    /// All depots that have devices or rolls, the common one first, then by name.
    ///
    /// # Errors
    /// The database.
    pub fn depots(&self) -> Result<Vec<DepotSummary>, HqError> {
        self.store.read(|db| {
            let mut query = db.prepare(
                "SELECT depot, sum(device), sum(roll) FROM (
                     SELECT depot, 1 AS device, 0 AS roll FROM devices
                     UNION ALL SELECT depot, 0, 1 FROM rolls
                 ) GROUP BY depot ORDER BY depot",
            )?;
            let rows = query.query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?;
            rows.map(|row| {
                let (name, devices, rolls) = row?;
                let depot = store::read_depot(name)?;
                Ok(DepotSummary { depot, devices: number(devices), rolls: number(rolls) })
            })
            .collect()
        })
    }
}
