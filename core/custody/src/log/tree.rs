//! The tree: hashes as RFC 9162 section 2.1.1 has them, over leaves that are only added.
//!
//! A subtree of 2^n leaves that is full never changes again. Whoever keeps those, or the
//! leaves alone, can make every root and every proof of it.

use minicbor::{Decode, Encode};

use crate::signed::Digest;

/// A tree's size and root, in one of HQ's logs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Encode, Decode)]
#[cbor(array)]
pub struct TreeHead {
    /// Which log: 1, and one more each time HQ lost the end of one.
    #[n(0)]
    pub generation: u32,
    /// How many leaves.
    #[n(1)]
    pub size: u64,
    /// The hash of all of them.
    #[n(2)]
    pub root: Digest,
}

/// The name of an HQ's log: HQ's own name and the generation.
#[must_use]
pub fn log_name(origin: &str, generation: u32) -> String {
    format!("{origin}/{generation}")
}

/// A full subtree: 2^`level` leaves from `index` * 2^`level` on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Subtree {
    /// How high it is; a leaf is 0 high.
    pub level: u32,
    /// How many of its height stand before it.
    pub index: u64,
}

/// Where the hashes of full subtrees come from.
pub trait Nodes {
    /// Why one cannot be had.
    type Error;

    /// The hash of a full subtree.
    ///
    /// # Errors
    /// If it cannot be had.
    fn node(&mut self, of: Subtree) -> Result<Digest, Self::Error>;
}

impl<E, F: FnMut(Subtree) -> Result<Digest, E>> Nodes for F {
    type Error = E;

    fn node(&mut self, of: Subtree) -> Result<Digest, E> {
        self(of)
    }
}

/// A part of a tree: some leaves that follow each other, as many as a node of it has below.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Span {
    pub(super) start: u64,
    pub(super) len: u64,
}

impl Span {
    /// The whole of a tree.
    pub(super) const fn of(size: u64) -> Self {
        Self { start: 0, len: size }
    }

    pub(super) const fn end(self) -> u64 {
        self.start.saturating_add(self.len)
    }

    /// Its two halves; none of a single leaf. The left one is the largest full subtree that
    /// is smaller than all of it.
    pub(super) fn halves(self) -> Option<(Self, Self)> {
        let below = self.len.checked_sub(1).filter(|below| *below > 0)?;
        let left = 1 << below.ilog2();
        let right = Self { start: self.start.saturating_add(left), len: self.len - left };
        Some((Self { start: self.start, len: left }, right))
    }

    /// Its hash, of the full subtrees in it.
    pub(super) fn hash<N: Nodes>(self, nodes: &mut N) -> Result<Digest, N::Error> {
        match self.halves() {
            Some((left, right)) if !self.len.is_power_of_two() => {
                Ok(node_hash(&left.hash(nodes)?, &right.hash(nodes)?))
            }
            _ => {
                let level = self.len.trailing_zeros();
                nodes.node(Subtree { level, index: self.start >> level })
            }
        }
    }
}

/// The root of a tree of this size; that of an empty one is the hash of nothing.
///
/// # Errors
/// Those of `nodes`.
pub fn root<N: Nodes>(size: u64, nodes: &mut N) -> Result<Digest, N::Error> {
    if size == 0 { Ok(sha256(&[])) } else { Span::of(size).hash(nodes) }
}

/// The hash of a leaf.
#[must_use]
pub fn leaf_hash(leaf: &[u8]) -> Digest {
    sha256(&[&[0], leaf])
}

/// The hash of a node over two.
#[must_use]
pub fn node_hash(left: &Digest, right: &Digest) -> Digest {
    sha256(&[&[1], &left.0, &right.0])
}

/// As the RFC has it, without a namespace of ours: the byte in front tells leaves from nodes.
fn sha256(parts: &[&[u8]]) -> Digest {
    let mut context = ring::digest::Context::new(&ring::digest::SHA256);
    parts.iter().for_each(|part| context.update(part));
    let mut digest = [0; 32];
    digest.copy_from_slice(context.finish().as_ref());
    Digest(digest)
}
