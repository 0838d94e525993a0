//! Enrolment: an invited phone shows its keys and gets HQ's credential for them.

use crewseal_custody::cbor::{self, Version};
use crewseal_custody::signed::{Signed, Unverified};
use crewseal_custody::wire::{EnrolClaim, EnrolRequest};
use crewseal_custody::{Credential, DeviceId};
use rusqlite::{OptionalExtension, params};

use crate::error::HqError;
use crate::hash::sha256;
use crate::hq::Hq;
use crate::store::{self, column};

/// For how long a credential holds, in seconds.
const CREDENTIAL_SECONDS: u64 = 90 * 24 * 60 * 60;
/// A phone whose clock is a little slow should find its credential valid.
const CREDENTIAL_LEAD: u64 = 300;

/// Why a device was not enrolled.
#[derive(Debug, thiserror::Error)]
pub enum EnrolError {
    /// The two keys did not both sign one and the same claim.
    #[error("the proofs are not one claim signed by both of its keys")]
    Proof,
    /// The invitation is unknown, used or more than a day old.
    #[error("the invitation is not valid or no longer; ask for a new one")]
    Invitation,
    /// These keys are enrolled already.
    #[error("these keys are enrolled already; make new ones")]
    Enrolled,
    /// HQ could not.
    #[error(transparent)]
    Hq(#[from] HqError),
}

impl From<rusqlite::Error> for EnrolError {
    fn from(error: rusqlite::Error) -> Self {
        Self::Hq(error.into())
    }
}

impl Hq {
    /// Enrols a device. The device that an invitation let in gets the same
    /// credential again, for the answer may have been lost on its way.
    ///
    /// # Errors
    /// [`EnrolError`].
    pub fn enrol(&self, request: &EnrolRequest) -> Result<Signed<Credential>, EnrolError> {
        let claim = proven(request).ok_or(EnrolError::Proof)?;
        let device = DeviceId::of(&claim.act_key, &claim.handoff_key);
        let now = self.clock.now();
        let hash = sha256(&claim.code.0);
        self.store.write(|db| {
            type Row = (Vec<u8>, Option<Vec<u8>>, String, i64, Option<[u8; 16]>);
            let invitation: Option<Row> = db
                .prepare_cached(
                    "SELECT role, qualifications, pseudonym, expires_at, device
                     FROM invitations WHERE code = ?1",
                )?
                .query_row([hash], |row| {
                    Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?, row.get(4)?))
                })
                .optional()?;
            let known = store::credential(db, self.key(), &device)?;
            let (role, qualifications, pseudonym) = match (invitation, known) {
                (Some((.., Some(used))), Some(known)) if used == device.0 => return Ok(Ok(known)),
                (Some((role, qualifications, pseudonym, expires_at, None)), known)
                    if column(now) < expires_at =>
                {
                    if known.is_some() {
                        return Ok(Err(EnrolError::Enrolled));
                    }
                    (role, qualifications, pseudonym)
                }
                _ => return Ok(Err(EnrolError::Invitation)),
            };
            let damaged = |_| HqError::Damaged { what: "an invitation" };
            let role = cbor::from_slice(&role).map_err(damaged)?;
            let qualifications =
                qualifications.map(|q| cbor::from_slice(&q)).transpose().map_err(damaged)?;
            let credential = self.sign(Credential {
                version: Version,
                act_key: claim.act_key,
                handoff_key: claim.handoff_key,
                pseudonym,
                role,
                valid_from: now.saturating_sub(CREDENTIAL_LEAD),
                valid_to: now.saturating_add(CREDENTIAL_SECONDS),
                qualifications,
            })?;
            db.execute(
                "INSERT INTO devices (id, credential) VALUES (?1, ?2)",
                params![device.0, credential.as_bytes()],
            )?;
            db.execute("UPDATE invitations SET device = ?2 WHERE code = ?1", (hash, device.0))?;
            db.execute(
                "INSERT INTO assignments (job, device)
                 SELECT job, ?2 FROM invited_jobs WHERE code = ?1",
                (hash, device.0),
            )?;
            Ok(Ok(credential))
        })?
    }

    /// All enrolled devices, by id.
    ///
    /// # Errors
    /// The database.
    pub fn devices(&self) -> Result<Vec<DeviceId>, HqError> {
        self.store.read(|db| {
            let mut query = db.prepare("SELECT id FROM devices ORDER BY id")?;
            let devices = query.query_map([], |row| Ok(DeviceId(row.get(0)?)))?;
            Ok(devices.collect::<Result<_, _>>()?)
        })
    }
}

/// The claim that both of its keys signed.
fn proven(request: &EnrolRequest) -> Option<EnrolClaim> {
    let act = Unverified::<EnrolClaim>::parse(&request.act_proof).ok()?;
    let handoff = Unverified::<EnrolClaim>::parse(&request.handoff_proof).ok()?;
    let (act_key, handoff_key) = (act.claims().act_key, act.claims().handoff_key);
    let act = act.verify(&act_key).ok()?;
    let handoff = handoff.verify(&handoff_key).ok()?;
    (act.id() == handoff.id() && act_key != handoff_key).then(|| (*act).clone())
}
