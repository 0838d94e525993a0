//! Jobs: opened from a plan, given boxes and a crew.

use std::collections::{BTreeMap, BTreeSet};

use crewseal_custody::cbor::Version;
use crewseal_custody::logged::ActKind;
use crewseal_custody::signed::Signed;
use crewseal_custody::{BoxClass, DeviceId, JobId, Manifest};
use crewseal_label::Token;
use rusqlite::params;

use super::plan::JobPlan;
use crate::error::HqError;
use crate::hq::Hq;
use crate::random::random;
use crate::store::{self, LogWriter, column};

impl Hq {
    /// Opens a job. Its labelled boxes become version 1 of its manifest; without
    /// any, it has no manifest yet.
    ///
    /// # Errors
    /// [`HqError::NotMinted`], [`HqError::NotLabelled`], [`HqError::Manifest`]
    /// for a label named twice, or the database.
    pub fn open_job(&self, plan: &JobPlan) -> Result<JobId, HqError> {
        let job = JobId(random()?);
        self.log(|log| {
            log.db.execute(
                "INSERT INTO jobs
                 (id, title, customer, origin, destination, boxes, opens_at, closes_at)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
                params![
                    job.0,
                    plan.title.reveal(),
                    plan.customer.reveal(),
                    plan.origin.reveal(),
                    plan.destination.reveal(),
                    plan.boxes,
                    column(plan.opens_at),
                    column(plan.closes_at),
                ],
            )?;
            self.extend_manifest(log, job, &plan.labelled, &plan.sensitive, &plan.classes)
        })?;
        Ok(job)
    }

    /// Adds labelled boxes to a job as the next version of its manifest. No command does it
    /// yet.
    ///
    /// # Errors
    /// [`HqError::UnknownJob`], and as [`open_job`](Self::open_job).
    pub fn add_boxes(
        &self,
        job: JobId,
        labelled: &[Token],
        sensitive: &BTreeSet<Token>,
        classes: &BTreeMap<Token, BTreeSet<BoxClass>>,
    ) -> Result<(), HqError> {
        self.log(|log| {
            if !store::has_job(log.db, &job)? {
                return Err(HqError::UnknownJob(job));
            }
            self.extend_manifest(log, job, labelled, sensitive, classes)
        })
    }

    /// Adds boxes that a crew labelled on the spot to their job, as the next version of its
    /// manifest, so that they reach every phone of the job. Those that another job has,
    /// which has not ended, are left out.
    pub(crate) fn add_commissioned(
        &self,
        log: &mut LogWriter<'_>,
        job: JobId,
        commissioned: &BTreeSet<Token>,
    ) -> Result<(), HqError> {
        let db = log.db;
        let known: BTreeSet<Token> =
            store::manifests(db, &self.keys(), &job)?.tokens().iter().copied().collect();
        let mut new: BTreeSet<Token> = commissioned - &known;
        if !new.is_empty() {
            for other in store::unfinished_jobs(db, log.at)? {
                if other != job {
                    for token in store::manifests(db, &self.keys(), &other)?.tokens() {
                        new.remove(token);
                    }
                }
            }
        }
        let new: Vec<Token> = new.into_iter().collect();
        self.extend_manifest(log, job, &new, &BTreeSet::new(), &BTreeMap::new())
    }

    fn extend_manifest(
        &self,
        log: &mut LogWriter<'_>,
        job: JobId,
        labelled: &[Token],
        sensitive: &BTreeSet<Token>,
        classes: &BTreeMap<Token, BTreeSet<BoxClass>>,
    ) -> Result<(), HqError> {
        let db = log.db;
        let sensitive: BTreeSet<Token> = sensitive.iter().chain(classes.keys()).copied().collect();
        if !sensitive.iter().all(|token| labelled.contains(token)) {
            return Err(HqError::NotLabelled);
        }
        if labelled.is_empty() {
            return Ok(());
        }
        for token in labelled {
            store::roll_of(db, token)?.ok_or(HqError::NotMinted)?;
        }
        let mut manifests = store::manifests(db, &self.keys(), &job)?;
        let before = manifests.newest();
        let added: Vec<u8> = labelled.iter().flat_map(|token| *token.as_bytes()).collect();
        let version = self.sign(Manifest {
            version: Version,
            job,
            number: before.map_or(1, |before| before.number.saturating_add(1)),
            previous: before.map(Signed::id),
            added: added.into(),
        })?;
        manifests.push(version.clone())?;
        db.execute(
            "INSERT INTO manifests (job, number, bytes) VALUES (?1, ?2, ?3)",
            params![job.0, version.number, version.as_bytes()],
        )?;
        log.act(ActKind::Manifest, &version.id())?;
        for token in &sensitive {
            db.execute(
                "INSERT INTO sensitive (job, token) VALUES (?1, ?2)",
                params![job.0, token.as_bytes()],
            )?;
            for class in classes.get(token).into_iter().flatten() {
                db.execute(
                    "INSERT INTO classes (job, token, class) VALUES (?1, ?2, ?3)",
                    params![job.0, token.as_bytes(), class.number()],
                )?;
            }
        }
        Ok(())
    }

    /// Puts an enrolled device into the crew of a job. Enrolment does it for the job of the
    /// invitation; no command does it for another yet.
    ///
    /// # Errors
    /// [`HqError::UnknownJob`], [`HqError::UnknownDevice`], or the database.
    pub fn assign(&self, device: DeviceId, job: JobId) -> Result<(), HqError> {
        self.store.write(|db| {
            if !store::has_job(db, &job)? {
                return Err(HqError::UnknownJob(job));
            }
            store::credential(db, &self.keys(), &device)?.ok_or(HqError::UnknownDevice(device))?;
            db.execute(
                "INSERT OR IGNORE INTO assignments (job, device) VALUES (?1, ?2)",
                (job.0, device.0),
            )?;
            Ok(())
        })
    }

    /// All jobs, by id.
    ///
    /// # Errors
    /// The database.
    pub fn jobs(&self) -> Result<Vec<JobId>, HqError> {
        self.store.read(|db| {
            let mut query = db.prepare("SELECT id FROM jobs ORDER BY id")?;
            let jobs = query.query_map([], |row| Ok(JobId(row.get(0)?)))?;
            Ok(jobs.collect::<Result<_, _>>()?)
        })
    }
}
