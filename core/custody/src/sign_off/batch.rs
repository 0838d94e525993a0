//! Batches: a day's events under one root, each provable alone.
//!
//! A supervisor who signs off a day signs one root. Later each event of it can
//! be shown with a proof of a few hashes, and the other events stay unseen.
//!
//! The tree is that of RFC 9162 section 2.1 over the events in rising order of
//! their ids, so one set has one root. A proof of that RFC says nothing of the
//! tree's size, and one made for the last leaf of three holds for the last of
//! two. Our root is therefore the digest of size and tree together: who signs
//! it signs how many events there are, and a proof holds for one index only.
//!
//! The crate `ct-merkle` has the same tree, but compares with the RFC's root
//! and does not tell the one that it computed, so the size cannot be put in.

use std::collections::BTreeSet;
use std::fmt;

use minicbor::{Decode, Encode};

use crate::EventId;
use crate::signed::{Digest, Namespace};

/// The most acts that are signed off at once.
pub const MOST_SIGNED_OFF: usize = 1_000;

/// Some events, at least one, and the tree over them.
#[derive(Clone)]
pub struct Batch {
    /// In rising order.
    events: Vec<EventId>,
    size: u32,
    root: Digest,
    /// The tree, from its leaves up to its one topmost node.
    levels: Vec<Vec<Digest>>,
}

impl Batch {
    /// The batch of these events; none of no events.
    #[must_use]
    pub fn of(events: &BTreeSet<EventId>) -> Option<Self> {
        let size = u32::try_from(events.len()).ok()?;
        let levels = levels(events.iter().map(|event| leaf(&event.0)).collect());
        let top = levels.last()?.first()?;
        let root = root_of(size, top);
        Some(Self { events: events.iter().copied().collect(), size, root, levels })
    }

    /// The batch of this root among events that are told newest first, as a device's
    /// batch is of all that it did up to the newest of them; none if none of the
    /// first [`MOST_SIGNED_OFF`] ends it.
    #[must_use]
    pub fn ending(root: &Digest, newest_first: impl IntoIterator<Item = EventId>) -> Option<Self> {
        let mut events = BTreeSet::new();
        newest_first.into_iter().take(MOST_SIGNED_OFF).find_map(|event| {
            events.insert(event);
            Self::of(&events).filter(|batch| batch.root == *root)
        })
    }

    /// The events, in rising order of their ids.
    #[must_use]
    pub fn events(&self) -> &[EventId] {
        &self.events
    }

    /// What a supervisor signs: the one name of this set of events.
    #[must_use]
    pub const fn root(&self) -> Digest {
        self.root
    }

    /// How many events.
    #[must_use]
    #[expect(clippy::len_without_is_empty, reason = "no batch is empty")]
    pub const fn len(&self) -> u32 {
        self.size
    }

    /// The proof that this event is among them; none if it is not.
    #[must_use]
    pub fn proof(&self, event: &EventId) -> Option<Inclusion> {
        let index = self.events.binary_search(event).ok()?;
        let path = self.levels.iter().enumerate().filter_map(|(height, level)| {
            // The last node of a level may have no neighbour; it moves up alone.
            level.get((index >> height) ^ 1).copied()
        });
        Some(Inclusion { index: u32::try_from(index).ok()?, size: self.size, path: path.collect() })
    }
}

impl fmt::Debug for Batch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Batch({} events, {})", self.size, self.root)
    }
}

/// That one event is among those of a root.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(array)]
pub struct Inclusion {
    /// Which event, from 0, in rising order of ids.
    #[n(0)]
    pub index: u32,
    /// Of how many.
    #[n(1)]
    pub size: u32,
    /// The neighbours on the way up.
    #[n(2)]
    pub path: Vec<Digest>,
}

impl Inclusion {
    /// Whether it shows that `event` is among those of `root`: RFC 9162 section
    /// 2.1.3.2. Of a path that is too long no more is hashed than a tree of
    /// this size is high.
    #[must_use]
    pub fn proves(&self, root: &Digest, event: &EventId) -> bool {
        if self.index >= self.size {
            return false;
        }
        let mut place = self.index;
        let mut last = self.size - 1;
        let mut known = leaf(&event.0);
        for neighbour in &self.path {
            if last == 0 {
                return false;
            }
            if place & 1 == 1 {
                known = node(neighbour, &known);
            } else if place == last {
                // Without a neighbour up to the height at which it is a right
                // one. There is such a height: `last` is not 0.
                let alone = place.trailing_zeros();
                (place, last) = (place >> alone, last >> alone);
                known = node(neighbour, &known);
            } else {
                known = node(&known, neighbour);
            }
            (place, last) = (place >> 1, last >> 1);
        }
        last == 0 && root_of(self.size, &known) == *root
    }
}

/// The levels of the tree over these leaves. A node without a neighbour moves
/// up as it is, which makes the tree that the RFC defines by halves.
fn levels(leaves: Vec<Digest>) -> Vec<Vec<Digest>> {
    let mut levels = Vec::new();
    let mut level = leaves;
    while level.len() > 1 {
        let (pairs, alone) = level.as_chunks::<2>();
        let nodes = pairs.iter().map(|[left, right]| node(left, right));
        let above = nodes.chain(alone.iter().copied()).collect();
        levels.push(std::mem::replace(&mut level, above));
    }
    levels.push(level);
    levels
}

fn root_of(size: u32, top: &Digest) -> Digest {
    Namespace::Batch.digest(&[&size.to_be_bytes(), &top.0])
}

fn leaf(entry: &[u8]) -> Digest {
    sha256(&[&[0], entry])
}

fn node(left: &Digest, right: &Digest) -> Digest {
    sha256(&[&[1], &left.0, &right.0])
}

/// As the RFC has it, without a namespace of ours; the root brings that in.
fn sha256(parts: &[&[u8]]) -> Digest {
    let mut context = ring::digest::Context::new(&ring::digest::SHA256);
    parts.iter().for_each(|part| context.update(part));
    let mut digest = [0; 32];
    digest.copy_from_slice(context.finish().as_ref());
    Digest(digest)
}

#[cfg(test)]
mod tests {
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
        node(&tree(left), &tree(right))
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

    /// The roots that implementations of Certificate Transparency agree on.
    #[test]
    fn the_tree_is_that_of_certificate_transparency() {
        let leaves: [&[u8]; 8] = [
            b"",
            b"\x00",
            b"\x10",
            b"\x20\x21",
            b"\x30\x31",
            b"\x40\x41\x42\x43",
            b"\x50\x51\x52\x53\x54\x55\x56\x57",
            b"\x60\x61\x62\x63\x64\x65\x66\x67\x68\x69\x6a\x6b\x6c\x6d\x6e\x6f",
        ];
        let roots = [
            "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
            "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
            "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
            "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
            "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
            "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
            "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
            "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
        ];
        for (size, root) in (1..).zip(roots) {
            let leaves: Vec<Digest> = leaves[..size].iter().map(|entry| leaf(entry)).collect();
            let levels = levels(leaves.clone());
            let [top] = levels.last().unwrap()[..] else { panic!("not one top") };
            let hex: String = top.0.iter().map(|byte| format!("{byte:02x}")).collect();
            assert_eq!(hex, root, "{size}");
            assert_eq!(top, tree(&leaves), "{size}");
        }
    }

    #[test]
    fn every_event_is_proved_by_the_path_of_the_rfc() {
        for size in 1..=40 {
            let ids = ids(size);
            let batch = batch(&ids);
            let leaves: Vec<Digest> = ids.iter().map(|id| leaf(&id.0)).collect();
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
                assert!(!proof.proves(&root_of(proof.size + 1, &leaf(&id.0)), id));
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
}
