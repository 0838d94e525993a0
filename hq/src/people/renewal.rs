//! Renewal: HQ's word about a device, given again for the same keys before it ends or after.

use crewseal_custody::cbor::Versions;
use crewseal_custody::logged::ActKind;
use crewseal_custody::signed::Signed;
use crewseal_custody::{Credential, DeviceId};

use super::enrolment::{CREDENTIAL_LEAD, CREDENTIAL_SECONDS};
use crate::error::HqError;
use crate::hq::Hq;
use crate::store;

/// Why HQ's word about a device was not renewed.
#[derive(Debug, thiserror::Error)]
pub enum RenewError {
    /// No such device.
    #[error("there is no such device; enrol it")]
    Unknown,
    /// HQ has taken its word back.
    #[error("the device is revoked; ask a supervisor")]
    Revoked,
    /// HQ could not.
    #[error(transparent)]
    Hq(#[from] HqError),
}

impl Hq {
    /// HQ's newest word about a device: another one for the same keys and the same carrier,
    /// if a third of the time or less was left, or none any more.
    ///
    /// # Errors
    /// [`RenewError`].
    pub fn renew(&self, device: &DeviceId) -> Result<Signed<Credential>, RenewError> {
        self.log(|log| {
            let (db, now) = (log.db, log.at);
            let Some(known) = store::credential(db, &self.keys(), device)? else {
                return Ok(Err(RenewError::Unknown));
            };
            if store::revoked_since(db, &self.keys(), device)?.is_some() {
                return Ok(Err(RenewError::Revoked));
            }
            if !known.is_to_be_renewed(now) {
                return Ok(Ok(known));
            }
            let renewed = self.sign(Credential {
                version: Versions::NEWEST,
                valid_from: now.saturating_sub(CREDENTIAL_LEAD),
                valid_to: now.saturating_add(CREDENTIAL_SECONDS),
                serial: known.serial.saturating_add(1),
                ..Credential::clone(&known)
            })?;
            store::add_credential(db, &renewed)?;
            log.act(ActKind::Credential, &renewed.id())?;
            Ok(Ok(renewed))
        })?
    }
}
