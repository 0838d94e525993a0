//! How the database of a store is opened: what was interrupted is recovered, what it
//! holds is compared with what it says, and one that is damaged is moved away whole.

use std::io;
use std::path::Path;

use crewseal_custody::stack::with_stack_wiped;
use rusqlite::Connection;

use super::carry_over::carry_over;
use super::contents::{Contents, Stated};
use super::database::{self, is_sound, truncate_log};
use super::error::StoreError;
use super::files::{DATABASE, LOG, is_suspect, length, remove_suspicion, walk_log};
use super::keyring::{self, Keys};
use super::quarantine::{self, Damage};
use super::wal::End;
use super::{KeyVault, Mark, VaultError};

/// How the owner of other tables counts its rows, where that must be compared with the
/// counter before anybody uses the store.
pub(crate) type Recount = fn(&Connection) -> Result<i64, StoreError>;

/// A database that was opened, and what its keys and its contents are.
pub(super) struct Opened {
    pub(super) connection: Connection,
    pub(super) keys: Keys,
    pub(super) contents: Contents,
    /// Whether it holds the values that it should.
    pub(super) has_all_values: bool,
}

/// Why a database was not opened.
enum Unopened {
    Damage(Damage),
    Error(StoreError),
}

/// Opens the database in a directory that is locked. If it is damaged it goes into
/// quarantine, and a new one is begun, which takes over the vault's rows if their key is
/// left.
pub(super) fn open(
    directory: &Path,
    vault: &dyn KeyVault,
    recount: Recount,
) -> Result<Opened, StoreError> {
    quarantine::finish_moving(directory)?;
    let mut opened = Opened::open(directory, vault, recount);
    if matches!(opened, Err(Unopened::Damage(_))) {
        // A disk that misread once must not cost a store.
        opened = Opened::open(directory, vault, recount);
    }
    if let Err(Unopened::Damage(damage)) = opened {
        quarantine::quarantine(directory, damage)?;
        remove_suspicion(directory)?;
        opened = Opened::open(directory, vault, recount);
    }
    opened.map_err(|unopened| match unopened {
        Unopened::Damage(_) => StoreError::DatabaseCorrupt,
        Unopened::Error(error) => error,
    })
}

/// Opens the database of an open store again. The log goes back into it and is begun
/// afresh.
pub(super) fn renew(directory: &Path, keys: &Keys) -> Result<(Connection, Contents), StoreError> {
    if matches!(walk_log(directory)?, End::Corrupt { .. }) {
        return Err(StoreError::DatabaseCorrupt);
    }
    let connection = database::existing(directory)?;
    truncate_log(&connection)?;
    let mut contents = Contents::read(&connection, keys)?;
    let agrees = match Stated::read(&connection, keys) {
        Ok(Some(stated)) => contents.check(stated),
        Ok(None) | Err(StoreError::ValueCorrupt) => false,
        Err(error) => return Err(error),
    };
    if agrees { Ok((connection, contents)) } else { Err(StoreError::DatabaseCorrupt) }
}

impl Opened {
    fn open(directory: &Path, vault: &dyn KeyVault, recount: Recount) -> Result<Self, Unopened> {
        let mut pending = quarantine::list(directory)?;
        pending.retain(|damaged| !damaged.is_salvaged());
        let is_salvaging = !pending.is_empty();
        let mut connection = recover(directory, vault, is_salvaging)?;
        let mut is_newest = true;
        for damaged in pending.iter().rev() {
            is_newest &= carry_over(&mut connection, damaged, vault)?;
        }
        let keys = open_keys(&mut connection, vault)?;
        let mut contents = Contents::read(&connection, &keys)?;
        let stated = match Stated::read(&connection, &keys) {
            Err(StoreError::ValueCorrupt) if is_salvaging => None,
            Err(StoreError::ValueCorrupt) => return Err(Unopened::Damage(Damage::Rows)),
            stated => stated?,
        };
        let was_stated = stated.is_some();
        let mut agrees = stated.is_none_or(|stated| contents.check(stated));
        if is_suspect(directory)? {
            agrees &= !was_stated || recount(&connection)? == contents.counter();
        }
        if !agrees && !is_salvaging {
            return Err(Unopened::Damage(Damage::Rows));
        }
        remove_suspicion(directory)?;
        if is_salvaging || !was_stated {
            let counter = recount(&connection)?;
            contents.state(&connection, &keys, counter)?;
        }
        Ok(Self { connection, keys, contents, has_all_values: agrees && was_stated && is_newest })
    }
}

/// The database in the newest format, unless something is missing or damaged that can be
/// told without the keys.
fn recover(
    directory: &Path,
    vault: &dyn KeyVault,
    is_salvaging: bool,
) -> Result<Connection, Unopened> {
    let end = walk_log(directory)?;
    let is_missing = || -> Result<bool, StoreError> {
        let is_left = length(&directory.join(LOG))? > 0;
        Ok(is_left || (!is_salvaging && vault.mark()? > Mark::default()))
    };
    if length(&directory.join(DATABASE))? == 0 && is_missing()? {
        return Err(Unopened::Damage(Damage::Missing));
    }
    if matches!(end, End::Corrupt { .. }) {
        return Err(Unopened::Damage(Damage::Log));
    }
    let connection = database::newest(directory, end)?;
    if is_suspect(directory)? && !is_sound(&connection)? {
        return Err(Unopened::Damage(Damage::Database));
    }
    Ok(connection)
}

fn open_keys(connection: &mut Connection, vault: &dyn KeyVault) -> Result<Keys, Unopened> {
    let has_keys = keyring::has_keys(connection)?;
    with_stack_wiped(|| Keys::open(connection, vault)).map_err(|error| match error {
        StoreError::ValueCorrupt => Unopened::Damage(Damage::Key),
        StoreError::Vault(VaultError::KeyGone) if has_keys => Unopened::Damage(Damage::Key),
        error => Unopened::Error(error),
    })
}

impl From<StoreError> for Unopened {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::DatabaseCorrupt | StoreError::ValueCorrupt => {
                Self::Damage(Damage::Database)
            }
            error => Self::Error(error),
        }
    }
}

impl From<io::Error> for Unopened {
    fn from(error: io::Error) -> Self {
        StoreError::from(error).into()
    }
}

impl From<rusqlite::Error> for Unopened {
    fn from(error: rusqlite::Error) -> Self {
        StoreError::from(error).into()
    }
}
