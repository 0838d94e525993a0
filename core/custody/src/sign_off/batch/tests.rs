use proptest::prelude::*;

use super::*;
use crate::cbor;

/// As many ids, in rising order.
fn ids(size: usize) -> Vec<EventId> {
    let mut ids: Vec<EventId> =
        (0..size).map(|i| Namespace::Event.digest(&[&i.to_be_bytes()])).collect();
    ids.sort();
    ids
}

fn batch(ids: &[EventId]) -> Batch {
    Batch::of(&ids.iter().copied().collect()).unwrap()
}

/// The RFC's definitions, word by word: the hash of a tree, and a path.
fn tree(leaves: &[Digest]) -> Digest {
    if let [one] = leaves {
        return *one;
    }
    let (left, right) = leaves.split_at(half(leaves.len()));
    node_hash(&tree(left), &tree(right))
}

fn path(index: usize, leaves: &[Digest]) -> Vec<Digest> {
    if leaves.len() == 1 {
        return Vec::new();
    }
    let half = half(leaves.len());
    let (left, right) = leaves.split_at(half);
    let (mut path, neighbour) = if index < half {
        (path(index, left), tree(right))
    } else {
        (path(index - half, right), tree(left))
    };
    path.push(neighbour);
    path
}

/// The largest power of two smaller than `size`.
fn half(size: usize) -> usize {
    size.next_power_of_two() / 2
}

fn flipped(digest: &Digest) -> Digest {
    let mut bytes = digest.0;
    bytes[31] ^= 1;
    Digest(bytes)
}

#[test]
fn every_event_is_proved_by_the_path_of_the_rfc() {
    for size in 1..=40 {
        let ids = ids(size);
        let batch = batch(&ids);
        let leaves: Vec<Digest> = ids.iter().map(|id| leaf_hash(&id.0)).collect();
        let number = u32::try_from(size).unwrap();
        assert_eq!(batch.len(), number);
        assert_eq!(batch.root(), root_of(number, &tree(&leaves)));
        for (index, id) in ids.iter().enumerate() {
            let proof = batch.proof(id).unwrap();
            assert_eq!(proof.index, u32::try_from(index).unwrap());
            assert_eq!(proof.size, number);
            assert_eq!(proof.path, path(index, &leaves), "{index} of {size}");
            assert!(proof.proves(&batch.root(), id), "{index} of {size}");
            assert_eq!(cbor::from_slice(&cbor::to_vec(&proof)), Ok(proof));
        }
    }
}

#[test]
fn everything_else_is_refused() {
    for size in 1..=8 {
        let ids = ids(size);
        let batch = batch(&ids);
        let root = batch.root();
        let stranger = Digest([0; 32]);
        assert_eq!(batch.proof(&stranger), None);
        for id in &ids {
            let proof = batch.proof(id).unwrap();
            let refused = |wrong: &Inclusion| !wrong.proves(&root, id);
            for other in ids.iter().filter(|other| *other != id).chain([&stranger]) {
                assert!(!proof.proves(&root, other));
            }
            assert!(!proof.proves(&flipped(&root), id));
            assert!(!proof.proves(&root_of(proof.size + 1, &leaf_hash(&id.0)), id));
            for number in (0..20).chain([u32::MAX - 1, u32::MAX]) {
                if number != proof.index {
                    assert!(refused(&Inclusion { index: number, ..proof.clone() }));
                }
                if number != proof.size {
                    assert!(refused(&Inclusion { size: number, ..proof.clone() }));
                    let index = number.wrapping_sub(1);
                    assert!(refused(&Inclusion { index, size: number, ..proof.clone() }));
                }
            }
            for at in 0..proof.path.len() {
                let mut wrong = proof.clone();
                wrong.path[at] = flipped(&proof.path[at]);
                assert!(refused(&wrong));
                let mut shorter = proof.clone();
                shorter.path.remove(at);
                assert!(refused(&shorter));
                for other in 0..at {
                    let mut swapped = proof.clone();
                    swapped.path.swap(at, other);
                    assert!(refused(&swapped));
                }
            }
            for more in [1, 31, 32, 33, 1000] {
                let mut longer = proof.clone();
                longer.path.extend(vec![stranger; more]);
                assert!(refused(&longer));
                longer.size = u32::MAX;
                assert!(refused(&longer));
                longer.index = u32::MAX - 1;
                assert!(refused(&longer));
            }
        }
    }
}

#[test]
fn the_last_events_of_a_device_are_found_again_by_their_root() {
    let ids = ids(9);
    for size in 1..=9 {
        let root = batch(&ids[9 - size..]).root();
        let found = Batch::ending(&root, ids.iter().rev().copied()).unwrap();
        assert_eq!(found.events(), &ids[9 - size..]);
    }
    let root = batch(&ids[..3]).root();
    assert!(Batch::ending(&root, ids.iter().rev().copied()).is_none(), "they end earlier");
    assert!(Batch::ending(&root, []).is_none());
}

#[test]
fn no_events_are_no_batch() {
    assert!(Batch::of(&BTreeSet::new()).is_none());
}

/// A node of the tree is no event: leaves are hashed another way.
#[test]
fn a_node_is_no_event() {
    let ids = ids(4);
    let batch = batch(&ids);
    let inner = batch.levels[1][0];
    let path = vec![batch.levels[1][1]];
    assert!(!Inclusion { index: 0, size: 2, path }.proves(&batch.root(), &inner));
}

fn digests(many: std::ops::Range<usize>) -> impl Strategy<Value = Vec<Digest>> {
    proptest::collection::vec(any::<[u8; 32]>().prop_map(Digest), many)
}

proptest! {
    #[test]
    fn a_set_has_one_root_and_proves_its_own(events in digests(1..200), stranger: [u8; 32]) {
        let set: BTreeSet<EventId> = events.iter().copied().collect();
        let backwards: BTreeSet<EventId> = events.iter().rev().copied().collect();
        let batch = Batch::of(&set).unwrap();
        prop_assert_eq!(batch.root(), Batch::of(&backwards).unwrap().root());
        for event in &events {
            prop_assert!(batch.proof(event).unwrap().proves(&batch.root(), event));
        }
        let stranger = Digest(stranger);
        prop_assume!(!set.contains(&stranger));
        prop_assert_eq!(batch.proof(&stranger), None);
        let mut more = set;
        more.insert(stranger);
        prop_assert_ne!(Batch::of(&more).unwrap().root(), batch.root());
    }

    #[test]
    fn no_proof_is_made_up(
        index: u32, size: u32, path in digests(0..70), root: [u8; 32], event: [u8; 32],
    ) {
        let made_up = Inclusion { index, size, path };
        prop_assert!(!made_up.proves(&Digest(root), &Digest(event)));
    }
}
