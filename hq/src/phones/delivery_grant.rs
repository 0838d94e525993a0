//! Delivery without a session: a phone that lost its keys may still deliver what it
//! holds, with a token that is good for nothing else.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use crewseal_custody::DeviceId;
use crewseal_custody::cbor::Version;
use crewseal_custody::delivery_grant::DeliveryToken;
use crewseal_custody::wire::DeliveryGrant;
use data_encoding::BASE64URL_NOPAD;
use rusqlite::{OptionalExtension, params};

use crate::clock::Clock;
use crate::error::HqError;
use crate::hash::sha256;
use crate::hq::Hq;
use crate::random::random;
use crate::store::column;

/// For how long a token holds, in seconds.
const GRANT_SECONDS: u64 = 90 * 24 * 60 * 60;
/// How many requests a minute a delivery token is good for: 15,000 entries.
const DELIVERIES_A_MINUTE: u32 = 60;
/// For how long requests are counted.
const WINDOW: Duration = Duration::from_secs(60);

impl Hq {
    /// A new right to deliver for this device's phone; it ends with 90 days.
    pub(crate) fn grant_delivery(&self, device: DeviceId) -> Result<DeliveryGrant, HqError> {
        let token = BASE64URL_NOPAD.encode(&random::<32>()?);
        let now = self.now();
        let until = now.saturating_add(GRANT_SECONDS);
        self.store.write(|db| {
            db.execute("DELETE FROM delivery_rights WHERE ends_at <= ?1", [column(now)])?;
            db.execute(
                "INSERT INTO delivery_rights (token, device, ends_at) VALUES (?1, ?2, ?3)",
                params![sha256(token.as_bytes()), device.0, column(until)],
            )?;
            Ok(())
        })?;
        Ok(DeliveryGrant { version: Version, token: DeliveryToken(token), until })
    }

    /// To which device's phone this token was given, if it still holds.
    pub(crate) fn delivery_device(&self, token: &str) -> Result<Option<DeviceId>, HqError> {
        let now = column(self.now());
        self.store.read(|db| {
            let select = "SELECT device FROM delivery_rights WHERE token = ?1 AND ends_at > ?2";
            let mut query = db.prepare_cached(select)?;
            let device = query.query_row(params![sha256(token.as_bytes()), now], |row| row.get(0));
            Ok(device.optional()?.map(DeviceId))
        })
    }
}

/// How often each delivery token was used of late: whoever holds one may be anybody.
pub(crate) struct RateLimit {
    clock: Arc<dyn Clock>,
    /// By the SHA-256 of the token: when its minute began, and the requests since.
    minutes: Mutex<HashMap<[u8; 32], (Duration, u32)>>,
}

impl RateLimit {
    pub(crate) fn new(clock: Arc<dyn Clock>) -> Self {
        Self { clock, minutes: Mutex::default() }
    }

    /// Counts a request, or says for how long to wait with it.
    pub(crate) fn count(&self, token: &str) -> Result<(), Duration> {
        let now = self.clock.uptime();
        let mut minutes = self.minutes.lock().unwrap_or_else(PoisonError::into_inner);
        minutes.retain(|_, (began, _)| now.saturating_sub(*began) < WINDOW);
        let (began, requests) = minutes.entry(sha256(token.as_bytes())).or_insert((now, 0));
        if *requests >= DELIVERIES_A_MINUTE {
            return Err(WINDOW.saturating_sub(now.saturating_sub(*began)));
        }
        *requests += 1;
        Ok(())
    }
}
