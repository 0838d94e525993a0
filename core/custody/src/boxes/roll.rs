//! Rolls: the blank labels that crews carry, and the signed list of them.
//!
//! A phone that holds its depot's rolls can take a blank label into a job in a
//! cellar without signal, and no key on a phone can mint a token: the list is
//! HQ's, signed. What HQ signs is a [`RollHead`] over the hashes of the tokens,
//! not the tokens: so a record of one job can disclose the labels that the job
//! used and show only hashes of the rest, which are on other people's boxes.

use minicbor::bytes::ByteVec;
use minicbor::{Decode, Encode};

use crate::cbor::Version;
use crate::hq_keys::{HqKeys, HqMessage};
use crate::signed::{Digest, Message, Namespace, Signed, SignedError};
use crewseal_label::Token;

/// The most labels a roll may have.
pub const MAX_LABELS: usize = 65_536;

/// What HQ signs of a roll. The roll's id is the digest of this.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct RollHead {
    /// Format version.
    #[n(0)]
    pub version: Version<1>,
    /// How many labels the roll has.
    #[n(1)]
    pub count: u32,
    /// The digest of all leaves in order, a leaf being a token's digest.
    #[n(2)]
    pub root: Digest,
}

impl Message for RollHead {
    const NAMESPACE: Namespace = Namespace::Roll;
}

impl HqMessage for RollHead {}

/// One place on a roll: the label there, or only its hash.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Leaf {
    /// The label at this place.
    Token(Token),
    /// The label at this place is on another job's box or on none.
    Hidden(Digest),
}

impl Leaf {
    fn digest(&self) -> Digest {
        match self {
            Self::Token(token) => Namespace::RollLeaf.digest(&[token.as_bytes()]),
            Self::Hidden(digest) => *digest,
        }
    }
}

/// A roll of labels: its signed head and what is known of its labels. An index
/// on it never changes its meaning.
#[derive(Debug, Clone, PartialEq)]
pub struct Roll {
    head: Signed<RollHead>,
    leaves: Vec<Leaf>,
}

/// Why a list of labels is not what a roll's head says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum RollError {
    /// The head.
    #[error("the roll's head: {0}")]
    Head(#[from] SignedError),
    /// The list is not the signed one.
    #[error("the list of labels is not the one that was signed")]
    List,
}

impl RollHead {
    /// The head of a roll of these labels, for HQ to sign.
    ///
    /// # Errors
    /// [`RollError::List`] if there is none or more than [`MAX_LABELS`].
    pub fn over(leaves: &[Leaf]) -> Result<Self, RollError> {
        if leaves.is_empty() || leaves.len() > MAX_LABELS {
            return Err(RollError::List);
        }
        let count = u32::try_from(leaves.len()).map_err(|_| RollError::List)?;
        Ok(Self { version: Version, count, root: root(leaves) })
    }
}

impl Roll {
    /// The roll of this head, if these are its labels.
    ///
    /// # Errors
    /// [`RollError::List`].
    pub fn new(head: Signed<RollHead>, leaves: Vec<Leaf>) -> Result<Self, RollError> {
        if RollHead::over(&leaves)? == *head {
            Ok(Self { head, leaves })
        } else {
            Err(RollError::List)
        }
    }

    /// Takes over what another copy of this roll shows.
    pub(crate) fn add(&mut self, other: &Self) {
        for (known, shown) in self.leaves.iter_mut().zip(&other.leaves) {
            if matches!(known, Leaf::Hidden(_)) {
                *known = *shown;
            }
        }
    }

    /// The roll's id.
    #[must_use]
    pub const fn id(&self) -> Digest {
        self.head.id()
    }

    /// The label at an index, if it is known here.
    #[must_use]
    pub fn get(&self, index: usize) -> Option<Token> {
        match self.leaves.get(index) {
            Some(Leaf::Token(token)) => Some(*token),
            _ => None,
        }
    }

    /// The known labels with their indices.
    pub fn tokens(&self) -> impl Iterator<Item = (usize, Token)> {
        self.leaves.iter().enumerate().filter_map(|(index, leaf)| match leaf {
            Leaf::Token(token) => Some((index, *token)),
            Leaf::Hidden(_) => None,
        })
    }

    /// The same roll with all labels hidden but those that `show` names.
    #[must_use]
    pub fn disclosing(&self, show: impl Fn(&Token) -> bool) -> Self {
        let leaves = self.leaves.iter().map(|leaf| match leaf {
            Leaf::Token(token) if show(token) => *leaf,
            other => Leaf::Hidden(other.digest()),
        });
        Self { head: self.head.clone(), leaves: leaves.collect() }
    }

    /// The form in which a roll travels.
    #[must_use]
    pub fn to_wire(&self) -> RollWire {
        let leaves = self.leaves.iter().map(|leaf| match leaf {
            Leaf::Token(token) => token.as_bytes().to_vec().into(),
            Leaf::Hidden(digest) => digest.0.to_vec().into(),
        });
        RollWire { head: self.head.as_bytes().to_vec().into(), leaves: leaves.collect() }
    }
}

/// A roll as it travels: 16 bytes for a label, 32 for a hidden one.
#[derive(Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct RollWire {
    /// The signed [`RollHead`].
    #[n(0)]
    pub head: ByteVec,
    /// The labels in order.
    #[n(1)]
    pub leaves: Vec<ByteVec>,
}

impl RollWire {
    /// Checks a roll that arrived.
    ///
    /// # Errors
    /// [`RollError`].
    pub fn open(&self, hq: &HqKeys) -> Result<Roll, RollError> {
        let head = hq.open::<RollHead>(&self.head)?;
        let leaves = self.leaves.iter().map(|leaf| {
            if let Ok(token) = <[u8; 16]>::try_from(leaf.as_slice()) {
                return Ok(Leaf::Token(Token::from_bytes(token)));
            }
            <[u8; 32]>::try_from(leaf.as_slice())
                .map(|digest| Leaf::Hidden(Digest(digest)))
                .map_err(|_| RollError::List)
        });
        Roll::new(head, leaves.collect::<Result<_, _>>()?)
    }
}

fn root(leaves: &[Leaf]) -> Digest {
    let digests: Vec<u8> = leaves.iter().flat_map(|leaf| leaf.digest().0).collect();
    Namespace::RollRoot.digest(&[&digests])
}
