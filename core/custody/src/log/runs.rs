//! Runs: that leaves which stand in a few runs are in a tree, with one proof for all.
//!
//! The proof is the hashes of the largest parts of the tree without any of these leaves, from
//! left to right. Whoever has the leaves' hashes puts them between and gets the root. One leaf
//! is the smallest run, and any set of leaves is one of runs.

use std::iter::Peekable;

use minicbor::{Decode, Encode};

use super::tree::{Nodes, Span, node_hash};
use crate::signed::Digest;

/// The most runs in an answer to a batch.
pub const MOST_RUNS: usize = 4;

/// Leaves that follow each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Encode, Decode)]
#[cbor(array)]
pub struct Run {
    /// The place of the first, from 0.
    #[n(0)]
    pub first: u64,
    /// How many.
    #[n(1)]
    pub count: u32,
}

/// Why a proof of runs shows nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum RunsError {
    /// No leaves, places not in rising order, or beyond the tree's end.
    #[error("these places are not in rising order within the log")]
    Places,
    /// It has too few hashes or too many.
    #[error("the proof is not one of these places")]
    Length,
}

/// The proof of the leaves at these places, which must rise.
///
/// # Errors
/// Those of `nodes`.
pub fn prove_runs<N: Nodes>(
    places: &[u64],
    size: u64,
    nodes: &mut N,
) -> Result<Vec<Digest>, N::Error> {
    let mut proof = Vec::new();
    prove(Span::of(size), places, nodes, &mut proof)?;
    Ok(proof)
}

/// The part of a proof that is about one span, in which all of `places` are.
fn prove<N: Nodes>(
    span: Span,
    places: &[u64],
    nodes: &mut N,
    proof: &mut Vec<Digest>,
) -> Result<(), N::Error> {
    if places.is_empty() {
        if span.len > 0 {
            proof.push(span.hash(nodes)?);
        }
        return Ok(());
    }
    let Some((left, right)) = span.halves() else { return Ok(()) };
    let (in_left, in_right) = places.split_at(places.partition_point(|at| *at < right.start));
    prove(left, in_left, nodes, proof)?;
    prove(right, in_right, nodes, proof)
}

/// The root to which these leaves lead, each a place and a hash, by a proof. It must be
/// compared with one that was signed with this size.
///
/// # Errors
/// [`RunsError`].
pub fn root_by_runs(
    leaves: &[(u64, Digest)],
    size: u64,
    proof: &[Digest],
) -> Result<Digest, RunsError> {
    let rises = leaves.is_sorted_by(|(one, _), (next, _)| one < next);
    let is_within = leaves.last().is_some_and(|(last, _)| *last < size);
    if !rises || !is_within {
        return Err(RunsError::Places);
    }
    let mut rest = proof.iter().peekable();
    let root = fold(Span::of(size), leaves, &mut rest).ok_or(RunsError::Length)?;
    if rest.peek().is_none() { Ok(root) } else { Err(RunsError::Length) }
}

fn fold<'p>(
    span: Span,
    leaves: &[(u64, Digest)],
    proof: &mut Peekable<impl Iterator<Item = &'p Digest>>,
) -> Option<Digest> {
    if leaves.is_empty() {
        return proof.next().copied();
    }
    let Some((left, right)) = span.halves() else {
        return leaves.first().map(|(_, hash)| *hash);
    };
    let (in_left, in_right) =
        leaves.split_at(leaves.partition_point(|(place, _)| *place < right.start));
    let left = fold(left, in_left, proof)?;
    let right = fold(right, in_right, proof)?;
    Some(node_hash(&left, &right))
}
