//! Depots: where crews set out from, each with rolls of its own.

use std::fmt;
use std::str::FromStr;

/// The most characters that a depot's name may have.
const MOST: usize = 64;

/// A depot, by the name that HQ's people chose for it, such as `North`; never a person's.
/// Whatever belongs to none belongs to the common depot, which has no name.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Depot(String);

/// Why a text is no depot's name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a depot's name has 1 to 64 characters that can be seen, and no space at its ends")]
pub struct DepotError;

impl Depot {
    /// The depot of this name.
    ///
    /// # Errors
    /// [`DepotError`] unless it has 1 to 64 characters, no white space at its ends and no
    /// control characters.
    pub fn named(name: &str) -> Result<Self, DepotError> {
        let is_short = (1..=MOST).contains(&name.chars().count());
        if is_short && name.trim() == name && !name.contains(char::is_control) {
            Ok(Self(name.to_owned()))
        } else {
            Err(DepotError)
        }
    }

    /// Its name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.0
    }
}

impl FromStr for Depot {
    type Err = DepotError;

    fn from_str(name: &str) -> Result<Self, DepotError> {
        Self::named(name)
    }
}

impl fmt::Display for Depot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_has_1_to_64_characters_that_can_be_seen() {
        let longest = "仓".repeat(64);
        for good in ["N", "North 2", "北仓", &longest] {
            assert_eq!(Depot::named(good).unwrap().name(), good);
        }
        for wrong in ["", " ", " North", "North\n", "No\u{7}rth", &"x".repeat(65)] {
            assert_eq!(Depot::named(wrong), Err(DepotError), "{wrong:?}");
        }
    }
}
