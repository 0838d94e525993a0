//! Jobs: what a crew must know of a move, and for how long.

mod erasure;

use std::collections::BTreeMap;

use minicbor::bytes::ByteVec;
use minicbor::{Decode, Encode};

pub use self::erasure::{Erasure, Method, Verification};
use crate::cbor::Version;
use crate::hq_keys::{HqKeys, HqMessage};
use crate::personal::Personal;
use crate::signed::{Message, Namespace, SignedError};
use crate::{
    BoxClass, BoxList, BoxListError, Classes, JobId, Lists, ManifestError, Manifests, ReleaseKey,
    classes,
};

/// What a crew needs to do a job, signed by HQ. On the phone it lies sealed
/// under a key of its own, and is forgotten with that key when the job ends.
///
/// Each field serves the move itself; what only HQ needs stays at HQ.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct JobPack {
    /// Format version.
    #[n(0)]
    pub version: Version<1>,
    /// The job's pseudonym, which stands in events.
    #[n(1)]
    pub job: JobId,
    /// What the crew calls the job on the screen.
    #[n(2)]
    pub title: Personal,
    /// Whom to ask for at the door.
    #[n(3)]
    pub customer: Personal,
    /// Where the boxes are.
    #[n(4)]
    pub origin: Personal,
    /// Where they go.
    #[n(5)]
    pub destination: Personal,
    /// Seconds since 1970-01-01 UTC from which the crew may see it.
    #[n(6)]
    pub opens_at: u64,
    /// Seconds since 1970-01-01 UTC at which it is to be forgotten.
    #[n(7)]
    pub closes_at: u64,
    /// How many boxes were agreed, labelled or not.
    #[n(8)]
    pub boxes: u32,
    /// Signed [`Manifest`](crate::Manifest) versions, oldest first:
    /// the boxes that were labelled beforehand.
    #[n(9)]
    pub manifests: Vec<ByteVec>,
    /// The boxes with papers, disks or valuables.
    #[n(10)]
    pub sensitive: BoxList,
    /// Signed [`Credential`](crate::Credential)s of the crew.
    #[n(11)]
    pub roster: Vec<ByteVec>,
    /// What the customer can release with a code, act by act.
    #[n(12)]
    #[cbor(skip_if = "Vec::is_empty")]
    pub release_keys: Vec<ReleaseKey>,
    /// Which of the sensitive boxes are in which class. One that is in none counts
    /// as in every one.
    #[n(13)]
    #[cbor(skip_if = "BTreeMap::is_empty")]
    pub classes: BTreeMap<BoxClass, BoxList>,
}

impl Message for JobPack {
    const NAMESPACE: Namespace = Namespace::JobPack;
}

impl HqMessage for JobPack {}

/// Why a job pack's manifest cannot be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum JobPackError {
    /// A manifest's message or signature.
    #[error("{0}")]
    Signed(#[from] SignedError),
    /// A manifest that does not follow the one before, or of another job.
    #[error("{0}")]
    Manifest(#[from] ManifestError),
}

impl JobPack {
    /// The job's manifest, every version checked.
    ///
    /// # Errors
    /// [`JobPackError`].
    pub fn manifests(&self, hq: &HqKeys) -> Result<Manifests, JobPackError> {
        let mut manifests = Manifests::default();
        for bytes in &self.manifests {
            let version = hq.open::<crate::Manifest>(bytes)?;
            if version.job != self.job {
                return Err(ManifestError { number: version.number }.into());
            }
            manifests.push(version)?;
        }
        Ok(manifests)
    }

    /// The classes of the boxes that are not ordinary.
    ///
    /// # Errors
    /// [`BoxListError`] if `lists` do not have what the pack names.
    pub fn box_classes(&self, lists: &Lists) -> Result<Classes, BoxListError> {
        classes(&self.sensitive, &self.classes, lists)
    }
}
