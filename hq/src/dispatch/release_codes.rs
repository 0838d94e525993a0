//! Release codes: the customer's word for one act each.

use crewseal_custody::cbor;
use crewseal_custody::{EventKind, JobId, ReleaseCode, ReleaseKey};
use rusqlite::params;

use crate::error::HqError;
use crate::hq::Hq;
use crate::random::random;
use crate::store;

impl Hq {
    /// Draws release codes for a job, one for each of these acts. They are for the
    /// customer, to be sent with the booking: HQ keeps the public keys only, so this
    /// is the one time that they can be had.
    ///
    /// # Errors
    /// [`HqError::UnknownJob`], [`HqError::Random`], or the database.
    pub fn release_codes(
        &self,
        job: JobId,
        acts: &[EventKind],
    ) -> Result<Vec<ReleaseCode>, HqError> {
        self.store.write(|db| {
            if !store::has_job(db, &job)? {
                return Err(HqError::UnknownJob(job));
            }
            let known = store::release_keys(db, &job)?;
            let mut number = known.last().map_or(0, |key| key.number);
            let mut codes = Vec::with_capacity(acts.len());
            for kind in acts {
                number = number.checked_add(1).ok_or(HqError::TooManyCodes)?;
                let code = ReleaseCode::from_bytes(random()?);
                let key = ReleaseKey::of(job, number, *kind, &code);
                db.execute(
                    "INSERT INTO release_keys (job, number, bytes) VALUES (?1, ?2, ?3)",
                    params![job.0, number, cbor::to_vec(&key)],
                )?;
                codes.push(code);
            }
            Ok(codes)
        })
    }
}
