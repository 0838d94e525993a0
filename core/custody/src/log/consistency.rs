//! Consistency: that a tree goes on from an earlier one, with nothing changed or left out
//! (RFC 9162 section 2.1.4).

use super::tree::{Nodes, Span, node_hash};
use crate::signed::Digest;

/// The proof that the tree of `size` leaves goes on from that of `old`; empty where there is
/// nothing to prove: of an empty tree, of the same, of one that is larger.
///
/// # Errors
/// Those of `nodes`.
pub fn consistency<N: Nodes>(old: u64, size: u64, nodes: &mut N) -> Result<Vec<Digest>, N::Error> {
    let mut path = Vec::new();
    if old == 0 || old >= size {
        return Ok(path);
    }
    let mut span = Span::of(size);
    // Down to the subtree with which the old tree ends.
    while let Some((left, right)) = span.halves().filter(|_| old != span.end()) {
        let (below, beside) = if old <= right.start { (left, right) } else { (right, left) };
        path.push(beside.hash(nodes)?);
        span = below;
    }
    // The old tree is itself a subtree, and its root is known, or it begins earlier.
    if span.start > 0 {
        path.push(span.hash(nodes)?);
    }
    path.reverse();
    Ok(path)
}

/// Whether a proof shows that the tree of `size` and `root` goes on from that of `old_size` and
/// `old_root`.
#[must_use]
pub fn proves_consistency(
    (old_size, old_root): (u64, &Digest),
    (size, root): (u64, &Digest),
    proof: &[Digest],
) -> bool {
    if old_size == size {
        return proof.is_empty() && old_root == root;
    }
    // Every tree goes on from the empty one.
    if old_size == 0 {
        return proof.is_empty() && size > 0;
    }
    let is_subtree = old_size.is_power_of_two();
    let (first, rest) = match proof.split_first() {
        _ if is_subtree => (old_root, proof),
        Some(split) => split,
        None => return false,
    };
    let Some(mut last) = size.checked_sub(1).filter(|_| old_size < size) else { return false };
    let mut place = old_size - 1;
    let inside = place.trailing_ones();
    (place, last) = (place >> inside, last >> inside);
    let (mut old, mut new) = (*first, *first);
    for neighbour in rest {
        if last == 0 {
            return false;
        }
        if place & 1 == 1 || place == last {
            (old, new) = (node_hash(neighbour, &old), node_hash(neighbour, &new));
            // An even `place` is `last` here, which is not 0.
            let alone = if place & 1 == 1 { 0 } else { place.trailing_zeros() };
            (place, last) = (place >> alone, last >> alone);
        } else {
            new = node_hash(&new, neighbour);
        }
        (place, last) = (place >> 1, last >> 1);
    }
    last == 0 && old == *old_root && new == *root
}
