//! Which boxes a spot check draws.

use std::collections::BTreeSet;

use crewseal_custody::Salt;
use crewseal_custody::handoff::drawn;
use crewseal_label::Token;
use fixtures::paper::set;
use proptest::prelude::*;

proptest! {
    #[test]
    fn is_the_same_for_both_and_of_the_right_number(
        offer: [u8; 32],
        opening: [u8; 16],
        numbers in proptest::collection::btree_set(0_u16..500, 0..80),
    ) {
        let (offer, opening) = (crewseal_custody::signed::Digest(offer), Salt(opening));
        let boxes = set(numbers);
        let here = drawn(&offer, &opening, &boxes);
        let there = boxes.iter().rev().copied().collect();
        prop_assert_eq!(&drawn(&offer, &opening, &there), &here);
        prop_assert!(here.is_subset(&boxes));
        prop_assert_eq!(here.len(), boxes.len().div_ceil(10).min(5));
    }
}

#[test]
fn changes_with_either_side() {
    let boxes = set(0..60);
    let draw = |offer, opening| {
        drawn(&crewseal_custody::signed::Digest([offer; 32]), &Salt([opening; 16]), &boxes)
    };
    let by_offer: BTreeSet<_> = (0..40).map(|offer| draw(offer, 0)).collect();
    let by_opening: BTreeSet<_> = (0..40).map(|opening| draw(0, opening)).collect();
    assert_eq!((by_offer.len(), by_opening.len()), (40, 40));
    let ever: BTreeSet<Token> = by_offer.into_iter().chain(by_opening).flatten().collect();
    assert_eq!(ever, boxes, "any box may be drawn");
}
