//! Supervisors' one-time codes: HQ gives them out, keeps their hashes, and says of
//! each sign-off that was claimed with one whether it was one.

use crewseal_custody::cbor::Version;
use crewseal_custody::signed::Signed;
use crewseal_custody::{Confirmation, DeviceId, Event, OneTimeCode, Role};
use rusqlite::{Connection, OptionalExtension, params};

use crate::store::{self, column};
use crate::{Hq, HqError, random};

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
            let credential = store::credential(db, self.key(), &supervisor)?;
            let credential = credential.ok_or(HqError::UnknownDevice(supervisor))?;
            if credential.role != Role::Supervisor {
                return Err(HqError::NotASupervisor(supervisor));
            }
            let mut codes = Vec::with_capacity(count);
            for _ in 0..count {
                let code = OneTimeCode::from_bytes(random()?);
                db.execute(
                    "INSERT INTO one_time_codes (hash, supervisor, made_at) VALUES (?1, ?2, ?3)",
                    params![code.hash().0, supervisor.0, column(self.clock.now())],
                )?;
                codes.push(code);
            }
            Ok(codes)
        })
    }

    /// Says of a new event, once it is stored, whether the code in it is one of a
    /// supervisor for whom HQ still vouches, and uses the code up.
    pub(crate) fn confirm(&self, db: &Connection, event: &Signed<Event>) -> Result<(), HqError> {
        let Some(code) = &event.code else { return Ok(()) };
        let (hash, now) = (code.hash().0, self.clock.now());
        let unused: Option<[u8; 16]> = db
            .prepare_cached(
                "SELECT supervisor FROM one_time_codes WHERE hash = ?1 AND event IS NULL",
            )?
            .query_row([hash], |row| row.get(0))
            .optional()?;
        let mut supervisor = None;
        if let Some(device) = unused.map(DeviceId) {
            db.prepare_cached("UPDATE one_time_codes SET event = ?2 WHERE hash = ?1")?
                .execute((hash, event.id().0))?;
            let credential = store::credential(db, self.key(), &device)?;
            let revocations = store::revocations(db, self.key())?;
            let revoked = revocations.and_then(|list| list.since.get(&device).copied());
            supervisor = credential
                .filter(|known| now < known.valid_to && revoked.is_none_or(|since| now < since))
                .map(|_| device);
        }
        let said = self.sign(Confirmation {
            version: Version,
            event: event.id(),
            supervisor,
            at: now,
            origin: self.origin().to_owned(),
        })?;
        db.prepare_cached("INSERT INTO confirmations (event, bytes) VALUES (?1, ?2)")?
            .execute(params![event.id().0, said.as_bytes()])?;
        Ok(())
    }
}
