//! Enrolment: an invited phone shows its keys and gets HQ's credential for them.

use crewseal_custody::cbor::{self, CborError, Versions};
use crewseal_custody::logged::ActKind;
use crewseal_custody::signed::{Signed, SignedError, Unverified};
use crewseal_custody::wire::{EnrolClaim, EnrolRequest};
use crewseal_custody::{CarrierId, Credential, DeviceId, Qualifications, Role, Voucher};
use rusqlite::{Connection, OptionalExtension, params};

use crate::error::HqError;
use crate::hash::sha256;
use crate::hq::Hq;
use crate::random::random;
use crate::store::{self, LogWriter, column};

/// For how long a credential holds, in seconds.
pub(super) const CREDENTIAL_SECONDS: u64 = 90 * 24 * 60 * 60;
/// A phone whose clock is a little slow should find its credential valid.
pub(super) const CREDENTIAL_LEAD: u64 = 300;

/// Why a device was not enrolled.
#[derive(Debug, thiserror::Error)]
pub enum EnrolError {
    /// A claim of a version that HQ does not know.
    #[error("HQ does not know this version of the claim; update the app or HQ")]
    Version,
    /// The two keys did not both sign one and the same claim.
    #[error("the proofs are not one claim signed by both of its keys")]
    Proof,
    /// The claim is for another HQ.
    #[error("the claim is for another HQ; look whose invitation it is")]
    OtherHq,
    /// The invitation is unknown, used or more than a day old.
    #[error("the invitation is not valid or no longer; ask for a new one")]
    Invitation,
    /// What should show that the device is the carrier's does not: a voucher that is not
    /// his or one where HQ knows nobody yet, or a recovery key of somebody who has one.
    #[error("nothing shows that the device is this carrier's; let his older device vouch again")]
    Voucher,
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

/// What an invitation says, as it lies in the database.
struct Invited {
    role: Role,
    qualifications: Option<Qualifications>,
    pseudonym: String,
    expires_at: i64,
    /// Whom it let in.
    used_by: Option<DeviceId>,
    /// Whose further device it is for.
    carrier: Option<CarrierId>,
}

impl Hq {
    /// Enrols a device. The device that an invitation let in gets the same
    /// credential again, for the answer may have been lost on its way.
    ///
    /// # Errors
    /// [`EnrolError`].
    pub fn enrol(&self, request: &EnrolRequest) -> Result<Signed<Credential>, EnrolError> {
        let claim = proven(request)?;
        if claim.hq != self.identity() || claim.origin != self.origin() {
            return Err(EnrolError::OtherHq);
        }
        let hash = sha256(&claim.code.0);
        self.log(|log| match self.let_in(log, &claim, hash) {
            // Of what HQ could not do nothing is kept.
            Err(EnrolError::Hq(error)) => Err(error),
            done => Ok(done),
        })?
    }

    fn let_in(
        &self,
        log: &mut LogWriter<'_>,
        claim: &EnrolClaim,
        code: [u8; 32],
    ) -> Result<Signed<Credential>, EnrolError> {
        let (db, now) = (log.db, log.at);
        let device = DeviceId::of(&claim.act_key, &claim.handoff_key);
        let known = store::credential(db, &self.keys(), &device)?;
        let invited = invited(db, &code)?.ok_or(EnrolError::Invitation)?;
        match (invited.used_by, known) {
            (Some(used_by), Some(known)) if used_by == device => return Ok(known),
            (None, _) if column(now) >= invited.expires_at => return Err(EnrolError::Invitation),
            (None, Some(_)) => return Err(EnrolError::Enrolled),
            (None, None) => {}
            (Some(_), _) => return Err(EnrolError::Invitation),
        }
        let carrier = self.carrier(db, claim, invited.carrier)?;
        let credential = Credential {
            version: Versions::NEWEST,
            act_key: claim.act_key,
            handoff_key: claim.handoff_key,
            pseudonym: invited.pseudonym,
            role: invited.role,
            valid_from: now.saturating_sub(CREDENTIAL_LEAD),
            valid_to: now.saturating_add(CREDENTIAL_SECONDS),
            carrier,
            qualifications: invited.qualifications,
            serial: 1,
            voucher: claim.voucher,
        };
        self.check_voucher(db, &credential)?;
        let credential = self.sign(credential)?;
        db.execute(
            "INSERT INTO devices (id, carrier, depot)
             SELECT ?1, ?2, depot FROM invitations WHERE code = ?3",
            params![device.0, carrier.0, code],
        )?;
        store::add_credential(db, &credential)?;
        log.act(ActKind::Credential, &credential.id())?;
        db.execute("UPDATE invitations SET device = ?2 WHERE code = ?1", (code, device.0))?;
        db.execute(
            "INSERT INTO assignments (job, device)
             SELECT job, ?2 FROM invited_jobs WHERE code = ?1",
            (code, device.0),
        )?;
        Ok(credential)
    }

    /// Whose device it will be: his whom the invitation names or, as his first, one with the
    /// recovery key that it brings.
    fn carrier(
        &self,
        db: &Connection,
        claim: &EnrolClaim,
        invited: Option<CarrierId>,
    ) -> Result<CarrierId, EnrolError> {
        let device = DeviceId::of(&claim.act_key, &claim.handoff_key);
        let carrier = match (invited, claim.recovery_key, claim.voucher) {
            (Some(carrier), None, _) => return Ok(carrier),
            (None, Some(key), None) => key.carrier(&device),
            (None, None, None) => CarrierId(random()?),
            (Some(_), Some(_), _) | (None, _, Some(_)) => return Err(EnrolError::Voucher),
        };
        db.execute(
            "INSERT INTO carriers (id, recovery_key, first) VALUES (?1, ?2, ?3)",
            params![
                carrier.0,
                claim.recovery_key.map(|key| key.0),
                claim.recovery_key.map(|_| device.0)
            ],
        )?;
        Ok(carrier)
    }

    /// HQ says of no device that somebody vouches for it unless he does. A device that was
    /// revoked, as one that was stolen, vouches for none.
    fn check_voucher(&self, db: &Connection, credential: &Credential) -> Result<(), EnrolError> {
        let older = match credential.voucher {
            Some(Voucher::Device { device, .. }) => {
                let is_revoked = store::revoked_since(db, &self.keys(), &device)?.is_some();
                store::credential(db, &self.keys(), &device)?.filter(|_| !is_revoked)
            }
            _ => None,
        };
        if credential.has_good_voucher(self.identity(), |_| older.as_deref()) {
            Ok(())
        } else {
            Err(EnrolError::Voucher)
        }
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

    /// All carriers, by id.
    ///
    /// # Errors
    /// The database.
    pub fn carriers(&self) -> Result<Vec<CarrierId>, HqError> {
        self.store.read(|db| {
            let mut query = db.prepare("SELECT id FROM carriers ORDER BY id")?;
            let carriers = query.query_map([], |row| Ok(CarrierId(row.get(0)?)))?;
            Ok(carriers.collect::<Result<_, _>>()?)
        })
    }

    /// HQ's newest word about a device; none if it is not enrolled.
    ///
    /// # Errors
    /// The database.
    pub fn credential(&self, device: &DeviceId) -> Result<Option<Signed<Credential>>, HqError> {
        self.store.read(|db| store::credential(db, &self.keys(), device))
    }
}

/// The invitation with a code of this hash.
fn invited(db: &Connection, code: &[u8; 32]) -> Result<Option<Invited>, EnrolError> {
    type Row = (Vec<u8>, Option<Vec<u8>>, String, i64, Option<[u8; 16]>, Option<[u8; 16]>);
    let row: Option<Row> = db
        .prepare_cached(
            "SELECT role, qualifications, pseudonym, expires_at, device, carrier
             FROM invitations WHERE code = ?1",
        )?
        .query_row([code], |row| {
            Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?, row.get(4)?, row.get(5)?))
        })
        .optional()?;
    let Some((role, qualifications, pseudonym, expires_at, device, carrier)) = row else {
        return Ok(None);
    };
    let damaged = |_| HqError::Damaged { what: "an invitation" };
    Ok(Some(Invited {
        role: cbor::from_slice(&role).map_err(damaged)?,
        qualifications: qualifications
            .map(|q| cbor::from_slice(&q))
            .transpose()
            .map_err(damaged)?,
        pseudonym,
        expires_at,
        used_by: device.map(DeviceId),
        carrier: carrier.map(CarrierId),
    }))
}

/// The claim that both of its keys signed.
fn proven(request: &EnrolRequest) -> Result<EnrolClaim, EnrolError> {
    let read = |proof: &[u8]| {
        Unverified::<EnrolClaim>::parse(proof).map_err(|error| match error {
            SignedError::Payload(CborError::Version { .. }) => EnrolError::Version,
            _ => EnrolError::Proof,
        })
    };
    let (act, handoff) = (read(&request.act_proof)?, read(&request.handoff_proof)?);
    let (act_key, handoff_key) = (act.claims().act_key, act.claims().handoff_key);
    let is_one = act.id() == handoff.id() && act_key != handoff_key;
    let act = act.verify(&act_key).map_err(|_| EnrolError::Proof)?;
    handoff.verify(&handoff_key).map_err(|_| EnrolError::Proof)?;
    if is_one { Ok((*act).clone()) } else { Err(EnrolError::Proof) }
}
