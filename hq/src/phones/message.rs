//! Messages: bodies as they come, answers as they go.

use std::time::Duration;

use axum::body::Bytes;
use axum::extract::{FromRequest, Request};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use crewseal_custody::cbor;
use crewseal_custody::signed::{Message, Signed};
use crewseal_custody::wire::{CBOR, MAX_BODY};
use minicbor::{Decode, Encode};

use super::problem::Problem;
use super::state::AppState;

/// How long a body may take to arrive: 4 MiB at 110 kbit/s.
const BODY_TIME: Duration = Duration::from_secs(300);

/// A message on its way back.
pub(super) struct Answer(Vec<u8>);

impl Answer {
    pub(super) fn of<T: Encode<()>>(message: &T) -> Self {
        Self(cbor::to_vec(message))
    }

    pub(super) fn signed<T: Message>(message: &Signed<T>) -> Self {
        Self(message.as_bytes().to_vec())
    }
}

impl IntoResponse for Answer {
    fn into_response(self) -> Response {
        let headers = [(header::CONTENT_TYPE, CBOR), (header::CACHE_CONTROL, "no-store")];
        (StatusCode::OK, headers, self.0).into_response()
    }
}

/// A body of the right type and size.
pub(super) struct Body(pub(super) Bytes);

impl Body {
    pub(super) fn decode<T>(&self) -> Result<T, Problem>
    where
        T: Encode<()> + for<'b> Decode<'b, ()>,
    {
        cbor::from_versioned::<T, 1>(&self.0).map_err(|_| Problem::Malformed)
    }
}

impl FromRequest<AppState> for Body {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &AppState) -> Result<Self, Problem> {
        check_head(request.headers())?;
        let read = tokio::time::timeout(BODY_TIME, Bytes::from_request(request, state)).await;
        read.map_err(|_| Problem::Timeout)?.map(Self).map_err(|rejection| {
            if rejection.status() == StatusCode::PAYLOAD_TOO_LARGE {
                Problem::TooLarge
            } else {
                Problem::BodyLost
            }
        })
    }
}

/// Refuses by the head alone what need not be read.
fn check_head(headers: &HeaderMap) -> Result<(), Problem> {
    let text = |name| headers.get(name).and_then(|value| value.to_str().ok());
    let media_type = text(header::CONTENT_TYPE).and_then(|value| value.split(';').next());
    if !media_type.is_some_and(|value| value.trim().eq_ignore_ascii_case(CBOR)) {
        return Err(Problem::ContentType);
    }
    let announced: Option<u64> = text(header::CONTENT_LENGTH).and_then(|v| v.parse().ok());
    if announced.is_some_and(|bytes| usize::try_from(bytes).map_or(true, |b| b > MAX_BODY)) {
        return Err(Problem::TooLarge);
    }
    Ok(())
}
