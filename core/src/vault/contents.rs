//! What a store holds, by which rows that vanished or came back are noticed.
//!
//! A seal shows that a value was altered or moved. It does not show that a row is
//! gone, or that an older one of the same name was put back. So the store keeps a
//! list in memory of which row is sealed by which nonce, and, sealed in the file,
//! the list's digest and the number of entries in the queue. Both change in the
//! transaction that changes a row. An older database as a whole agrees with itself
//! and is found by the mark outside it.

use ring::digest::{Context, SHA256};
use rusqlite::{Connection, params};

use super::seal::{NONCE_BYTES, Seal};
use super::store::StoreError;

const PLACE: &[u8] = b"contents/1";

#[derive(Clone, Copy, PartialEq, Eq)]
struct Row {
    name: [u8; 32],
    drawer: [u8; 32],
    nonce: [u8; NONCE_BYTES],
}

/// Which rows there are, in the order of their names.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct Contents {
    rows: Vec<Row>,
    queued: i64,
}

/// What the file says that it holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Stated {
    digest: [u8; 32],
    queued: i64,
}

impl Contents {
    /// What the file does hold. The queue is not counted, as that would take long.
    pub(super) fn read(connection: &Connection) -> Result<Self, StoreError> {
        let mut select = connection.prepare(
            // Of an empty value SQLite makes null.
            "SELECT name, drawer, ifnull(substr(sealed, 1, 12), x'') FROM value NOT INDEXED
             ORDER BY +name",
        )?;
        let rows = select.query_map([], |row| {
            let mut nonce = [0; NONCE_BYTES];
            let sealed: Vec<u8> = row.get(2)?;
            nonce.iter_mut().zip(sealed).for_each(|(to, from)| *to = from);
            Ok(Row { name: row.get(0)?, drawer: row.get(1)?, nonce })
        })?;
        Ok(Self { rows: rows.collect::<Result<_, _>>()?, queued: 0 })
    }

    /// How many rows the queue has.
    pub(super) fn count_queue(connection: &Connection) -> Result<i64, StoreError> {
        Ok(connection.query_row("SELECT count(*) FROM outbox", [], |row| row.get(0))?)
    }

    pub(super) fn values(&self) -> usize {
        self.rows.len()
    }

    pub(super) const fn queued(&self) -> i64 {
        self.queued
    }

    pub(super) const fn set_queued(&mut self, queued: i64) {
        self.queued = queued;
    }

    pub(super) fn in_drawer(&self, drawer: &[u8; 32]) -> usize {
        self.rows.iter().filter(|row| row.drawer == *drawer).count()
    }

    /// Whether this sealed value is the one that stands under this name; none is a
    /// value too.
    pub(super) fn agrees(&self, name: &[u8; 32], sealed: Option<&[u8]>) -> bool {
        match (self.place(name).ok().and_then(|at| self.rows.get(at)), sealed) {
            (None, None) => true,
            (Some(row), Some(sealed)) => sealed
                .iter()
                .take(NONCE_BYTES)
                .chain([&0; NONCE_BYTES])
                .zip(row.nonce)
                .all(|(one, other)| *one == other),
            _ => false,
        }
    }

    pub(super) fn put(&mut self, name: [u8; 32], drawer: [u8; 32], sealed: &[u8]) {
        let mut nonce = [0; NONCE_BYTES];
        nonce.iter_mut().zip(sealed).for_each(|(to, from)| *to = *from);
        let row = Row { name, drawer, nonce };
        match self.place(&name) {
            Ok(at) => self.rows.get_mut(at).into_iter().for_each(|before| *before = row),
            Err(at) => self.rows.insert(at, row),
        }
    }

    fn place(&self, name: &[u8; 32]) -> Result<usize, usize> {
        self.rows.binary_search_by(|row| row.name.cmp(name))
    }

    fn digest(&self) -> [u8; 32] {
        let mut context = Context::new(&SHA256);
        for row in &self.rows {
            context.update(&row.name);
            context.update(&row.drawer);
            context.update(&row.nonce);
        }
        let mut digest = [0; 32];
        digest.copy_from_slice(context.finish().as_ref());
        digest
    }

    /// Whether the file says that it holds these values. What it says of the queue
    /// is taken over and compared when the queue is gone through.
    pub(super) fn check(&mut self, stated: Stated) -> bool {
        self.queued = stated.queued;
        self.digest() == stated.digest
    }

    /// Writes into the file what it holds.
    pub(super) fn state(&self, connection: &Connection, seal: &Seal) -> Result<(), StoreError> {
        let stated = [self.digest().as_slice(), &self.queued.to_be_bytes()].concat();
        let sealed = seal.close(PLACE, &stated)?;
        connection.prepare_cached("UPDATE vault SET contents = ?1")?.execute(params![sealed])?;
        Ok(())
    }
}

impl Stated {
    /// What the file says; none if it never said anything, as a store of format 1.
    pub(super) fn read(connection: &Connection, seal: &Seal) -> Result<Option<Self>, StoreError> {
        let select = "SELECT contents FROM vault";
        let sealed: Option<Vec<u8>> = connection.query_row(select, [], |row| row.get(0))?;
        let Some(sealed) = sealed else { return Ok(None) };
        let plain = seal.open(PLACE, &sealed)?;
        let (digest, queued) = plain.split_first_chunk::<32>().ok_or(StoreError::Damaged)?;
        let queued = queued.try_into().map_err(|_| StoreError::Damaged)?;
        Ok(Some(Self { digest: *digest, queued: i64::from_be_bytes(queued) }))
    }
}
