//! Refusals, as problem documents (RFC 9457): what went wrong and what the
//! phone can do about it, in words that tell nothing about anybody.

use std::time::Duration;

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use crewseal_custody::wire::BatchError;

use super::session::SessionError;
use crate::dispatch::{CursorError, NewsError};
use crate::error::HqError;
use crate::people::{EnrolError, RenewError};

/// After how many seconds to come back when HQ is busy.
const RETRY_AFTER: HeaderValue = HeaderValue::from_static("5");
/// And when somebody must look at it.
const RETRY_AFTER_STOP: HeaderValue = HeaderValue::from_static("300");

/// Why a request was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Problem {
    /// No such place.
    NotFound,
    /// No event that HQ has names this photo.
    UnknownPhoto,
    /// Another method is meant.
    Method,
    /// Not the content type of all bodies.
    ContentType,
    /// A body or a batch that is too large.
    TooLarge,
    /// The body broke off.
    BodyLost,
    /// The body took too long.
    Timeout,
    /// Not this message in canonical form.
    Malformed,
    /// A message of a format that HQ does not know, or does no more.
    Version {
        /// Those that it knows.
        known: &'static [u8],
    },
    /// A cursor of another HQ, another device or the future.
    Cursor(CursorError),
    /// What was rebuilt of a batch is not what was sent.
    BatchDiffers,
    /// No session, or it has ended.
    Session,
    /// The answer to a challenge does not fit.
    Challenge,
    /// The credential has ended, and is not renewed.
    CredentialEnded,
    /// The claim is for another HQ.
    OtherHq,
    /// HQ has taken its word for the device back.
    Revoked,
    /// Another device than the session's is named.
    OtherDevice,
    /// Nothing shows that the device is the carrier's.
    Voucher,
    /// The invitation is not valid.
    Invitation,
    /// The proofs of an enrolment do not fit.
    Proof,
    /// The keys are enrolled already.
    Enrolled,
    /// A delivery token that is used more often than it may be.
    TooOften {
        /// After how long to come back.
        wait: Duration,
    },
    /// The database is locked by somebody else.
    Busy,
    /// Somebody must look at HQ's clock first.
    Stopped,
    /// Anything that only HQ's log tells.
    Internal,
}

impl Problem {
    const fn status(self) -> StatusCode {
        match self {
            Self::BodyLost | Self::Malformed => StatusCode::BAD_REQUEST,
            Self::Session | Self::Challenge => StatusCode::UNAUTHORIZED,
            Self::CredentialEnded
            | Self::OtherHq
            | Self::Revoked
            | Self::OtherDevice
            | Self::Voucher
            | Self::Invitation
            | Self::Proof => StatusCode::FORBIDDEN,
            Self::NotFound | Self::UnknownPhoto => StatusCode::NOT_FOUND,
            Self::Method => StatusCode::METHOD_NOT_ALLOWED,
            Self::Timeout => StatusCode::REQUEST_TIMEOUT,
            Self::Enrolled => StatusCode::CONFLICT,
            Self::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Self::ContentType | Self::Version { .. } => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Self::Cursor(_) => StatusCode::GONE,
            Self::BatchDiffers => StatusCode::UNPROCESSABLE_ENTITY,
            Self::TooOften { .. } => StatusCode::TOO_MANY_REQUESTS,
            Self::Internal => StatusCode::INTERNAL_SERVER_ERROR,
            Self::Busy | Self::Stopped => StatusCode::SERVICE_UNAVAILABLE,
        }
    }

    /// The end of the problem's type, by which programs know it.
    const fn name(self) -> &'static str {
        match self {
            Self::NotFound => "not-found",
            Self::UnknownPhoto => "unknown-photo",
            Self::Method => "method",
            Self::ContentType => "content-type",
            Self::TooLarge => "too-large",
            Self::BodyLost => "body-lost",
            Self::Timeout => "timeout",
            Self::Malformed => "malformed",
            Self::Version { .. } => "version",
            Self::Cursor(CursorError::OfAnother) => "cursor-of-another",
            Self::Cursor(CursorError::FromTheFuture) => "cursor-from-the-future",
            Self::BatchDiffers => "batch-differs",
            Self::Session => "session",
            Self::Challenge => "challenge",
            Self::CredentialEnded => "credential-ended",
            Self::OtherHq => "other-hq",
            Self::Revoked => "revoked",
            Self::OtherDevice => "other-device",
            Self::Voucher => "voucher",
            Self::Invitation => "invitation",
            Self::Proof => "proof",
            Self::Enrolled => "enrolled",
            Self::TooOften { .. } => "too-often",
            Self::Busy => "busy",
            Self::Stopped => "stopped",
            Self::Internal => "internal",
        }
    }

    /// What to say to whoever reads it.
    const fn title(self) -> &'static str {
        match self {
            Self::NotFound => "There is nothing here.",
            Self::UnknownPhoto => {
                "No event that is here names this photo. Deliver its event first."
            }
            Self::Method => "Another method is meant here.",
            Self::ContentType => "Bodies have the type application/cbor.",
            Self::TooLarge => "Send fewer entries at once: at most 256, and 4 MiB.",
            Self::BodyLost => "The body broke off. Send it again.",
            Self::Timeout => "The body took too long. Send fewer entries at once.",
            Self::Malformed => "The body is not this request in canonical CBOR. Update the app.",
            Self::Version { .. } => "HQ does not know this version of the message.",
            Self::Cursor(CursorError::OfAnother) => {
                "A cursor is another HQ's or another device's. Start over without one."
            }
            Self::Cursor(CursorError::FromTheFuture) => {
                "A cursor is ahead of HQ. Start over without one."
            }
            Self::BatchDiffers => "What was rebuilt is not what was sent. Nothing was stored.",
            Self::Session => "Open a session, or renew the one that ended.",
            Self::Challenge => "The answer does not fit. Ask for a new challenge.",
            Self::CredentialEnded => "The credential has ended. Enrol again.",
            Self::OtherHq => "The claim is for another HQ. Look whose invitation it is.",
            Self::Revoked => "HQ has revoked this device. Ask a supervisor.",
            Self::OtherDevice => "The session is another device's.",
            Self::Voucher => {
                "Nothing shows that the device is this carrier's. Let his older device vouch \
                 again, or use his recovery code."
            }
            Self::Invitation => "The invitation is unknown, used or too old. Ask HQ for a new one.",
            Self::Proof => "The two proofs are not one claim signed by both of its keys.",
            Self::Enrolled => "These keys are enrolled already. Make new ones.",
            Self::TooOften { .. } => "Come back a little later.",
            Self::Busy => "HQ is busy. Come back a little later.",
            Self::Stopped => "HQ takes nothing in until its clock was looked at. Come back later.",
            Self::Internal => "HQ could not answer. Its log says why.",
        }
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let status = self.status();
        let mut document = serde_json::json!({
            "type": format!("urn:crewseal:problem:{}", self.name()),
            "title": self.title(),
            "status": status.as_u16(),
        });
        if let (Self::Version { known }, Some(members)) = (self, document.as_object_mut()) {
            members.insert("versions".to_owned(), known.into());
        }
        let content_type = HeaderValue::from_static("application/problem+json");
        let headers = [(header::CONTENT_TYPE, content_type)];
        let mut response = (status, headers, document.to_string()).into_response();
        let more = match self {
            Self::Session => (header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer")),
            Self::Busy => (header::RETRY_AFTER, RETRY_AFTER),
            Self::Stopped => (header::RETRY_AFTER, RETRY_AFTER_STOP),
            Self::TooOften { wait } => {
                let seconds = wait.as_millis().div_ceil(1_000);
                (header::RETRY_AFTER, u64::try_from(seconds).unwrap_or(u64::MAX).into())
            }
            // The rest of the body was not read, so nothing can follow it.
            Self::TooLarge | Self::Timeout => {
                (header::CONNECTION, HeaderValue::from_static("close"))
            }
            _ => return response,
        };
        response.headers_mut().insert(more.0, more.1);
        response
    }
}

impl From<HqError> for Problem {
    fn from(error: HqError) -> Self {
        Self::of(&error)
    }
}

impl Problem {
    fn of(error: &HqError) -> Self {
        match error {
            HqError::Busy => Self::Busy,
            HqError::Shared(error) => Self::of(error),
            HqError::ClockBehind { .. } | HqError::ClockAhead { .. } => {
                tracing::error!(%error, "HQ takes nothing in");
                Self::Stopped
            }
            error => {
                tracing::error!(%error, "a request failed");
                Self::Internal
            }
        }
    }
}

impl From<BatchError> for Problem {
    fn from(error: BatchError) -> Self {
        match error {
            BatchError::TooMany => Self::TooLarge,
            BatchError::Malformed => Self::Malformed,
            BatchError::Differs => Self::BatchDiffers,
        }
    }
}

impl From<CursorError> for Problem {
    fn from(error: CursorError) -> Self {
        Self::Cursor(error)
    }
}

impl From<NewsError> for Problem {
    fn from(error: NewsError) -> Self {
        match error {
            NewsError::Cursor(error) => error.into(),
            NewsError::Hq(error) => error.into(),
        }
    }
}

/// The versions that HQ knows of the claims of enrolment and session.
const CLAIMS: &[u8] = &[2];

impl From<EnrolError> for Problem {
    fn from(error: EnrolError) -> Self {
        match error {
            EnrolError::Version => Self::Version { known: CLAIMS },
            EnrolError::Proof => Self::Proof,
            EnrolError::OtherHq => Self::OtherHq,
            EnrolError::Voucher => Self::Voucher,
            EnrolError::Invitation => Self::Invitation,
            EnrolError::Enrolled => Self::Enrolled,
            EnrolError::Hq(error) => error.into(),
        }
    }
}

impl From<RenewError> for Problem {
    fn from(error: RenewError) -> Self {
        match error {
            RenewError::Unknown => Self::Session,
            RenewError::Revoked => Self::Revoked,
            RenewError::Hq(error) => error.into(),
        }
    }
}

impl From<SessionError> for Problem {
    fn from(error: SessionError) -> Self {
        match error {
            SessionError::Malformed => Self::Malformed,
            SessionError::Version => Self::Version { known: CLAIMS },
            SessionError::Unknown => Self::Challenge,
            SessionError::OtherHq => Self::OtherHq,
            SessionError::CredentialEnded => Self::CredentialEnded,
            SessionError::Hq(error) => error.into(),
        }
    }
}
