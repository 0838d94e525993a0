//! Ticks: HQ's time, numbered and signed, that every event names.

use crewseal_custody::signed::Signed;
use crewseal_custody::{Salt, Tick};
use rusqlite::params;

use crate::error::HqError;
use crate::hq::Hq;
use crate::random::random;
use crate::store::{self, column};

impl Hq {
    /// Signs HQ's time and the log as it is, under the next number.
    ///
    /// # Errors
    /// [`HqError::ClockBehind`], [`HqError::ClockAhead`], [`HqError::Random`], or the database.
    pub fn tick(&self) -> Result<Signed<Tick>, HqError> {
        let nonce = Salt(random()?);
        self.log(|log| {
            let db = log.db;
            let last: i64 =
                db.query_row("SELECT coalesce(max(number), 0) FROM ticks", [], |row| row.get(0))?;
            let number = u64::try_from(last)
                .map_err(|_| HqError::Damaged { what: "a tick" })?
                .saturating_add(1);
            let head = Some(log.head()?);
            let tick = self.sign(Tick {
                version: Tick::version_with(head.as_ref()),
                origin: self.origin().to_owned(),
                number,
                at: log.at,
                nonce,
                log: head,
                epoch: Some(store::revocations(db, &self.keys())?.map_or(0, |list| list.epoch)),
            })?;
            db.execute(
                "INSERT INTO ticks (number, bytes) VALUES (?1, ?2)",
                params![column(number), tick.as_bytes()],
            )?;
            log.tick(&tick)?;
            Ok(tick)
        })
    }
}
