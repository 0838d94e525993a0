//! What a store holds, by which rows that vanished or came back are noticed.
//!
//! A seal shows that a value was altered or moved. It does not show that a row is
//! gone, or that an older one of the same name was put back. So the store keeps a
//! list in memory of which row is sealed by which nonce, and, sealed in the file,
//! the list's digest and its length. They change in the transaction that changes a
//! row. An older database as a whole agrees with itself and is found by the mark
//! outside it.
//!
//! A commit changes a few rows of many, so the digest must not be of the whole list:
//! it is a sum, which a row joins and leaves. See [`Sum`].
//!
//! As every commit writes this, two more lie in it. The counter is a number that whoever
//! owns other tables of the file keeps, to notice that rows vanished there. The head is
//! one value that nearly every commit changes: a row of its own would be one page more
//! for each.

use std::collections::BTreeMap;

use rusqlite::blob::Blob;
use rusqlite::{Connection, ErrorCode, MAIN_DB, params};
use zeroize::Zeroizing;

use super::error::StoreError;
use super::keyring::Keys;
use super::seal::{Lookup, NONCE_BYTES};

const PLACE: &[u8] = b"contents/1";
const HASH_BYTES: usize = 32;

type Hash = [u8; HASH_BYTES];
type Nonce = [u8; NONCE_BYTES];
/// A collection and a name in it.
pub(super) type Place = (Hash, Hash);

/// A keyed hash of a set: the sum, modulo 2^256, of HMAC-SHA256 of each member. It is
/// MSet-Add-Hash (Clarke, Devadas, van Dijk, Gassend and Suh: Incremental Multiset
/// Hash Functions and Their Application to Memory Integrity Checking, ASIACRYPT 2003,
/// section 5). What they add to hide the sum is left out, as the sum lies sealed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Sum {
    high: u128,
    low: u128,
}

/// What the file says that it holds.
#[derive(Clone, Default, PartialEq, Eq)]
pub(super) struct Stated {
    sum: Sum,
    values: u64,
    counter: i64,
    /// Empty if there is none.
    head: Zeroizing<Vec<u8>>,
}

/// In which collection a row is, and what it is sealed by.
type Row = (Hash, Nonce);

/// Which rows there are, by their names.
#[derive(PartialEq, Eq)]
pub(super) struct Contents {
    rows: BTreeMap<Hash, Row>,
    stated: Stated,
}

/// What a transaction makes of the contents. Until it is committed they stay as they
/// were.
#[derive(Clone)]
pub(super) struct Change {
    /// None for a row that was removed.
    rows: BTreeMap<Hash, Option<Row>>,
    stated: Stated,
}

impl Sum {
    fn of(lookup: &Lookup, (collection, name): &Place, nonce: &Nonce) -> Self {
        let row = [collection.as_slice(), name, nonce].concat();
        Self::from_bytes(&lookup.hash("contents", &row))
    }

    const fn plus(self, other: Self) -> Self {
        let (low, carries) = self.low.overflowing_add(other.low);
        let high = self.high.wrapping_add(other.high).wrapping_add(if carries { 1 } else { 0 });
        Self { high, low }
    }

    const fn minus(self, other: Self) -> Self {
        let (low, borrows) = self.low.overflowing_sub(other.low);
        let high = self.high.wrapping_sub(other.high).wrapping_sub(if borrows { 1 } else { 0 });
        Self { high, low }
    }

    fn from_bytes(bytes: &Hash) -> Self {
        let mut halves = bytes.as_chunks::<16>().0.iter().map(|half| u128::from_be_bytes(*half));
        Self { high: halves.next().unwrap_or(0), low: halves.next().unwrap_or(0) }
    }
}

impl Stated {
    /// What the file says; none if it never said anything, as a store of format 1.
    pub(super) fn read(connection: &Connection, keys: &Keys) -> Result<Option<Self>, StoreError> {
        let select = "SELECT contents FROM vault";
        let sealed: Option<Vec<u8>> = connection.query_row(select, [], |row| row.get(0))?;
        let Some(sealed) = sealed else { return Ok(None) };
        let plain = keys.common.open(PLACE, &sealed)?;
        let (sum, rest) =
            plain.split_first_chunk::<HASH_BYTES>().ok_or(StoreError::ValueCorrupt)?;
        let (values, rest) = rest.split_first_chunk().ok_or(StoreError::ValueCorrupt)?;
        let (counter, head) = rest.split_first_chunk().ok_or(StoreError::ValueCorrupt)?;
        Ok(Some(Self {
            sum: Sum::from_bytes(sum),
            values: u64::from_be_bytes(*values),
            counter: i64::from_be_bytes(*counter),
            head: Zeroizing::new(head.to_vec()),
        }))
    }

    fn write(&self, connection: &Connection, keys: &Keys) -> Result<(), StoreError> {
        let mut plain = Zeroizing::new(Vec::with_capacity(HASH_BYTES + 16 + self.head.len()));
        plain.extend_from_slice(&self.sum.high.to_be_bytes());
        plain.extend_from_slice(&self.sum.low.to_be_bytes());
        plain.extend_from_slice(&self.values.to_be_bytes());
        plain.extend_from_slice(&self.counter.to_be_bytes());
        plain.extend_from_slice(&self.head);
        let sealed = keys.common.close(PLACE, &plain)?;
        connection.prepare_cached("UPDATE vault SET contents = ?1")?.execute(params![sealed])?;
        Ok(())
    }

    fn head(&self) -> Option<&[u8]> {
        Some(self.head.as_slice()).filter(|head| !head.is_empty())
    }

    fn join(&mut self, lookup: &Lookup, place: &Place, nonce: &Nonce) {
        self.sum = self.sum.plus(Sum::of(lookup, place, nonce));
        self.values = self.values.wrapping_add(1);
    }

    fn leave(&mut self, lookup: &Lookup, place: &Place, nonce: &Nonce) {
        self.sum = self.sum.minus(Sum::of(lookup, place, nonce));
        self.values = self.values.wrapping_sub(1);
    }
}

impl Contents {
    /// What the file does hold of values.
    pub(super) fn read(connection: &Connection, keys: &Keys) -> Result<Self, StoreError> {
        let mut contents = Self { rows: BTreeMap::new(), stated: Stated::default() };
        // Of a long value nothing is read but its beginning, which a query would not do.
        let mut select = connection.prepare("SELECT id, drawer, name FROM value NOT INDEXED")?;
        let mut rows = select.query([])?;
        let mut sealed = None;
        while let Some(row) = rows.next()? {
            let place = (row.get(1)?, row.get(2)?);
            let nonce = read_nonce(connection, &mut sealed, row.get(0)?)?;
            contents.stated.join(&keys.lookup, &place, &nonce);
            let (collection, name) = place;
            contents.rows.insert(name, (collection, nonce));
        }
        Ok(contents)
    }

    pub(super) const fn counter(&self) -> i64 {
        self.stated.counter
    }

    pub(super) fn head(&self) -> Option<&[u8]> {
        self.stated.head()
    }

    /// Whether the file says that it holds these values. The counter and the head that
    /// it states are taken over: to compare the counter takes long, and its owner does it
    /// when it goes through its rows.
    pub(super) fn check(&mut self, stated: Stated) -> bool {
        let agrees = (self.stated.sum, self.stated.values) == (stated.sum, stated.values);
        (self.stated.counter, self.stated.head) = (stated.counter, stated.head);
        agrees
    }

    /// Writes into the file what it holds, with this counter.
    pub(super) fn state(
        &mut self,
        connection: &Connection,
        keys: &Keys,
        counter: i64,
    ) -> Result<(), StoreError> {
        self.stated.counter = counter;
        self.stated.write(connection, keys)
    }

    pub(super) fn change(&self) -> Change {
        Change { rows: BTreeMap::new(), stated: self.stated.clone() }
    }

    /// Takes over what was committed.
    pub(super) fn apply(&mut self, change: Change) {
        for (name, row) in change.rows {
            match row {
                Some(row) => self.rows.insert(name, row),
                None => self.rows.remove(&name),
            };
        }
        self.stated = change.stated;
    }
}

impl Change {
    /// Nothing that would have to be written.
    pub(super) fn is_none(&self, before: &Contents) -> bool {
        self.rows.is_empty() && self.stated == before.stated
    }

    pub(super) fn state(&self, connection: &Connection, keys: &Keys) -> Result<(), StoreError> {
        self.stated.write(connection, keys)
    }

    pub(super) fn put(&mut self, before: &Contents, keys: &Keys, place: Place, sealed: &[u8]) {
        let (collection, name) = place;
        self.remove(before, keys, name);
        let nonce = nonce(sealed);
        self.stated.join(&keys.lookup, &place, &nonce);
        self.rows.insert(name, Some((collection, nonce)));
    }

    pub(super) fn remove(&mut self, before: &Contents, keys: &Keys, name: Hash) {
        if let Some((collection, nonce)) = self.row(before, &name) {
            self.stated.leave(&keys.lookup, &(collection, name), &nonce);
            self.rows.insert(name, None);
        }
    }

    pub(super) fn head(&self) -> Option<&[u8]> {
        self.stated.head()
    }

    pub(super) fn set_head(&mut self, head: &[u8]) {
        self.stated.head = Zeroizing::new(head.to_vec());
    }

    pub(super) const fn add_to_counter(&mut self, more: i64) {
        self.stated.counter = self.stated.counter.saturating_add(more);
    }

    pub(super) const fn counter(&self) -> i64 {
        self.stated.counter
    }

    pub(super) fn values(&self) -> usize {
        usize::try_from(self.stated.values).unwrap_or(usize::MAX)
    }

    pub(super) fn in_collection(&self, before: &Contents, collection: &Hash) -> usize {
        let is_there = |row: &&Row| row.0 == *collection;
        let were = before.rows.iter().filter(|(name, _)| !self.rows.contains_key(*name));
        let stayed = were.map(|(_, row)| row).filter(is_there).count();
        stayed + self.rows.values().flatten().filter(is_there).count()
    }

    /// Whether this sealed value is the one that stands under this name; none is a
    /// value too.
    pub(super) fn agrees(&self, before: &Contents, name: &Hash, sealed: Option<&[u8]>) -> bool {
        self.row(before, name).map(|(_, nonce)| nonce) == sealed.map(nonce)
    }

    fn row(&self, before: &Contents, name: &Hash) -> Option<Row> {
        match self.rows.get(name) {
            Some(row) => *row,
            None => before.rows.get(name).copied(),
        }
    }
}

/// What the value of a row was sealed by; zeros where it is none.
fn read_nonce<'c>(
    connection: &'c Connection,
    sealed: &mut Option<Blob<'c>>,
    row: i64,
) -> Result<Nonce, StoreError> {
    let found = match sealed.take() {
        Some(mut other) => other.reopen(row).map(|()| other),
        None => connection.blob_open(MAIN_DB, "value", "sealed", row, true),
    };
    let found = match found {
        Err(error) if error.sqlite_error_code() == Some(ErrorCode::Unknown) => {
            return Ok([0; NONCE_BYTES]);
        }
        found => found?,
    };
    let mut nonce = [0; NONCE_BYTES];
    let length = found.len().min(NONCE_BYTES);
    found.read_at_exact(nonce.get_mut(..length).unwrap_or_default(), 0)?;
    *sealed = Some(found);
    Ok(nonce)
}

/// What a value was sealed by; zeros where it is shorter than that.
fn nonce(sealed: &[u8]) -> Nonce {
    let mut nonce = [0; NONCE_BYTES];
    nonce.iter_mut().zip(sealed).for_each(|(to, from)| *to = *from);
    nonce
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stated(rows: &[(u8, u8, u8)]) -> Stated {
        let lookup = Lookup::new(&[7; 32]);
        let mut stated = Stated::default();
        for (collection, name, nonce) in rows {
            stated.join(&lookup, &([*collection; 32], [*name; 32]), &[*nonce; 12]);
        }
        stated
    }

    #[test]
    fn a_sum_is_of_its_rows_in_any_order_and_of_no_others() {
        let all = stated(&[(1, 1, 1), (1, 2, 2), (2, 3, 3)]);
        assert!(all == stated(&[(2, 3, 3), (1, 1, 1), (1, 2, 2)]));
        for other in [
            [(1, 1, 1), (1, 2, 2), (2, 3, 4)],
            [(1, 1, 1), (1, 2, 2), (1, 3, 3)],
            [(1, 1, 1), (1, 2, 2), (2, 4, 3)],
            [(1, 1, 2), (1, 2, 1), (2, 3, 3)],
            [(1, 1, 1), (1, 1, 1), (2, 3, 3)],
        ] {
            assert_ne!(stated(&other).sum, all.sum, "{other:?}");
        }
        let mut left = all.clone();
        left.leave(&Lookup::new(&[7; 32]), &([2; 32], [3; 32]), &[3; 12]);
        assert!(left == stated(&[(1, 1, 1), (1, 2, 2)]));
        assert_ne!(left.sum, all.sum);
    }

    #[test]
    fn a_sum_carries_between_its_halves() {
        let one = Sum { high: 0, low: 1 };
        let low = Sum { high: 5, low: u128::MAX };
        assert_eq!(low.plus(one), Sum { high: 6, low: 0 });
        assert_eq!(low.plus(one).minus(one), low);
        let highest = Sum { high: u128::MAX, low: u128::MAX };
        assert_eq!(highest.plus(one), Sum::default());
        assert_eq!(Sum::default().minus(one), highest);
    }
}
