//! Why the phone did not do what it was asked.

use std::time::Duration;

use crewseal_custody::cbor::CborError;
use crewseal_custody::envelope::SealError;
use crewseal_custody::handoff::{HandoffError, MessageError};
use crewseal_custody::job::JobPackError;
use crewseal_custody::logged::ReceiptError;
use crewseal_custody::roll::RollError;
use crewseal_custody::rules::Rule;
use crewseal_custody::signed::SignedError;
use crewseal_custody::{
    BoxListError, Contradiction, DrawingError, EventId, FormError, Inadmissible, KeyListError,
    ReleaseCodeError, StatementError,
};

use crate::blocking_pool::PoolError;
use crate::drawing::PictureError;
use crate::random::Unavailable;
use crate::sync::SyncError;
use crate::vault::{StoreError, VaultError};

/// Why the phone did not do what it was asked. Nothing was lost.
#[derive(Debug, thiserror::Error)]
pub enum CrewError {
    /// The device was never enrolled.
    #[error("this device is not enrolled")]
    NotEnrolled,
    /// HQ's time was never fetched, so nothing can be recorded yet.
    #[error("HQ was never reached from this device")]
    NoTick,
    /// The job is not on this phone.
    #[error("no such job on this phone")]
    UnknownJob,
    /// The job is not open at this time.
    #[error("the job is not open now")]
    NotOpen,
    /// A label cannot be taken into this job.
    #[error("a label of another job")]
    OtherJob,
    /// The invitation cannot be read.
    #[error("the invitation cannot be read: {0}")]
    Invitation(CborError),
    /// Something that HQ should have signed is not what it should be.
    #[error("what HQ sent does not verify: {0}")]
    FromHq(SignedError),
    /// HQ's key lists are not the ones of the HQ of this phone, or of the invitation.
    #[error("{0}; this is not the HQ that it should be")]
    HqKeys(#[from] KeyListError),
    /// This phone is another HQ's: log out there first, which delivers nothing and loses
    /// nothing, and gives the phone new keys.
    #[error("this phone is enrolled with another HQ; log out there first")]
    EnrolledElsewhere,
    /// HQ takes back what it said before. Both are kept as evidence, and this phone goes on
    /// with the first; [`contradictions`](super::Crew::contradictions) has them.
    #[error("HQ contradicts itself: {0}; tell a supervisor")]
    Contradiction(Contradiction),
    /// HQ's answer to what was delivered does not hold: it is not what HQ's log says, or not
    /// signed as it must be. Nothing of it counts, and everything waits as before. What HQ's
    /// log key signed of it is kept; [`contradictions`](super::Crew::contradictions) has it.
    #[error("HQ's answer does not hold: {0}; everything is kept, tell a supervisor")]
    Answer(ReceiptError),
    /// A roll that HQ sent.
    #[error("{0}")]
    Roll(#[from] RollError),
    /// A job pack that HQ sent.
    #[error("{0}")]
    JobPack(#[from] JobPackError),
    /// A box list names what is not known here.
    #[error("{0}")]
    Boxes(#[from] BoxListError),
    /// What another phone showed is not for this one, or not for a job of this one.
    #[error("this is not for this phone")]
    NotForMe,
    /// Such an act has a call of its own: labels that are stuck on boxes, a step of a handoff,
    /// the customer's code, what was found without a job, or what the phone says of itself.
    #[error("such an act has a call of its own; use that one")]
    CallOfItsOwn,
    /// An act without the form of its kind. Nothing was signed.
    #[error("not an act of this kind: {0}")]
    Form(#[from] FormError),
    /// What is said beside an act, a note or the number of a seal.
    #[error("{0}")]
    Statement(#[from] StatementError),
    /// The other device is on no roster here: let it introduce itself.
    #[error("the other device is not known here")]
    Stranger,
    /// HQ's word for the other device has run out.
    #[error("HQ does not vouch for the other device any more")]
    Expired,
    /// A rule forbids this to whoever carries this device. Nothing was signed.
    #[error("{0}")]
    Forbidden(Rule),
    /// A rule forbids this to the other side of a handoff.
    #[error("the other side: {0}")]
    OtherForbidden(Rule),
    /// A sign-off of nothing, or of more than [`MOST_SIGNED_OFF`] acts.
    ///
    /// [`MOST_SIGNED_OFF`]: crewseal_custody::MOST_SIGNED_OFF
    #[error("there is nothing to sign off, or too much at once")]
    NothingToSign,
    /// A note of more characters than it may have, which the app should not take in.
    #[error("the note is too long; shorten it")]
    NoteTooLong,
    /// Only a supervisor signs off.
    #[error("only a supervisor signs off")]
    NotASupervisor,
    /// More than one phone can show another, in however many QRs.
    #[error("too much to show another phone at once; do it in two")]
    TooMuch,
    /// No receipt is given for such an act, or not by this phone.
    #[error("there is no receipt for this act here")]
    NoReceipt,
    /// The drawn signature.
    #[error("{0}")]
    Drawing(#[from] DrawingError),
    /// The picture of the drawn signature.
    #[error("{0}")]
    Picture(#[from] PictureError),
    /// The text is no release code.
    #[error("{0}")]
    ReleaseCode(#[from] ReleaseCodeError),
    /// The release code is not one for this act of this job.
    #[error("this code does not confirm this act")]
    WrongCode,
    /// The recovery code is that of another carrier than the invitation is for.
    #[error("this recovery code is another carrier's; take the one on this carrier's paper")]
    OthersRecoveryCode,
    /// Some of these boxes are in an offer that is still open.
    #[error("boxes of an offer that is still open")]
    StillOffered {
        /// That offer.
        offer: EventId,
    },
    /// Acts of this job wait for HQ's receipt: sync first.
    #[error("{entries} acts of this job wait for HQ")]
    Unreceipted {
        /// How many, at most: what is queued cannot be read.
        entries: u64,
    },
    /// The key hardware still opens what it should have forgotten, so nothing is
    /// certified.
    #[error("the key hardware did not forget its old key")]
    KeyRemains,
    /// This device was logged out or wiped: it is another one now.
    #[error("this device was logged out; open it again and enrol")]
    LoggedOut,
    /// The message does not go on with a handoff of this phone.
    #[error("{0}")]
    Handoff(#[from] HandoffError),
    /// What another phone showed cannot be read as such a message.
    #[error("what the other phone showed cannot be read: {0}")]
    Message(#[from] MessageError),
    /// What another phone showed does not verify.
    #[error("what the other phone showed does not verify: {0}")]
    FromPhone(#[from] Inadmissible),
    /// The store.
    #[error("{0}")]
    Store(#[from] StoreError),
    /// Another call did not end for ten seconds: it waits for the key hardware or for a
    /// person. This one changed nothing; what HQ receipted before stays receipted.
    #[error("another step still waits for the keys or for a person; finish it, then try again")]
    KeysBusy,
    /// The keys.
    #[error("{0}")]
    Vault(#[from] VaultError),
    /// The system gave no random bytes.
    #[error("{0}")]
    Random(#[from] Unavailable),
    /// The outbox could not seal an entry.
    #[error("{0}")]
    Seal(#[from] SealError),
    /// It did not end, or did not begin, where it may wait.
    #[error("{0}")]
    Pool(#[from] PoolError),
    /// HQ could not be talked to.
    #[error("{error}")]
    Sync {
        /// Why.
        error: SyncError,
        /// When to try again, where trying again can help.
        again_after: Option<Duration>,
    },
}

impl CrewError {
    /// HQ could not be talked to, and trying again does not help.
    pub(super) const fn for_good(error: SyncError) -> Self {
        Self::Sync { error, again_after: None }
    }
}
