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
mod tests;
