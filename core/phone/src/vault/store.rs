//! The store: one SQLite file, one writer, values sealed one by one.
//!
//! Sealing rows instead of the file costs nothing that can be measured against
//! the sync of a commit, and it keeps the outbox, which is sealed to HQ already,
//! readable for salvage when the local key is lost.
//!
//! A store that is damaged is not repaired: its files are moved away whole, a new
//! store is begun, and what is whole in the old files goes into it. See
//! [`Store::open`] and [`Salvage`].

use std::error::Error;
use std::fs::{self, File, TryLockError};
use std::io::{self, BufReader};
use std::mem;
use std::path::{Path, PathBuf};

use crewseal_custody::stack::leaving_no_trace;
use rusqlite::{Connection, OpenFlags, OptionalExtension, params};
use rusqlite_migration::{M, Migrations};
use zeroize::Zeroizing;

use super::contents::{Change, Contents, Place, Stated};
use super::keyring::{self, Keys, aad};
use super::quarantine::{self, Damage, Quarantined, Salvage};
use super::seal::{Broken, Seal};
use super::wal::{self, End};
use super::wreck::{self, Column, Wreck};
use super::{KeyVault, Mark, VaultError, durable};
use crate::{outbox, random};

pub(super) const DATABASE: &str = "crewseal.db";
pub(super) const LOG: &str = "crewseal.db-wal";
const LOCK: &str = "crewseal.lock";
/// Says by its presence that the database looked damaged while it was open.
const SUSPECT: &str = "crewseal.suspect";
const MIGRATIONS: &[M<'static>] =
    &[M::up(include_str!("schema_1.sql")), M::up(include_str!("schema_2.sql"))];

/// How many statements stay compiled: about all that there are.
const STATEMENTS: usize = 64;

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
    /// A value was changed or moved, or its key is damaged. The others are as they
    /// were; writing the value anew mends it.
    #[error("a value in the store is damaged; fetch it anew")]
    Damaged,
    /// The file is damaged. Nothing is read from it or written to it any more; when
    /// it is opened again, a new one is begun and what is whole goes into it.
    #[error("the store is damaged; close it and open it again, and do not delete anything")]
    Broken,
    /// The disk or the system failed. What was being written is there as a whole or
    /// not at all; read before doing it again.
    #[error("reading or writing failed; try again later")]
    Io,
    /// It was closed, because the app is suspended.
    #[error("the store is closed; open it again first")]
    Closed,
    /// The keys.
    #[error("{0}")]
    Vault(#[from] VaultError),
}

/// A value as it was before it was sealed.
type Value = Zeroizing<Vec<u8>>;

/// A kind of sealed values.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Drawer(pub &'static str);

/// A key of its own, for values that are to be forgotten together.
pub struct Compartment {
    name: [u8; 32],
    seal: Seal,
}

impl Compartment {
    /// Seals a part of the head, so that it is forgotten with the rest of the
    /// compartment.
    ///
    /// # Errors
    /// [`StoreError::Damaged`] without random bytes.
    pub fn close(&self, part: &[u8]) -> Result<Vec<u8>, StoreError> {
        Ok(self.seal.close(&self.place(), part)?)
    }

    /// Opens what [`close`](Self::close) sealed.
    ///
    /// # Errors
    /// [`StoreError::Damaged`].
    pub fn open(&self, sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>, StoreError> {
        Ok(self.seal.open(&self.place(), sealed)?)
    }

    fn place(&self) -> Vec<u8> {
        [b"head/1".as_slice(), &self.name].concat()
    }
}

/// The encrypted store.
pub struct Store {
    connection: Connection,
    keys: Keys,
    contents: Contents,
    directory: PathBuf,
    trouble: Option<Trouble>,
    quarantined: Vec<Quarantined>,
    // Held for as long as the store is open; the system lets go of it when the
    // process dies. A file of its own, because closing any descriptor of the
    // database would drop SQLite's locks on it.
    lock: File,
}

/// What must be done before a store may be used again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Trouble {
    /// Something was perhaps not written: close, open and read again.
    Unsure,
    /// It is damaged, as far as can be told while it is open.
    Broken,
}

/// A database that was opened, and what its keys and its contents are.
struct Opened {
    connection: Connection,
    keys: Keys,
    contents: Contents,
    /// Whether it holds the values that it should.
    has_all_values: bool,
}

/// Why a database was not opened.
enum Unopened {
    Damage(Damage),
    Error(StoreError),
}

/// A transaction: all of it becomes durable, or none.
pub struct Transaction<'s> {
    sql: rusqlite::Transaction<'s>,
    keys: &'s Keys,
    before: &'s Contents,
    change: Change,
}

impl Store {
    /// Opens the store in a directory; makes one if there is none. What was
    /// interrupted, a rotation of keys or the emptying of the store, is finished.
    ///
    /// A store that is damaged, or that the vault can open no more, is moved into
    /// `quarantine` in the same directory, whole. A new one is begun, and takes over
    /// every queued entry that is whole, the headers of their epochs, and, if its key
    /// is left, the sealed values. [`Store::salvages`] tells of it. If this is
    /// interrupted, the next opening finishes it.
    ///
    /// # Errors
    /// [`StoreError`]. Nothing is lost, and nothing was changed unless a salvage had
    /// begun.
    pub fn open(directory: &Path, vault: &dyn KeyVault) -> Result<Self, StoreError> {
        fs::create_dir_all(directory)?;
        let lock = lock(&directory.join(LOCK))?;
        Self::open_locked(directory, lock, vault)
    }

    fn open_locked(directory: &Path, lock: File, vault: &dyn KeyVault) -> Result<Self, StoreError> {
        quarantine::finish_moving(directory)?;
        let mut opened = Opened::open(directory, vault);
        if matches!(opened, Err(Unopened::Damage(_))) {
            // A disk that misread once must not cost a store.
            opened = Opened::open(directory, vault);
        }
        if let Err(Unopened::Damage(damage)) = opened {
            quarantine::quarantine(directory, damage)?;
            remove_suspicion(directory)?;
            opened = Opened::open(directory, vault);
        }
        let opened = opened.map_err(|unopened| match unopened {
            Unopened::Damage(_) => StoreError::Broken,
            Unopened::Error(error) => error,
        })?;
        let mut store = Self {
            connection: opened.connection,
            keys: opened.keys,
            contents: opened.contents,
            directory: directory.to_owned(),
            trouble: None,
            quarantined: quarantine::list(directory)?,
            lock,
        };
        store.salvage(opened.has_all_values)?;
        store.finish_rotation(vault)?;
        Ok(store)
    }

    /// Takes everything from a closed store but the queue, which is sealed to HQ and
    /// stays deliverable, and lets the vault forget its keys: from now on this is
    /// another device. It asks for no key, so it also helps where those are lost.
    ///
    /// It may be interrupted anywhere: once it was begun, the next opening finishes
    /// it.
    ///
    /// # Errors
    /// [`StoreError::Broken`] if it is damaged: open it first, which salvages the
    /// queue. Others as everywhere.
    pub fn empty(directory: &Path, vault: &dyn KeyVault) -> Result<(), StoreError> {
        fs::create_dir_all(directory)?;
        let _lock = lock(&directory.join(LOCK))?;
        quarantine::finish_moving(directory)?;
        let end = walk_log(directory)?;
        if matches!(end, End::Broken { .. }) {
            return Err(StoreError::Broken);
        }
        keyring::empty(&mut newest(directory, end)?, vault)
    }

    /// Puts what is whole of damaged stores into this one. The values are there
    /// already.
    fn salvage(&mut self, has_all_values: bool) -> Result<(), StoreError> {
        let mut quarantined = mem::take(&mut self.quarantined);
        // The newest first: it knows best which act has which number.
        for wreck in quarantined.iter_mut().rev().filter(|wreck| !wreck.is_salvaged()) {
            let mut files = Wreck::open(&wreck.database(), &wreck.log())?;
            let entries = outbox::salvage::salvage(self, &mut files)?;
            let (whole, damaged) = self.transaction(|t| t.try_values())?;
            let values = u64::try_from(whole).unwrap_or(u64::MAX);
            wreck.close(entries, (values, has_all_values && damaged == 0))?;
        }
        self.quarantined = quarantined;
        Ok(())
    }

    /// The head, as it was committed last; see [`Transaction::head`].
    #[must_use]
    pub fn head(&self) -> Option<&[u8]> {
        self.contents.head()
    }

    /// What became of stores that were damaged, the oldest first.
    pub fn salvages(&self) -> impl Iterator<Item = Salvage> {
        self.quarantined.iter().filter_map(Quarantined::report)
    }

    /// Whether the file turned out damaged while it was open.
    #[must_use]
    pub fn is_broken(&self) -> bool {
        self.trouble == Some(Trouble::Broken)
    }

    /// Closes the store and opens it again, salvaged if it is damaged.
    ///
    /// # Errors
    /// [`StoreError`]; it can be tried again.
    pub fn reopen(&mut self, vault: &dyn KeyVault) -> Result<(), StoreError> {
        let lock = self.lock.try_clone()?;
        self.trouble = Some(Trouble::Broken);
        self.close()?;
        *self = Self::open_locked(&self.directory.clone(), lock, vault)?;
        Ok(())
    }

    /// Does some work in one transaction, durable when this returns.
    ///
    /// If the commit fails, nobody can say what of it is on the disk. So before
    /// anything else is done, the database is opened again and read.
    ///
    /// # Errors
    /// What `work` returns, or [`StoreError`]; then nothing was changed, or, after
    /// [`StoreError::Io`], perhaps all of it.
    pub fn transaction<T, E: From<StoreError> + Error + 'static>(
        &mut self,
        work: impl FnOnce(&mut Transaction<'_>) -> Result<T, E>,
    ) -> Result<T, E> {
        self.settle()?;
        let done = self.attempt(work);
        if let Err(error) = &done {
            self.suspect(store_error(error));
        }
        done
    }

    fn attempt<T, E: From<StoreError>>(
        &mut self,
        work: impl FnOnce(&mut Transaction<'_>) -> Result<T, E>,
    ) -> Result<T, E> {
        let behavior = rusqlite::TransactionBehavior::Immediate;
        let sql = self.connection.transaction_with_behavior(behavior).map_err(StoreError::from)?;
        let (keys, before) = (&self.keys, &self.contents);
        let mut transaction = Transaction { sql, keys, before, change: before.change() };
        let done = work(&mut transaction)?;
        let change = transaction.commit()?;
        self.contents.apply(change);
        Ok(done)
    }

    /// Makes sure that what is read is what is on the disk.
    pub(super) fn settle(&mut self) -> Result<(), StoreError> {
        match self.trouble {
            Some(Trouble::Broken) => Err(StoreError::Broken),
            Some(Trouble::Unsure) => self.renew(),
            None => Ok(()),
        }
    }

    pub(super) fn truncate_log(&mut self) -> Result<(), StoreError> {
        let truncated = truncate_log(&self.connection);
        if let Err(error) = truncated {
            self.suspect(Some(error));
        }
        truncated
    }

    /// Refuses all work until it is opened again.
    pub(crate) const fn distrust(&mut self) {
        self.trouble = Some(Trouble::Broken);
    }

    pub(super) const fn connection(&self) -> &Connection {
        &self.connection
    }

    pub(super) fn directory(&self) -> &Path {
        &self.directory
    }

    pub(super) fn set_keys(&mut self, keys: Keys) {
        self.keys = keys;
    }

    /// Draws the conclusions from an error.
    fn suspect(&mut self, error: Option<StoreError>) {
        match error {
            Some(StoreError::Broken) => {
                self.trouble = Some(Trouble::Broken);
                // If it cannot be written, the next opening finds out by itself.
                let _ = File::create(self.directory.join(SUSPECT));
            }
            Some(StoreError::Io | StoreError::Full | StoreError::ReadOnly) => {
                self.trouble = Some(Trouble::Unsure);
            }
            _ => {}
        }
    }

    /// Closes the database and opens it again. The log goes back into the database
    /// and is begun afresh, so that nothing is left in it that was perhaps not
    /// written, and what is written again is written to other places.
    fn renew(&mut self) -> Result<(), StoreError> {
        self.close()?;
        let renewed = renew(&self.directory, &self.keys);
        if let Err(error) = &renewed {
            self.suspect(Some(*error));
        }
        (self.connection, self.contents) = renewed?;
        self.trouble = None;
        Ok(())
    }

    /// An empty database in memory stands in for the one that is closed.
    fn close(&mut self) -> Result<(), StoreError> {
        self.connection = Connection::open_in_memory()?;
        Ok(())
    }
}

/// What an error says of the store, if it comes from there.
fn store_error(error: &(dyn Error + 'static)) -> Option<StoreError> {
    let mut error = Some(error);
    while let Some(one) = error {
        if let Some(found) = one.downcast_ref() {
            return Some(*found);
        }
        error = one.source();
    }
    None
}

impl Opened {
    fn open(directory: &Path, vault: &dyn KeyVault) -> Result<Self, Unopened> {
        let path = directory.join(DATABASE);
        let quarantined = quarantine::list(directory)?;
        let is_salvaging = quarantined.iter().any(|wreck| !wreck.is_salvaged());
        let end = walk_log(directory)?;
        let is_missing = || -> Result<bool, StoreError> {
            let is_left = length(&directory.join(LOG))? > 0;
            Ok(is_left || (!is_salvaging && vault.mark()? > Mark::default()))
        };
        if length(&path)? == 0 && is_missing()? {
            return Err(Unopened::Damage(Damage::Missing));
        }
        if matches!(end, End::Broken { .. }) {
            return Err(Unopened::Damage(Damage::Log));
        }
        let mut connection = newest(directory, end)?;
        if is_suspect(directory)? && !is_sound(&connection)? {
            return Err(Unopened::Damage(Damage::Database));
        }
        let mut is_newest = true;
        for wreck in quarantined.iter().rev().filter(|wreck| !wreck.is_salvaged()) {
            is_newest &= carry_over(&mut connection, wreck, vault)?;
        }
        let has_keys = keyring::has_keys(&connection)?;
        let keys =
            leaving_no_trace(|| Keys::open(&mut connection, vault)).map_err(
                |error| match error {
                    StoreError::Damaged => Unopened::Damage(Damage::Key),
                    StoreError::Vault(VaultError::KeyGone) if has_keys => {
                        Unopened::Damage(Damage::Key)
                    }
                    error => Unopened::Error(error),
                },
            )?;
        let mut contents = Contents::read(&connection, &keys)?;
        let stated = match Stated::read(&connection, &keys) {
            Err(StoreError::Damaged) if is_salvaging => None,
            Err(StoreError::Damaged) => return Err(Unopened::Damage(Damage::Rows)),
            stated => stated?,
        };
        let was_stated = stated.is_some();
        let mut agrees = stated.is_none_or(|stated| contents.check(stated));
        if is_suspect(directory)? {
            agrees &= !was_stated || Contents::count_queue(&connection)? == contents.queued();
        }
        if !agrees && !is_salvaging {
            return Err(Unopened::Damage(Damage::Rows));
        }
        remove_suspicion(directory)?;
        if is_salvaging || !was_stated {
            let queued = Contents::count_queue(&connection)?;
            contents.state(&connection, &keys, queued)?;
        }
        Ok(Self { connection, keys, contents, has_all_values: agrees && was_stated && is_newest })
    }
}

fn renew(directory: &Path, keys: &Keys) -> Result<(Connection, Contents), StoreError> {
    if matches!(walk_log(directory)?, End::Broken { .. }) {
        return Err(StoreError::Broken);
    }
    let path = directory.join(DATABASE);
    let connection =
        connect(Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_WRITE)?)?;
    truncate_log(&connection)?;
    let mut contents = Contents::read(&connection, keys)?;
    let agrees = match Stated::read(&connection, keys) {
        Ok(Some(stated)) => contents.check(stated),
        Ok(None) | Err(StoreError::Damaged) => false,
        Err(error) => return Err(error),
    };
    if agrees { Ok((connection, contents)) } else { Err(StoreError::Broken) }
}

/// The database in the newest format, whose log ends like this.
fn newest(directory: &Path, end: End) -> Result<Connection, StoreError> {
    let path = directory.join(DATABASE);
    if length(&path)? > 0 {
        refuse_stump(&path)?;
        refuse_newer(&path)?;
    }
    let mut connection = connect(Connection::open(&path)?)?;
    if end == End::Torn {
        truncate_log(&connection)?;
    }
    Migrations::from_slice(MIGRATIONS).to_latest(&mut connection).map_err(|error| match error {
        rusqlite_migration::Error::RusqliteError { err, .. } => err.into(),
        _ => StoreError::Broken,
    })?;
    Ok(connection)
}

fn connect(connection: Connection) -> Result<Connection, StoreError> {
    for (pragma, value) in [
        // There is one writer and no reader beside it, and the lock file sees to that:
        // so there is nothing to lock from one transaction to the next.
        ("locking_mode", "EXCLUSIVE"),
        ("journal_mode", "WAL"),
        ("synchronous", "FULL"),
        ("fullfsync", "ON"),
        ("checkpoint_fullfsync", "ON"),
        ("temp_store", "MEMORY"),
        ("secure_delete", "ON"),
        ("foreign_keys", "ON"),
        ("trusted_schema", "OFF"),
        // What is not committed is not written: so whatever is in the log was, or is
        // its last transaction.
        ("cache_spill", "OFF"),
    ] {
        connection.pragma_update(None, pragma, value)?;
    }
    connection.set_prepared_statement_cache_capacity(STATEMENTS);
    Ok(connection)
}

/// Writes the log back into the database and leaves it empty, so that no older page
/// stays in it.
pub(super) fn truncate_log(connection: &Connection) -> Result<(), StoreError> {
    let is_busy: bool =
        connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |row| row.get(0))?;
    if is_busy { Err(StoreError::InUse) } else { Ok(()) }
}

fn walk_log(directory: &Path) -> Result<End, StoreError> {
    match File::open(directory.join(LOG)) {
        Ok(log) if log.metadata()?.len() > 0 => Ok(wal::walk(BufReader::new(log))?.end),
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error.into()),
        _ => Ok(End::Whole),
    }
}

fn is_sound(connection: &Connection) -> Result<bool, StoreError> {
    let check: String = connection.query_row("PRAGMA integrity_check(1)", [], |row| row.get(0))?;
    Ok(check == "ok")
}

fn is_suspect(directory: &Path) -> Result<bool, StoreError> {
    Ok(directory.join(SUSPECT).try_exists()?)
}

fn remove_suspicion(directory: &Path) -> Result<(), StoreError> {
    match fs::remove_file(directory.join(SUSPECT)) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error.into()),
        Err(_) => Ok(()),
        Ok(()) => Ok(durable::sync_directory(directory)?),
    }
}

/// Takes the key's wrap and all sealed rows of a damaged store as they are, if this
/// one has no key yet and the vault still unwraps that one. Says whether the last state
/// of every page is whole: if not, an older value may be among them.
fn carry_over(
    connection: &mut Connection,
    wreck: &Quarantined,
    vault: &dyn KeyVault,
) -> Result<bool, StoreError> {
    let mut wreck = Wreck::open(&wreck.database(), &wreck.log())?;
    let before_damage = wreck.before_damage();
    let is_newest = before_damage.is_empty();
    let has_key = "SELECT count(*) FROM vault";
    if connection.query_row(has_key, [], |row| row.get::<_, i64>(0))? > 0 {
        return Ok(is_newest);
    }
    let images = [wreck.present(), before_damage].concat();
    let columns = columns_of(connection, "vault")?;
    let of_compartment = columns_of(connection, "compartment")?;
    let of_value = columns_of(connection, "value")?;
    let sql = connection.transaction()?;
    for image in &images {
        for row in wreck.rows(*image) {
            // Others of this number look alike; no vault unwraps what they hold.
            let (1, [_, Column::Blob(storage), rest @ ..]) = (row.number, row.columns.as_slice())
            else {
                continue;
            };
            if row.columns.len() <= columns.len() && keyring::open(vault, storage, rest)? {
                insert(&sql, "vault", &columns, &row)?;
            }
        }
    }
    if sql.query_row(has_key, [], |row| row.get::<_, i64>(0))? > 0 {
        for image in &images {
            for row in wreck.rows(*image) {
                match row.columns.as_slice() {
                    // The headers of epochs have shorter names.
                    [Column::Blob(name), Column::Blob(_)] if name.len() == 32 => {
                        insert(&sql, "compartment", &of_compartment, &row)?;
                    }
                    [_, Column::Blob(drawer), Column::Blob(name), compartment, Column::Blob(_)]
                        if drawer.len() == 32 && name.len() == 32 && compartment.is_name() =>
                    {
                        insert(&sql, "value", &of_value, &row)?;
                    }
                    _ => {}
                }
            }
        }
    }
    sql.commit()?;
    Ok(is_newest)
}

fn columns_of(sql: &Connection, table: &str) -> Result<Vec<String>, StoreError> {
    let select = sql.prepare(&format!("SELECT * FROM {table}"))?;
    Ok(select.column_names().into_iter().map(str::to_owned).collect())
}

/// Puts a row in as it was; where there is one, that one stays. A row that was
/// written before a column was added ends before that column.
fn insert(
    sql: &Connection,
    table: &str,
    columns: &[String],
    row: &wreck::Row,
) -> Result<(), StoreError> {
    let columns: Vec<&str> = columns.iter().take(row.columns.len()).map(String::as_str).collect();
    let insert = format!(
        "INSERT OR IGNORE INTO {table} ({}) VALUES ({})",
        columns.join(", "),
        vec!["?"; columns.len()].join(", ")
    );
    // A column that is the row's number lies in the file as null.
    let number = Column::Integer(row.number);
    let values = row.columns.iter().enumerate().map(|(at, column)| match column {
        Column::Null if at == 0 => &number,
        column => column,
    });
    sql.prepare_cached(&insert)?.execute(rusqlite::params_from_iter(values))?;
    Ok(())
}

impl Transaction<'_> {
    /// Makes it durable; what it changed.
    fn commit(self) -> Result<Change, StoreError> {
        if !self.change.is_none(self.before) {
            self.change.state(&self.sql, self.keys)?;
        }
        self.sql.commit()?;
        Ok(self.change)
    }

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
        let seal = compartment.map_or(&self.keys.common, |compartment| &compartment.seal);
        let sealed = seal.close(&aad(&drawer, &name), value)?;
        self.change.put(self.before, self.keys, (drawer, name), &sealed);
        let compartment = compartment.map(|compartment| compartment.name);
        let mut statement = self.sql.prepare_cached(
            "INSERT INTO value (drawer, name, compartment, sealed) VALUES (?1, ?2, ?3, ?4)
             ON CONFLICT (name) DO UPDATE SET compartment = ?3, sealed = ?4",
        )?;
        statement.execute(params![drawer, name, compartment, sealed])?;
        Ok(())
    }

    /// Takes a value out of a drawer, if there is one under this name.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn remove(&mut self, drawer: Drawer, name: &[u8]) -> Result<(), StoreError> {
        let (_, name) = self.keys.place(drawer, name);
        self.remove_row(name)
    }

    /// Takes everything out of a drawer.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn clear(&mut self, drawer: Drawer) -> Result<(), StoreError> {
        let drawer = self.keys.lookup.hash("drawer", drawer.0.as_bytes());
        let names: Vec<[u8; 32]> = self
            .sql
            .prepare_cached("SELECT name FROM value WHERE drawer = ?1")?
            .query_map([drawer], |row| row.get(0))?
            .collect::<Result<_, _>>()?;
        names.into_iter().try_for_each(|name| self.remove_row(name))
    }

    pub(super) fn remove_row(&mut self, name: [u8; 32]) -> Result<(), StoreError> {
        self.change.remove(self.before, self.keys, name);
        self.sql.prepare_cached("DELETE FROM value WHERE name = ?1")?.execute([name])?;
        Ok(())
    }

    /// The value under a name, if there is one.
    ///
    /// # Errors
    /// [`StoreError::Damaged`] if it does not open, [`StoreError::Broken`] if it is
    /// gone or not the one that was written last.
    pub fn get(&self, drawer: Drawer, name: &[u8]) -> Result<Option<Value>, StoreError> {
        let (drawer, name) = self.keys.place(drawer, name);
        let select = "SELECT compartment, sealed FROM value WHERE name = ?1";
        let row: Option<(Option<[u8; 32]>, Vec<u8>)> = self
            .sql
            .prepare_cached(select)?
            .query_row([name], |row| Ok((row.get(0)?, row.get(1)?)))
            .optional()?;
        let sealed = row.as_ref().map(|(_, sealed)| sealed.as_slice());
        if !self.change.agrees(self.before, &name, sealed) {
            return Err(StoreError::Broken);
        }
        row.map(|(compartment, sealed)| self.open(compartment, &aad(&drawer, &name), &sealed))
            .transpose()
    }

    /// All values of a drawer, in the order in which their names first came.
    ///
    /// # Errors
    /// [`StoreError::Damaged`] if one does not open, [`StoreError::Broken`] if one is
    /// gone or not the one that was written last.
    pub fn all(&self, drawer: Drawer) -> Result<Vec<Value>, StoreError> {
        self.each(drawer)?.into_iter().collect()
    }

    /// The values of a drawer that open, where one that is damaged must not keep the
    /// others from being used.
    ///
    /// # Errors
    /// [`StoreError::Broken`] as above.
    pub fn whole(&self, drawer: Drawer) -> Result<Vec<Value>, StoreError> {
        Ok(self.each(drawer)?.into_iter().filter_map(Result::ok).collect())
    }

    fn each(&self, drawer: Drawer) -> Result<Vec<Result<Value, StoreError>>, StoreError> {
        let drawer = self.keys.lookup.hash("drawer", drawer.0.as_bytes());
        let mut statement = self.sql.prepare_cached(
            "SELECT name, compartment, sealed FROM value WHERE drawer = ?1 ORDER BY id",
        )?;
        let mut rows = statement.query([drawer])?;
        let mut values = Vec::new();
        while let Some(row) = rows.next()? {
            let (name, compartment, sealed): ([u8; 32], _, Vec<u8>) =
                (row.get(0)?, row.get(1)?, row.get(2)?);
            if !self.change.agrees(self.before, &name, Some(&sealed)) {
                return Err(StoreError::Broken);
            }
            values.push(self.open(compartment, &aad(&drawer, &name), &sealed));
        }
        if values.len() == self.change.in_drawer(self.before, &drawer) {
            Ok(values)
        } else {
            Err(StoreError::Broken)
        }
    }

    /// How many values open, and how many do not.
    fn try_values(&self) -> Result<(usize, usize), StoreError> {
        let mut statement =
            self.sql.prepare_cached("SELECT drawer, name, compartment, sealed FROM value")?;
        let mut rows = statement.query([])?;
        let mut whole = 0;
        while let Some(row) = rows.next()? {
            let (drawer, name): ([u8; 32], [u8; 32]) = (row.get(0)?, row.get(1)?);
            let sealed: Vec<u8> = row.get(3)?;
            whole += usize::from(self.open(row.get(2)?, &aad(&drawer, &name), &sealed).is_ok());
        }
        Ok((whole, self.change.values().saturating_sub(whole)))
    }

    /// The head: one value that nearly every commit changes, and that costs no page
    /// of its own. None before it was first set.
    #[must_use]
    pub fn head(&self) -> Option<&[u8]> {
        self.change.head()
    }

    /// Sets the head.
    pub fn set_head(&mut self, head: &[u8]) {
        self.change.set_head(head);
    }

    /// Counts entries that came into the queue, or left it.
    pub(crate) const fn queued(&mut self, more: i64) {
        self.change.queue(more);
    }

    /// Compares the queue with the number of entries that it should have.
    ///
    /// # Errors
    /// [`StoreError::Broken`] if some are gone.
    pub(crate) fn check_queue(&self) -> Result<(), StoreError> {
        let is_whole = Contents::count_queue(&self.sql)? == self.change.queued();
        if is_whole { Ok(()) } else { Err(StoreError::Broken) }
    }

    /// The compartment of this id, made with a new random key if there is none.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn compartment(&mut self, id: &[u8]) -> Result<Compartment, StoreError> {
        leaving_no_trace(|| self.found_or_made(id))
    }

    fn found_or_made(&mut self, id: &[u8]) -> Result<Compartment, StoreError> {
        if let Some(found) = self.existing_compartment(id)? {
            return Ok(found);
        }
        let name = self.keys.lookup.hash("compartment", id);
        let key = random::key().map_err(Broken::from)?;
        let sealed = self.keys.wrap(&name, key.as_ref())?;
        self.sql.execute(
            "INSERT INTO compartment (name, key) VALUES (?1, ?2)",
            params![name, sealed],
        )?;
        Ok(Compartment { name, seal: Seal::new(&key) })
    }

    /// The compartment of this id, if there is one.
    ///
    /// # Errors
    /// [`StoreError::Damaged`] if its key does not open.
    pub fn existing_compartment(&self, id: &[u8]) -> Result<Option<Compartment>, StoreError> {
        leaving_no_trace(|| {
            let name = self.keys.lookup.hash("compartment", id);
            let seal = self.compartment_seal(&name)?;
            Ok(seal.map(|seal| Compartment { name, seal }))
        })
    }

    fn compartment_seal(&self, name: &[u8; 32]) -> Result<Option<Seal>, StoreError> {
        let select = "SELECT key FROM compartment WHERE name = ?1";
        let mut statement = self.sql.prepare_cached(select)?;
        let sealed: Option<Vec<u8>> = statement.query_row([name], |row| row.get(0)).optional()?;
        let Some(sealed) = sealed else { return Ok(None) };
        let key = self.keys.unwrap(name, &sealed)?;
        Ok(Some(Seal::new(&key)))
    }

    fn open(
        &self,
        compartment: Option<[u8; 32]>,
        place: &[u8],
        sealed: &[u8],
    ) -> Result<Value, StoreError> {
        let Some(name) = compartment else { return Ok(self.keys.common.open(place, sealed)?) };
        let seal = self.compartment_seal(&name)?.ok_or(StoreError::Damaged)?;
        Ok(seal.open(place, sealed)?)
    }

    /// For the outbox, whose rows are sealed already.
    pub(crate) fn sql(&self) -> &rusqlite::Transaction<'_> {
        &self.sql
    }

    pub(super) const fn keys(&self) -> &Keys {
        self.keys
    }
}

impl Keys {
    fn place(&self, drawer: Drawer, name: &[u8]) -> Place {
        let name = self.lookup.hash(drawer.0, name);
        (self.lookup.hash("drawer", drawer.0.as_bytes()), name)
    }
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
    if (1..SMALLEST_PAGE).contains(&length(path)?) { Err(StoreError::Broken) } else { Ok(()) }
}

/// The length of a file, 0 if there is none.
fn length(path: &Path) -> Result<u64, StoreError> {
    match fs::metadata(path) {
        Ok(file) => Ok(file.len()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(0),
        Err(error) => Err(error.into()),
    }
}

/// Looks at the format before anything is opened for writing.
fn refuse_newer(path: &Path) -> Result<(), StoreError> {
    let connection = Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_ONLY)?;
    let found: i64 = connection.pragma_query_value(None, "user_version", |row| row.get(0))?;
    let known = i64::try_from(MIGRATIONS.len()).unwrap_or(i64::MAX);
    if found > known { Err(StoreError::Newer { found, known }) } else { Ok(()) }
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
            Some(ErrorCode::NotADatabase | ErrorCode::DatabaseCorrupt) => Self::Broken,
            // A row is not what the schema says.
            Some(ErrorCode::TypeMismatch) | None => Self::Broken,
            Some(_) => Self::Io,
        }
    }
}

impl From<StoreError> for Unopened {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Broken | StoreError::Damaged => Self::Damage(Damage::Database),
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
