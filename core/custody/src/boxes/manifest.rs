//! Manifests: the boxes of a job, by index.
//!
//! A manifest only grows. Each version adds labels after those before and
//! contains the digest of the version before, so an index never changes its
//! meaning, and two phones with different versions agree on the older one.

use std::collections::BTreeMap;

use crewseal_label::Token;
use minicbor::bytes::ByteVec;
use minicbor::{Decode, Encode};

use crate::JobId;
use crate::cbor::Version;
use crate::hq_keys::HqMessage;
use crate::signed::{Digest, Message, Namespace, Signed};

/// One version of a job's manifest, signed by HQ.
#[derive(Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct Manifest {
    /// Format version.
    #[n(0)]
    pub version: Version<1>,
    /// The job.
    #[n(1)]
    pub job: JobId,
    /// Which version of the manifest, from 1.
    #[n(2)]
    pub number: u32,
    /// The digest of the version before; none for the first.
    #[n(3)]
    pub previous: Option<Digest>,
    /// The labels that this version adds, 16 bytes each.
    #[n(4)]
    pub added: ByteVec,
}

impl Message for Manifest {
    const NAMESPACE: Namespace = Namespace::Manifest;
}

impl HqMessage for Manifest {}

impl Manifest {
    /// The labels that this version adds; bytes that are no whole label are none.
    pub fn added(&self) -> impl Iterator<Item = Token> {
        self.added.as_chunks::<16>().0.iter().map(|bytes| Token::from_bytes(*bytes))
    }
}

/// All versions of a job's manifest, checked to grow one from another.
#[derive(Clone, Default, PartialEq)]
pub struct Manifests {
    versions: Vec<Signed<Manifest>>,
    tokens: Vec<Token>,
    /// The same in rising order, each with its index.
    sorted: Vec<(Token, usize)>,
    lengths: BTreeMap<Digest, usize>,
}

/// Why a manifest does not follow what is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("manifest version {number} does not follow the version before")]
pub struct ManifestError {
    /// The version that does not fit.
    pub number: u32,
}

impl Manifests {
    /// Adds the next version.
    ///
    /// # Errors
    /// [`ManifestError`] if it is not the next one of this job, does not
    /// continue the last one, names a label twice, or holds half a label.
    pub fn push(&mut self, next: Signed<Manifest>) -> Result<(), ManifestError> {
        let last = self.versions.last();
        let follows = usize::try_from(next.number).is_ok_and(|n| n == self.versions.len() + 1)
            && next.previous == last.map(Signed::id)
            && last.is_none_or(|last| last.job == next.job)
            && next.added.len().is_multiple_of(16);
        let error = ManifestError { number: next.number };
        if !follows {
            return Err(error);
        }
        let mut sorted = self.sorted.clone();
        sorted.extend(next.added().zip(self.tokens.len()..));
        // Not the unstable one: what is in order already costs it nothing.
        sorted.sort();
        if !sorted.is_sorted_by(|(a, _), (b, _)| a < b) {
            return Err(error);
        }
        self.sorted = sorted;
        self.tokens.extend(next.added());
        self.lengths.insert(next.id(), self.tokens.len());
        self.versions.push(next);
        Ok(())
    }

    /// The versions, oldest first.
    #[must_use]
    pub fn versions(&self) -> &[Signed<Manifest>] {
        &self.versions
    }

    /// The newest version, if there is one.
    #[must_use]
    pub fn newest(&self) -> Option<&Signed<Manifest>> {
        self.versions.last()
    }

    /// All labels of the newest version, by index.
    #[must_use]
    pub fn tokens(&self) -> &[Token] {
        &self.tokens
    }

    /// All labels of the newest version in rising order, each with its index.
    pub(super) fn sorted(&self) -> &[(Token, usize)] {
        &self.sorted
    }

    /// All labels of the version with this digest, by index.
    pub(super) fn tokens_of(&self, version: &Digest) -> Option<&[Token]> {
        self.tokens.get(..*self.lengths.get(version)?)
    }
}
