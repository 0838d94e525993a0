//! HQ over HTTPS: the table of `crewseal_custody::wire`, and nothing else.
//!
//! TLS is rustls on ring, handed over explicitly: no provider is installed for
//! the whole process. The database is asked on threads that may wait.

use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, FromRequest, FromRequestParts, Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum_server::Handle;
use axum_server::tls_rustls::RustlsConfig;
use crewseal_custody::DeviceId;
use crewseal_custody::cbor::{self, Version};
use crewseal_custody::roll::Roll;
use crewseal_custody::signed::{Message, Signed};
use crewseal_custody::wire::{
    AttachmentPart, Batch, CBOR, Challenge, ChallengeRequest, EnrolRequest, Jobs, MAX_BATCH,
    MAX_BODY, MAX_PART, Rolls,
};
use hyper_util::rt::TokioTimer;
use minicbor::{Decode, Encode};
use tokio::task::JoinHandle;

use crate::error::HqError;
use crate::hq::Hq;
use crate::phones::door::{Pace, Sessions};
use crate::phones::problem::Problem;

/// How long a body may take to arrive: 4 MiB at 110 kbit/s.
const BODY_TIME: Duration = Duration::from_secs(300);
/// How long the head of a request may take to arrive.
const HEAD_TIME: Duration = Duration::from_secs(30);
/// How long requests may go on after a shutdown was asked for.
const LAST_ORDERS: Duration = Duration::from_secs(5);

/// Where and how HQ listens.
#[derive(Debug, Clone)]
pub struct Listen {
    /// The address; port 0 takes any free one.
    pub address: SocketAddr,
    /// Names and addresses under which phones reach this server, besides
    /// `localhost`. The first one stands in the URL.
    pub names: Vec<String>,
    /// For how long a session holds.
    pub session: Duration,
}

impl Default for Listen {
    /// On 127.0.0.1, any free port, with sessions of 15 minutes.
    fn default() -> Self {
        Self {
            address: (Ipv4Addr::LOCALHOST, 0).into(),
            names: Vec::new(),
            session: Duration::from_secs(15 * 60),
        }
    }
}

/// A server that runs, until it is shut down or its runtime ends.
pub struct Running {
    url: String,
    address: SocketAddr,
    handle: Handle<SocketAddr>,
    task: JoinHandle<std::io::Result<()>>,
}

impl Running {
    /// Where it answers, `https://host:port`, for invitations.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.url
    }

    /// The address that it listens on.
    #[must_use]
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// Stops taking requests, lets those at work finish for five seconds, and
    /// returns when the server is gone.
    pub async fn shutdown(self) {
        self.handle.graceful_shutdown(Some(LAST_ORDERS));
        // Nobody is left whom an error of the last connection could interest.
        let _ = self.task.await;
    }
}

/// Serves an HQ. Must be called within a tokio runtime.
///
/// # Errors
/// [`HqError::File`] if the address cannot be had, [`HqError::ServerName`].
pub fn serve(hq: Hq, listen: Listen) -> Result<Running, HqError> {
    let tls = RustlsConfig::from_config(Arc::new(hq.keys.tls(&listen.names, hq.clock.now())?));
    let listener = TcpListener::bind(listen.address)?;
    listener.set_nonblocking(true)?;
    let address = listener.local_addr()?;
    let host = match listen.names.first() {
        Some(name) if name.contains(':') => format!("[{name}]"),
        Some(name) => name.clone(),
        None if address.ip().is_unspecified() => "localhost".to_owned(),
        None if address.is_ipv6() => format!("[{}]", address.ip()),
        None => address.ip().to_string(),
    };
    let sessions = Arc::new(Sessions::new(hq.clock.clone(), listen.session)?);
    let pace = Arc::new(Pace::new(hq.clock.clone()));
    let handle = Handle::new();
    let mut server = axum_server::from_tcp_rustls(listener, tls)?.handle(handle.clone());
    server.http_builder().http1().timer(TokioTimer::new()).header_read_timeout(HEAD_TIME);
    let task = tokio::spawn(server.serve(router(Desk { hq, sessions, pace }).into_make_service()));
    Ok(Running { url: format!("https://{host}:{}", address.port()), address, handle, task })
}

fn router(desk: Desk) -> Router {
    Router::new()
        .route("/v1/enrol", post(enrol))
        .route("/v1/challenge", post(challenge))
        .route("/v1/session", post(session))
        .route("/v1/tick", get(tick))
        .route("/v1/jobs", get(jobs))
        .route("/v1/rolls", get(rolls))
        .route("/v1/revocations", get(revocations))
        .route("/v1/outbox", post(outbox))
        .route("/v1/attachments", post(attachments))
        .route("/v1/delivery", get(delivery))
        .fallback(async || Problem::NotFound)
        .method_not_allowed_fallback(async || Problem::Method)
        .layer(DefaultBodyLimit::max(MAX_BODY))
        .with_state(desk)
}

/// What every request has at hand.
#[derive(Clone)]
struct Desk {
    hq: Hq,
    sessions: Arc<Sessions>,
    pace: Arc<Pace>,
}

impl Desk {
    /// Lets HQ work on a thread that may wait for the disk.
    async fn ask<T, E>(
        self,
        work: impl FnOnce(&Hq) -> Result<T, E> + Send + 'static,
    ) -> Result<T, Problem>
    where
        T: Send + 'static,
        E: Send + 'static,
        Problem: From<E>,
    {
        let answer = tokio::task::spawn_blocking(move || work(&self.hq)).await;
        Ok(answer.map_err(|_| Problem::Internal)??)
    }
}

async fn enrol(State(desk): State<Desk>, body: Body) -> Result<Answer, Problem> {
    let request: EnrolRequest = body.decode()?;
    desk.ask(move |hq| hq.enrol(&request)).await.map(|credential| Answer::signed(&credential))
}

async fn challenge(State(desk): State<Desk>, body: Body) -> Result<Answer, Problem> {
    let request: ChallengeRequest = body.decode()?;
    let challenge = desk.sessions.challenge(&request.device)?;
    Ok(Answer::of(&Challenge { version: Version, challenge }))
}

async fn session(State(desk): State<Desk>, body: Body) -> Result<Answer, Problem> {
    let sessions = desk.sessions.clone();
    let request = desk.ask(move |hq| hq.recognise(&body.0)).await?;
    let session = sessions.open(&request)?.ok_or(Problem::Challenge)?;
    Ok(Answer::of(&session))
}

async fn tick(State(desk): State<Desk>, _: Carrier) -> Result<Answer, Problem> {
    desk.ask(Hq::tick).await.map(|tick| Answer::signed(&tick))
}

async fn jobs(State(desk): State<Desk>, Carrier(device): Carrier) -> Result<Answer, Problem> {
    let packs = desk.ask(move |hq| hq.job_packs(&device)).await?;
    let packs = packs.iter().map(|pack| pack.as_bytes().to_vec().into()).collect();
    Ok(Answer::of(&Jobs { version: Version, packs }))
}

async fn revocations(State(desk): State<Desk>, _: Carrier) -> Result<Answer, Problem> {
    desk.ask(Hq::revocations).await.map(|list| Answer::signed(&list))
}

async fn rolls(State(desk): State<Desk>, Carrier(device): Carrier) -> Result<Answer, Problem> {
    let rolls = desk.ask(move |hq| hq.rolls_for(&device)).await?;
    Ok(Answer::of(&Rolls { version: Version, rolls: rolls.iter().map(Roll::to_wire).collect() }))
}

async fn outbox(
    State(desk): State<Desk>,
    Deliverer(carrier): Deliverer,
    body: Body,
) -> Result<Answer, Problem> {
    let batch: Batch = body.decode()?;
    if batch.envelopes.len() > MAX_BATCH {
        return Err(Problem::TooLarge);
    }
    let receipts = desk.ask(move |hq| hq.take_in(&batch, carrier)).await?;
    Ok(Answer::of(&receipts))
}

async fn delivery(State(desk): State<Desk>, Carrier(device): Carrier) -> Result<Answer, Problem> {
    desk.ask(move |hq| hq.grant_delivery(device)).await.map(|right| Answer::of(&right))
}

async fn attachments(
    State(desk): State<Desk>,
    _: Deliverer,
    body: Body,
) -> Result<Answer, Problem> {
    let part: AttachmentPart = body.decode()?;
    if part.chunks.len() > MAX_PART {
        return Err(Problem::TooLarge);
    }
    let state = desk.ask(move |hq| hq.take_in_part(&part)).await?;
    state.as_ref().map(Answer::of).ok_or(Problem::UnknownPhoto)
}

/// A message on its way back.
struct Answer(Vec<u8>);

impl Answer {
    fn of<T: Encode<()>>(message: &T) -> Self {
        Self(cbor::to_vec(message))
    }

    fn signed<T: Message>(message: &Signed<T>) -> Self {
        Self(message.as_bytes().to_vec())
    }
}

impl IntoResponse for Answer {
    fn into_response(self) -> Response {
        let headers = [(header::CONTENT_TYPE, CBOR), (header::CACHE_CONTROL, "no-store")];
        (StatusCode::OK, headers, self.0).into_response()
    }
}

/// The device whose session a request belongs to. Comes before the body, so
/// strangers' bodies are not read.
struct Carrier(DeviceId);

impl FromRequestParts<Desk> for Carrier {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, desk: &Desk) -> Result<Self, Problem> {
        bearer(&parts.headers)
            .and_then(|token| desk.sessions.device(token))
            .map(Self)
            .ok_or(Problem::Session)
    }
}

/// A device that may deliver: one with a session, or a phone that once had one and has a
/// delivery token, at its pace.
struct Deliverer(DeviceId);

impl FromRequestParts<Desk> for Deliverer {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, desk: &Desk) -> Result<Self, Problem> {
        let token = bearer(&parts.headers).ok_or(Problem::Session)?;
        if let Some(device) = desk.sessions.device(token) {
            return Ok(Self(device));
        }
        let asked = token.to_owned();
        let device = desk.clone().ask(move |hq| hq.may_deliver(&asked)).await?;
        let device = device.ok_or(Problem::Session)?;
        desk.pace.count(token).map_err(|seconds| Problem::TooOften { seconds })?;
        Ok(Self(device))
    }
}

fn bearer(headers: &HeaderMap) -> Option<&str> {
    let (scheme, token) = headers.get(header::AUTHORIZATION)?.to_str().ok()?.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then_some(token)
}

/// A body of the right type and size.
struct Body(Bytes);

impl Body {
    fn decode<T>(&self) -> Result<T, Problem>
    where
        T: Encode<()> + for<'b> Decode<'b, ()>,
    {
        cbor::from_versioned::<T, 1>(&self.0).map_err(|_| Problem::Malformed)
    }
}

impl FromRequest<Desk> for Body {
    type Rejection = Problem;

    async fn from_request(request: Request, desk: &Desk) -> Result<Self, Problem> {
        check_head(request.headers())?;
        let read = tokio::time::timeout(BODY_TIME, Bytes::from_request(request, desk)).await;
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
