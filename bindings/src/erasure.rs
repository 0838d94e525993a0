//! The certificate that a job was forgotten.

use crewseal_custody::JobId;
use crewseal_custody::job;
use crewseal_custody::signed::Signed;

/// What this device signed when it had forgotten a job. The job's key was deleted
/// with all that it sealed, the keys above it were replaced and the hardware's old
/// one deleted; then the hardware was asked for the old one and had none.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct Erasure {
    /// Which job.
    pub job: JobId,
    /// By the phone's clock, in seconds since 1970-01-01 UTC.
    pub claimed_at: u64,
    /// Files of the store that were searched for what was left of the job's key.
    pub searched: u32,
    /// Files of these in which it was found, such as a damaged one that was set
    /// aside. Nothing that the phone keeps opens it.
    pub found: u32,
    /// The certificate itself, for whoever wants to verify it.
    pub signed: Vec<u8>,
}

impl From<&Signed<job::Erasure>> for Erasure {
    fn from(erasure: &Signed<job::Erasure>) -> Self {
        Self {
            job: erasure.job,
            claimed_at: erasure.claimed_at,
            searched: erasure.searched,
            found: erasure.found,
            signed: erasure.as_bytes().to_vec(),
        }
    }
}
