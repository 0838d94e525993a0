//! Labels as other languages hold them.

use std::collections::BTreeSet;
use std::fmt;

use crewseal_label::{LabelError, Token};

/// A label of ours. Only the core makes one: from a list, or from a text that
/// was scanned or typed.
#[derive(Clone, PartialEq, Eq, Hash, uniffi::Record)]
#[uniffi::export(Debug)]
pub struct Label {
    /// The 29 characters that the code says. Whoever knows them knows the box
    /// again.
    pub text: String,
    /// Its last four characters, by which crews call a box out.
    pub call_out: String,
}

/// Why a text is no label of ours.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, uniffi::Enum)]
pub enum LabelFault {
    /// It has another number of characters than 29, spaces and hyphens left
    /// out: some are missing, or it is another kind of code.
    Length {
        /// How many it has.
        characters: u32,
    },
    /// A character that no label has.
    Character {
        /// Which one, from 1, spaces and hyphens left out.
        position: u32,
    },
    /// The check characters do not fit: a character or two were misread.
    Check,
    /// A label of a newer kind: update the app.
    NewerVersion,
    /// Right in form, but never issued.
    NeverIssued,
}

/// A label in a log would be a way to know the box again.
impl fmt::Debug for Label {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Label(..)")
    }
}

impl From<Token> for Label {
    fn from(token: Token) -> Self {
        let call_out = token.to_groups().pop().unwrap_or_default();
        Self { text: token.to_text(), call_out }
    }
}

impl From<LabelError> for LabelFault {
    fn from(error: LabelError) -> Self {
        let number = |length| u32::try_from(length).unwrap_or(u32::MAX);
        match error {
            LabelError::Length { characters } => Self::Length { characters: number(characters) },
            LabelError::Character { position } => Self::Character { position: number(position) },
            LabelError::Check => Self::Check,
            LabelError::Version { .. } => Self::NewerVersion,
            LabelError::NotIssued => Self::NeverIssued,
        }
    }
}

/// The token of a label that came from outside.
pub fn token(label: &Label) -> Result<Token, LabelError> {
    Token::parse(&label.text)
}

/// The tokens of labels that came from outside, each once.
pub fn tokens(labels: &[Label]) -> Result<BTreeSet<Token>, LabelError> {
    labels.iter().map(token).collect()
}

/// Labels for the outside, in the order given.
pub fn labels<'t>(tokens: impl IntoIterator<Item = &'t Token>) -> Vec<Label> {
    tokens.into_iter().copied().map(Label::from).collect()
}
