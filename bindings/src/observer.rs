//! What an app is told without asking: how a tally stands, how a sync goes on, and
//! what a person should see.

use crewseal_custody::{EventId, JobId};

use crate::{Count, Label, Salvage};

/// What an app is told without asking. All calls come from one thread of the core's,
/// one at a time, which does nothing else: whatever one takes, no act and no frame
/// waits for it, and what is outdated by then is not told. What it throws is ignored.
///
/// It may call the core; what waits there must be waited for, as with `runBlocking`
/// in Kotlin, or be done in a task of its own.
#[uniffi::export(foreign)]
pub trait Observer: Send + Sync {
    /// A scan session of this job counts otherwise than before. Of several changes
    /// the last is told.
    fn tally_changed(&self, job: JobId, count: Count) -> Result<(), ObserverError>;

    /// A sync has come so far. Of several steps the last is told.
    fn sync_progressed(&self, progress: SyncProgress) -> Result<(), ObserverError>;

    /// Something that a person should see.
    fn alarmed(&self, alarm: Alarm) -> Result<(), ObserverError>;
}

/// An observer did not take what it was told. Nothing is done about it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error, uniffi::Error)]
pub enum ObserverError {
    /// It failed.
    #[error("the observer failed")]
    Failed,
}

impl From<uniffi::UnexpectedUniFFICallbackError> for ObserverError {
    fn from(_: uniffi::UnexpectedUniFFICallbackError) -> Self {
        Self::Failed
    }
}

/// How far a sync is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, uniffi::Record)]
pub struct SyncProgress {
    /// Entries that waited when it began.
    pub waiting: u64,
    /// Entries of which HQ's receipt was verified.
    pub receipted: u64,
    /// Entries that HQ refused.
    pub parked: u64,
    /// Entries that HQ did not answer.
    pub unanswered: u64,
}

/// Something that a person should see, whatever the app was doing.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Enum)]
pub enum Alarm {
    /// The store was damaged and salvaged: say what is to be done now. It is told
    /// after every opening, until the files are removed.
    StoreSalvaged {
        /// What became of it.
        salvage: Salvage,
    },
    /// The store is damaged, and could not be salvaged.
    StoreDamaged,
    /// The keys are gone for good: the device must be enrolled again.
    KeysGone,
    /// The key hardware did not forget an old key, so that a job is not forgotten
    /// for sure.
    KeyRemains,
    /// HQ does not vouch for this device any more, or does not let it in.
    NotVouchedFor,
    /// HQ does not vouch for a device that took part in a handoff or a sign-off.
    OtherNotVouchedFor,
    /// Somebody else than HQ answers in its place.
    WrongCertificate,
    /// A box of another job was seen.
    OtherJob {
        /// The job that was scanned.
        job: JobId,
        /// The box's label.
        label: Label,
    },
    /// Nobody answered an offer in time. It binds until it is taken back. Told by
    /// whatever asks for the open handoffs, and after every sync.
    HandoffOverdue {
        /// The offer.
        offer: EventId,
    },
    /// A handoff was accepted here and taken back there: both have signed that they
    /// have the boxes.
    HandoffCrossed,
    /// HQ refused entries of the queue: a supervisor must look at them.
    EntriesRefused {
        /// How many, in this sync.
        entries: u64,
    },
}
