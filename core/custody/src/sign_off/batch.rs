//! Batches: a day's events under one root, each provable alone.
//!
//! A supervisor who signs off a day signs one root. Later each event of it can
//! be shown with a proof of a few hashes, and the other events stay unseen.
//!
//! The tree is that of HQ's [log](crate::log), RFC 9162 section 2.1, over the events in rising
//! order of their ids, so one set has one root. A proof of that RFC says nothing of the
//! tree's size, and one made for the last leaf of three holds for the last of
//! two. Our root is therefore the digest of size and tree together: who signs
//! it signs how many events there are, and a proof holds for one index only.
//!
use std::collections::BTreeSet;
use std::fmt;

use minicbor::{Decode, Encode};

use crate::EventId;
use crate::log::{Subtree, inclusion, leaf_hash, node_hash, root_by_inclusion};
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
        let levels = levels(events.iter().map(|event| leaf_hash(&event.0)).collect());
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
        let index = u32::try_from(index).ok()?;
        let mut node = |of: Subtree| {
            let level = self.levels.get(usize::try_from(of.level).unwrap_or(usize::MAX));
            level.and_then(|level| level.get(usize::try_from(of.index).ok()?)).copied().ok_or(())
        };
        let path = inclusion(index.into(), self.size.into(), &mut node).ok()?;
        Some(Inclusion { index, size: self.size, path })
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
    /// Whether it shows that `event` is among those of `root`.
    #[must_use]
    pub fn proves(&self, root: &Digest, event: &EventId) -> bool {
        let leaf = leaf_hash(&event.0);
        root_by_inclusion(&leaf, self.index.into(), self.size.into(), &self.path)
            .is_some_and(|top| root_of(self.size, &top) == *root)
    }
}

/// The levels of the tree over these leaves. A node without a neighbour moves
/// up as it is, which makes the tree that the RFC defines by halves.
fn levels(leaves: Vec<Digest>) -> Vec<Vec<Digest>> {
    let mut levels = Vec::new();
    let mut level = leaves;
    while level.len() > 1 {
        let (pairs, alone) = level.as_chunks::<2>();
        let nodes = pairs.iter().map(|[left, right]| node_hash(left, right));
        let above = nodes.chain(alone.iter().copied()).collect();
        levels.push(std::mem::replace(&mut level, above));
    }
    levels.push(level);
    levels
}

fn root_of(size: u32, top: &Digest) -> Digest {
    Namespace::Batch.digest(&[&size.to_be_bytes(), &top.0])
}

#[cfg(test)]
mod tests;
