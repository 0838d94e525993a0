//! The end of a log: how far it is.

use crewseal_custody::log::TreeHead;

/// How far a log is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct LogEnd {
    /// Which log.
    pub generation: u32,
    /// How many leaves it has.
    pub size: u64,
}

impl LogEnd {
    /// That of a head.
    #[must_use]
    pub const fn of(head: &TreeHead) -> Self {
        Self { generation: head.generation, size: head.size }
    }
}

impl std::fmt::Display for LogEnd {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} leaves in log {}", self.size, self.generation)
    }
}
