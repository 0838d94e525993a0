//! Transactions: what is read from a store, and written to it, as a whole or not at all.

use crewseal_custody::stack::with_stack_wiped;
use rusqlite::{Connection, OptionalExtension, TransactionBehavior, params};
use zeroize::Zeroizing;

use super::compartment::{self, Compartment};
use super::contents::{Change, Contents, Place};
use super::error::StoreError;
use super::keyring::{self, Keys, aad};
use super::search::WrapNonce;

/// A value as it was before it was sealed.
type Value = Zeroizing<Vec<u8>>;

/// A kind of sealed values. In the file its column is called `drawer`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Collection(pub &'static str);

/// A transaction: all of it becomes durable, or none.
pub struct Transaction<'s> {
    sql: rusqlite::Transaction<'s>,
    keys: &'s Keys,
    before: &'s Contents,
    change: Change,
}

impl<'s> Transaction<'s> {
    /// A transaction on a database with these keys and contents.
    pub(super) fn begin(
        connection: &'s mut Connection,
        keys: &'s Keys,
        before: &'s Contents,
    ) -> Result<Self, StoreError> {
        let sql = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        Ok(Self { sql, keys, before, change: before.change() })
    }

    /// Makes it durable; what it changed.
    pub(super) fn commit(self) -> Result<Change, StoreError> {
        if !self.change.is_none(self.before) {
            self.change.state(&self.sql, self.keys)?;
        }
        self.sql.commit()?;
        Ok(self.change)
    }

    /// Puts a value in a collection, in place of what was there under this name.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn put(
        &mut self,
        collection: Collection,
        name: &[u8],
        compartment: Option<&Compartment>,
        value: &[u8],
    ) -> Result<(), StoreError> {
        let (collection, name) = place(self.keys, collection, name);
        let seal = compartment.map_or(&self.keys.common, |compartment| &compartment.seal);
        let sealed = seal.close(&aad(&collection, &name), value)?;
        self.change.put(self.before, self.keys, (collection, name), &sealed);
        let compartment = compartment.map(|compartment| compartment.name);
        let mut statement = self.sql.prepare_cached(
            "INSERT INTO value (drawer, name, compartment, sealed) VALUES (?1, ?2, ?3, ?4)
             ON CONFLICT (name) DO UPDATE SET compartment = ?3, sealed = ?4",
        )?;
        statement.execute(params![collection, name, compartment, sealed])?;
        Ok(())
    }

    /// Takes a value out of a collection, if there is one under this name.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn remove(&mut self, collection: Collection, name: &[u8]) -> Result<(), StoreError> {
        let (_, name) = place(self.keys, collection, name);
        self.remove_row(name)
    }

    /// Takes everything out of a collection.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn clear(&mut self, collection: Collection) -> Result<(), StoreError> {
        let collection = collection_name(self.keys, collection);
        let names: Vec<[u8; 32]> = self
            .sql
            .prepare_cached("SELECT name FROM value WHERE drawer = ?1")?
            .query_map([collection], |row| row.get(0))?
            .collect::<Result<_, _>>()?;
        names.into_iter().try_for_each(|name| self.remove_row(name))
    }

    fn remove_row(&mut self, name: [u8; 32]) -> Result<(), StoreError> {
        self.change.remove(self.before, self.keys, name);
        self.sql.prepare_cached("DELETE FROM value WHERE name = ?1")?.execute([name])?;
        Ok(())
    }

    /// The value under a name, if there is one.
    ///
    /// # Errors
    /// [`StoreError::ValueCorrupt`] if it does not open, [`StoreError::DatabaseCorrupt`] if it is
    /// gone or not the one that was written last.
    pub fn get(&self, collection: Collection, name: &[u8]) -> Result<Option<Value>, StoreError> {
        let (collection, name) = place(self.keys, collection, name);
        let select = "SELECT compartment, sealed FROM value WHERE name = ?1";
        let row: Option<(Option<[u8; 32]>, Vec<u8>)> = self
            .sql
            .prepare_cached(select)?
            .query_row([name], |row| Ok((row.get(0)?, row.get(1)?)))
            .optional()?;
        let sealed = row.as_ref().map(|(_, sealed)| sealed.as_slice());
        if !self.change.agrees(self.before, &name, sealed) {
            return Err(StoreError::DatabaseCorrupt);
        }
        row.map(|(compartment, sealed)| self.open(compartment, &aad(&collection, &name), &sealed))
            .transpose()
    }

    /// All values of a collection, in the order in which their names first came.
    ///
    /// # Errors
    /// [`StoreError::ValueCorrupt`] if one does not open, [`StoreError::DatabaseCorrupt`] if one is
    /// gone or not the one that was written last.
    pub fn all(&self, collection: Collection) -> Result<Vec<Value>, StoreError> {
        self.each(collection)?.into_iter().collect()
    }

    /// The values of a collection that open, where one that is damaged must not keep the
    /// others from being used.
    ///
    /// # Errors
    /// [`StoreError::DatabaseCorrupt`] as above.
    pub fn whole(&self, collection: Collection) -> Result<Vec<Value>, StoreError> {
        Ok(self.each(collection)?.into_iter().filter_map(Result::ok).collect())
    }

    fn each(&self, collection: Collection) -> Result<Vec<Result<Value, StoreError>>, StoreError> {
        let collection = collection_name(self.keys, collection);
        let mut statement = self.sql.prepare_cached(
            "SELECT name, compartment, sealed FROM value WHERE drawer = ?1 ORDER BY id",
        )?;
        let mut rows = statement.query([collection])?;
        let mut values = Vec::new();
        while let Some(row) = rows.next()? {
            let (name, compartment, sealed): ([u8; 32], _, Vec<u8>) =
                (row.get(0)?, row.get(1)?, row.get(2)?);
            if !self.change.agrees(self.before, &name, Some(&sealed)) {
                return Err(StoreError::DatabaseCorrupt);
            }
            values.push(self.open(compartment, &aad(&collection, &name), &sealed));
        }
        if values.len() == self.change.in_collection(self.before, &collection) {
            Ok(values)
        } else {
            Err(StoreError::DatabaseCorrupt)
        }
    }

    /// How many values open, and how many do not.
    pub(super) fn try_values(&self) -> Result<(usize, usize), StoreError> {
        let mut statement =
            self.sql.prepare_cached("SELECT drawer, name, compartment, sealed FROM value")?;
        let mut rows = statement.query([])?;
        let mut whole = 0;
        while let Some(row) = rows.next()? {
            let (collection, name): ([u8; 32], [u8; 32]) = (row.get(0)?, row.get(1)?);
            let sealed: Vec<u8> = row.get(3)?;
            whole += usize::from(self.open(row.get(2)?, &aad(&collection, &name), &sealed).is_ok());
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

    /// The counter: how many rows of its own the owner of other tables in this file has.
    /// It lies sealed with the contents, so whoever compares it notices that rows
    /// vanished.
    pub(crate) const fn counter(&self) -> i64 {
        self.change.counter()
    }

    /// Counts rows that came into the owner's tables, or left them.
    pub(crate) const fn add_to_counter(&mut self, more: i64) {
        self.change.add_to_counter(more);
    }

    /// The compartment of this id, made with a new random key if there is none.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn compartment(&mut self, id: &[u8]) -> Result<Compartment, StoreError> {
        with_stack_wiped(|| {
            let name = self.keys.lookup.hash("compartment", id);
            match Compartment::find(&self.sql, self.keys, name)? {
                Some(found) => Ok(found),
                None => Compartment::make(&self.sql, self.keys, name),
            }
        })
    }

    /// The compartment of this id, if there is one.
    ///
    /// # Errors
    /// [`StoreError::ValueCorrupt`] if its key does not open.
    pub fn existing_compartment(&self, id: &[u8]) -> Result<Option<Compartment>, StoreError> {
        with_stack_wiped(|| {
            let name = self.keys.lookup.hash("compartment", id);
            Compartment::find(&self.sql, self.keys, name)
        })
    }

    /// Forgets a compartment: the wrap of its key, and all values in it. What comes
    /// back is by what the wrap can be looked for; none if there is no such
    /// compartment.
    ///
    /// The pages are overwritten, but the log may hold older ones until the keys are
    /// rotated.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn forget(&mut self, id: &[u8]) -> Result<Option<WrapNonce>, StoreError> {
        let name = self.keys.lookup.hash("compartment", id);
        let Some(wrapped) = compartment::delete_key(&self.sql, &name)? else { return Ok(None) };
        for value in self.names_in(&name)? {
            self.remove_row(value)?;
        }
        let nonce = wrapped.first_chunk().ok_or(StoreError::ValueCorrupt)?;
        Ok(Some(*nonce))
    }

    fn names_in(&self, compartment: &[u8; 32]) -> Result<Vec<[u8; 32]>, StoreError> {
        let mut select = self.sql.prepare("SELECT name FROM value WHERE compartment = ?1")?;
        let names = select.query_map([compartment], |row| row.get(0))?;
        Ok(names.collect::<Result<_, _>>()?)
    }

    /// The storage key as the vault wrapped it.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn wrapped_storage_key(&self) -> Result<Vec<u8>, StoreError> {
        keyring::wrapped_storage_key(&self.sql)?.ok_or(StoreError::ValueCorrupt)
    }

    fn open(
        &self,
        compartment: Option<[u8; 32]>,
        place: &[u8],
        sealed: &[u8],
    ) -> Result<Value, StoreError> {
        let Some(name) = compartment else { return Ok(self.keys.common.open(place, sealed)?) };
        let found =
            Compartment::find(&self.sql, self.keys, name)?.ok_or(StoreError::ValueCorrupt)?;
        Ok(found.seal.open(place, sealed)?)
    }

    /// The value of a collection whose name came first, and nothing where that one does not
    /// open.
    ///
    /// # Errors
    /// [`StoreError::DatabaseCorrupt`] if it is not the one that was written last.
    pub fn oldest(&self, collection: Collection) -> Result<Option<Value>, StoreError> {
        let collection = collection_name(self.keys, collection);
        let select = "SELECT name, compartment, sealed FROM value WHERE drawer = ?1
             ORDER BY id LIMIT 1";
        let row: Option<([u8; 32], _, Vec<u8>)> = self
            .sql
            .prepare_cached(select)?
            .query_row([collection], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))
            .optional()?;
        let Some((name, compartment, sealed)) = row else { return Ok(None) };
        if !self.change.agrees(self.before, &name, Some(&sealed)) {
            return Err(StoreError::DatabaseCorrupt);
        }
        Ok(self.open(compartment, &aad(&collection, &name), &sealed).ok())
    }

    /// A keyed hash for the owner of other tables, by which it finds what must not be read.
    pub(crate) fn hashed(&self, room: &str, name: &[u8]) -> [u8; 32] {
        self.keys.lookup.hash(room, name)
    }

    /// For the owner of other tables in this file, whose rows are sealed already.
    pub(crate) fn sql(&self) -> &rusqlite::Transaction<'_> {
        &self.sql
    }

    pub(super) const fn keys(&self) -> &Keys {
        self.keys
    }
}

/// Where a value lies: its collection and its name in it, hashed.
fn place(keys: &Keys, collection: Collection, name: &[u8]) -> Place {
    (collection_name(keys, collection), keys.lookup.hash(collection.0, name))
}

fn collection_name(keys: &Keys, collection: Collection) -> [u8; 32] {
    keys.lookup.hash("drawer", collection.0.as_bytes())
}
