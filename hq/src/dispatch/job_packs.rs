//! Job packs: what a crew's phones are told of a job, while it is open.

use std::collections::BTreeMap;

use crewseal_custody::cbor::Version;
use crewseal_custody::job::JobPack;
use crewseal_custody::personal::Personal;
use crewseal_custody::signed::Signed;
use crewseal_custody::{BoxList, DeviceId, JobId, Lists};
use minicbor::bytes::ByteVec;
use rusqlite::Connection;

use crate::error::HqError;
use crate::hq::Hq;
use crate::store::{self, column};

impl Hq {
    /// The packs of the jobs that a device may see now: those that it is
    /// assigned to, while they are open, it is not revoked and its credential holds.
    ///
    /// # Errors
    /// The database.
    pub fn job_packs(&self, device: &DeviceId) -> Result<Vec<Signed<JobPack>>, HqError> {
        let now = self.now();
        self.store.read(|db| {
            if !store::may_see(db, &self.keys(), device, now)? {
                return Ok(Vec::new());
            }
            let mut query = db.prepare(
                "SELECT id FROM jobs JOIN assignments ON assignments.job = jobs.id
                 WHERE assignments.device = ?1 AND opens_at <= ?2 AND ?2 < closes_at ORDER BY id",
            )?;
            let jobs = query.query_map((device.0, column(now)), |row| Ok(JobId(row.get(0)?)))?;
            let jobs = jobs.collect::<Result<Vec<_>, _>>()?;
            jobs.into_iter().map(|job| self.signed_pack(db, job)).collect()
        })
    }

    /// The pack of a job as it stands.
    pub(super) fn signed_pack(
        &self,
        db: &Connection,
        job: JobId,
    ) -> Result<Signed<JobPack>, HqError> {
        self.sign(self.pack(db, job)?)
    }

    fn pack(&self, db: &Connection, job: JobId) -> Result<JobPack, HqError> {
        let manifests = store::manifests(db, &self.keys(), &job)?;
        let versions = manifests.versions().iter();
        let pack = db.query_row("SELECT * FROM jobs WHERE id = ?1", [job.0], |row| {
            let personal = |column| row.get::<_, String>(column).map(Personal::new);
            let time = |column| row.get::<_, i64>(column).map(|at| u64::try_from(at).unwrap_or(0));
            Ok(JobPack {
                version: Version,
                job,
                title: personal("title")?,
                customer: personal("customer")?,
                origin: personal("origin")?,
                destination: personal("destination")?,
                opens_at: time("opens_at")?,
                closes_at: time("closes_at")?,
                boxes: row.get("boxes")?,
                manifests: versions.map(|version| version.as_bytes().to_vec().into()).collect(),
                sensitive: BoxList::default(),
                roster: Vec::new(),
                release_keys: Vec::new(),
                classes: BTreeMap::new(),
            })
        })?;
        let roster = db
            .prepare_cached(
                "SELECT bytes FROM credentials JOIN assignments USING (device)
                 WHERE assignments.job = ?1 AND serial =
                     (SELECT MAX(serial) FROM credentials AS all_of_it
                      WHERE all_of_it.device = assignments.device)
                 ORDER BY device",
            )?
            .query_map([job.0], |row| row.get::<_, Vec<u8>>(0).map(ByteVec::from))?
            .collect::<Result<_, _>>()?;
        let mut lists = Lists::new();
        lists.add_manifests(manifests);
        let (sensitive, classes) = store::classes(db, &lists, &job)?;
        let release_keys = store::release_keys(db, &job)?;
        Ok(JobPack { sensitive, roster, release_keys, classes, ..pack })
    }
}
