//! HQ's door: who is let in once by an invitation, daily by a challenge, and, to deliver
//! and nothing else, by a token when his keys are gone.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use crewseal_custody::cbor::{self, Version};
use crewseal_custody::delivery::DeliveryToken;
use crewseal_custody::signed::{Signed, Unverified};
use crewseal_custody::wire::{DeliveryRight, EnrolClaim, EnrolRequest, Session, SessionRequest};
use crewseal_custody::{Credential, DeviceId};
use data_encoding::BASE64URL_NOPAD;
use ring::hmac;
use rusqlite::{OptionalExtension, params};

use crate::clock::Clock;
use crate::dispatch::desk;
use crate::error::HqError;
use crate::hq::Hq;
use crate::random::random;
use crate::store::{self, column};

/// For how long a credential holds, in seconds.
const CREDENTIAL_SECONDS: u64 = 90 * 24 * 60 * 60;
/// A phone whose clock is a little slow should find its credential valid.
const CREDENTIAL_LEAD: u64 = 300;
/// Milliseconds of a minute.
const MINUTE: u64 = 60_000;
/// How many requests a minute a delivery token is good for: 15,000 entries.
const DELIVERIES_A_MINUTE: u32 = 60;
/// For how long a challenge may be answered.
const CHALLENGE: Duration = Duration::from_secs(60);

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
        let hash = desk::hash(&claim.code);
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

    /// Checks the answer to a challenge, all but the challenge itself.
    pub(crate) fn recognise(&self, request: &[u8]) -> Result<SessionRequest, Unwelcome> {
        let request =
            Unverified::<SessionRequest>::parse(request).map_err(|_| Unwelcome::Malformed)?;
        let device = request.claims().device;
        let credential = self.store.read(|db| store::credential(db, self.key(), &device))?;
        let credential = credential.ok_or(Unwelcome::Unknown)?;
        let request = request.verify(&credential.act_key).map_err(|_| Unwelcome::Unknown)?;
        if credential.valid_to <= self.clock.now() {
            return Err(Unwelcome::CredentialEnded);
        }
        Ok((*request).clone())
    }
}

impl Hq {
    /// A new right to deliver for this device's phone; it ends with 90 days.
    pub(crate) fn grant_delivery(&self, device: DeviceId) -> Result<DeliveryRight, HqError> {
        let token = BASE64URL_NOPAD.encode(&random::<32>()?);
        let now = self.clock.now();
        let until = now.saturating_add(CREDENTIAL_SECONDS);
        self.store.write(|db| {
            db.execute("DELETE FROM delivery_rights WHERE ends_at <= ?1", [column(now)])?;
            db.execute(
                "INSERT INTO delivery_rights (token, device, ends_at) VALUES (?1, ?2, ?3)",
                params![sha256(&token), device.0, column(until)],
            )?;
            Ok(())
        })?;
        Ok(DeliveryRight { version: Version, token: DeliveryToken(token), until })
    }

    /// To which device's phone this token was given, if it still holds.
    pub(crate) fn may_deliver(&self, token: &str) -> Result<Option<DeviceId>, HqError> {
        let now = column(self.clock.now());
        self.store.read(|db| {
            let select = "SELECT device FROM delivery_rights WHERE token = ?1 AND ends_at > ?2";
            let mut query = db.prepare_cached(select)?;
            let device = query.query_row(params![sha256(token), now], |row| row.get(0));
            Ok(device.optional()?.map(DeviceId))
        })
    }
}

/// How often each delivery token was used of late: whoever holds one may be anybody.
pub(crate) struct Pace {
    clock: Arc<dyn Clock>,
    /// By the SHA-256 of the token: when its minute began, and the requests since.
    minutes: Mutex<HashMap<[u8; 32], (u64, u32)>>,
}

impl Pace {
    pub(crate) fn new(clock: Arc<dyn Clock>) -> Self {
        Self { clock, minutes: Mutex::default() }
    }

    /// Counts a request, or says how many seconds to wait with it.
    pub(crate) fn count(&self, token: &str) -> Result<(), u64> {
        let now = millis(self.clock.uptime());
        let mut minutes = self.minutes.lock().unwrap_or_else(PoisonError::into_inner);
        minutes.retain(|_, (began, _)| now.saturating_sub(*began) < MINUTE);
        let (began, requests) = minutes.entry(sha256(token)).or_insert((now, 0));
        if *requests >= DELIVERIES_A_MINUTE {
            let left = MINUTE.saturating_sub(now.saturating_sub(*began));
            return Err(left.div_ceil(1_000));
        }
        *requests += 1;
        Ok(())
    }
}

/// Why a device gets no session.
#[derive(Debug)]
pub(crate) enum Unwelcome {
    /// Not a signed request in canonical form.
    Malformed,
    /// No such device, another's signature, or a challenge that is not open.
    Unknown,
    /// The device must enrol again.
    CredentialEnded,
    /// HQ could not look.
    Hq(HqError),
}

impl From<HqError> for Unwelcome {
    fn from(error: HqError) -> Self {
        Self::Hq(error)
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

/// Open challenges and sessions, in memory: after a restart every phone signs
/// in again.
pub(crate) struct Sessions {
    clock: Arc<dyn Clock>,
    lifetime: Duration,
    /// Makes challenges that need not be kept, so that nobody can fill the
    /// memory by asking for them.
    key: hmac::Key,
    /// Challenges that were answered, until they lapse.
    answered: Mutex<HashMap<[u8; 32], u64>>,
    /// By the SHA-256 of the token: whose session, and when it ends.
    open: Mutex<HashMap<[u8; 32], (DeviceId, u64)>>,
}

impl Sessions {
    pub(crate) fn new(clock: Arc<dyn Clock>, lifetime: Duration) -> Result<Self, HqError> {
        let key = hmac::Key::new(hmac::HMAC_SHA256, &random::<32>()?);
        Ok(Self { clock, lifetime, key, answered: Mutex::default(), open: Mutex::default() })
    }

    /// A challenge for this device: when it lapses, eight random bytes, and
    /// half a MAC over both and the device.
    pub(crate) fn challenge(&self, device: &DeviceId) -> Result<[u8; 32], HqError> {
        let lapses = self.now().saturating_add(millis(CHALLENGE));
        let mut challenge = [0; 32];
        let (head, mac) = challenge.split_at_mut(16);
        let (time, noise) = head.split_at_mut(8);
        time.copy_from_slice(&lapses.to_be_bytes());
        noise.copy_from_slice(&random::<8>()?);
        let tag = self.tag(head, device);
        mac.iter_mut().zip(tag.as_ref()).for_each(|(to, from)| *to = *from);
        Ok(challenge)
    }

    /// Opens a session for a request whose signature holds.
    pub(crate) fn open(&self, request: &SessionRequest) -> Result<Option<Session>, HqError> {
        let now = self.now();
        let Some(lapses) = self.lapses(request).filter(|lapses| now < *lapses) else {
            return Ok(None);
        };
        {
            let mut answered = self.answered.lock().unwrap_or_else(PoisonError::into_inner);
            answered.retain(|_, lapses| now < *lapses);
            if answered.insert(request.challenge, lapses).is_some() {
                return Ok(None);
            }
        }
        let token = BASE64URL_NOPAD.encode(&random::<32>()?);
        let ends = now.saturating_add(millis(self.lifetime));
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        open.retain(|_, (_, ends)| now < *ends);
        open.insert(sha256(&token), (request.device, ends));
        let expires_in = u32::try_from(self.lifetime.as_secs()).unwrap_or(u32::MAX);
        Ok(Some(Session { version: Version, token, expires_in }))
    }

    /// Whose session this token is.
    pub(crate) fn device(&self, token: &str) -> Option<DeviceId> {
        let open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        let (device, ends) = open.get(&sha256(token))?;
        (self.now() < *ends).then_some(*device)
    }

    fn lapses(&self, request: &SessionRequest) -> Option<u64> {
        let (head, mac) = request.challenge.split_at(16);
        let tag = self.tag(head, &request.device);
        let wrong = tag.as_ref().iter().zip(mac).fold(0, |wrong, (a, b)| wrong | (a ^ b));
        let time = head.first_chunk().copied().map(u64::from_be_bytes);
        time.filter(|_| wrong == 0)
    }

    fn tag(&self, head: &[u8], device: &DeviceId) -> hmac::Tag {
        let mut context = hmac::Context::with_key(&self.key);
        context.update(head);
        context.update(&device.0);
        context.sign()
    }

    /// Milliseconds, by the clock that nobody sets.
    fn now(&self) -> u64 {
        millis(self.clock.uptime())
    }
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

fn sha256(text: &str) -> [u8; 32] {
    let digest = ring::digest::digest(&ring::digest::SHA256, text.as_bytes());
    let mut bytes = [0; 32];
    bytes.copy_from_slice(digest.as_ref());
    bytes
}
