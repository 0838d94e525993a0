//! Who is asking: a device with a session, or one that may deliver and nothing else.

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderMap, header};
use crewseal_custody::DeviceId;

use super::problem::Problem;
use super::state::AppState;

/// The device whose session a request belongs to. Comes before the body, so
/// strangers' bodies are not read.
pub(super) struct AuthenticatedDevice(pub(super) DeviceId);

impl FromRequestParts<AppState> for AuthenticatedDevice {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> Result<Self, Problem> {
        bearer(&parts.headers)
            .and_then(|token| state.sessions.device(token))
            .map(Self)
            .ok_or(Problem::Session)
    }
}

/// A device that may deliver: one with a session, or a phone that once had one and has a
/// delivery token, as often as it may.
pub(super) struct DeliveryClient(pub(super) DeviceId);

impl FromRequestParts<AppState> for DeliveryClient {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> Result<Self, Problem> {
        let token = bearer(&parts.headers).ok_or(Problem::Session)?;
        if let Some(device) = state.sessions.device(token) {
            return Ok(Self(device));
        }
        let asked = token.to_owned();
        let device = state.clone().ask(move |hq| hq.delivery_device(&asked)).await?;
        let device = device.ok_or(Problem::Session)?;
        state.delivery_rate.count(token).map_err(|wait| Problem::TooOften { wait })?;
        Ok(Self(device))
    }
}

fn bearer(headers: &HeaderMap) -> Option<&str> {
    let (scheme, token) = headers.get(header::AUTHORIZATION)?.to_str().ok()?.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then_some(token)
}
