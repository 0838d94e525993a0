//! The log as anybody may read it: checkpoint and tiles in the layout of C2SP `tlog-tiles`, and
//! what phones have proven to them.

use axum::Router;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Path, Query, State};
use axum::http::header;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use crewseal_custody::log::{TILE_WIDTH, Tile};
use serde::Deserialize;

use super::message::Answer;
use super::problem::Problem;
use super::state::AppState;

/// For good: a full tile never changes.
const IMMUTABLE: &str = "public, max-age=31536000, immutable";
/// One that is partial is of no use for long.
const SHORT: &str = "public, max-age=3600";

/// What is under `/v1/log`.
pub(super) fn routes() -> Router<AppState> {
    Router::new()
        .route("/v1/log/checkpoint", get(checkpoint))
        .route("/v1/log/tile/{*path}", get(tile))
        .route("/v1/log/consistency", get(consistency))
        .route("/v1/log/restore", get(restore))
}

async fn checkpoint(State(state): State<AppState>) -> Result<Response, Problem> {
    let text = state.ask(|hq| hq.checkpoint()).await?;
    let headers =
        [(header::CONTENT_TYPE, "text/plain; charset=utf-8"), (header::CACHE_CONTROL, "no-store")];
    Ok((headers, text).into_response())
}

async fn tile(
    State(state): State<AppState>,
    Path(path): Path<String>,
) -> Result<Response, Problem> {
    let tile = Tile::parse(&format!("tile/{path}")).ok_or(Problem::NotFound)?;
    let bytes = state.ask(move |hq| hq.tile(&tile)).await?.ok_or(Problem::NotFound)?;
    let (Tile::Hashes { width, .. } | Tile::Entries { width, .. }) = tile;
    let caching = if width == TILE_WIDTH { IMMUTABLE } else { SHORT };
    let headers =
        [(header::CONTENT_TYPE, "application/octet-stream"), (header::CACHE_CONTROL, caching)];
    Ok((headers, bytes).into_response())
}

/// Two sizes of a log.
#[derive(Deserialize)]
struct Sizes {
    generation: u32,
    from: u64,
    to: u64,
}

async fn consistency(
    State(state): State<AppState>,
    sizes: Result<Query<Sizes>, QueryRejection>,
) -> Result<Answer, Problem> {
    let Query(Sizes { generation, from, to }) = sizes.map_err(|_| Problem::Malformed)?;
    let proof = state.ask(move |hq| hq.consistency(generation, from, to)).await?;
    proof.as_ref().map(Answer::of).ok_or(Problem::NotFound)
}

/// Which log.
#[derive(Deserialize)]
struct OfLog {
    generation: u32,
}

async fn restore(
    State(state): State<AppState>,
    log: Result<Query<OfLog>, QueryRejection>,
) -> Result<Answer, Problem> {
    let Query(OfLog { generation }) = log.map_err(|_| Problem::Malformed)?;
    let news = state.ask(move |hq| hq.restore_news(generation)).await?;
    news.as_ref().map(Answer::of).ok_or(Problem::NotFound)
}
