//! The boxes that are checked by hand.

use std::collections::BTreeSet;

use crate::custody::{EventId, Salt};
use crate::label::Token;
use crate::signed::Namespace;

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
    let mut ranked: Vec<_> = boxes
        .iter()
        .map(|token| {
            (Namespace::SpotCheck.digest(&[&offer.0, &opening.0, token.as_bytes()]), *token)
        })
        .collect();
    // The first ones; in what order they and the others are matters to nobody.
    if count < ranked.len() {
        ranked.select_nth_unstable(count);
    }
    ranked.into_iter().take(count).map(|(_, token)| token).collect()
}
