//! Inclusion: that a leaf is in a tree, by the neighbours on the way up (RFC 9162 section
//! 2.1.3).

use super::tree::{Nodes, Span, node_hash};
use crate::signed::Digest;

/// The proof that the leaf at `index` is in the tree of this size, from the leaf up; empty for
/// a leaf that the tree does not have.
///
/// # Errors
/// Those of `nodes`.
pub fn inclusion<N: Nodes>(index: u64, size: u64, nodes: &mut N) -> Result<Vec<Digest>, N::Error> {
    let mut path = Vec::new();
    let mut span = Span::of(size);
    while let Some((left, right)) = span.halves().filter(|_| index < size) {
        let (below, beside) = if index < right.start { (left, right) } else { (right, left) };
        path.push(beside.hash(nodes)?);
        span = below;
    }
    path.reverse();
    Ok(path)
}

/// The root to which a leaf's hash leads by a proof; none if the proof is none of this place
/// (RFC 9162 section 2.1.3.2). Of a proof that is too long no more is hashed than a tree of
/// this size is high.
///
/// The root alone says nothing of the size: it must be compared with one that was signed with
/// this size.
#[must_use]
pub fn root_by_inclusion(leaf: &Digest, index: u64, size: u64, proof: &[Digest]) -> Option<Digest> {
    let mut last = size.checked_sub(1).filter(|last| index <= *last)?;
    let (mut place, mut known) = (index, *leaf);
    for neighbour in proof {
        if last == 0 {
            return None;
        }
        if place & 1 == 1 {
            known = node_hash(neighbour, &known);
        } else if place == last {
            // Without a neighbour up to the height at which it is a right one. There is such
            // a height: `last` is not 0.
            let alone = place.trailing_zeros();
            (place, last) = (place >> alone, last >> alone);
            known = node_hash(neighbour, &known);
        } else {
            known = node_hash(&known, neighbour);
        }
        (place, last) = (place >> 1, last >> 1);
    }
    (last == 0).then_some(known)
}
