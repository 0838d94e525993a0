//! Where a damaged store goes, and what is told about it.
//!
//! Nothing is deleted. The files are moved whole into `quarantine/<n>` beside the
//! store, where whoever examines them finds them as they were. A new store is
//! begun, and what is whole in the old files goes into it. All of it may be
//! interrupted anywhere: the next opening goes on from there.
//!
//! | file | what it says |
//! |---|---|
//! | `quarantine/moving/found` | these files are damaged and on their way |
//! | `quarantine/<n>/found` | all of them are here |
//! | `quarantine/<n>/salvaged` | what is whole of them is in the store |

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use crewseal_custody::cbor::{self, Version};
use minicbor::{Decode, Encode};

use super::durable;
use super::files::{DATABASE, LOG};

const QUARANTINE: &str = "quarantine";
const MOVING: &str = "moving";
const FOUND: &str = "found";
const SALVAGED: &str = "salvaged";
/// The database comes last: as long as it is in its place, the move is not over.
const FILES: [&str; 4] = [LOG, "crewseal.db-shm", "crewseal.db-journal", DATABASE];

/// What is wrong with a store.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Encode, Decode)]
#[cbor(index_only)]
pub enum Damage {
    /// The database cannot be read as one.
    #[n(0)]
    Database,
    /// The log is not what was written, and later transactions follow in it.
    #[n(1)]
    Log,
    /// There is no database where there was one: its log is there, or something
    /// has left this phone before.
    #[n(2)]
    Missing,
    /// The vault has lost the key that opens the store, or the store its wrap.
    #[n(3)]
    Key,
    /// Rows are gone, or older ones stand in their place.
    #[n(4)]
    Rows,
}

/// What became of a damaged store. It holds nothing personal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Salvage {
    /// Where its files are now, as they were found.
    pub directory: PathBuf,
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
    /// Whether these are all values, as they were last written, and all of them
    /// open. If not: enrol if the app is not enrolled any more, else fetch.
    pub has_all_values: bool,
}

#[derive(Encode, Decode)]
#[cbor(map)]
struct Found {
    #[n(0)]
    version: Version<1>,
    #[n(1)]
    damage: Damage,
}

/// What of it is in the store. See [`Salvage`].
#[derive(Encode, Decode)]
#[cbor(map)]
pub(super) struct Salvaged {
    #[n(0)]
    pub(super) version: Version<1>,
    #[n(1)]
    pub(super) entries: u64,
    #[n(2)]
    pub(super) without_header: u64,
    #[n(3)]
    pub(super) values: u64,
    #[n(4)]
    pub(super) has_all_values: bool,
}

/// What of the queue's entries was found whole in a damaged store.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Entries {
    /// How many there are.
    pub(crate) whole: u64,
    /// Those of them whose epoch's header was not found.
    pub(crate) without_header: u64,
}

/// A damaged store that was moved away.
pub(super) struct Quarantined {
    directory: PathBuf,
    damage: Damage,
    salvaged: Option<Salvaged>,
}

impl Quarantined {
    pub(super) fn database(&self) -> PathBuf {
        self.directory.join(DATABASE)
    }

    pub(super) fn log(&self) -> PathBuf {
        self.directory.join(LOG)
    }

    pub(super) const fn is_salvaged(&self) -> bool {
        self.salvaged.is_some()
    }

    /// What became of it, once it is salvaged.
    pub(super) fn report(&self) -> Option<Salvage> {
        let salvaged = self.salvaged.as_ref()?;
        Some(Salvage {
            directory: self.directory.clone(),
            damage: self.damage,
            entries: salvaged.entries,
            without_header: salvaged.without_header,
            values: salvaged.values,
            has_all_values: salvaged.has_all_values,
        })
    }

    /// Says durably that what is whole of it is in the store.
    pub(super) fn close(&mut self, salvaged: Salvaged) -> io::Result<()> {
        durable::write(&self.directory.join(SALVAGED), &cbor::to_vec(&salvaged))?;
        self.salvaged = Some(salvaged);
        Ok(())
    }
}

/// Moves a damaged store away.
pub(super) fn quarantine(store: &Path, damage: Damage) -> io::Result<()> {
    let moving = store.join(QUARANTINE).join(MOVING);
    fs::create_dir_all(&moving)?;
    for directory in [store, &store.join(QUARANTINE)] {
        durable::sync_directory(directory)?;
    }
    let found = Found { version: Version, damage };
    durable::write(&moving.join(FOUND), &cbor::to_vec(&found))?;
    finish_moving(store)
}

/// Goes on with a move that was interrupted, if there is one.
pub(super) fn finish_moving(store: &Path) -> io::Result<()> {
    let quarantine = store.join(QUARANTINE);
    let moving = quarantine.join(MOVING);
    if !moving.join(FOUND).try_exists()? {
        return Ok(());
    }
    for file in FILES {
        match durable::rename(&store.join(file), &moving.join(file)) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
    }
    let number = numbers(&quarantine)?.last().map_or(1, |last| last.saturating_add(1));
    durable::rename(&moving, &quarantine.join(number.to_string()))
}

/// All damaged stores that were moved away, the oldest first.
pub(super) fn list(store: &Path) -> io::Result<Vec<Quarantined>> {
    let quarantine = store.join(QUARANTINE);
    let numbers = numbers(&quarantine)?.into_iter();
    numbers
        .map(|number| {
            let directory = quarantine.join(number.to_string());
            // A note that cannot be read keeps nothing from being salvaged.
            let found: Option<Found> = read(&directory.join(FOUND))?;
            let damage = found.map_or(Damage::Database, |found| found.damage);
            let salvaged = read(&directory.join(SALVAGED))?;
            Ok(Quarantined { directory, damage, salvaged })
        })
        .collect()
}

fn numbers(quarantine: &Path) -> io::Result<Vec<u32>> {
    let entries = match fs::read_dir(quarantine) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        entries => entries?,
    };
    let mut numbers = Vec::new();
    for entry in entries {
        numbers.extend(entry?.file_name().to_str().and_then(|name| name.parse::<u32>().ok()));
    }
    numbers.sort_unstable();
    Ok(numbers)
}

fn read<T>(path: &Path) -> io::Result<Option<T>>
where
    T: Encode<()> + for<'b> Decode<'b, ()>,
{
    match fs::read(path) {
        Ok(bytes) => Ok(cbor::from_versioned::<T, 1>(&bytes).ok()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}
