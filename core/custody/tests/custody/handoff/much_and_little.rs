//! The longest and the shortest that a handoff is about.

use crewseal_custody::handoff::message::{self, Enclosed};
use crewseal_custody::handoff::text::TextError;
use crewseal_custody::handoff::text::{Purpose, Show};
use crewseal_custody::{Act, BoxList, Event, EventKind, Lists, Salt};
use crewseal_custody::{Finding, FindingKind, Manifests};
use fixtures::paper::{self, set};
use proptest::prelude::*;

use super::exchange::{LISTS, authority, boxes, greets, known, signs};

/// Whoever else writes events may say each thing on its own.
#[test]
fn an_event_with_ten_thousand_findings_is_read_and_weighed() {
    let (mut giver, receiver) = (paper::mover(), paper::driver());
    let hello = greets(&receiver, Salt([1; 16]));
    let finding = Finding { kind: FindingKind::Damaged, boxes: boxes([3]), photo: None };
    let act = Act {
        findings: vec![finding; 10_000],
        to: Some(hello.device),
        ..paper::act(EventKind::Offer, boxes(0..5))
    };
    let commitment = Some(hello.commitment);
    let offer = signs(&mut giver, act, |event| Event { commitment, ..event });
    let shown = message::offer(&offer, &hello, &Enclosed::default());
    let (read, _) = message::read_offer(&shown, &hello, authority()).unwrap();
    assert!(read.verify(&giver.handoff.public).unwrap() == offer);
    assert_eq!(Show::of(Purpose::Offer, &shown), Err(TextError::TooLong), "no screen shows it");
    let custody = known([&offer]).verify();
    assert_eq!(custody.steps[&paper::token(3)][0].findings.len(), 10_000);
    assert_eq!(custody.steps[&paper::token(2)][0].findings.len(), 0);
}

#[test]
fn a_manifest_of_no_boxes_names_none_and_hides_none() {
    let mut empty = Manifests::default();
    empty.push(paper::hq().sign(paper::manifest(1, None, &[]))).unwrap();
    let mut lists = Lists::new();
    lists.add_manifests(empty.clone());
    let named = lists.name(&set(0..3)).unwrap();
    assert_eq!(named.manifests().count(), 0);
    assert_eq!(lists.resolve(&named), Ok(set(0..3)));
    assert_eq!(lists.name(&set([])).unwrap(), BoxList::default());
    // And what comes later is named as by any other version.
    let first = empty.newest().unwrap().id();
    empty.push(paper::hq().sign(paper::manifest(2, Some(first), &paper::tokens(0..3)))).unwrap();
    let second = empty.newest().unwrap().id();
    lists.add_manifests(empty);
    for (newest, by) in [(0, None), (1, None), (2, Some(second)), (9, Some(second))] {
        let named = lists.name_for(&set(0..3), |_| newest).unwrap();
        assert_eq!(named.manifests().next().copied(), by, "{newest}");
        assert_eq!(lists.resolve(&named), Ok(set(0..3)), "{newest}");
    }
}

proptest! {
    #[test]
    fn a_list_for_whoever_has_an_older_version_names_the_same(
        numbers in proptest::collection::btree_set(0_u16..130, 0..40),
        newest in 0_u32..4,
    ) {
        let mut lists = LISTS.clone();
        let first = paper::manifests(&paper::tokens(0..10)).newest().unwrap().id();
        let mut manifests = paper::manifests(&paper::tokens(0..10));
        let added = paper::tokens(10..40);
        manifests.push(paper::hq().sign(paper::manifest(2, Some(first), &added))).unwrap();
        lists.add_manifests(manifests);
        let boxes = set(numbers);
        let named = lists.name_for(&boxes, |_| newest).unwrap();
        prop_assert_eq!(lists.resolve(&named), Ok(boxes.clone()));
        if newest < 2 {
            // Who has the older version only understands it.
            prop_assert_eq!(LISTS.resolve(&named), Ok(boxes));
        }
    }
}
