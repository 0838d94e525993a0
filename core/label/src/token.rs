//! The token and its printed form.

use std::fmt;

use crate::typed::{self, CHECK_CHARS, TypedError};

/// Characters of the token itself; 26 x 5 bits are two more than 128, and those
/// two must be zero.
const TOKEN_CHARS: usize = 26;

/// How many characters a printed label has, its version's among them.
const LABEL_CHARS: usize = 1 + TOKEN_CHARS + CHECK_CHARS;

/// The version character of the labels that this library prints.
const VERSION: u8 = b'1';

/// The 128 random bits that a label bears.
///
/// `Debug` shows nothing of it: whoever learns a token can recognise the box.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Token([u8; 16]);

impl Token {
    /// The token made of these bytes. Only HQ makes new ones, from its random
    /// generator; everyone else gets them from a list that HQ signed.
    #[must_use]
    pub const fn from_bytes(bytes: [u8; 16]) -> Self {
        Self(bytes)
    }

    /// The 16 bytes.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 16] {
        &self.0
    }

    /// What the label's QR says: 29 characters of `0-9A-Z`.
    #[must_use]
    pub fn to_text(&self) -> String {
        let mut text = String::with_capacity(LABEL_CHARS);
        text.push(char::from(VERSION));
        typed::write(&self.0, &mut text);
        text
    }

    /// The text as it stands under the code: the version, then seven groups of
    /// four, `1 0C4K RM9G ...`. The last group is what crews call a box by.
    #[must_use]
    pub fn to_groups(&self) -> Vec<String> {
        let text = self.to_text();
        let (version, rest) = text.split_at(1);
        let mut groups = vec![version.to_owned()];
        let mut group = String::with_capacity(4);
        for c in rest.chars() {
            group.push(c);
            if group.len() == 4 {
                groups.push(std::mem::take(&mut group));
            }
        }
        groups
    }

    /// Reads a label's text, scanned or typed.
    ///
    /// What is forgiven of it, [`typed`] says. A slip in one or two characters is
    /// an error, never another token.
    ///
    /// # Errors
    /// [`LabelError`], which says what a person should look at.
    pub fn parse(text: &str) -> Result<Self, LabelError> {
        let mut label = [0; LABEL_CHARS];
        typed::read(text, &mut label)?;
        let [version, token @ .., _, _] = &label;
        if *version != VERSION {
            return Err(LabelError::Version { version: char::from(*version) });
        }
        let mut bytes = [0; 16];
        typed::decode(token, &mut bytes).ok_or(LabelError::NotIssued)?;
        Ok(Self(bytes))
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token(..)")
    }
}

/// Why a text is no label of ours. None of them quotes the text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum LabelError {
    /// A label has 29 characters; this has another number, spaces and hyphens
    /// not counted. Some were left out, or it is another kind of code.
    #[error("a label has 29 characters, this has {characters}")]
    Length {
        /// How many were given.
        characters: usize,
    },
    /// A character that no label has.
    #[error("character {position} is none that a label has")]
    Character {
        /// Which one, from 1, spaces and hyphens not counted.
        position: usize,
    },
    /// The check characters do not fit: one or more characters are wrong.
    #[error("the check characters do not fit; compare the text with the label again")]
    Check,
    /// A label of a version that this library does not know; a newer app may.
    #[error("a label of version {version}, which this app does not know; update the app")]
    Version {
        /// The version character.
        version: char,
    },
    /// The checks hold, but no printer of ours makes this text: the two spare
    /// bits are not zero.
    #[error("a label that was never issued")]
    NotIssued,
}

impl From<TypedError> for LabelError {
    fn from(error: TypedError) -> Self {
        match error {
            TypedError::Length { characters } => Self::Length { characters },
            TypedError::Character { position } => Self::Character { position },
            TypedError::Check => Self::Check,
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::typed::LONGEST_INPUT;

    fn token() -> Token {
        Token::from_bytes(std::array::from_fn(|i| u8::try_from(i * 17 % 256).unwrap()))
    }

    #[test]
    fn groups_are_the_text_and_end_in_four() {
        let groups = token().to_groups();
        assert_eq!(groups.concat(), token().to_text());
        assert_eq!(groups.iter().map(String::len).collect::<Vec<_>>(), [1, 4, 4, 4, 4, 4, 4, 4]);
    }

    #[test]
    fn spaces_hyphens_case_and_lookalikes_are_forgiven() {
        let text = token().to_text();
        let spoken = text.to_lowercase().replace('0', "o").replace('1', "l");
        let grouped = token().to_groups().join(" - ");
        let wide: String =
            text.chars().map(|c| char::from_u32(u32::from(c) + 0xFEE0).unwrap()).collect();
        for forgiven in [text, spoken, grouped, wide] {
            assert_eq!(Token::parse(&forgiven), Ok(token()), "{forgiven}");
        }
    }

    #[test]
    fn foreign_texts_are_named_for_what_they_are() {
        let text = token().to_text();
        assert_eq!(Token::parse(""), Err(LabelError::Length { characters: 0 }));
        assert_eq!(Token::parse(&text[..20]), Err(LabelError::Length { characters: 20 }));
        assert_eq!(
            Token::parse("https://example.com/box/1"),
            Err(LabelError::Character { position: 6 })
        );
        assert_eq!(
            Token::parse(&"7".repeat(1 << 20)),
            Err(LabelError::Length { characters: LONGEST_INPUT })
        );
        let other_version = with_checks(&format!("2{}", &text[1..27]));
        assert_eq!(Token::parse(&other_version), Err(LabelError::Version { version: '2' }));
        let spare_bits = with_checks(&format!("{}Z", &text[..26]));
        assert_eq!(Token::parse(&spare_bits), Err(LabelError::NotIssued));
    }

    fn with_checks(message: &str) -> String {
        let mut text = message.to_owned();
        typed::write(&[], &mut text);
        text
    }

    proptest! {
        #[test]
        fn what_is_printed_is_read(bytes: [u8; 16]) {
            let token = Token::from_bytes(bytes);
            prop_assert_eq!(token.to_text().len(), LABEL_CHARS);
            prop_assert_eq!(Token::parse(&token.to_text()), Ok(token));
        }

        #[test]
        fn any_text_is_a_token_or_an_error(text in ".{0,64}") {
            if let Ok(token) = Token::parse(&text) {
                prop_assert_eq!(Token::parse(&token.to_text()), Ok(token));
            }
        }
    }
}
