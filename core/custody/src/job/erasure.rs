//! The certificate that a phone forgot a job: what was done, and how it was looked
//! at afterwards. It claims no more than that.

use minicbor::{Decode, Encode};

use crate::cbor::Version;
use crate::signed::{Message, Namespace};
use crate::{Anchor, DeviceId, JobId, Salt, Since};

/// What a device signs, with its act key, once it has forgotten a job.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct Erasure {
    /// Format version.
    #[n(0)]
    pub version: Version<1>,
    /// Which device.
    #[n(1)]
    pub device: DeviceId,
    /// Which job.
    #[n(2)]
    pub job: JobId,
    /// The phone's clock, in seconds since 1970-01-01 UTC: a claim.
    #[n(3)]
    pub claimed_at: u64,
    /// The phone's monotonic clock.
    #[n(4)]
    pub since: Since,
    /// After which tick of HQ.
    #[n(5)]
    pub anchor: Anchor,
    /// What was done.
    #[n(6)]
    pub method: Method,
    /// How it was looked at afterwards.
    #[n(7)]
    pub verification: Verification,
    /// Files of the store that were searched for the wrap of the job's key.
    #[n(8)]
    pub searched: u32,
    /// Files of these in which it was found, such as a damaged one that was set
    /// aside. Nothing that the phone keeps unwraps it.
    #[n(9)]
    pub found: u32,
    /// Random.
    #[n(10)]
    pub salt: Salt,
}

/// What was done. The numbers stand in signed bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Encode, Decode)]
#[cbor(index_only)]
pub enum Method {
    /// The job's random key was deleted, as it lay wrapped in the store, with all
    /// that it sealed; the pages were overwritten and the log truncated. The key
    /// that wrapped it was replaced, and the hardware's key that wrapped that one
    /// was replaced and deleted.
    #[n(1)]
    KeysReplaced,
}

/// How it was looked at afterwards. The numbers stand in signed bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Encode, Decode)]
#[cbor(index_only)]
pub enum Verification {
    /// The hardware was asked to unwrap the storage key of before, and had no key for
    /// it; every file of the store was searched for the wrap of the job's key.
    #[n(1)]
    KeyRefusedAndFilesSearched,
}

impl Message for Erasure {
    const NAMESPACE: Namespace = Namespace::Erasure;
}
