//! Giving a call up from outside of it.

use std::sync::Arc;

use tokio::sync::watch;

use crate::CrewError;

/// Gives up a call that waits for HQ: give it to the call, and `cancel` it from
/// anywhere. Swift needs it, because cancelling a task does not reach the core; in
/// Kotlin cancelling the coroutine does the same.
///
/// Nothing is lost by it. What HQ has receipted stays receipted, and what it has and
/// did not answer is sent again and answered as a repeat.
#[derive(Debug, uniffi::Object)]
pub struct CancelToken(watch::Sender<bool>);

#[uniffi::export]
impl CancelToken {
    /// A token that is not cancelled.
    #[uniffi::constructor]
    #[must_use]
    pub fn new() -> Self {
        Self(watch::Sender::new(false))
    }

    /// Gives up every call that this was given to, now and from now on: they throw
    /// `CallCancelled`. What has ended already stays as it is.
    pub fn cancel(&self) {
        self.0.send_replace(true);
    }

    /// Whether it was cancelled.
    #[must_use]
    pub fn is_cancelled(&self) -> bool {
        *self.0.borrow()
    }
}

impl Default for CancelToken {
    fn default() -> Self {
        Self::new()
    }
}

/// Does the work until its end, or until it is given up. Dropping it is how a call
/// ends in Kotlin, too.
pub async fn unless_cancelled<T>(
    cancel: Option<Arc<CancelToken>>,
    work: impl Future<Output = Result<T, CrewError>>,
) -> Result<T, CrewError> {
    let Some(token) = cancel else { return work.await };
    let mut state = token.0.subscribe();
    tokio::select! {
        biased;
        // It fails only if the token is gone, and the token is held here.
        _ = state.wait_for(|is_cancelled| *is_cancelled) => Err(CrewError::CallCancelled),
        done = work => done,
    }
}
