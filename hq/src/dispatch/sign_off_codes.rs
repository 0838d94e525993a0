//! Supervisors' one-time codes, each for one sign-off on somebody else's phone. HQ keeps
//! their hashes.

use crewseal_custody::{DeviceId, OneTimeCode, Role};
use rusqlite::params;

use crate::error::HqError;
use crate::hq::Hq;
use crate::random::random;
use crate::store::{self, column};

impl Hq {
    /// Draws one-time codes for a supervisor, for when he has no phone of his own at
    /// hand. HQ keeps hashes only, so this is the one time that they can be had.
    ///
    /// # Errors
    /// [`HqError::UnknownDevice`], [`HqError::NotASupervisor`], [`HqError::Random`],
    /// or the database.
    pub fn one_time_codes(
        &self,
        supervisor: DeviceId,
        count: usize,
    ) -> Result<Vec<OneTimeCode>, HqError> {
        self.store.write(|db| {
            let credential = store::credential(db, &self.keys(), &supervisor)?;
            let credential = credential.ok_or(HqError::UnknownDevice(supervisor))?;
            if credential.role != Role::Supervisor {
                return Err(HqError::NotASupervisor(supervisor));
            }
            let mut codes = Vec::with_capacity(count);
            for _ in 0..count {
                let code = OneTimeCode::from_bytes(random()?);
                db.execute(
                    "INSERT INTO one_time_codes (hash, supervisor, made_at) VALUES (?1, ?2, ?3)",
                    params![code.hash().0, supervisor.0, column(self.now())],
                )?;
                codes.push(code);
            }
            Ok(codes)
        })
    }
}
