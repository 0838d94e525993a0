//! How much a matter asks for.

/// How much a matter asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// Somebody should look into it.
    Serious,
    /// To be known; it accuses nobody.
    Neutral,
}
