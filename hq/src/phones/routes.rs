//! Routes: the table of `crewseal_custody::wire`, and nothing else.

use axum::Router;
use axum::extract::rejection::QueryRejection;
use axum::extract::{DefaultBodyLimit, Query, State};
use axum::routing::{get, post};
use crewseal_custody::cbor::Version;
use crewseal_custody::wire::{
    AttachmentPart, BATCH_VERSIONS, Batch, Challenge, ChallengeRequest, CredentialRequest, Cursor,
    EnrolRequest, MAX_BODY, MAX_PART,
};
use serde::Deserialize;

use super::auth::{AuthenticatedDevice, DeliveryClient};
use super::log_routes;
use super::message::{Answer, Body};
use super::problem::Problem;
use super::session::SessionError;
use super::state::AppState;
use crate::dispatch::{CursorError, NewsRequest};
use crate::hq::Hq;

/// What answers phones.
pub(crate) fn router(state: AppState) -> Router {
    Router::new()
        .route("/v1/keys", get(keys))
        .route("/v1/enrol", post(enrol))
        .route("/v1/challenge", post(challenge))
        .route("/v1/session", post(session))
        .route("/v1/credential", post(credential))
        .route("/v1/tick", get(tick))
        .route("/v1/news", get(news))
        .route("/v1/outbox", post(outbox))
        .route("/v1/attachments", post(attachments))
        .route("/v1/delivery", get(delivery))
        .merge(log_routes::routes())
        .fallback(async || Problem::NotFound)
        .method_not_allowed_fallback(async || Problem::Method)
        .layer(DefaultBodyLimit::max(MAX_BODY))
        .with_state(state)
}

/// Which key list a phone knows.
#[derive(Deserialize)]
struct KnownList {
    after: u32,
}

async fn keys(
    State(state): State<AppState>,
    known: Result<Query<KnownList>, QueryRejection>,
) -> Result<Answer, Problem> {
    let Query(known) = known.map_err(|_| Problem::Malformed)?;
    state.ask(move |hq| hq.key_lists(known.after)).await.map(|lists| Answer::of(&lists))
}

async fn enrol(State(state): State<AppState>, body: Body) -> Result<Answer, Problem> {
    let request: EnrolRequest = body.decode()?;
    state.ask(move |hq| hq.enrol(&request)).await.map(|credential| Answer::signed(&credential))
}

async fn challenge(State(state): State<AppState>, body: Body) -> Result<Answer, Problem> {
    let request: ChallengeRequest = body.decode()?;
    let challenge = state.sessions.challenge(&request.device)?;
    Ok(Answer::of(&Challenge { version: Version, challenge }))
}

async fn session(State(state): State<AppState>, body: Body) -> Result<Answer, Problem> {
    let sessions = state.sessions.clone();
    let (request, key_list) = state
        .ask(move |hq| Ok::<_, SessionError>((hq.authenticate(&body.0)?, hq.keys().number())))
        .await?;
    let session = sessions.open(&request, key_list)?.ok_or(Problem::Challenge)?;
    Ok(Answer::of(&session))
}

async fn credential(
    State(state): State<AppState>,
    AuthenticatedDevice(device): AuthenticatedDevice,
    body: Body,
) -> Result<Answer, Problem> {
    let request: CredentialRequest = body.decode()?;
    if request.device != device {
        return Err(Problem::OtherDevice);
    }
    state.ask(move |hq| hq.renew(&device)).await.map(|credential| Answer::signed(&credential))
}

async fn tick(State(state): State<AppState>, _: AuthenticatedDevice) -> Result<Answer, Problem> {
    state.ask(Hq::tick).await.map(|tick| Answer::signed(&tick))
}

/// The cursors in a request for news.
#[derive(Deserialize)]
struct Cursors {
    jobs: Option<String>,
    rolls: Option<String>,
    revocations: Option<String>,
}

async fn news(
    State(state): State<AppState>,
    AuthenticatedDevice(device): AuthenticatedDevice,
    cursors: Result<Query<Cursors>, QueryRejection>,
) -> Result<Answer, Problem> {
    let Query(cursors) = cursors.map_err(|_| Problem::Malformed)?;
    // What cannot be read is no cursor that this HQ made.
    let read = |text: Option<String>| {
        text.map(|text| Cursor::parse(&text).ok_or(CursorError::OfAnother)).transpose()
    };
    let asked = NewsRequest {
        jobs: read(cursors.jobs)?,
        rolls: read(cursors.rolls)?,
        revocations: read(cursors.revocations)?,
    };
    state.ask(move |hq| hq.news(&device, &asked)).await.map(|news| Answer::of(&news))
}

async fn outbox(
    State(state): State<AppState>,
    DeliveryClient(client): DeliveryClient,
    body: Body,
) -> Result<Answer, Problem> {
    let batch: Batch = body.decode_version::<_, 2>(BATCH_VERSIONS)?;
    let envelopes = batch.envelopes()?;
    let salts = batch.asks_for_salts();
    let answer = state.ask(move |hq| hq.take_in(batch.epochs(), &envelopes, client, salts)).await?;
    Ok(Answer::of(&answer))
}

async fn delivery(
    State(state): State<AppState>,
    AuthenticatedDevice(device): AuthenticatedDevice,
) -> Result<Answer, Problem> {
    state.ask(move |hq| hq.grant_delivery(device)).await.map(|right| Answer::of(&right))
}

async fn attachments(
    State(state): State<AppState>,
    _: DeliveryClient,
    body: Body,
) -> Result<Answer, Problem> {
    let part: AttachmentPart = body.decode()?;
    if part.chunks.len() > MAX_PART {
        return Err(Problem::TooLarge);
    }
    let held = state.ask(move |hq| hq.take_in_part(&part)).await?;
    held.as_ref().map(Answer::of).ok_or(Problem::UnknownPhoto)
}
