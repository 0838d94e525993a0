//! The one error that apps see, and what to do about each kind of it.

use std::time::Duration;

use crewseal::blocking_pool::PoolError;
use crewseal::sync::SyncError;
use crewseal::vault::{StoreError, VaultError};
use crewseal_custody::cbor::CborError;
use crewseal_custody::envelope::SealError;
use crewseal_custody::handoff::HandoffError;
use crewseal_custody::signed::SignedError;
use crewseal_label::LabelError;
use crewseal_scan::FrameError;

use crate::{LabelFault, Rule};

/// What to do about an error.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, uniffi::Enum)]
pub enum Advice {
    /// Nothing: try again later.
    TryLater,
    /// Tell the user, who can mend it.
    AskUser,
    /// A supervisor must decide.
    AskSupervisor,
    /// Enrol the device again.
    Enrol,
    /// Update the app.
    Update,
    /// A fault in the app, in the store or at HQ: report it.
    Report,
}

/// Why something was not done. Nothing is lost by any of these, and none holds
/// anything secret or personal.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error, uniffi::Error)]
#[uniffi::export(Display)]
pub enum CrewError {
    /// The device was never enrolled.
    #[error("this device is not enrolled")]
    NotEnrolled,
    /// The phone is another HQ's: log out there first.
    #[error("this phone is enrolled with another HQ; log out there first")]
    EnrolledElsewhere,
    /// HQ was never reached, so nothing can be recorded yet: fetch first.
    #[error("HQ was never reached from this device")]
    HqNeverReached,
    /// No such job is on this phone.
    #[error("no such job on this phone")]
    UnknownJob,
    /// The job is not open at this time.
    #[error("the job is not open now")]
    JobNotOpen,
    /// The label is on a box of another job.
    #[error("a label of another job")]
    OtherJob,
    /// A text that was given as a label is none.
    #[error("this is no label")]
    NotALabel {
        /// Why not.
        fault: LabelFault,
    },
    /// A text that was given as an id is none: a fault in the app.
    #[error("this is no id")]
    NotAnId,
    /// A buffer that was given as a frame is none: a fault in the app.
    #[error("{reason}")]
    NotAFrame {
        /// Which number does not fit.
        reason: String,
    },
    /// The invitation is damaged or none of HQ's.
    #[error("the invitation cannot be used; ask HQ for another")]
    Invitation,
    /// What another phone showed is not meant for this phone.
    #[error("this is not for this phone")]
    NotForThisPhone,
    /// The other device is not known here: let it introduce itself.
    #[error("the other device is not known here")]
    Stranger,
    /// HQ does not vouch for the other device any more.
    #[error("HQ does not vouch for the other device any more")]
    NotVouchedFor,
    /// A rule forbids this to whoever carries this device. Nothing was signed.
    #[error("{reason}")]
    NotAllowed {
        /// Which rule.
        rule: Rule,
        /// The same in English, and what to do.
        reason: String,
    },
    /// A rule forbids this to the other side of the handoff.
    #[error("the other side: {reason}")]
    OtherNotAllowed {
        /// Which rule.
        rule: Rule,
        /// The same in English, and what to do.
        reason: String,
    },
    /// The release code is mistyped, or not one for this act.
    #[error("this code does not confirm this act")]
    WrongCode,
    /// The recovery code is mistyped, or another carrier's.
    #[error("this is not the recovery code of this carrier")]
    WrongRecoveryCode,
    /// The offer has lapsed, was taken back or was answered before.
    #[error("the offer is over: it lapsed, was taken back or was answered")]
    OfferOver,
    /// Only a supervisor signs off.
    #[error("only a supervisor signs off")]
    NotASupervisor,
    /// There is nothing to sign off, or more than fits: sign off more often.
    #[error("there is nothing to sign off, or too much at once")]
    NothingToSign,
    /// A supervisor's note has more than 500 characters.
    #[error("the note has more than 500 characters; say it in fewer")]
    NoteTooLong,
    /// There is no receipt for this act on this phone.
    #[error("there is no receipt for this act here")]
    NoReceipt,
    /// Nothing was drawn that is a signature.
    #[error("{reason}")]
    NotADrawing {
        /// Why not.
        reason: String,
    },
    /// More than one phone can show another: do it in two.
    #[error("too much to show another phone at once; do it in two")]
    TooMuch,
    /// Some of the boxes are in an offer that is still open: take it back first.
    #[error("boxes of an offer that is still open")]
    StillOffered,
    /// What another phone showed does not verify.
    #[error("what the other phone showed does not verify: {reason}")]
    FromPhone {
        /// Why.
        reason: String,
    },
    /// What HQ sent does not verify.
    #[error("what HQ sent does not verify: {reason}")]
    FromHq {
        /// Why.
        reason: String,
    },
    /// HQ's answer to what was delivered does not hold. Nothing of it counts, and everything
    /// waits as before. `contradictions` has what HQ signed of it.
    #[error("HQ's answer does not hold: {reason}")]
    AnswerDoesNotHold {
        /// Why.
        reason: String,
    },
    /// A list of boxes names what is not known here.
    #[error("{reason}")]
    UnknownBoxes {
        /// What.
        reason: String,
    },
    /// Acts of the job wait for HQ's receipt: sync first.
    #[error("{entries} acts of this job wait for HQ")]
    Unreceipted {
        /// How many, at most.
        entries: u64,
    },
    /// The key hardware did not forget its old key, so nothing is certified.
    #[error("the key hardware did not forget its old key")]
    KeyRemains,
    /// This device was logged out or wiped: open the phone again and enrol.
    #[error("this device was logged out")]
    LoggedOut,
    /// The phone is suspended: resume it first.
    #[error("the store is closed; resume the phone first")]
    Suspended,
    /// The keys are locked: the phone was not unlocked since its start.
    #[error("the keys are locked; unlock the phone")]
    KeysLocked,
    /// The person did not confirm.
    #[error("cancelled by the user")]
    Cancelled,
    /// The app gave the call up by its `CancelToken`. What HQ receipted before stays
    /// receipted.
    #[error("the app gave the call up")]
    CallCancelled,
    /// The keys are gone for good, or the enrolment no longer fits them.
    #[error("the keys are gone; enrol again")]
    KeysGone,
    /// The key hardware failed.
    #[error("the key hardware failed")]
    KeysFailed,
    /// Another call did not end for ten seconds: it waits for the key hardware or for a
    /// person. This one changed nothing.
    #[error("another step still waits for the keys or for a person; finish it, then try again")]
    KeysBusy,
    /// The store is open elsewhere.
    #[error("the store is open elsewhere; close it there first")]
    StoreInUse,
    /// The store's directory cannot be written.
    #[error("the store cannot be written to")]
    StoreReadOnly,
    /// No space is left on the phone.
    #[error("the phone is full; free some space")]
    StoreFull,
    /// The store is damaged. Do not delete it.
    #[error("the store is damaged; report it, and do not delete it")]
    StoreDamaged,
    /// The system failed to read, to write or to give random bytes, this time.
    #[error("the system failed; try again later")]
    SystemFailed,
    /// Written by a newer app, here or at HQ.
    #[error("this needs a newer app")]
    AppTooOld,
    /// No network, or HQ does not answer.
    #[error("HQ cannot be reached")]
    Offline {
        /// When to try again, in milliseconds from now.
        again_after_millis: Option<u64>,
    },
    /// The network costs by the byte, so photos wait for another.
    #[error("photos wait for a network that does not cost by the byte")]
    Metered,
    /// HQ asks to wait.
    #[error("HQ is busy")]
    HqBusy {
        /// When to try again, in milliseconds from now.
        again_after_millis: Option<u64>,
    },
    /// HQ's answer was cut off.
    #[error("HQ's answer could not be read")]
    AnswerCutOff {
        /// When to try again, in milliseconds from now.
        again_after_millis: Option<u64>,
    },
    /// This network wants a login first.
    #[error("this network wants a login first; open its page in the browser")]
    CaptivePortal,
    /// By the phone's clock, HQ's certificate is not valid now.
    #[error("the phone's clock is wrong; set date and time")]
    WrongClock,
    /// HQ's certificate has ended: HQ's fault, and nothing is wrong with this phone.
    #[error("HQ's certificate has ended; tell HQ")]
    HqCertificateEnded,
    /// Somebody else than HQ answers.
    #[error("the server is not HQ; use another network and tell HQ")]
    WrongCertificate,
    /// HQ does not let this device in.
    #[error("HQ does not let this device in; ask a supervisor")]
    NotAdmitted,
    /// HQ says that the request is wrong.
    #[error("HQ refused the request with status {status}")]
    HqRefused {
        /// The HTTP status.
        status: u16,
    },
    /// The app's key vault or clock called the phone that had called it, and waited for
    /// the answer: the app must not do that.
    #[error("the phone was called from within a call of its key vault or clock; report it")]
    FromWithin,
    /// The core did something that it never should.
    #[error("a fault in the core; report it")]
    Fault,
}

#[uniffi::export]
impl CrewError {
    /// What to do about it.
    #[must_use]
    pub fn advice(&self) -> Advice {
        match self {
            Self::HqNeverReached
            | Self::Unreceipted { .. }
            | Self::Suspended
            | Self::KeysBusy
            | Self::StoreInUse
            | Self::SystemFailed
            | Self::CallCancelled
            | Self::Metered
            | Self::Offline { .. }
            | Self::HqBusy { .. }
            | Self::AnswerCutOff { .. } => Advice::TryLater,
            Self::NotALabel { .. }
            | Self::Invitation
            | Self::EnrolledElsewhere
            | Self::NotForThisPhone
            | Self::Stranger
            | Self::StillOffered
            | Self::WrongCode
            | Self::WrongRecoveryCode
            | Self::OfferOver
            | Self::NothingToSign
            | Self::NoteTooLong
            | Self::NotADrawing { .. }
            | Self::TooMuch
            | Self::FromPhone { .. }
            | Self::KeysLocked
            | Self::Cancelled
            | Self::KeysFailed
            | Self::StoreReadOnly
            | Self::StoreFull
            | Self::CaptivePortal
            | Self::WrongClock
            | Self::WrongCertificate => Advice::AskUser,
            Self::UnknownJob
            | Self::JobNotOpen
            | Self::OtherJob
            | Self::NotVouchedFor
            | Self::NotAllowed { .. }
            | Self::OtherNotAllowed { .. }
            | Self::NotASupervisor
            | Self::NotAdmitted => Advice::AskSupervisor,
            Self::NotEnrolled | Self::LoggedOut | Self::KeysGone => Advice::Enrol,
            Self::AppTooOld => Advice::Update,
            Self::NotAnId
            | Self::NotAFrame { .. }
            | Self::FromHq { .. }
            | Self::AnswerDoesNotHold { .. }
            | Self::UnknownBoxes { .. }
            | Self::NoReceipt
            | Self::KeyRemains
            | Self::StoreDamaged
            | Self::HqRefused { .. }
            | Self::HqCertificateEnded
            | Self::FromWithin
            | Self::Fault => Advice::Report,
        }
    }
}

impl From<crewseal::CrewError> for CrewError {
    fn from(error: crewseal::CrewError) -> Self {
        use crewseal::CrewError as Core;
        match error {
            Core::NotEnrolled => Self::NotEnrolled,
            Core::NoTick => Self::HqNeverReached,
            Core::UnknownJob => Self::UnknownJob,
            Core::NotOpen => Self::JobNotOpen,
            Core::OtherJob => Self::OtherJob,
            Core::Invitation(CborError::Version { .. })
            | Core::FromHq(SignedError::Payload(CborError::Version { .. })) => Self::AppTooOld,
            Core::Invitation(_) => Self::Invitation,
            Core::FromHq(error) => Self::FromHq { reason: error.to_string() },
            Core::HqKeys(error) => Self::FromHq { reason: error.to_string() },
            Core::EnrolledElsewhere => Self::EnrolledElsewhere,
            Core::Contradiction(how) => Self::FromHq { reason: how.to_string() },
            Core::Answer(error) => Self::AnswerDoesNotHold { reason: error.to_string() },
            Core::Roll(error) => Self::FromHq { reason: error.to_string() },
            Core::JobPack(error) => Self::FromHq { reason: error.to_string() },
            Core::Boxes(error) => Self::UnknownBoxes { reason: error.to_string() },
            Core::Handoff(HandoffError::Opening) => Self::NotVouchedFor,
            Core::Handoff(HandoffError::Damaged) => Self::StoreDamaged,
            Core::Handoff(
                HandoffError::Lapsed | HandoffError::Withdrawn | HandoffError::Answered { .. },
            ) => Self::OfferOver,
            Core::NotASupervisor => Self::NotASupervisor,
            Core::NoReceipt => Self::NoReceipt,
            Core::TooMuch => Self::TooMuch,
            Core::Drawing(error) => Self::NotADrawing { reason: error.to_string() },
            Core::Picture(error) => Self::NotADrawing { reason: error.to_string() },
            Core::NotForMe | Core::Handoff(_) | Core::Message(_) => Self::NotForThisPhone,
            Core::CallOfItsOwn | Core::Form(_) => Self::Fault,
            Core::Statement(_) => Self::NoteTooLong,
            Core::Stranger => Self::Stranger,
            Core::Expired => Self::NotVouchedFor,
            Core::Forbidden(rule) => {
                Self::NotAllowed { rule: rule.into(), reason: rule.to_string() }
            }
            Core::OtherForbidden(rule) => {
                Self::OtherNotAllowed { rule: rule.into(), reason: rule.to_string() }
            }
            Core::StillOffered { .. } => Self::StillOffered,
            Core::ReleaseCode(_) | Core::WrongCode => Self::WrongCode,
            Core::OthersRecoveryCode => Self::WrongRecoveryCode,
            Core::NothingToSign => Self::NothingToSign,
            Core::NoteTooLong => Self::NoteTooLong,
            Core::Unreceipted { entries } => Self::Unreceipted { entries },
            Core::KeyRemains => Self::KeyRemains,
            Core::LoggedOut => Self::LoggedOut,
            Core::FromPhone(error) => Self::FromPhone { reason: error.to_string() },
            Core::KeysBusy => Self::KeysBusy,
            Core::Store(error) => error.into(),
            Core::Vault(error) => error.into(),
            Core::Seal(SealError::Key) => Self::KeysGone,
            Core::Random(_) | Core::Seal(SealError::Full) => Self::SystemFailed,
            Core::Seal(SealError::TooLarge) => Self::Fault,
            Core::Pool(error) => error.into(),
            Core::Sync { error, again_after } => Self::of_sync(error, again_after),
        }
    }
}

impl CrewError {
    fn of_sync(error: SyncError, again_after: Option<Duration>) -> Self {
        let millis = |after: Duration| u64::try_from(after.as_millis()).unwrap_or(u64::MAX);
        let again_after_millis = again_after.map(millis);
        match error {
            SyncError::Offline | SyncError::TooSlow => Self::Offline { again_after_millis },
            SyncError::Busy { .. } => Self::HqBusy { again_after_millis },
            SyncError::AppTooOld => Self::AppTooOld,
            SyncError::HqTooOld => Self::HqRefused { status: 415 },
            SyncError::Cursor => Self::HqRefused { status: 410 },
            SyncError::TooLarge => Self::HqRefused { status: 413 },
            SyncError::Differs => Self::HqRefused { status: 422 },
            SyncError::Unreadable => Self::AnswerCutOff { again_after_millis },
            SyncError::CaptivePortal => Self::CaptivePortal,
            SyncError::WrongClock => Self::WrongClock,
            SyncError::CertificateEnded => Self::HqCertificateEnded,
            SyncError::WrongCertificate => Self::WrongCertificate,
            SyncError::NotAdmitted => Self::NotAdmitted,
            SyncError::Refused { status } => Self::HqRefused { status },
            SyncError::Invitation => Self::Invitation,
            SyncError::KeysBusy => Self::KeysBusy,
            SyncError::Vault(error) => error.into(),
            SyncError::Pool(error) => error.into(),
        }
    }
}

impl From<StoreError> for CrewError {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::InUse => Self::StoreInUse,
            StoreError::Newer { .. } => Self::AppTooOld,
            StoreError::ReadOnly => Self::StoreReadOnly,
            StoreError::Full => Self::StoreFull,
            StoreError::ValueCorrupt => Self::StoreDamaged,
            // At the next call it is opened again, and salvaged.
            StoreError::Io | StoreError::DatabaseCorrupt => Self::SystemFailed,
            StoreError::Closed => Self::Suspended,
            StoreError::Vault(error) => error.into(),
        }
    }
}

impl From<VaultError> for CrewError {
    fn from(error: VaultError) -> Self {
        match error {
            VaultError::Locked => Self::KeysLocked,
            VaultError::Cancelled => Self::Cancelled,
            VaultError::KeyGone => Self::KeysGone,
            VaultError::Hardware | VaultError::BadSignature => Self::KeysFailed,
        }
    }
}

impl From<PoolError> for CrewError {
    fn from(error: PoolError) -> Self {
        match error {
            PoolError::Panicked => Self::Fault,
            PoolError::NoThread => Self::SystemFailed,
        }
    }
}

impl From<LabelError> for CrewError {
    fn from(error: LabelError) -> Self {
        Self::NotALabel { fault: error.into() }
    }
}

impl From<FrameError> for CrewError {
    fn from(error: FrameError) -> Self {
        Self::NotAFrame { reason: error.to_string() }
    }
}

#[cfg(test)]
mod tests;
