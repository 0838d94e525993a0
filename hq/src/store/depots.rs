//! To which depot devices and rolls belong; none: to the common one.

use crewseal_custody::DeviceId;
use rusqlite::{Connection, OptionalExtension};

use crate::depot::Depot;
use crate::error::HqError;

/// As it goes into a column.
pub(crate) fn depot_column(depot: Option<&Depot>) -> Option<&str> {
    depot.map(Depot::name)
}

/// As it comes out of a column.
pub(crate) fn read_depot(name: Option<String>) -> Result<Option<Depot>, HqError> {
    let damaged = |_| HqError::Damaged { what: "a depot's name" };
    name.map(|name| Depot::named(&name)).transpose().map_err(damaged)
}

/// The depot of a device.
pub(crate) fn depot_of(db: &Connection, device: &DeviceId) -> Result<Option<Depot>, HqError> {
    let name = db
        .prepare_cached("SELECT depot FROM devices WHERE id = ?1")?
        .query_row([device.0], |row| row.get(0))
        .optional()?;
    read_depot(name.flatten())
}
