//! An answer with news: how much it may hold, and why there is none.

use super::cursor::CursorError;
use crate::error::HqError;

/// How many bytes an answer has: 44 seconds at 24 kbit/s. A pack comes whole all the same.
const PART: usize = 128 << 10;

/// What is still to be put into an answer.
pub(super) struct Answer {
    /// How many bytes it may still have.
    pub(super) left: usize,
    /// Whether there is more than it has room for.
    pub(super) more: bool,
}

impl Answer {
    pub(super) const fn empty() -> Self {
        Self { left: PART, more: false }
    }

    pub(super) const fn take(&mut self, bytes: usize) {
        self.left = self.left.saturating_sub(bytes);
    }
}

/// Why there is no news.
#[derive(Debug, thiserror::Error)]
pub enum NewsError {
    /// A cursor is no good.
    #[error(transparent)]
    Cursor(#[from] CursorError),
    /// HQ could not.
    #[error(transparent)]
    Hq(#[from] HqError),
}

impl From<rusqlite::Error> for NewsError {
    fn from(error: rusqlite::Error) -> Self {
        Self::Hq(error.into())
    }
}
