//! Restore: how a log goes on after HQ lost its end.
//!
//! A backup brings HQ back to what it knew some time ago. A log that went on from there would
//! contradict what was signed since. So it ends, and a new one of the next generation begins,
//! whose first leaf says where the old one ended. HQ's list keys sign that, not what lies on
//! the server: whoever can roll a server back cannot do it unseen.

use minicbor::bytes::ByteVec;
use minicbor::{Decode, Encode};

use super::{ActKind, Leaf};
use crate::Salt;
use crate::cbor::{self, Version};
use crate::hq_keys::HqKeys;
use crate::list_signed::{KeyListError, ListMessage, ListSigned};
use crate::log::{MAX_CHECKPOINT, TreeHead};
use crate::signed::{Digest, Message, Namespace};

/// That an HQ lost the end of its log, and from where it goes on.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct Restore {
    /// Format version.
    #[n(0)]
    pub version: Version<1>,
    /// The HQ's name, as in its key lists.
    #[n(1)]
    pub origin: String,
    /// The log that ended, as far as HQ still has it. What stood in it from this size on is
    /// lost at HQ, and who has it sends it again.
    #[n(2)]
    pub kept: TreeHead,
    /// The newest checkpoint of that log that anybody brought, as it was signed; empty if
    /// nobody brought one.
    #[n(3)]
    pub newest: ByteVec,
    /// When, in seconds since 1970-01-01 UTC.
    #[n(4)]
    pub at: u64,
    /// Random: the salt of its leaf.
    #[n(5)]
    pub salt: Salt,
}

/// One that nobody vouches for yet.
pub type UnverifiedRestore = ListSigned<Restore>;

impl Message for Restore {
    const NAMESPACE: Namespace = Namespace::Restore;
}

impl ListMessage for Restore {
    fn check(&self) -> Result<(), KeyListError> {
        let holds = self.kept.generation > 0
            && self.kept.generation < u32::MAX
            && self.newest.len() <= MAX_CHECKPOINT;
        if holds { Ok(()) } else { Err(KeyListError::Form) }
    }
}

impl Restore {
    /// Reads that this HQ lost the end of its log, and checks that as many list keys signed it
    /// as must: those of the newest list that was made by then.
    ///
    /// # Errors
    /// [`KeyListError`].
    pub fn open(bytes: &[u8], hq: &HqKeys) -> Result<Self, KeyListError> {
        let read = ListSigned::<Self>::parse(bytes)?;
        let restore = read.message();
        let signers = hq.list_signers(restore.at).filter(|_| restore.origin == hq.origin());
        read.check_signatures(&[signers.ok_or(KeyListError::OtherHq)?])?;
        Ok(restore.clone())
    }

    /// The generation of the log that goes on.
    #[must_use]
    pub const fn generation(&self) -> u32 {
        self.kept.generation.saturating_add(1)
    }

    /// The first leaf of that log.
    #[must_use]
    pub fn leaf(&self) -> Leaf {
        Leaf::act(ActKind::Restore, &self.salt, &self.id())
    }

    fn id(&self) -> Digest {
        Self::NAMESPACE.digest(&[&cbor::to_vec(self)])
    }
}
