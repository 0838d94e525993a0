//! HQ's database: SQLite, one file, one writer.
//!
//! What was signed is kept as the bytes that were signed; the columns beside
//! them only find it. Events, receipts, ticks, manifests, rolls and revocations
//! are evidence and the database itself refuses to change or delete them.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use crewseal_custody::roll::{Leaf, Roll, RollHead};
use crewseal_custody::signed::{Digest, PublicKey, Signed};
use crewseal_custody::{
    BoxClass, BoxList, BoxListError, Credential, DeviceId, JobId, Lists, Manifest, Manifests,
    ReleaseKey, Revocations,
};
use crewseal_label::Token;
use rusqlite::{Connection, OpenFlags, OptionalExtension, TransactionBehavior, params};
use rusqlite_migration::{M, Migrations};

use crate::{HqError, create_private};

/// The file's name.
pub(crate) const FILE: &str = "hq.db";

/// How long to wait for another program's lock before saying that it is busy.
const PATIENCE: Duration = Duration::from_secs(2);

/// Each step is applied once and never edited afterwards.
const MIGRATIONS: &[M<'static>] = &[
    M::up(include_str!("1.sql")),
    M::up(include_str!("2.sql")),
    M::up(include_str!("3.sql")),
    M::up(include_str!("4.sql")),
    M::up(include_str!("5.sql")),
];

/// The database, for one user at a time.
pub(crate) struct Store(Mutex<Connection>);

impl Store {
    /// Makes a new database.
    pub(crate) fn found(path: &Path, origin: &str, key: &PublicKey) -> Result<Self, HqError> {
        // It holds customers' names; SQLite's files beside it take its rights.
        drop(create_private(path)?);
        let store = Self::connect(path)?;
        store.write(|db| {
            db.execute("INSERT INTO hq (one, origin, key) VALUES (1, ?1, ?2)", (origin, key.0))?;
            Ok(())
        })?;
        Ok(store)
    }

    /// Opens a database that is there.
    pub(crate) fn open(path: &Path) -> Result<Self, HqError> {
        refuse_newer(path)?;
        Self::connect(path)
    }

    fn connect(path: &Path) -> Result<Self, HqError> {
        let mut db = Connection::open(path)?;
        db.busy_timeout(PATIENCE)?;
        db.pragma_update(None, "journal_mode", "WAL")?;
        db.pragma_update(None, "synchronous", "FULL")?;
        db.pragma_update(None, "fullfsync", true)?;
        db.pragma_update(None, "checkpoint_fullfsync", true)?;
        db.pragma_update(None, "foreign_keys", true)?;
        db.pragma_update(None, "trusted_schema", false)?;
        Migrations::from_slice(MIGRATIONS).to_latest(&mut db).map_err(|error| match error {
            rusqlite_migration::Error::RusqliteError { err, .. } => HqError::from(err),
            _ => HqError::Damaged { what: "its format" },
        })?;
        Ok(Self(Mutex::new(db)))
    }

    /// HQ's log name and signing key.
    pub(crate) fn identity(&self) -> Result<(String, PublicKey), HqError> {
        self.read(|db| {
            let row = db.query_row("SELECT origin, key FROM hq", [], |row| {
                Ok((row.get(0)?, PublicKey(row.get(1)?)))
            });
            Ok(row?)
        })
    }

    /// Reads, all of one moment.
    pub(crate) fn read<T>(
        &self,
        work: impl FnOnce(&Connection) -> Result<T, HqError>,
    ) -> Result<T, HqError> {
        self.within(TransactionBehavior::Deferred, work)
    }

    /// Writes all or nothing; it is on the disk when this returns.
    pub(crate) fn write<T>(
        &self,
        work: impl FnOnce(&Connection) -> Result<T, HqError>,
    ) -> Result<T, HqError> {
        self.within(TransactionBehavior::Immediate, work)
    }

    fn within<T>(
        &self,
        behavior: TransactionBehavior,
        work: impl FnOnce(&Connection) -> Result<T, HqError>,
    ) -> Result<T, HqError> {
        // Whoever panicked with the lock left no transaction open: dropping
        // one rolls it back.
        let mut db = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let transaction = db.transaction_with_behavior(behavior)?;
        let result = work(&transaction)?;
        transaction.commit()?;
        Ok(result)
    }
}

/// Looks at the format before anything could write.
fn refuse_newer(path: &Path) -> Result<(), HqError> {
    let db = Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_ONLY)?;
    db.busy_timeout(PATIENCE)?;
    let found: u32 = db.pragma_query_value(None, "user_version", |row| row.get(0))?;
    let (found, known) = (u64::from(found), MIGRATIONS.len().try_into().unwrap_or(u64::MAX));
    if found > known { Err(HqError::NewerDatabase { found, known }) } else { Ok(()) }
}

/// A number for a column: SQLite's integers end at 2^63 - 1, which as a time
/// or a count is as good as never.
pub(crate) fn column(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

/// The credential of a device.
pub(crate) fn credential(
    db: &Connection,
    hq: &PublicKey,
    device: &DeviceId,
) -> Result<Option<Signed<Credential>>, HqError> {
    let bytes: Option<Vec<u8>> = db
        .prepare_cached("SELECT credential FROM devices WHERE id = ?1")?
        .query_row([device.0], |row| row.get(0))
        .optional()?;
    bytes.map(|bytes| ours(&bytes, hq, "a credential")).transpose()
}

/// Whether HQ knows a job.
pub(crate) fn has_job(db: &Connection, job: &JobId) -> Result<bool, HqError> {
    Ok(db.prepare_cached("SELECT 1 FROM jobs WHERE id = ?1")?.exists([job.0])?)
}

/// What the customer of a job can release, by number.
pub(crate) fn release_keys(db: &Connection, job: &JobId) -> Result<Vec<ReleaseKey>, HqError> {
    let mut query = db.prepare("SELECT bytes FROM release_keys WHERE job = ?1 ORDER BY number")?;
    let rows = query.query_map([job.0], |row| row.get::<_, Vec<u8>>(0))?;
    let read = |bytes: Vec<u8>| {
        crewseal_custody::cbor::from_slice(&bytes)
            .map_err(|_| HqError::Damaged { what: "a release key" })
    };
    rows.map(|bytes| read(bytes?)).collect()
}

/// The boxes of a job that are not ordinary, and which are in which class.
pub(crate) fn classes(
    db: &Connection,
    lists: &Lists,
    job: &JobId,
) -> Result<(BoxList, BTreeMap<BoxClass, BoxList>), HqError> {
    let named = |boxes: &BTreeSet<Token>| {
        lists.name(boxes).map_err(|_| HqError::Damaged { what: "a sensitive box" })
    };
    let sensitive = db
        .prepare_cached("SELECT token FROM sensitive WHERE job = ?1")?
        .query_map([job.0], |row| row.get(0).map(Token::from_bytes))?
        .collect::<Result<BTreeSet<_>, _>>()?;
    let mut classed = BTreeMap::new();
    let mut query = db.prepare_cached("SELECT token FROM classes WHERE job = ?1 AND class = ?2")?;
    for class in BoxClass::ALL {
        let boxes = query
            .query_map((job.0, class.number()), |row| row.get(0).map(Token::from_bytes))?
            .collect::<Result<BTreeSet<_>, _>>()?;
        if !boxes.is_empty() {
            classed.insert(class, named(&boxes)?);
        }
    }
    Ok((named(&sensitive)?, classed))
}

/// The newest list of revoked devices; none if no device ever was.
pub(crate) fn revocations(
    db: &Connection,
    hq: &PublicKey,
) -> Result<Option<Signed<Revocations>>, HqError> {
    let bytes: Option<Vec<u8>> = db
        .prepare_cached("SELECT bytes FROM revocations ORDER BY epoch DESC LIMIT 1")?
        .query_row([], |row| row.get(0))
        .optional()?;
    bytes.map(|bytes| ours(&bytes, hq, "a list of revoked devices")).transpose()
}

/// A job's manifest, which may have no version yet.
pub(crate) fn manifests(
    db: &Connection,
    hq: &PublicKey,
    job: &JobId,
) -> Result<Manifests, HqError> {
    let mut manifests = Manifests::default();
    let mut query =
        db.prepare_cached("SELECT bytes FROM manifests WHERE job = ?1 ORDER BY number")?;
    let mut rows = query.query([job.0])?;
    while let Some(row) = rows.next()? {
        let bytes: Vec<u8> = row.get(0)?;
        let version: Signed<Manifest> = ours(&bytes, hq, "a manifest")?;
        manifests.push(version).map_err(|_| HqError::Damaged { what: "a manifest" })?;
    }
    Ok(manifests)
}

/// The roll with this id, with all its labels.
pub(crate) fn roll(db: &Connection, hq: &PublicKey, id: &Digest) -> Result<Option<Roll>, HqError> {
    let found: Option<(i64, Vec<u8>)> = db
        .prepare_cached("SELECT number, head FROM rolls WHERE id = ?1")?
        .query_row([id.0], |row| Ok((row.get(0)?, row.get(1)?)))
        .optional()?;
    let Some((number, head)) = found else { return Ok(None) };
    let head: Signed<RollHead> = ours(&head, hq, "a roll")?;
    let leaves = db
        .prepare_cached("SELECT token FROM labels WHERE roll = ?1 ORDER BY place")?
        .query_map([number], |row| Ok(Leaf::Token(Token::from_bytes(row.get(0)?))))?
        .collect::<Result<Vec<_>, _>>()?;
    Roll::new(head, leaves).map(Some).map_err(|_| HqError::Damaged { what: "a roll" })
}

/// The ids of all rolls, in the order in which they were minted.
pub(crate) fn roll_ids(db: &Connection) -> Result<Vec<Digest>, HqError> {
    let mut query = db.prepare_cached("SELECT id FROM rolls ORDER BY number")?;
    let ids = query.query_map([], |row| Ok(Digest(row.get(0)?)))?;
    Ok(ids.collect::<Result<_, _>>()?)
}

/// The roll that a label was minted on.
pub(crate) fn roll_of(db: &Connection, token: &Token) -> Result<Option<Digest>, HqError> {
    let roll = db
        .prepare_cached(
            "SELECT rolls.id FROM labels JOIN rolls ON rolls.number = labels.roll
             WHERE token = ?1",
        )?
        .query_row(params![token.as_bytes()], |row| row.get(0))
        .optional()?;
    Ok(roll.map(Digest))
}

/// The manifest of a job, to resolve box lists by; rolls are added as lists
/// name them.
pub(crate) fn lists(db: &Connection, hq: &PublicKey, job: &JobId) -> Result<Lists, HqError> {
    let mut lists = Lists::new();
    lists.add_manifests(manifests(db, hq, job)?);
    Ok(lists)
}

/// Reads back what HQ signed.
pub(crate) fn ours<T: crewseal_custody::signed::Message>(
    bytes: &[u8],
    hq: &PublicKey,
    what: &'static str,
) -> Result<Signed<T>, HqError> {
    Signed::open(bytes, hq).map_err(|_| HqError::Damaged { what })
}

/// The boxes that a list names, with the rolls that it needs added to `lists`;
/// none if it names what HQ did not issue.
pub(crate) fn resolve(
    db: &Connection,
    hq: &PublicKey,
    lists: &mut Lists,
    boxes: &BoxList,
) -> Result<Option<BTreeSet<Token>>, HqError> {
    let mut wanted = None;
    loop {
        match lists.resolve(boxes) {
            Ok(boxes) => return Ok(Some(boxes)),
            Err(BoxListError::UnknownList { list }) if wanted != Some(list) => {
                let Some(roll) = roll(db, hq, &list)? else { return Ok(None) };
                lists.add_roll(roll);
                wanted = Some(list);
            }
            Err(_) => return Ok(None),
        }
    }
}
