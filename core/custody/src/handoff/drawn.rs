//! The draw: which boxes the receiver checks by hand, so that neither side steers it.

use std::collections::BTreeSet;

use crewseal_label::Token;
use ring::digest::{Context, SHA256};

use crate::signed::Namespace;
use crate::{EventId, Salt};

/// One box in so many is drawn, and never more than [`MOST`].
const ONE_IN: usize = 10;
const MOST: usize = 5;

/// Which of these boxes the receiver opens his eyes for: chosen by the offer,
/// which the giver signed before he could know `opening`, and by `opening`, to
/// which the receiver was bound before he saw the offer. So neither steers it,
/// and everyone who has both events can say which they were.
#[must_use]
pub fn drawn(offer: &EventId, opening: &Salt, boxes: &BTreeSet<Token>) -> BTreeSet<Token> {
    let count = boxes.len().div_ceil(ONE_IN).min(MOST);
    // Of the digest, what is the same for all boxes is done once.
    let mut common = Context::new(&SHA256);
    common.update(Namespace::SpotCheck.as_str().as_bytes());
    for part in [&[0][..], &offer.0, &opening.0] {
        common.update(part);
    }
    let rank = |token: &Token| {
        let mut digest = common.clone();
        digest.update(token.as_bytes());
        let mut rank = [0; 32];
        rank.copy_from_slice(digest.finish().as_ref());
        (rank, *token)
    };
    let mut ranked: Vec<_> = boxes.iter().map(rank).collect();
    // The first ones; in what order they and the others are matters to nobody.
    if count < ranked.len() {
        ranked.select_nth_unstable(count);
    }
    ranked.into_iter().take(count).map(|(_, token)| token).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::signed::Digest;

    /// A phone and whoever reads the record later must draw the same ones.
    #[test]
    fn they_are_those_of_the_lowest_digests() {
        let (offer, opening) = (Digest([3; 32]), Salt([9; 16]));
        for count in [0, 1, 10, 11, 40, 41, 50, 51, 200] {
            let boxes: BTreeSet<Token> =
                (0..count).map(|number| Token::from_bytes([number; 16])).collect();
            let digest = |token: &Token| {
                Namespace::SpotCheck.digest(&[&offer.0, &opening.0, token.as_bytes()])
            };
            let mut ranked: Vec<Token> = boxes.iter().copied().collect();
            ranked.sort_by_key(digest);
            ranked.truncate(usize::from(count).div_ceil(ONE_IN).min(MOST));
            assert_eq!(drawn(&offer, &opening, &boxes), ranked.into_iter().collect());
        }
    }
}
