//! Labels: what is stuck on a box, and what it says, which is nothing.
//!
//! A label is a [`Token`] of 128 random bits. It holds nothing about customer,
//! job, time or order and no URL, so whoever photographs a stack of boxes
//! learns only that they are boxes. Printed, it is 29 characters of QR
//! alphanumeric mode: a version character, 26 characters of Crockford base32,
//! and two check characters that catch every one- or two-character slip of a
//! person who types a torn label by hand.
//!
//! Tokens are minted at HQ only. Phones hold the signed token lists of their
//! depot's [rolls](roll), fetched before they go offline.

mod check;
mod code;
pub mod roll;
#[cfg(feature = "print")]
mod sheet;
mod token;

// Release codes are typed as labels are, so they are read by the same rules.
pub(crate) use check::check_symbols;
pub use code::{Code, PictureError, Strength};
#[cfg(feature = "print")]
pub use sheet::{Grid, PrintError, Printed, Sheet};
pub(crate) use token::{CROCKFORD, LONGEST_INPUT, character, is_separator, normalise, symbol};
pub use token::{LABEL_CHARS, LabelError, Token};
