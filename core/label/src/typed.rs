//! Texts that are printed in Crockford's base32 with two check characters at the end, so
//! that people can type them: labels, and codes that are typed by the same rules.
//!
//! Spaces, hyphens, lower case and full-width characters are forgiven, and O reads as 0,
//! I and L as 1. Nothing else is: a slip in one or two characters is an error, never
//! another text.

use crate::alphabet::{CROCKFORD, character, is_separator, normalise, symbol};
use crate::check::check_symbols;

/// How many characters at the end are checks.
pub const CHECK_CHARS: usize = 2;

/// More input than a person types or a label's QR holds; the rest is not read.
pub(crate) const LONGEST_INPUT: usize = 256;

/// Why a text is none that was printed. None of them quotes the text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TypedError {
    /// Another number of characters than such a text has.
    Length {
        /// How many were given, spaces and hyphens not counted.
        characters: usize,
    },
    /// A character that no such text has.
    Character {
        /// Which one, from 1, spaces and hyphens not counted.
        position: usize,
    },
    /// The check characters do not fit: one or more characters are wrong.
    Check,
}

/// Reads a text of exactly as many characters as there is room for, checks included, as
/// it was printed. After an error `characters` holds what was read so far.
///
/// # Errors
/// [`TypedError`].
pub fn read(text: &str, characters: &mut [u8]) -> Result<(), TypedError> {
    let mut count = 0;
    for c in text.chars().filter(|c| !is_separator(*c)) {
        if count >= LONGEST_INPUT {
            break;
        }
        let position = count + 1;
        let meant = normalise(c).ok_or(TypedError::Character { position })?;
        if let Some(place) = characters.get_mut(count) {
            *place = meant;
        }
        count = position;
    }
    let message = characters.len().checked_sub(CHECK_CHARS).filter(|_| count == characters.len());
    let message = message.ok_or(TypedError::Length { characters: count })?;
    let (message, checks) = characters.split_at(message);
    let expected = check_symbols(message.iter().copied().filter_map(symbol));
    if expected.into_iter().eq(checks.iter().copied().filter_map(symbol)) {
        Ok(())
    } else {
        Err(TypedError::Check)
    }
}

/// The bytes that characters without their checks stand for, if they fill `bytes` and
/// bits to spare are zero. Otherwise `bytes` holds anything.
#[must_use]
pub fn decode(characters: &[u8], bytes: &mut [u8]) -> Option<()> {
    let length = CROCKFORD.decode_len(characters.len()).ok()?;
    if length != bytes.len() {
        return None;
    }
    CROCKFORD.decode_mut(characters, bytes).ok().map(drop)
}

/// Puts the characters of `bytes` after what is in `text` already, and the checks over
/// all of it. With room for that, `text` does not grow and leaves no copy behind.
pub fn write(bytes: &[u8], text: &mut String) {
    CROCKFORD.encode_append(bytes, text);
    let checks = check_symbols(text.bytes().filter_map(symbol));
    text.extend(checks.into_iter().filter_map(character));
}
