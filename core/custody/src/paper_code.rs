//! Codes on paper: secret bytes as people write and type them, with check characters, each
//! the seed of a key.

use crewseal_label::typed::{self, CHECK_CHARS, TypedError};
use ring::signature::Ed25519KeyPair;
use zeroize::{Zeroize, Zeroizing};

use crate::signed::Digest;

/// Reads a code of `CHARS` characters, the check characters among them, as forgivingly as a
/// label: spaces, hyphens, lower case and full-width characters do not matter, O reads as 0,
/// I and L as 1. A slip in one or two characters is an error, never another code.
pub(crate) fn parse<const BYTES: usize, const CHARS: usize>(
    text: &str,
) -> Result<Zeroizing<[u8; BYTES]>, TypedError> {
    let mut characters = Zeroizing::new([0; CHARS]);
    typed::read(text, characters.as_mut())?;
    let (message, _) = characters.split_at(CHARS.saturating_sub(CHECK_CHARS));
    let mut code = Zeroizing::new([0; BYTES]);
    typed::decode(message, code.as_mut()).ok_or(TypedError::Check)?;
    Ok(code)
}

/// What the QR of a code of `characters` says: `0-9A-Z`.
pub(crate) fn text(code: &[u8], characters: usize) -> Zeroizing<String> {
    // With room for all of it from the start: a text that grows leaves copies behind that
    // nobody wipes.
    let mut text = Zeroizing::new(String::with_capacity(characters));
    typed::write(code, &mut text);
    text
}

/// A text as a person reads it, so many characters together and a hyphen between.
pub(crate) fn grouped(text: &str, together: usize) -> Zeroizing<String> {
    let mut grouped = Zeroizing::new(String::with_capacity(text.len().saturating_mul(2)));
    for (at, c) in text.chars().enumerate() {
        if at != 0 && at.is_multiple_of(together) {
            grouped.push('-');
        }
        grouped.push(c);
    }
    grouped
}

/// The key of a seed.
pub(crate) fn key_pair(mut seed: Digest) -> Ed25519KeyPair {
    let pair = Ed25519KeyPair::from_seed_unchecked(&seed.0);
    seed.0.zeroize();
    pair.unwrap_or_else(|_| unreachable!("32 bytes are a seed, whichever they are"))
}
