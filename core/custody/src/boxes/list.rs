//! Box lists: which boxes an act is about, in as few bytes as a QR has room for.
//!
//! A list is a set of segments: a bitmap over a manifest's version, a bitmap
//! over a roll, or single tokens. Manifest and roll are named by the digest of
//! what HQ signed, so nobody, HQ included, can later give a signed list another
//! meaning. The form is canonical: one set of boxes over the same lists has one
//! encoding.

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};

use crewseal_label::Token;
use minicbor::bytes::ByteVec;
use minicbor::{Decode, Encode};

use crate::roll::Roll;
use crate::signed::Digest;
use crate::{JobId, Manifests};

/// The most boxes that one list may name.
pub const MAX_BOXES: usize = 65_536;

/// Some of the indices of a manifest or roll.
///
/// Bit i of byte b stands for index 8 (`first` + b) + i, lowest bit first. The
/// first and the last byte are not zero.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Encode, Decode)]
#[cbor(array)]
struct Bitmap {
    /// How many bytes of zeros are left out at the front.
    #[n(0)]
    first: u32,
    #[n(1)]
    bits: ByteVec,
}

impl Bitmap {
    fn of(indices: &[usize]) -> Option<Self> {
        let (first, last) = (indices.iter().min()? / 8, indices.iter().max()? / 8);
        let mut bits = vec![0; last - first + 1];
        for index in indices {
            if let Some(byte) = bits.get_mut(index / 8 - first) {
                *byte |= 1 << (index % 8);
            }
        }
        Some(Self { first: u32::try_from(first).ok()?, bits: bits.into() })
    }

    fn contains(&self, index: usize) -> bool {
        let first = usize::try_from(self.first).unwrap_or(usize::MAX);
        let byte = (index / 8).checked_sub(first).and_then(|at| self.bits.get(at));
        byte.is_some_and(|byte| byte & (1 << (index % 8)) != 0)
    }

    fn count(&self) -> usize {
        self.bits.iter().map(|byte| usize::try_from(byte.count_ones()).unwrap_or(8)).sum()
    }

    fn indices(&self) -> impl Iterator<Item = usize> {
        let first = usize::try_from(self.first).unwrap_or(usize::MAX);
        self.bits.iter().enumerate().flat_map(move |(at, byte)| {
            (0..8)
                .filter(move |bit| byte & (1 << bit) != 0)
                .map(move |bit| first.saturating_add(at).saturating_mul(8).saturating_add(bit))
        })
    }

    /// One more than the last index; none if there is no index.
    fn end(&self) -> Option<usize> {
        let last = self.bits.len().checked_sub(1)?;
        let bits = self.bits.get(last)?.checked_ilog2()?;
        let byte = usize::try_from(self.first).ok()?.checked_add(last)?;
        byte.checked_mul(8)?.checked_add(usize::try_from(bits).ok()?)?.checked_add(1)
    }

    fn is_canonical(&self) -> bool {
        self.bits.len() <= MAX_BOXES / 8
            && self.bits.first().is_some_and(|byte| *byte != 0)
            && self.bits.last().is_some_and(|byte| *byte != 0)
    }
}

/// One part of a box list.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Encode, Decode)]
#[cbor(flat)]
enum Segment {
    /// Boxes of a job's manifest: the version's number and digest.
    #[n(0)]
    Manifest(#[n(0)] u32, #[n(1)] Digest, #[n(2)] Bitmap),
    /// Labels of a roll: the roll's id.
    #[n(1)]
    Roll(#[n(0)] Digest, #[n(1)] Bitmap),
    /// Single tokens in rising order, 16 bytes each.
    #[n(2)]
    Tokens(#[n(0)] ByteVec),
}

impl Segment {
    /// The manifest or roll that it is about; none for single tokens.
    const fn list(&self) -> Option<&Digest> {
        match self {
            Self::Manifest(_, list, _) | Self::Roll(list, _) => Some(list),
            Self::Tokens(_) => None,
        }
    }
}

/// A set of boxes.
#[derive(Clone, Default, PartialEq, Eq, PartialOrd, Ord, Encode, Decode)]
#[cbor(transparent)]
pub struct BoxList(Vec<Segment>);

impl BoxList {
    /// Whether it names no box.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// How many boxes it names, if it is canonical.
    #[must_use]
    pub fn count(&self) -> usize {
        let of_segment = |segment: &Segment| match segment {
            Segment::Manifest(_, _, bitmap) | Segment::Roll(_, bitmap) => bitmap.count(),
            Segment::Tokens(bytes) => bytes.len() / 16,
        };
        self.0.iter().map(of_segment).sum()
    }

    /// The manifests' versions that it names boxes by.
    pub fn manifests(&self) -> impl Iterator<Item = &Digest> {
        self.0.iter().filter_map(|segment| match segment {
            Segment::Manifest(_, version, _) => Some(version),
            Segment::Roll(..) | Segment::Tokens(_) => None,
        })
    }
}

impl std::fmt::Debug for BoxList {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "BoxList({} segments)", self.0.len())
    }
}

/// Why a box list names no set of boxes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BoxListError {
    /// The form is not canonical: segments out of order, an empty segment, two
    /// segments of one list, a version under another number, a bitmap with
    /// zeros at its ends, a box named twice.
    #[error("the box list is not in canonical form")]
    NotCanonical,
    /// It names a manifest or roll that is not known here.
    #[error("the box list names the list {list}, which is not known here")]
    UnknownList {
        /// The digest of what is not known.
        list: Digest,
    },
    /// It names an index that its manifest or roll does not have or show.
    #[error("the box list names box {index} of the list {list}, which has no such box")]
    NoSuchBox {
        /// The manifest or roll.
        list: Digest,
        /// The index.
        index: usize,
    },
    /// More boxes than [`MAX_BOXES`].
    #[error("more boxes than a list may name")]
    TooMany,
}

/// The lists that box lists refer to, as far as they are known here.
#[derive(Clone, Default)]
pub struct Lists {
    manifests: Vec<Manifests>,
    rolls: BTreeMap<Digest, Roll>,
    places: BTreeMap<Token, (Digest, usize)>,
}

impl Lists {
    /// Nothing known.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a job's manifest in place of what was known of the same job.
    pub fn add_manifests(&mut self, manifests: Manifests) {
        let job = manifests.newest().map(|version| version.job);
        self.manifests.retain(|known| known.newest().map(|version| version.job) != job);
        self.manifests.push(manifests);
    }

    /// Adds a roll. Where it is known already, what either shows of its labels is known.
    pub fn add_roll(&mut self, roll: Roll) {
        for (index, token) in roll.tokens() {
            self.places.insert(token, (roll.id(), index));
        }
        match self.rolls.entry(roll.id()) {
            Entry::Occupied(known) => known.into_mut().add(&roll),
            Entry::Vacant(new) => {
                new.insert(roll);
            }
        }
    }

    /// The known manifests, one of each job.
    pub fn manifests(&self) -> impl Iterator<Item = &Manifests> {
        self.manifests.iter()
    }

    /// The known rolls.
    pub fn rolls(&self) -> impl Iterator<Item = &Roll> {
        self.rolls.values()
    }

    /// The boxes of a job's manifest, by index; none if it is not known.
    #[must_use]
    pub fn tokens_of_job(&self, job: JobId) -> &[Token] {
        let of_job = |known: &&Manifests| known.newest().is_some_and(|newest| newest.job == job);
        self.manifests.iter().find(of_job).map_or(&[], Manifests::tokens)
    }

    /// The shortest list that names these boxes: by manifest where one has
    /// them, else by roll, else one by one.
    ///
    /// # Errors
    /// [`BoxListError::TooMany`].
    pub fn name(&self, boxes: &BTreeSet<Token>) -> Result<BoxList, BoxListError> {
        self.name_for(boxes, |_| u32::MAX)
    }

    /// The shortest list that names these boxes to somebody who may have older
    /// manifests: `newest` says which version of one he has, 0 if none. What came
    /// into it later is named by roll or one by one.
    ///
    /// # Errors
    /// [`BoxListError::TooMany`].
    pub fn name_for(
        &self,
        boxes: &BTreeSet<Token>,
        newest: impl Fn(&Manifests) -> u32,
    ) -> Result<BoxList, BoxListError> {
        if boxes.len() > MAX_BOXES {
            return Err(BoxListError::TooMany);
        }
        let mut rest: Vec<Token> = boxes.iter().copied().collect();
        let mut segments = Vec::new();
        for manifests in &self.manifests {
            let common = newest(manifests);
            let versions = manifests.versions().iter().rev();
            let common = versions.into_iter().find(|version| version.number <= common);
            let Some(common) = common else { continue };
            let listed = manifests.tokens_of(&common.id()).unwrap_or_default();
            let mut indices = take_indices(&mut rest, manifests.sorted());
            if listed.len() < manifests.tokens().len() {
                let later = indices.extract_if(.., |index| *index >= listed.len());
                rest.extend(later.filter_map(|index| manifests.tokens().get(index)));
                rest.sort_unstable();
            }
            if let Some(bitmap) = Bitmap::of(&indices) {
                segments.push(Segment::Manifest(common.number, common.id(), bitmap));
            }
        }
        let mut by_roll: BTreeMap<Digest, Vec<usize>> = BTreeMap::new();
        rest.retain(|token| match self.places.get(token) {
            Some((roll, index)) => {
                by_roll.entry(*roll).or_default().push(*index);
                false
            }
            None => true,
        });
        segments.extend(by_roll.into_iter().filter_map(|(roll, indices)| {
            Bitmap::of(&indices).map(|bitmap| Segment::Roll(roll, bitmap))
        }));
        if !rest.is_empty() {
            let tokens: Vec<u8> = rest.iter().flat_map(|token| *token.as_bytes()).collect();
            segments.push(Segment::Tokens(tokens.into()));
        }
        segments.sort();
        Ok(BoxList(segments))
    }

    /// The boxes that a list names.
    ///
    /// # Errors
    /// [`BoxListError`]. Every box is resolved or none.
    pub fn resolve(&self, list: &BoxList) -> Result<BTreeSet<Token>, BoxListError> {
        if !list.0.is_sorted_by(|a, b| a < b && a.list() != b.list()) {
            return Err(BoxListError::NotCanonical);
        }
        let mut tokens = Vec::new();
        for segment in &list.0 {
            let of_segment = self.resolve_segment(segment)?;
            if tokens.is_empty() {
                tokens = of_segment;
            } else {
                tokens.extend(of_segment);
            }
        }
        let count = tokens.len();
        // Built at once, from what is mostly in order.
        let boxes: BTreeSet<Token> = tokens.into_iter().collect();
        if boxes.len() != count {
            return Err(BoxListError::NotCanonical);
        }
        if count > MAX_BOXES { Err(BoxListError::TooMany) } else { Ok(boxes) }
    }

    fn resolve_segment(&self, segment: &Segment) -> Result<Vec<Token>, BoxListError> {
        match segment {
            Segment::Manifest(number, list, bitmap) => {
                let known = self.manifests.iter().find_map(|known| {
                    let version = known.versions().iter().find(|one| one.id() == *list)?;
                    Some((version.number, known.tokens_of(list)?, known.sorted()))
                });
                let (of_list, tokens, sorted) =
                    known.ok_or(BoxListError::UnknownList { list: *list })?;
                if of_list != *number {
                    return Err(BoxListError::NotCanonical);
                }
                // Many of a manifest's boxes are quicker found in rising order than
                // brought into it.
                let is_all_here = bitmap.end().is_some_and(|end| end <= tokens.len());
                if bitmap.is_canonical() && is_all_here && bitmap.count() >= sorted.len() / 8 {
                    let named = sorted.iter().filter(|(_, index)| bitmap.contains(*index));
                    return Ok(named.map(|(token, _)| *token).collect());
                }
                pick(*list, bitmap, |index| tokens.get(index).copied())
            }
            Segment::Roll(list, bitmap) => {
                let known = self.rolls.get(list);
                let roll = known.ok_or(BoxListError::UnknownList { list: *list })?;
                pick(*list, bitmap, |index| roll.get(index))
            }
            Segment::Tokens(bytes) => {
                let (tokens, rest) = bytes.as_chunks::<16>();
                if tokens.is_empty() || !rest.is_empty() || !tokens.is_sorted_by(|a, b| a < b) {
                    return Err(BoxListError::NotCanonical);
                }
                Ok(tokens.iter().map(|token| Token::from_bytes(*token)).collect())
            }
        }
    }
}

/// Takes out of `rest` what a manifest has, both in rising order, and says where
/// it has it.
fn take_indices(rest: &mut Vec<Token>, sorted: &[(Token, usize)]) -> Vec<usize> {
    let mut indices = Vec::new();
    if rest.len() < sorted.len() / 16 {
        rest.retain(|token| match sorted.binary_search_by_key(token, |(token, _)| *token) {
            Ok(at) => {
                indices.extend(sorted.get(at).map(|(_, index)| *index));
                false
            }
            Err(_) => true,
        });
        return indices;
    }
    let mut listed = sorted.iter().peekable();
    rest.retain(|token| {
        while listed.next_if(|(known, _)| known < token).is_some() {}
        let found = listed.next_if(|(known, _)| known == token);
        indices.extend(found.map(|(_, index)| *index));
        found.is_none()
    });
    indices
}

fn pick(
    list: Digest,
    bitmap: &Bitmap,
    get: impl Fn(usize) -> Option<Token>,
) -> Result<Vec<Token>, BoxListError> {
    if !bitmap.is_canonical() {
        return Err(BoxListError::NotCanonical);
    }
    bitmap
        .indices()
        .map(|index| get(index).ok_or(BoxListError::NoSuchBox { list, index }))
        .collect()
}
