//! Revocations: HQ takes its word for a device back.

use std::collections::BTreeMap;

use crewseal_custody::cbor::Version;
use crewseal_custody::logged::ActKind;
use crewseal_custody::signed::Signed;
use crewseal_custody::{DeviceId, Revocations};
use rusqlite::params;

use crate::error::HqError;
use crate::hq::Hq;
use crate::store::{self, column};

impl Hq {
    /// Takes HQ's word for a device back, `since` this time in seconds since
    /// 1970-01-01 UTC: what it did before stays good. It gets no jobs and no rolls any
    /// more, but may still deliver what it has. Of several times the earliest
    /// counts. The answer is the epoch that HQ's ticks tell from now on.
    ///
    /// # Errors
    /// [`HqError::UnknownDevice`], or the database.
    pub fn revoke(&self, device: DeviceId, since: u64) -> Result<u64, HqError> {
        self.log(|log| {
            let db = log.db;
            store::credential(db, &self.keys(), &device)?.ok_or(HqError::UnknownDevice(device))?;
            let mut list = match store::revocations(db, &self.keys())? {
                Some(list) => (*list).clone(),
                None => self.no_revocations(),
            };
            list.epoch = list.epoch.saturating_add(1);
            let earliest = list.since.entry(device).or_insert(since);
            *earliest = since.min(*earliest);
            let list = self.sign(list)?;
            db.execute(
                "INSERT INTO revocations (epoch, device, since, bytes) VALUES (?1, ?2, ?3, ?4)",
                params![column(list.epoch), device.0, column(since), list.as_bytes()],
            )?;
            log.act(ActKind::Revocations, &list.id())?;
            Ok(list.epoch)
        })
    }

    /// The devices that were revoked.
    ///
    /// # Errors
    /// The database.
    pub fn revocations(&self) -> Result<Signed<Revocations>, HqError> {
        match self.store.read(|db| store::revocations(db, &self.keys()))? {
            Some(list) => Ok(list),
            None => self.sign(self.no_revocations()),
        }
    }

    fn no_revocations(&self) -> Revocations {
        let origin = self.origin().to_owned();
        Revocations { version: Version, origin, epoch: 0, since: BTreeMap::new() }
    }
}
