//! Jobs: their manifests, their special boxes, what their customers can release.

use std::collections::{BTreeMap, BTreeSet};

use crewseal_custody::cbor;
use crewseal_custody::signed::Signed;
use crewseal_custody::{
    BoxClass, BoxList, DeviceId, HqKeys, JobId, Lists, Manifest, Manifests, ReleaseKey,
};
use crewseal_label::Token;
use rusqlite::Connection;

use super::columns::{column, open_signed};
use crate::error::HqError;

/// Whether HQ knows a job.
pub(crate) fn has_job(db: &Connection, job: &JobId) -> Result<bool, HqError> {
    Ok(db.prepare_cached("SELECT 1 FROM jobs WHERE id = ?1")?.exists([job.0])?)
}

/// Whether a device is in the crew of a job.
pub(crate) fn is_in_crew(db: &Connection, job: &JobId, device: &DeviceId) -> Result<bool, HqError> {
    let select = "SELECT 1 FROM assignments WHERE job = ?1 AND device = ?2";
    Ok(db.prepare_cached(select)?.exists((job.0, device.0))?)
}

/// The jobs that have not ended at this time.
pub(crate) fn unfinished_jobs(db: &Connection, now: u64) -> Result<Vec<JobId>, HqError> {
    let mut query = db.prepare_cached("SELECT id FROM jobs WHERE closes_at > ?1 ORDER BY id")?;
    let jobs = query.query_map([column(now)], |row| row.get(0).map(JobId))?;
    Ok(jobs.collect::<Result<_, _>>()?)
}

/// What the customer of a job can release, by number.
pub(crate) fn release_keys(db: &Connection, job: &JobId) -> Result<Vec<ReleaseKey>, HqError> {
    let mut query = db.prepare("SELECT bytes FROM release_keys WHERE job = ?1 ORDER BY number")?;
    let rows = query.query_map([job.0], |row| row.get::<_, Vec<u8>>(0))?;
    let read = |bytes: Vec<u8>| {
        cbor::from_slice(&bytes).map_err(|_| HqError::Damaged { what: "a release key" })
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

/// A job's manifest, which may have no version yet.
pub(crate) fn manifests(db: &Connection, hq: &HqKeys, job: &JobId) -> Result<Manifests, HqError> {
    let mut manifests = Manifests::default();
    let mut query =
        db.prepare_cached("SELECT bytes FROM manifests WHERE job = ?1 ORDER BY number")?;
    let mut rows = query.query([job.0])?;
    while let Some(row) = rows.next()? {
        let bytes: Vec<u8> = row.get(0)?;
        let version: Signed<Manifest> = open_signed(&bytes, hq, "a manifest")?;
        manifests.push(version).map_err(|_| HqError::Damaged { what: "a manifest" })?;
    }
    Ok(manifests)
}
