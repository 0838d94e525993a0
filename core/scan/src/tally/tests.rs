use proptest::prelude::*;

use super::*;

fn token(number: u8) -> Token {
    Token::from_bytes([number; 16])
}

/// Boxes 0 to 9 are of the job, 10 to 19 are blank, 20 to 29 elsewhere.
fn tally() -> Tally {
    Tally::new((0..10).map(token))
        .with_blank((10..20).map(token))
        .with_elsewhere((20..30).map(token))
}

#[test]
fn each_label_is_told_for_what_it_is() {
    let mut tally = tally();
    assert_eq!(tally.sight(&token(3).to_text()), Sighting::New(token(3)));
    assert_eq!(tally.sight(&token(3).to_text().to_lowercase()), Sighting::Again(token(3)));
    assert_eq!(tally.sight(&token(10).to_text()), Sighting::Blank(token(10)));
    assert_eq!(tally.sight(&token(20).to_text()), Sighting::OtherJob(token(20)));
    assert_eq!(tally.sight(&token(99).to_text()), Sighting::UnknownLabel(token(99)));
    assert_eq!(
        tally.sight("https://example.com"),
        Sighting::NotOurs(LabelError::Character { position: 6 })
    );
    assert_eq!(tally.count().to_string(), "1 of 10");
    assert!(!tally.count().is_complete());
    assert_eq!(tally.seen().collect::<Vec<_>>(), [&token(3)]);
    assert_eq!(tally.missing().count(), 9);
    assert_eq!(
        tally.foreign().collect::<Vec<_>>(),
        [Sighting::OtherJob(token(20)), Sighting::UnknownLabel(token(99))]
    );
}

#[test]
fn commissioning_brings_a_box_into_the_job() {
    let mut tally = tally();
    assert_eq!(tally.commission(token(10)), Commission::FromRoll);
    assert_eq!(tally.commission(token(10)), Commission::Already);
    assert_eq!(tally.sight(&token(10).to_text()), Sighting::Again(token(10)));
    assert_eq!(tally.commission(token(20)), Commission::OtherJob);
    assert_eq!(tally.sight(&token(99).to_text()), Sighting::UnknownLabel(token(99)));
    assert_eq!(tally.commission(token(99)), Commission::Provisional);
    assert_eq!(tally.foreign().count(), 0);
    assert_eq!(tally.count(), Count { seen: 2, expected: 12 });
    assert!(tally.commissioned().eq(&[token(10), token(99)]));
}

#[test]
fn undo_takes_back_the_last_thing_done() {
    let mut tally = tally();
    assert!(!tally.undo(&token(3)));
    tally.sight(&token(3).to_text());
    tally.commission(token(10));
    tally.sight(&token(20).to_text());
    for label in [3, 10, 20] {
        assert!(tally.undo(&token(label)));
    }
    assert_eq!(tally.count(), Count { seen: 0, expected: 10 });
    assert_eq!(tally.foreign().count(), 0);
    assert_eq!(tally.sight(&token(3).to_text()), Sighting::New(token(3)));
    assert_eq!(tally.sight(&token(10).to_text()), Sighting::Blank(token(10)));
}

#[test]
fn lists_that_contradict_each_other_have_an_order() {
    let mut tally = Tally::new([token(1)])
        .with_blank([token(1), token(2)])
        .with_elsewhere([token(1), token(2)]);
    assert_eq!(tally.sight(&token(1).to_text()), Sighting::New(token(1)));
    assert_eq!(tally.sight(&token(2).to_text()), Sighting::OtherJob(token(2)));
}

#[test]
fn debug_shows_no_token() {
    let text = token(7).to_text();
    assert!(!format!("{:?} {:?}", tally(), tally().sight(&text)).contains(&text));
}

proptest! {
    #[test]
    fn order_and_repetition_do_not_matter(
        labels in proptest::collection::vec(0..40_u8, 0..80),
    ) {
        let sighted = |labels: &mut dyn Iterator<Item = u8>| {
            let mut tally = tally();
            labels.for_each(|label| { tally.sight(&token(label).to_text()); });
            let parts: [Vec<Token>; 2] =
                [tally.seen().copied().collect(), tally.missing().copied().collect()];
            (parts, tally.foreign().count(), tally.count())
        };
        let mut once = labels.clone();
        once.sort_unstable();
        once.dedup();
        let straight = sighted(&mut labels.iter().copied());
        prop_assert_eq!(&straight, &sighted(&mut labels.iter().rev().copied()));
        prop_assert_eq!(&straight, &sighted(&mut once.into_iter()));
    }

    #[test]
    fn seen_and_missing_make_up_the_job(
        acts in proptest::collection::vec((0..40_u8, 0..3_u8), 0..80),
    ) {
        let mut tally = tally();
        for (label, act) in acts {
            match act {
                0 => { tally.sight(&token(label).to_text()); }
                1 => { tally.commission(token(label)); }
                _ => { tally.undo(&token(label)); }
            }
            let count = tally.count();
            prop_assert_eq!(tally.seen().count(), count.seen);
            prop_assert_eq!(tally.seen().count() + tally.missing().count(), count.expected);
            prop_assert_eq!(count.is_complete(), tally.missing().next().is_none());
        }
    }
}
