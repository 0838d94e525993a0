//! Messages: bodies as they come, answers as they go.

use axum::body::Bytes;
use axum::extract::{FromRequest, Request};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use crewseal_custody::cbor::{self, CborError};
use crewseal_custody::signed::{Message, Signed};
use crewseal_custody::wire::{BODY_TIME, CBOR, MAX_BODY};
use minicbor::{Decode, Encode};

use super::problem::Problem;
use super::state::AppState;

/// The versions that HQ knows of a message of which there is only the first.
const FIRST: &[u8] = &[1];

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
    /// The message in it, of a kind of which there is only the first version.
    pub(super) fn decode<T>(&self) -> Result<T, Problem>
    where
        T: Encode<()> + for<'b> Decode<'b, ()>,
    {
        self.decode_version::<T, 1>(FIRST)
    }

    /// The message in it, of this version. Of another one the refusal tells which are
    /// `known`.
    pub(super) fn decode_version<T, const VERSION: u8>(
        &self,
        known: &'static [u8],
    ) -> Result<T, Problem>
    where
        T: Encode<()> + for<'b> Decode<'b, ()>,
    {
        cbor::from_versioned::<T, VERSION>(&self.0).map_err(|error| match error {
            CborError::Version { .. } => Problem::Version { known },
            _ => Problem::Malformed,
        })
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
