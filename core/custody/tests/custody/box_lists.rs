//! Box lists: the same boxes to everyone who has the lists, and one form for each.

use std::collections::BTreeSet;

use crewseal_custody::cbor::{self, Version};
use crewseal_custody::roll::{Roll, RollError, RollHead};
use crewseal_custody::signed::Digest;
use crewseal_custody::{BoxList, BoxListError, Lists, MAX_BOXES};
use fixtures::paper::{self, set};
use minicbor::bytes::ByteVec;
use proptest::prelude::*;

proptest! {
    #[test]
    fn name_the_same_boxes_to_everyone_who_has_the_lists(
        on_manifest in 1_u16..200,
        on_roll in 1_u16..200,
        picked in proptest::collection::btree_set(0_u16..600, 0..120),
    ) {
        let mut lists = Lists::new();
        lists.add_manifests(paper::manifests(&paper::tokens(0..on_manifest)));
        lists.add_roll(paper::roll(&paper::tokens(200..200 + on_roll)));
        let boxes = set(picked);
        let count = boxes.len();
        let named = lists.name(&boxes).unwrap();
        let bytes = cbor::to_vec(&named);
        let read: BoxList = cbor::from_slice(&bytes).unwrap();
        prop_assert_eq!(lists.resolve(&read), Ok(boxes));
        prop_assert_eq!(read.count(), count);
        prop_assert_eq!(lists.name(&lists.resolve(&read).unwrap()).unwrap(), named);
    }

    #[test]
    fn of_any_bytes_are_read_or_refused(bytes in proptest::collection::vec(any::<u8>(), 0..80)) {
        if let Ok(list) = cbor::from_slice::<BoxList>(&bytes) {
            let _ = paper::lists().resolve(&list);
        }
    }

    #[test]
    fn of_damaged_bytes_are_read_or_refused(at: prop::sample::Index, flip in 1_u8..) {
        let lists = paper::lists();
        let mut bytes = cbor::to_vec(&lists.name(&set([0, 3, 9, 104, 118, 400])).unwrap());
        let at = at.index(bytes.len());
        bytes[at] ^= flip;
        if let Ok(list) = cbor::from_slice::<BoxList>(&bytes)
            && let Ok(boxes) = lists.resolve(&list)
        {
            // Whoever reads it sees other boxes, never the same from other bytes.
            prop_assert_ne!(boxes, set([0, 3, 9, 104, 118, 400]), "byte {}", at);
        }
    }
}

/// A list as anybody could write it, canonical or not.
fn written(segments: &[Vec<u8>]) -> BoxList {
    let head = 0x80 + u8::try_from(segments.len()).unwrap();
    let bytes = [vec![head], segments.concat()].concat();
    cbor::from_slice(&bytes).expect("a list in form")
}

fn of_manifest(number: u32, list: Digest, first: u32, bits: &[u8]) -> Vec<u8> {
    cbor::to_vec(&(0_u8, number, list, (first, ByteVec::from(bits.to_vec()))))
}

fn of_roll(list: Digest, first: u32, bits: &[u8]) -> Vec<u8> {
    cbor::to_vec(&(1_u8, list, (first, ByteVec::from(bits.to_vec()))))
}

fn of_tokens(bytes: &[u8]) -> Vec<u8> {
    cbor::to_vec(&(2_u8, ByteVec::from(bytes.to_vec())))
}

fn one_by_one(numbers: &[u16]) -> Vec<u8> {
    let bytes: Vec<u8> = numbers.iter().flat_map(|n| *paper::token(*n).as_bytes()).collect();
    of_tokens(&bytes)
}

fn ids() -> (Digest, Digest) {
    let manifest = paper::manifests(&paper::tokens(0..10)).newest().unwrap().id();
    (manifest, paper::roll(&paper::tokens(100..120)).id())
}

#[test]
fn in_any_other_form_are_refused() {
    let (manifest, roll) = ids();
    let (a, b) = if paper::token(400) < paper::token(401) { (400, 401) } else { (401, 400) };
    let good = written(&[
        of_manifest(1, manifest, 0, &[0b101]),
        of_roll(roll, 1, &[1]),
        one_by_one(&[a, b]),
    ]);
    assert_eq!(paper::lists().resolve(&good), Ok(set([0, 2, 108, 400, 401])));

    let others = [
        ("segments out of order", vec![of_roll(roll, 0, &[1]), of_manifest(1, manifest, 0, &[1])]),
        ("a segment twice", vec![of_roll(roll, 0, &[1]), of_roll(roll, 0, &[1])]),
        ("one roll in two segments", vec![of_roll(roll, 0, &[1]), of_roll(roll, 0, &[2])]),
        (
            "one manifest in two segments",
            vec![of_manifest(1, manifest, 0, &[1]), of_manifest(1, manifest, 0, &[2])],
        ),
        ("single tokens in two segments", { vec![one_by_one(&[a]), one_by_one(&[b])] }),
        ("a manifest under another number", vec![of_manifest(2, manifest, 0, &[1])]),
        ("no bits", vec![of_roll(roll, 0, &[])]),
        ("zeros at the front", vec![of_roll(roll, 0, &[0, 1])]),
        ("zeros at the end", vec![of_roll(roll, 0, &[1, 0])]),
        ("no tokens", vec![of_tokens(&[])]),
        ("half a token", vec![of_tokens(&[7; 24])]),
        ("tokens falling", vec![one_by_one(&[b, a])]),
        ("a token twice", vec![one_by_one(&[a, a])]),
        ("a box by its list and by its token", vec![of_roll(roll, 0, &[1]), one_by_one(&[100])]),
        ("more bits than a list may have", vec![of_roll(roll, 0, &[1; MAX_BOXES / 8 + 1])]),
    ];
    for (name, segments) in others {
        let resolved = paper::lists().resolve(&written(&segments));
        assert_eq!(resolved, Err(BoxListError::NotCanonical), "{name}");
    }
}

#[test]
fn that_name_what_is_not_there_are_refused_whole() {
    let (manifest, roll) = ids();
    let lists = paper::lists();
    for (list, segment, index) in [
        (manifest, of_manifest(1, manifest, 1, &[0b100]), 10),
        (roll, of_roll(roll, 2, &[0b1_0000]), 20),
        (roll, of_roll(roll, 8_191, &[0x80]), 65_535),
        (roll, of_roll(roll, u32::MAX, &[0x80]), usize::try_from(u32::MAX).unwrap() * 8 + 7),
    ] {
        let resolved = lists.resolve(&written(&[segment]));
        assert_eq!(resolved, Err(BoxListError::NoSuchBox { list, index }));
    }
    let list = Digest([9; 32]);
    for segment in [of_manifest(1, list, 0, &[1]), of_roll(list, 0, &[1])] {
        let resolved = lists.resolve(&written(&[segment]));
        assert_eq!(resolved, Err(BoxListError::UnknownList { list }));
    }
}

#[test]
fn keep_their_meaning_when_the_manifest_grows() {
    let first = paper::hq().sign(paper::manifest(1, None, &paper::tokens(0..5)));
    let second = paper::manifest(2, Some(first.id()), &paper::tokens(5..8));
    let mut manifests = crewseal_custody::Manifests::default();
    manifests.push(first).unwrap();
    let mut before = Lists::new();
    before.add_manifests(manifests.clone());
    let named = before.name(&set(0..5)).unwrap();

    manifests.push(paper::hq().sign(second)).unwrap();
    let mut after = Lists::new();
    after.add_manifests(manifests);
    assert_eq!(after.resolve(&named), Ok(set(0..5)));
    let newer = after.name(&set(0..8)).unwrap();
    assert!(matches!(before.resolve(&newer), Err(BoxListError::UnknownList { .. })));
}

#[test]
fn show_nothing_of_labels_that_a_roll_hides() {
    let named = paper::boxes([100, 101]);
    let mut lists = Lists::new();
    let shown = paper::token(100);
    let roll = paper::roll(&paper::tokens(100..120));
    lists.add_roll(roll.disclosing(|token| *token == shown));
    let list = roll.id();
    assert_eq!(lists.resolve(&named), Err(BoxListError::NoSuchBox { list, index: 1 }));
}

/// A record may bring a roll twice, each time with other labels shown: the order says nothing.
#[test]
fn a_roll_that_comes_twice_shows_what_either_shows() {
    let roll = paper::roll(&paper::tokens(100..104));
    let shown = [paper::token(101), paper::token(102)];
    let copies = shown.map(|shown| roll.disclosing(|token| *token == shown));
    for order in [[0, 1], [1, 0]] {
        let mut lists = Lists::new();
        order.into_iter().for_each(|copy: usize| lists.add_roll(copies[copy].clone()));
        let both = BTreeSet::from(shown);
        assert_eq!(lists.resolve(&lists.name(&both).unwrap()), Ok(both), "{order:?}");
    }
}

#[test]
fn a_roll_has_a_label() {
    let head = RollHead { version: Version, count: 0, root: Digest([0; 32]) };
    let none = Roll::new(paper::hq().sign(head), Vec::new());
    assert_eq!(none, Err(RollError::List));
}
