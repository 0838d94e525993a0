//! What is in a scene.

use crewseal_label::{Strength, Token};

/// A label on a box.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Placed {
    /// What it bears.
    pub token: Token,
    /// How it is printed.
    pub strength: Strength,
    /// Whether half of its code is ripped off. The groups for typing remain.
    pub torn: bool,
}
