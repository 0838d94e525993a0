//! News: what a phone is told of jobs, labels and revocations that it does not know yet, in
//! parts of a bounded size.

use crewseal_custody::cbor::Version;
use crewseal_custody::signed::Signed;
use crewseal_custody::wire::{Cursor, JobNews, News, RevocationNews};
use crewseal_custody::{DeviceId, JobId, Revocations, Tick};
use rusqlite::{Connection, params};

use super::answer::{Answer, NewsError};
use super::cursor::{CursorError, KnownRolls, Place, Stream};
use crate::error::HqError;
use crate::hq::Hq;
use crate::store::{self, column, number};

/// Up to where a phone says that it knows each stream.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct NewsRequest {
    /// Its cursor of jobs.
    pub jobs: Option<Cursor>,
    /// Its cursor of rolls.
    pub rolls: Option<Cursor>,
    /// Its cursor of revocations.
    pub revocations: Option<Cursor>,
}

/// Whether a job can be seen, as far as time goes.
const STAGE: &str = "CASE WHEN ?1 < opens_at THEN 0 WHEN ?1 < closes_at THEN 1 ELSE 2 END";

/// The places that the cursors of a request stand for.
struct Known {
    jobs: Place,
    rolls: KnownRolls,
    revocations: Place,
}

impl Hq {
    /// What is new to a device since these cursors. One that is revoked is told HQ's time
    /// and who is revoked, and no more.
    ///
    /// # Errors
    /// [`NewsError::Cursor`] for a cursor of another HQ, another device or the future; and
    /// the database.
    pub fn news(&self, device: &DeviceId, asked: &NewsRequest) -> Result<News, NewsError> {
        let known = Known {
            jobs: self.place(Stream::Jobs, device, asked.jobs.as_ref())?,
            rolls: self.known_rolls(device, asked.rolls.as_ref())?,
            revocations: self.place(Stream::Revocations, device, asked.revocations.as_ref())?,
        };
        let now = self.now();
        self.store.write(|db| note_stages(db, now))?;
        // All of one moment; the tick is later.
        let told = self.store.read(|db| Ok(self.tell(db, device, asked, &known)))??;
        let tick = self.tick()?;
        let revocations = told.revocations.map(|news| self.with_proof(news, &tick)).transpose()?;
        Ok(News { tick: tick.as_bytes().to_vec().into(), revocations, ..told })
    }

    /// Shows that the list of revoked devices stands in the log that this tick knows.
    fn with_proof(
        &self,
        news: RevocationNews,
        tick: &Signed<Tick>,
    ) -> Result<RevocationNews, HqError> {
        let (Some(list), Some(head)) = (&news.list, &tick.log) else { return Ok(news) };
        let list: Signed<Revocations> = self.keys().open(list)?;
        let proof = self.leaf_proof(&list.id(), head)?;
        Ok(RevocationNews { proof, ..news })
    }

    /// The news without the tick.
    fn tell(
        &self,
        db: &Connection,
        device: &DeviceId,
        asked: &NewsRequest,
        known: &Known,
    ) -> Result<News, NewsError> {
        let mut answer = Answer::empty();
        let revocations =
            self.new_revocations(db, device, (known.revocations, asked.revocations.is_some()))?;
        let (mut jobs, mut rolls) = (None, None);
        if store::may_see(db, &self.keys(), device, self.now())? {
            jobs = self.new_jobs(db, device, (known.jobs, asked.jobs.is_some()), &mut answer)?;
            if !answer.more {
                rolls = self.new_labels(db, device, &known.rolls, &mut answer)?;
            }
        }
        let tick = Vec::new().into();
        Ok(News { version: Version, tick, more: answer.more, jobs, rolls, revocations })
    }

    fn new_revocations(
        &self,
        db: &Connection,
        device: &DeviceId,
        (known, knows): (Place, bool),
    ) -> Result<Option<RevocationNews>, NewsError> {
        let list = store::revocations(db, &self.keys())?;
        let number = list.as_ref().map_or(0, |list| list.epoch);
        if known.number > number {
            return Err(CursorError::FromTheFuture.into());
        }
        if knows && known.number == number {
            return Ok(None);
        }
        let cursor = self.cursor(Stream::Revocations, device, Place { number, within: 0 });
        let list = list.map(|list| list.as_bytes().to_vec().into());
        Ok(Some(RevocationNews { cursor, list, proof: None }))
    }

    fn new_jobs(
        &self,
        db: &Connection,
        device: &DeviceId,
        (known, knows): (Place, bool),
        answer: &mut Answer,
    ) -> Result<Option<JobNews>, NewsError> {
        let newest: i64 = db.query_row(
            "SELECT coalesce(max(seq), 0) FROM sqlite_sequence WHERE name = 'job_changes'",
            [],
            |row| row.get(0),
        )?;
        let newest = number(newest);
        if known.number > newest {
            return Err(CursorError::FromTheFuture.into());
        }
        let mut query = db.prepare_cached(
            "SELECT number, job_changes.job, stage FROM job_changes
             JOIN assignments ON assignments.job = job_changes.job
             WHERE assignments.device = ?1 AND number > ?2 ORDER BY number",
        )?;
        let mut rows = query.query(params![device.0, column(known.number)])?;
        let (mut packs, mut ended, mut to) = (Vec::new(), Vec::new(), known.number);
        while let Some(row) = rows.next()? {
            if answer.left == 0 {
                answer.more = true;
                break;
            }
            let job = JobId(row.get(1)?);
            match row.get::<_, Option<u8>>(2)? {
                Some(1) => {
                    let pack = self.signed_pack(db, job)?.as_bytes().to_vec();
                    answer.take(pack.len());
                    packs.push(pack.into());
                }
                // Who is new here has nothing of it.
                Some(2) if knows => ended.push(job),
                _ => {}
            }
            to = number(row.get(0)?);
        }
        if !answer.more {
            to = newest;
        }
        if knows && to == known.number {
            return Ok(None);
        }
        let cursor = self.cursor(Stream::Jobs, device, Place { number: to, within: 0 });
        Ok(Some(JobNews { cursor, packs, ended }))
    }
}

/// Makes news of the jobs that opened or ended since HQ last looked.
fn note_stages(db: &Connection, now: u64) -> Result<(), HqError> {
    let now = column(now);
    db.prepare_cached(&format!(
        "UPDATE job_changes SET stage = (SELECT {STAGE} FROM jobs WHERE jobs.id = job)
         WHERE stage IS NULL"
    ))?
    .execute([now])?;
    // A row that is replaced gets the next number.
    db.prepare_cached(&format!(
        "INSERT OR REPLACE INTO job_changes (job, stage)
         SELECT jobs.id, {STAGE} FROM job_changes JOIN jobs ON jobs.id = job_changes.job
         WHERE stage <> {STAGE} ORDER BY jobs.id"
    ))?
    .execute([now])?;
    Ok(())
}
