//! The state behind the routes: HQ, the sessions and the limit on deliveries, and how a
//! request lets HQ work without holding up the others.

use std::sync::Arc;
use std::time::Duration;

use super::delivery_grant::RateLimit;
use super::problem::Problem;
use super::session::Sessions;
use crate::error::HqError;
use crate::hq::Hq;

/// What every request has at hand.
#[derive(Clone)]
pub(crate) struct AppState {
    hq: Hq,
    pub(super) sessions: Arc<Sessions>,
    pub(super) delivery_rate: Arc<RateLimit>,
}

impl AppState {
    /// `session` is for how long a session holds.
    pub(crate) fn new(hq: Hq, session: Duration) -> Result<Self, HqError> {
        let sessions = Arc::new(Sessions::new(hq.clock.clone(), session)?);
        let delivery_rate = Arc::new(RateLimit::new(hq.clock.clone()));
        Ok(Self { hq, sessions, delivery_rate })
    }

    /// Lets HQ work on a thread that may wait for the disk.
    pub(super) async fn ask<T, E>(
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
