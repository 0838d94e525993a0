//! Labels: what is stuck on a box, and what it says, which is nothing.
//!
//! A label is a [`Token`] of 128 random bits. It holds nothing about customer,
//! job, time or order and no URL, so whoever photographs a stack of boxes
//! learns only that they are boxes. Printed, it is 29 characters of QR
//! alphanumeric mode: a version character, 26 characters of Crockford base32,
//! and two check characters that catch every one- or two-character slip of a
//! person who types a torn label by hand.
//!
//! Tokens are minted at HQ only.

mod alphabet;
mod check;
mod code;
#[cfg(feature = "print")]
mod sheet;
mod token;
pub mod typed;

pub use code::{Code, PictureError, Strength};
#[cfg(feature = "print")]
pub use sheet::{Grid, PrintError, Printed, Sheet};
pub use token::{LabelError, Token};
