//! Confirmation: HQ says of each sign-off that was claimed with a supervisor's code
//! whether it was one.

use crewseal_custody::cbor::Version;
use crewseal_custody::signed::Signed;
use crewseal_custody::{Confirmation, DeviceId, Event};
use rusqlite::{Connection, OptionalExtension, params};

use crate::error::HqError;
use crate::hq::Hq;
use crate::store;

impl Hq {
    /// Says of a new event, once it is stored, whether the code in it is one of a
    /// supervisor for whom HQ still vouches, and uses the code up.
    pub(super) fn confirm(
        &self,
        (db, now): (&Connection, u64),
        event: &Signed<Event>,
    ) -> Result<(), HqError> {
        let Some(code) = &event.code else { return Ok(()) };
        let hash = code.hash().0;
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
            let credential = store::credential(db, &self.keys(), &device)?;
            let revoked = store::revoked_since(db, &self.keys(), &device)?;
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
