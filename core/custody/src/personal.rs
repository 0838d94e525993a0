//! Personal data in memory: shown only on purpose, wiped when dropped.

use std::fmt;

use minicbor::{Decode, Encode};
use zeroize::{Zeroize, ZeroizeOnDrop};

/// A text that tells something about a person: a name, an address, a number.
///
/// `Debug` prints nothing of it, so it cannot reach a log or an error by
/// accident; whoever shows it on a screen calls [`reveal`](Self::reveal).
#[derive(Clone, Default, PartialEq, Eq, Zeroize, ZeroizeOnDrop, Encode, Decode)]
#[cbor(transparent)]
pub struct Personal(String);

impl Personal {
    /// Takes the text in.
    #[must_use]
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The text, for the screen of somebody who may see it.
    #[must_use]
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Personal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Personal(..)")
    }
}
