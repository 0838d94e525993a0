//! Sessions: a device signs a challenge and gets a token for a quarter of an hour.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use crewseal_custody::DeviceId;
use crewseal_custody::cbor::{CborError, Version};
use crewseal_custody::signed::{SignedError, Unverified};
use crewseal_custody::wire::{Session, SessionRequest};
use data_encoding::BASE64URL_NOPAD;
use ring::hmac;

use crate::clock::Clock;
use crate::error::HqError;
use crate::hash::sha256;
use crate::hq::Hq;
use crate::random::random;
use crate::store;

/// For how long a challenge may be answered.
const CHALLENGE: Duration = Duration::from_secs(60);

/// Why a device gets no session.
#[derive(Debug)]
pub(crate) enum SessionError {
    /// Not a signed request in canonical form.
    Malformed,
    /// A request of a version that HQ does not know.
    Version,
    /// No such device, another's signature, or a challenge that is not open.
    Unknown,
    /// The claim is for another HQ.
    OtherHq,
    /// The credential has ended, and HQ renews none of a device that it revoked.
    CredentialEnded,
    /// HQ could not look.
    Hq(HqError),
}

impl From<HqError> for SessionError {
    fn from(error: HqError) -> Self {
        Self::Hq(error)
    }
}

impl Hq {
    /// Checks the answer to a challenge, all but the challenge itself.
    pub(crate) fn authenticate(&self, request: &[u8]) -> Result<SessionRequest, SessionError> {
        let request =
            Unverified::<SessionRequest>::parse(request).map_err(|error| match error {
                SignedError::Payload(CborError::Version { .. }) => SessionError::Version,
                _ => SessionError::Malformed,
            })?;
        let claims = request.claims();
        if claims.hq != self.identity() || claims.origin != self.origin() {
            return Err(SessionError::OtherHq);
        }
        let device = claims.device;
        let (credential, revoked_since) = self.store.read(|db| {
            let credential = store::credential(db, &self.keys(), &device)?;
            Ok((credential, store::revoked_since(db, &self.keys(), &device)?))
        })?;
        let credential = credential.ok_or(SessionError::Unknown)?;
        let request = request.verify(&credential.act_key).map_err(|_| SessionError::Unknown)?;
        // One that has ended is renewed in a session, and the queue is delivered in it; jobs
        // and rolls are not shown.
        if credential.valid_to <= self.now() && revoked_since.is_some() {
            return Err(SessionError::CredentialEnded);
        }
        Ok((*request).clone())
    }
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
    pub(crate) fn open(
        &self,
        request: &SessionRequest,
        key_list: u32,
    ) -> Result<Option<Session>, HqError> {
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
        open.insert(sha256(token.as_bytes()), (request.device, ends));
        let expires_in = u32::try_from(self.lifetime.as_secs()).unwrap_or(u32::MAX);
        Ok(Some(Session { version: Version, token, expires_in, key_list }))
    }

    /// Whose session this token is.
    pub(crate) fn device(&self, token: &str) -> Option<DeviceId> {
        let open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        let (device, ends) = open.get(&sha256(token.as_bytes()))?;
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
