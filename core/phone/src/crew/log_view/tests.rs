//! Heads of a log that goes on, of one that forked, and of one whose end was lost.

use crewseal_custody::signed::Digest;

use super::*;

fn head(generation: u32, size: u64, root: u8) -> TreeHead {
    TreeHead { generation, size, root: Digest([root; 32]) }
}

/// A checkpoint of a size and time; its root says which log it is of.
fn checkpoint(size: u64, at: u64, root: u8, replicated: Option<u64>) -> Learnt {
    let signed = format!("{size} {at} {root} {replicated:?}").into_bytes().into();
    Learnt { head: head(1, size, root), at, replicated, tick: None, signed }
}

fn tick(number: u64, size: u64, at: u64) -> Learnt {
    Learnt { tick: Some(number), ..checkpoint(size, at, 1, None) }
}

fn of(generation: u32, learnt: Learnt) -> Learnt {
    let head = TreeHead { generation, ..learnt.head };
    let signed = [&learnt.signed[..], &[generation.to_le_bytes()[0]]].concat().into();
    Learnt { head, signed, ..learnt }
}

fn view(learnt: impl IntoIterator<Item = Learnt>) -> LogView {
    let mut view = LogView::default();
    learnt.into_iter().for_each(|learnt| view.learn(learnt));
    view
}

#[test]
fn signed_heads_contradict_each_other_only_if_no_one_log_has_both() {
    use Contradiction::{Logs, Time};
    let known = || checkpoint(5, 100, 1, Some(4));
    for (name, other, expected) in [
        ("the same", known(), None),
        ("one that goes on", checkpoint(6, 101, 2, Some(4)), None),
        ("one from before", checkpoint(4, 99, 2, Some(3)), None),
        ("the same later", checkpoint(5, 101, 1, Some(5)), None),
        ("another of the size", checkpoint(5, 100, 2, Some(4)), Some(Logs)),
        ("larger and earlier", checkpoint(6, 99, 2, Some(4)), Some(Time)),
        ("smaller and later", checkpoint(4, 101, 2, Some(4)), Some(Time)),
        ("less is copied", checkpoint(6, 101, 2, Some(3)), Some(Logs)),
        ("more was copied", checkpoint(4, 99, 2, Some(5)), Some(Logs)),
        ("nothing is copied any more", checkpoint(6, 101, 2, None), None),
        ("of another generation", of(2, checkpoint(5, 99, 2, None)), None),
    ] {
        let how = known().contradicts(&other);
        assert_eq!(how, expected, "{name}");
        assert_eq!(other.contradicts(&known()), expected, "{name}, the other way round");
    }
    let known = tick(3, 5, 100);
    for (name, other, expected) in [
        ("the next", tick(4, 5, 101), None),
        ("the next in the same second", tick(4, 5, 100), None),
        ("the next, of before", tick(4, 5, 99), Some(Time)),
        ("the one before, of later", tick(2, 5, 101), Some(Time)),
    ] {
        assert_eq!(known.contradicts(&other), expected, "{name}");
        assert_eq!(other.contradicts(&known), expected, "{name}, the other way round");
    }
}

#[test]
fn hq_is_asked_of_each_head_once_and_the_largest_stays() {
    let mut view =
        view([(5, 100), (9, 102), (3, 90), (7, 101)].map(|(s, t)| checkpoint(s, t, 1, None)));
    let mut asked = Vec::new();
    while let Some(Question::Consistency(Pair { known, other })) = view.question() {
        asked.push((known.head.size, other.head.size));
        view.shown(&other);
    }
    assert_eq!(asked, [(5, 3), (5, 7), (7, 9)]);
    assert_eq!(view.proven.as_ref().map(|proven| proven.head.size), Some(9));
    assert_eq!(view.newest(), 102);
}

#[test]
fn nothing_is_asked_of_an_empty_log_or_of_what_is_known() {
    let known = checkpoint(4, 100, 1, None);
    let mut view = view([checkpoint(0, 50, 0, None), known.clone(), known.clone(), tick(1, 4, 99)]);
    assert_eq!(view.question(), None);
    assert_eq!((view.proven, view.learnt), (Some(known), Vec::new()));
}

#[test]
fn of_many_heads_the_smallest_and_the_largest_stay() {
    let sizes = (0..100_u64).map(|number| 1 + (number * 37) % 100);
    let view = view(sizes.map(|size| checkpoint(size, size, 1, None)));
    let sizes: Vec<u64> = view.learnt.iter().map(|learnt| learnt.head.size).collect();
    assert_eq!(sizes.len(), MOST_LEARNT);
    assert_eq!((sizes.iter().min(), sizes.iter().max()), (Some(&2), Some(&100)));
}

#[test]
fn what_is_not_shown_is_let_go_and_asked_no_more() {
    let mut view = view([checkpoint(5, 100, 1, None), checkpoint(8, 101, 2, None)]);
    let question = view.question().unwrap();
    view.not_shown(&question);
    assert_eq!(view.question(), None);
    assert_eq!(view.proven.map(|proven| proven.head.size), Some(5), "it goes by the first");
}

#[test]
fn two_heads_of_one_size_need_no_question() {
    let mut view = view([checkpoint(5, 100, 1, None), checkpoint(5, 100, 2, None)]);
    let pair = view.take_contradiction().unwrap();
    assert_eq!((pair.known.head.root.0[0], pair.other.head.root.0[0]), (1, 2));
    assert_eq!(view.take_contradiction(), None);
}

#[test]
fn a_smaller_log_that_hq_says_later_is_taken_back_and_a_corrected_clock_is_not() {
    let known = checkpoint(5, 100, 1, None);
    let view = view([known.clone()]);
    assert_eq!(view.rolled_back_by(&checkpoint(4, 101, 2, None)), Some(&known));
    // Sent before the other one, and here after it.
    assert_eq!(view.rolled_back_by(&checkpoint(4, 99, 2, None)), None);
    let corrected = checkpoint(6, 50, 2, None);
    assert_eq!(view.contradicted_by(&corrected), None);
    assert_eq!(view.rolled_back_by(&corrected), None);
    assert_eq!(view.is_back_from(&corrected), Some(&known));
}

#[test]
fn a_time_that_went_back_is_said_of_the_head_next_to_it_alone() {
    let mut view = view([checkpoint(5, 100, 1, Some(3)), checkpoint(6, 50, 2, Some(3))]);
    assert_eq!(view.times_back().len(), 1);
    let Some(Question::Consistency(Pair { other, .. })) = view.question() else { panic!() };
    view.shown(&other);
    // The head with the replicated size is still of the time before.
    let next = checkpoint(7, 60, 3, Some(3));
    assert_eq!(view.is_back_from(&next), None);
    view.learn(next);
    assert_eq!(view.times_back(), []);
}

fn end(size: u64, at: u64, root: u8) -> Learnt {
    checkpoint(size, at, root, None)
}

#[test]
fn a_log_whose_end_was_lost_is_void_from_there_on() {
    let before = checkpoint(5, 100, 5, None);
    let next = of(2, checkpoint(3, 200, 1, Some(2)));
    let mut view = view([before.clone(), next.clone()]);
    let question = view.question();
    assert_eq!(
        question,
        Some(Question::Restore(Pair { known: before.clone(), other: next.clone() }))
    );
    let first = of(2, checkpoint(1, 190, 9, None));
    assert_eq!(view.restored(end(6, 150, 6), first.clone()), None);
    // That it kept what was known before, it must show, and that the new log goes on.
    let asked = view.question();
    assert_eq!(
        asked,
        Some(Question::Consistency(Pair { known: end(6, 150, 6), other: before.clone() }))
    );
    view.shown(&before);
    let asked = view.question();
    assert_eq!(asked, Some(Question::Consistency(Pair { known: first, other: next.clone() })));
    view.shown(&next);
    assert_eq!(view.question(), None);
    assert!(view.is_void(1, 6) && !view.is_void(1, 5) && !view.is_void(2, 6));
    // What another phone shows of the end that was lost says nothing; that the old log goes
    // on does.
    view.learn(checkpoint(8, 149, 8, None));
    assert_eq!((view.take_contradiction(), view.question()), (None, None));
    for wrong in [checkpoint(8, 151, 8, None), checkpoint(6, 120, 7, None)] {
        view.learn(wrong.clone());
        let pair = view.take_contradiction().unwrap();
        assert_eq!((pair.known.head.size, pair.other), (6, wrong));
    }
}

#[test]
fn a_copy_that_was_promised_and_lost_is_named() {
    let promised = checkpoint(5, 100, 5, Some(4));
    for (kept, expected) in [(3, Some(promised.clone())), (4, None), (5, None)] {
        let mut view = view([promised.clone(), checkpoint(9, 120, 9, None)]);
        let lost = view.restored(end(kept, 150, 3), of(2, checkpoint(1, 160, 1, None)));
        assert_eq!(lost, expected, "{kept}");
    }
}

#[test]
fn revocations_that_are_not_told_for_a_day_are_named_once() {
    let mut view = LogView::default();
    for ((named, told), at, expected) in [
        ((0, 0), 0, false),
        ((3, 2), 1_000, false),
        ((3, 2), 1_000 + MOST_UNTOLD - 1, false),
        // That one more came up is no excuse.
        ((4, 2), 1_000 + MOST_UNTOLD, true),
        ((4, 2), 1_001 + MOST_UNTOLD, false),
        ((4, 4), 1_002 + MOST_UNTOLD, false),
        ((5, 4), 2_000 + MOST_UNTOLD, false),
        ((5, 4), 2_000 + 2 * MOST_UNTOLD, true),
    ] {
        assert_eq!(view.are_untold((named, told), at), expected, "{named} {told} {at}");
    }
}
