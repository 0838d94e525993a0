//! What became of a store that was damaged.

use crewseal::vault;

use crate::CrewError;

/// What became of a damaged store. It holds nothing personal.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct Salvage {
    /// Where its files are now, as they were found.
    pub directory: String,
    /// What was wrong.
    pub damage: Damage,
    /// Entries of the queue that were found whole. They wait again; what HQ has
    /// already it answers as a repeat.
    pub entries: u64,
    /// Those of them whose epoch's header was not found. They are delivered all the
    /// same: HQ may have the header, and refuses them if not.
    pub without_header: u64,
    /// Sealed values that were carried over.
    pub values: u64,
    /// What is to be done now.
    pub next: AfterSalvage,
}

/// What was wrong with a store.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, uniffi::Enum)]
pub enum Damage {
    /// The database could not be read as one.
    Database,
    /// Its log was not what was written.
    Log,
    /// There was no database where there was one.
    Missing,
    /// The key that opens it was lost.
    Key,
    /// Rows were gone, or older ones stood in their place.
    Rows,
}

/// What is to be done after a store was salvaged. Acts that were found whole need
/// nothing: they wait for HQ as before.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, uniffi::Enum)]
pub enum AfterSalvage {
    /// Nothing: everything is there.
    Nothing,
    /// Fetch: jobs or rolls are not all there.
    Fetch,
    /// Enrol: HQ's credential is not there.
    Enrol,
}

impl Salvage {
    /// By whether the device is enrolled now.
    pub(crate) fn of(salvage: &vault::Salvage, is_enrolled: bool) -> Self {
        let next = match (salvage.has_all_values, is_enrolled) {
            (true, _) => AfterSalvage::Nothing,
            (false, true) => AfterSalvage::Fetch,
            (false, false) => AfterSalvage::Enrol,
        };
        Self {
            directory: salvage.directory.to_string_lossy().into_owned(),
            damage: salvage.damage.into(),
            entries: salvage.entries,
            without_header: salvage.without_header,
            values: salvage.values,
            next,
        }
    }

    /// All of a phone's, the oldest first.
    pub(crate) fn all(phone: &crewseal::Crew) -> Result<Vec<Self>, CrewError> {
        let salvages = phone.salvages()?;
        if salvages.is_empty() {
            return Ok(Vec::new());
        }
        let is_enrolled = match phone.is_enrolled() {
            // Nobody is sent to enrol because another call takes long.
            Err(busy @ crewseal::CrewError::KeysBusy) => return Err(busy.into()),
            asked => asked.unwrap_or(false),
        };
        Ok(salvages.iter().map(|salvage| Self::of(salvage, is_enrolled)).collect())
    }
}

impl From<vault::Damage> for Damage {
    fn from(damage: vault::Damage) -> Self {
        match damage {
            vault::Damage::Database => Self::Database,
            vault::Damage::Log => Self::Log,
            vault::Damage::Missing => Self::Missing,
            vault::Damage::Key => Self::Key,
            vault::Damage::Rows => Self::Rows,
        }
    }
}
