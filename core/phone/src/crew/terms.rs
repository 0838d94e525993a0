//! The terms of a job as this device knows them: HQ's word about the device, the job's pack
//! and the revoked devices. Its chain says them before the first act under them, so that
//! nobody can say later that it acted under others.

use crewseal_custody::signed::Digest;
use minicbor::{Decode, Encode};

/// The terms of a job, or of what is of no job.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Terms {
    ids: Vec<Digest>,
}

/// By which terms are told apart: the first 8 bytes of the SHA-256 of their ids, one after
/// another. It lies in a row that every act writes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Encode, Decode)]
#[cbor(transparent)]
pub(super) struct TermsDigest(#[cbor(with = "minicbor::bytes")] pub(super) [u8; 8]);

impl Terms {
    /// Those that have these ids, in the order in which an event names them.
    pub(super) fn new(
        credential: Digest,
        pack: Option<Digest>,
        revocations: Option<Digest>,
    ) -> Self {
        let ids = [Some(credential), pack, revocations];
        Self { ids: ids.into_iter().flatten().collect() }
    }

    pub(super) fn digest(&self) -> TermsDigest {
        let mut context = ring::digest::Context::new(&ring::digest::SHA256);
        self.ids.iter().for_each(|id| context.update(&id.0));
        let digest = context.finish();
        TermsDigest(digest.as_ref().first_chunk().copied().unwrap_or_default())
    }

    pub(super) fn into_ids(self) -> Vec<Digest> {
        self.ids
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CREDENTIAL: Digest = Digest([1; 32]);
    const PACK: Digest = Digest([2; 32]);
    const REVOCATIONS: Digest = Digest([3; 32]);

    #[test]
    fn are_named_in_their_order_as_far_as_there_are_any() {
        for (pack, revocations, ids) in [
            (Some(PACK), Some(REVOCATIONS), vec![CREDENTIAL, PACK, REVOCATIONS]),
            (None, Some(REVOCATIONS), vec![CREDENTIAL, REVOCATIONS]),
            (Some(PACK), None, vec![CREDENTIAL, PACK]),
            (None, None, vec![CREDENTIAL]),
        ] {
            assert_eq!(Terms::new(CREDENTIAL, pack, revocations).into_ids(), ids);
        }
    }

    /// Frozen: docs/storage.md, section 3.
    #[test]
    fn are_told_apart_by_eight_bytes() {
        let terms = |pack, revocations| Terms::new(CREDENTIAL, pack, revocations).digest();
        let whole = terms(Some(PACK), Some(REVOCATIONS));
        let others = [terms(None, Some(REVOCATIONS)), terms(Some(PACK), None), terms(None, None)];
        assert!(others.iter().all(|other| *other != whole));
        let newer = Terms::new(Digest([9; 32]), Some(PACK), Some(REVOCATIONS)).digest();
        assert_ne!(newer, whole);
        let hex = data_encoding::HEXLOWER.encode(&whole.0);
        assert_eq!(hex, "8a2e491356cfdb05");
    }
}
