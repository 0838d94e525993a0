//! Labels: what is stuck on a box, and what it says, which is nothing.
//!
//! A label is a [`Token`] of 128 random bits. It holds nothing about customer,
//! job, time or order and no URL, so whoever photographs a stack of boxes
//! learns only that they are boxes. Printed, it is 29 characters of QR
//! alphanumeric mode: a version character, 26 characters of Crockford base32,
//! and two check characters that catch every one- or two-character slip of a
//! person who types a torn label by hand.
//!
//! * [`Token::parse`] reads a label's text, scanned or typed, and says what is wrong
//!   with it; [`Token::to_text`] writes it.
//! * [`Code`] is a QR of ours as modules, PNG or SVG.
//! * `Sheet`, with the feature `print`, is a page of labels for a printer as PDF, SVG or
//!   PNG. HQ prints; phones do not carry it.
//! * [`typed`] is what labels share with other codes that people type.
//!
//! ```
//! use crewseal_label::{LabelError, Token};
//!
//! let token = Token::from_bytes(*b"16 random bytes!");
//! let text = token.to_text();
//! assert_eq!(Token::parse(&text.to_lowercase()), Ok(token));
//! // A slip is an error, never another box.
//! let slip = text.replacen('4', "5", 1);
//! assert_eq!(Token::parse(&slip), Err(LabelError::Check));
//! ```
//!
//! Which tokens were ever issued, and to which job one belongs, is not known here. Tokens
//! are minted at HQ only.

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
