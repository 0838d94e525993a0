//! Statements: what an act says of persons or contents.
//!
//! An event stays for good, so nothing of the kind may stand in it. It carries the
//! [digest](Statement::digest) of a statement, which travels beside it in its sealed entry and
//! lies apart at HQ, so that it can be erased there: the event stays whole and says no more.
//! No command of HQ's erases one yet. The salt goes with the statement, so what was erased
//! cannot be guessed from the digest.

use minicbor::{Decode, Encode};
use zeroize::Zeroizing;

use crate::cbor::{self, CborError, Version};
use crate::personal::Personal;
use crate::signed::{Digest, Namespace};
use crate::{FindingKind, Salt};

/// The most bytes in UTF-8 of what is said.
pub const MAX_STATEMENT: usize = 2_000;

/// What is said.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(flat)]
pub enum Body {
    /// What is to be seen of what the event finds wrong.
    #[n(1)]
    Notes(#[n(0)] Vec<Note>),
    /// The number on a seal that was put on, or found.
    #[n(2)]
    SealNumber(#[n(0)] Personal),
}

/// What is to be seen of what was found, in the words of whoever saw it.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(array)]
pub struct Note {
    /// Of the event's finding of this kind.
    #[n(0)]
    pub finding: FindingKind,
    /// The words.
    #[n(1)]
    pub text: Personal,
}

impl Body {
    /// Whether it says something, nothing twice, and not too much.
    fn is_whole(&self) -> bool {
        let fits = |bytes: usize| (1..=MAX_STATEMENT).contains(&bytes);
        match self {
            Self::Notes(notes) => {
                let lengths = notes.iter().map(|note| note.text.reveal().len());
                let is_rising = notes.is_sorted_by(|a, b| a.finding < b.finding);
                is_rising && fits(lengths.clone().sum()) && lengths.clone().all(fits)
            }
            Self::SealNumber(number) => fits(number.reveal().len()),
        }
    }
}

/// What an act says of persons or contents, with the salt of its digest.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct Statement {
    /// Format version.
    #[n(0)]
    version: Version<1>,
    #[n(1)]
    salt: Salt,
    #[n(2)]
    body: Body,
}

/// Why something is not a statement.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum StatementError {
    /// It cannot be read.
    #[error("the statement is unreadable: {0}")]
    Unreadable(#[from] CborError),
    /// It says nothing, or more than [`MAX_STATEMENT`] bytes, or two notes of one kind of finding.
    #[error("a statement has 1 to {MAX_STATEMENT} bytes, one note for a finding; shorten it")]
    Text,
    /// It is not the one that an event names.
    #[error("not a statement that an event names")]
    OtherDigest,
}

impl Statement {
    /// Takes in what is said. The salt must be random and used for nothing else.
    ///
    /// # Errors
    /// [`StatementError::Text`].
    pub fn new(salt: Salt, body: Body) -> Result<Self, StatementError> {
        if body.is_whole() {
            Ok(Self { version: Version, salt, body })
        } else {
            Err(StatementError::Text)
        }
    }

    /// Reads the statement that an event names by this digest.
    ///
    /// # Errors
    /// [`StatementError`].
    pub fn read(bytes: &[u8], digest: &Digest) -> Result<Self, StatementError> {
        if Self::digest_of(bytes) != *digest {
            return Err(StatementError::OtherDigest);
        }
        let Self { salt, body, .. } = cbor::from_versioned::<_, 1>(bytes)?;
        Self::new(salt, body)
    }

    /// What is said.
    #[must_use]
    pub const fn body(&self) -> &Body {
        &self.body
    }

    /// The bytes that travel beside the event, wiped when they are dropped.
    #[must_use]
    pub fn to_bytes(&self) -> Zeroizing<Vec<u8>> {
        cbor::to_wiped(self)
    }

    /// By which an event names it.
    #[must_use]
    pub fn digest(&self) -> Digest {
        Self::digest_of(&self.to_bytes())
    }

    /// By which an event would name these bytes.
    #[must_use]
    pub fn digest_of(bytes: &[u8]) -> Digest {
        Namespace::Statement.digest(&[bytes])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    use FindingKind::{Damaged, Missing};

    fn note(finding: FindingKind, text: &str) -> Note {
        Note { finding, text: Personal::new(text) }
    }

    fn statement(salt: u8, text: &str) -> Result<Statement, StatementError> {
        Statement::new(Salt([salt; 16]), Body::Notes(vec![note(Damaged, text)]))
    }

    #[test]
    fn an_event_names_one_statement_and_its_digest_tells_nothing_of_it() {
        let said = statement(1, "the mirror is cracked").unwrap();
        let read = Statement::read(&said.to_bytes(), &said.digest());
        assert_eq!(read.as_ref(), Ok(&said));
        let other = statement(2, "the mirror is cracked").unwrap();
        assert_ne!(said.digest(), other.digest(), "the salt is in the digest");
        let read = Statement::read(&other.to_bytes(), &said.digest());
        assert_eq!(read, Err(StatementError::OtherDigest));
        assert!(!format!("{said:?}").contains("mirror"));
    }

    #[test]
    fn it_says_something_and_not_too_much() {
        assert_eq!(statement(1, ""), Err(StatementError::Text));
        assert!(statement(1, &"x".repeat(MAX_STATEMENT)).is_ok());
        for notes in [
            vec![],
            vec![note(Missing, "a"), note(Damaged, "")],
            vec![note(Damaged, "a"), note(Damaged, "b")],
        ] {
            let said = Statement::new(Salt([1; 16]), Body::Notes(notes));
            assert_eq!(said, Err(StatementError::Text));
        }
        let long = Statement {
            version: Version,
            salt: Salt([1; 16]),
            body: Body::SealNumber(Personal::new("x".repeat(MAX_STATEMENT + 1))),
        };
        let read = Statement::read(&long.to_bytes(), &long.digest());
        assert_eq!(read, Err(StatementError::Text), "whoever signed for it");
    }

    #[test]
    fn what_is_no_statement_is_refused_though_an_event_names_it() {
        for bytes in [&b""[..], b"\xa0", b"\xa3\0\x09\x01\x40\x02\x40"] {
            let digest = Namespace::Statement.digest(&[bytes]);
            let read = Statement::read(bytes, &digest);
            assert!(matches!(read, Err(StatementError::Unreadable(_))), "{bytes:?}");
        }
    }
}
