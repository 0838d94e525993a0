//! The store: one SQLite file, one writer, values sealed one by one.
//!
//! Sealing rows instead of the file costs nothing that can be measured against
//! the sync of a commit, and it keeps the outbox, which is sealed to HQ already,
//! readable for salvage when the local key is lost.

use std::fs::{self, File, TryLockError};
use std::io;
use std::path::Path;

use rusqlite::{Connection, OpenFlags, OptionalExtension, params};
use rusqlite_migration::{M, Migrations};
use zeroize::Zeroizing;

use super::seal::{Broken, Lookup, Seal, random_key};
use super::wipe::leaving_no_trace;
use super::{KeyVault, VaultError};

const DATABASE: &str = "crewseal.db";
const LOCK: &str = "crewseal.lock";
const MIGRATIONS: &[M<'static>] =
    &[M::up(include_str!("schema_1.sql")), M::up(include_str!("schema_2.sql"))];

/// Why the store did not do what it was asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum StoreError {
    /// Another process, or this one a second time, has it open.
    #[error("the store is open elsewhere; close it there first")]
    InUse,
    /// Written by a newer version of the app. Nothing was changed.
    #[error("the store is of format {found}, newer than this app knows ({known}); update the app")]
    Newer {
        /// The file's format.
        found: i64,
        /// The newest format that is known here.
        known: i64,
    },
    /// The directory or file cannot be written.
    #[error("the store cannot be written to; check the directory's permissions")]
    ReadOnly,
    /// No space is left.
    #[error("the disk is full; free some space and try again")]
    Full,
    /// The file is damaged, or a value in it was changed or moved.
    #[error("the store is damaged; report it, and do not delete the file")]
    Damaged,
    /// The disk or the system failed.
    #[error("reading or writing failed; try again later")]
    Io,
    /// The keys.
    #[error("{0}")]
    Vault(#[from] VaultError),
}

/// A kind of sealed values.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Drawer(pub &'static str);

/// A key of its own, for values that are to be forgotten together.
pub struct Compartment {
    name: [u8; 32],
    seal: Seal,
}

/// The encrypted store.
pub struct Store {
    connection: Connection,
    keys: Keys,
    // Held for as long as the store is open; the system lets go of it when the
    // process dies. A file of its own, because closing any descriptor of the
    // database would drop SQLite's locks on it.
    _lock: File,
}

struct Keys {
    seal: Seal,
    lookup: Lookup,
}

/// A transaction: all of it becomes durable, or none.
pub struct Transaction<'s> {
    sql: rusqlite::Transaction<'s>,
    keys: &'s Keys,
}

impl Store {
    /// Opens the store in a directory; makes one if there is none.
    ///
    /// # Errors
    /// [`StoreError`]. A store that cannot be opened is left as it was.
    pub fn open(directory: &Path, vault: &dyn KeyVault) -> Result<Self, StoreError> {
        fs::create_dir_all(directory)?;
        let lock = lock(&directory.join(LOCK))?;
        let path = directory.join(DATABASE);
        refuse_stump(&path)?;
        refuse_newer(&path)?;
        let mut connection = Connection::open(&path)?;
        for (pragma, value) in [
            ("journal_mode", "WAL"),
            ("synchronous", "FULL"),
            ("fullfsync", "ON"),
            ("checkpoint_fullfsync", "ON"),
            ("temp_store", "MEMORY"),
            ("secure_delete", "ON"),
            ("foreign_keys", "ON"),
            ("trusted_schema", "OFF"),
        ] {
            connection.pragma_update(None, pragma, value)?;
        }
        Migrations::from_slice(MIGRATIONS).to_latest(&mut connection).map_err(
            |error| match error {
                rusqlite_migration::Error::RusqliteError { err, .. } => err.into(),
                _ => StoreError::Damaged,
            },
        )?;
        let keys =
            leaving_no_trace(|| storage_key(&connection, vault).map(|key| Keys::from(&key)))?;
        Ok(Self { connection, keys, _lock: lock })
    }

    /// Does some work in one transaction, durable when this returns.
    ///
    /// # Errors
    /// What `work` returns, or [`StoreError`]; then nothing was changed.
    pub fn transaction<T, E: From<StoreError>>(
        &mut self,
        work: impl FnOnce(&mut Transaction<'_>) -> Result<T, E>,
    ) -> Result<T, E> {
        let behavior = rusqlite::TransactionBehavior::Immediate;
        let sql = self.connection.transaction_with_behavior(behavior).map_err(StoreError::from)?;
        let mut transaction = Transaction { sql, keys: &self.keys };
        let done = work(&mut transaction)?;
        transaction.sql.commit().map_err(StoreError::from)?;
        Ok(done)
    }
}

impl Transaction<'_> {
    /// Puts a value in a drawer, in place of what was there under this name.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn put(
        &mut self,
        drawer: Drawer,
        name: &[u8],
        compartment: Option<&Compartment>,
        value: &[u8],
    ) -> Result<(), StoreError> {
        let (drawer, name) = self.keys.place(drawer, name);
        let seal = compartment.map_or(&self.keys.seal, |compartment| &compartment.seal);
        let sealed = seal.close(&aad(&drawer, &name), value)?;
        let compartment = compartment.map(|compartment| compartment.name);
        let mut statement = self.sql.prepare_cached(
            "INSERT INTO value (drawer, name, compartment, sealed) VALUES (?1, ?2, ?3, ?4)
             ON CONFLICT (name) DO UPDATE SET compartment = ?3, sealed = ?4",
        )?;
        statement.execute(params![drawer, name, compartment, sealed])?;
        Ok(())
    }

    /// Takes a value away, if there is one.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn remove(&mut self, drawer: Drawer, name: &[u8]) -> Result<(), StoreError> {
        let (_, name) = self.keys.place(drawer, name);
        self.sql.prepare_cached("DELETE FROM value WHERE name = ?1")?.execute([name])?;
        Ok(())
    }

    /// The value under a name, if there is one.
    ///
    /// # Errors
    /// [`StoreError::Damaged`] if it does not open.
    pub fn get(
        &self,
        drawer: Drawer,
        name: &[u8],
    ) -> Result<Option<Zeroizing<Vec<u8>>>, StoreError> {
        let (drawer, name) = self.keys.place(drawer, name);
        let row: Option<(Option<[u8; 32]>, Vec<u8>)> = self
            .sql
            .query_row("SELECT compartment, sealed FROM value WHERE name = ?1", [name], |row| {
                Ok((row.get(0)?, row.get(1)?))
            })
            .optional()?;
        row.map(|(compartment, sealed)| self.open(compartment, &aad(&drawer, &name), &sealed))
            .transpose()
    }

    /// All values of a drawer, in the order in which their names first came.
    ///
    /// # Errors
    /// [`StoreError::Damaged`] if one does not open.
    pub fn all(&self, drawer: Drawer) -> Result<Vec<Zeroizing<Vec<u8>>>, StoreError> {
        let drawer = self.keys.lookup.hash("drawer", drawer.0.as_bytes());
        let mut statement = self.sql.prepare_cached(
            "SELECT name, compartment, sealed FROM value WHERE drawer = ?1 ORDER BY id",
        )?;
        let rows = statement.query_map([drawer], |row| {
            Ok((row.get::<_, [u8; 32]>(0)?, row.get(1)?, row.get::<_, Vec<u8>>(2)?))
        })?;
        rows.map(|row| {
            let (name, compartment, sealed) = row?;
            self.open(compartment, &aad(&drawer, &name), &sealed)
        })
        .collect()
    }

    /// The compartment of this id, made with a new random key if there is none.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn compartment(&mut self, id: &[u8]) -> Result<Compartment, StoreError> {
        leaving_no_trace(|| self.found_or_made(id))
    }

    fn found_or_made(&mut self, id: &[u8]) -> Result<Compartment, StoreError> {
        let name = self.keys.lookup.hash("compartment", id);
        if let Some(seal) = self.compartment_seal(&name)? {
            return Ok(Compartment { name, seal });
        }
        let key = random_key()?;
        let sealed = self.keys.seal.close(&aad(b"compartment", &name), key.as_ref())?;
        self.sql.execute(
            "INSERT INTO compartment (name, key) VALUES (?1, ?2)",
            params![name, sealed],
        )?;
        Ok(Compartment { name, seal: Seal::new(&key) })
    }

    fn compartment_seal(&self, name: &[u8; 32]) -> Result<Option<Seal>, StoreError> {
        let select = "SELECT key FROM compartment WHERE name = ?1";
        let sealed: Option<Vec<u8>> =
            self.sql.query_row(select, [name], |row| row.get(0)).optional()?;
        let Some(sealed) = sealed else { return Ok(None) };
        let key = self.keys.seal.open(&aad(b"compartment", name), &sealed)?;
        let key: &[u8; 32] = key.as_slice().try_into().map_err(|_| StoreError::Damaged)?;
        Ok(Some(Seal::new(key)))
    }

    fn open(
        &self,
        compartment: Option<[u8; 32]>,
        place: &[u8],
        sealed: &[u8],
    ) -> Result<Zeroizing<Vec<u8>>, StoreError> {
        let Some(name) = compartment else { return Ok(self.keys.seal.open(place, sealed)?) };
        let seal = self.compartment_seal(&name)?.ok_or(StoreError::Damaged)?;
        Ok(seal.open(place, sealed)?)
    }

    /// For the outbox, whose rows are sealed already.
    pub(crate) fn sql(&self) -> &rusqlite::Transaction<'_> {
        &self.sql
    }
}

impl Keys {
    fn from(storage_key: &[u8; 32]) -> Self {
        let lookup = Zeroizing::new(Lookup::new(storage_key).hash("lookup key", b""));
        Self { seal: Seal::new(storage_key), lookup: Lookup::new(&lookup) }
    }

    fn place(&self, drawer: Drawer, name: &[u8]) -> ([u8; 32], [u8; 32]) {
        let name = self.lookup.hash(drawer.0, name);
        (self.lookup.hash("drawer", drawer.0.as_bytes()), name)
    }
}

/// What binds a sealed value to its place: table or drawer, name, format.
fn aad(drawer: &[u8], name: &[u8; 32]) -> Vec<u8> {
    [drawer, name, b"/1"].concat()
}

fn lock(path: &Path) -> Result<File, StoreError> {
    let file = File::options().create(true).truncate(false).write(true).open(path)?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(StoreError::InUse),
        Err(TryLockError::Error(error)) => Err(error.into()),
    }
}

/// SQLite takes a file shorter than its smallest page for a new one and would
/// write over what is left. It makes files of no byte or of whole pages.
fn refuse_stump(path: &Path) -> Result<(), StoreError> {
    const SMALLEST_PAGE: u64 = 512;
    match fs::metadata(path) {
        Ok(file) if (1..SMALLEST_PAGE).contains(&file.len()) => Err(StoreError::Damaged),
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error.into()),
        _ => Ok(()),
    }
}

/// Looks at the format before anything is opened for writing.
fn refuse_newer(path: &Path) -> Result<(), StoreError> {
    if !path.exists() {
        return Ok(());
    }
    let connection = Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_ONLY)?;
    let found: i64 = connection.pragma_query_value(None, "user_version", |row| row.get(0))?;
    let known = i64::try_from(MIGRATIONS.len()).unwrap_or(i64::MAX);
    if found > known { Err(StoreError::Newer { found, known }) } else { Ok(()) }
}

fn storage_key(
    connection: &Connection,
    vault: &dyn KeyVault,
) -> Result<Zeroizing<[u8; 32]>, StoreError> {
    let wrapped: Option<Vec<u8>> =
        connection.query_row("SELECT storage_key FROM vault", [], |row| row.get(0)).optional()?;
    if let Some(wrapped) = wrapped {
        return Ok(vault.unwrap(&wrapped)?);
    }
    let key = random_key()?;
    let wrapped = vault.wrap(&key)?;
    connection.execute("INSERT INTO vault (one, storage_key) VALUES (1, ?1)", [wrapped])?;
    Ok(key)
}

impl From<Broken> for StoreError {
    fn from(_: Broken) -> Self {
        Self::Damaged
    }
}

impl From<io::Error> for StoreError {
    fn from(error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => Self::ReadOnly,
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => Self::Full,
            _ => Self::Io,
        }
    }
}

impl From<rusqlite::Error> for StoreError {
    fn from(error: rusqlite::Error) -> Self {
        use rusqlite::ErrorCode;
        match error.sqlite_error_code() {
            Some(ErrorCode::ReadOnly | ErrorCode::CannotOpen | ErrorCode::PermissionDenied) => {
                Self::ReadOnly
            }
            Some(ErrorCode::DiskFull) => Self::Full,
            Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => Self::InUse,
            Some(ErrorCode::NotADatabase | ErrorCode::DatabaseCorrupt) => Self::Damaged,
            Some(ErrorCode::TypeMismatch) | None => Self::Damaged,
            Some(_) => Self::Io,
        }
    }
}
