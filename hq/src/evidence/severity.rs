//! Severity: whether a matter makes somebody look into it or only is to be known, for
//! `verify` and the report alike.

/// How much a matter asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// Somebody should look into it.
    Serious,
    /// To be known; it accuses nobody.
    Neutral,
}
