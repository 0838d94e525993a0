//! What apps are told of each error, and what they are to do about it.

use std::collections::BTreeSet;
use std::time::Duration;

use crewseal::CrewError as Core;
use crewseal::drawing::PictureError;
use crewseal::random::Unavailable;
use crewseal_custody::handoff::MessageError;
use crewseal_custody::logged::ReceiptError;
use crewseal_custody::signed::Digest;
use crewseal_custody::{
    BoxListError, Contradiction, DrawingError, FormError, KeyListError, Refused, ReleaseCodeError,
    StatementError, rules,
};

use super::*;

/// Every error of the core's, by an example: as what apps are told it, and what they are to
/// do. A case that is not here does not compile.
macro_rules! every_error {
    ($($case:pat, $example:expr => $told:pat, $advice:ident;)+) => {
        fn is_told_as(core: &Core) -> fn(&CrewError) -> bool {
            match core {
                $($case => |told| matches!(told, $told),)+
            }
        }

        fn examples() -> Vec<(Core, Advice)> {
            vec![$(($example, Advice::$advice)),+]
        }
    };
}

const VERSION: CborError = CborError::Version { found: 9 };
const ID: Digest = Digest([1; 32]);

fn sync(error: SyncError) -> Core {
    Core::Sync { error, again_after: None }
}

every_error! {
    Core::NotEnrolled, Core::NotEnrolled => CrewError::NotEnrolled, Enrol;
    Core::NoTick, Core::NoTick => CrewError::HqNeverReached, TryLater;
    Core::UnknownJob, Core::UnknownJob => CrewError::UnknownJob, AskSupervisor;
    Core::NotOpen, Core::NotOpen => CrewError::JobNotOpen, AskSupervisor;
    Core::OtherJob, Core::OtherJob => CrewError::OtherJob, AskSupervisor;
    Core::Invitation(CborError::Version { .. }), Core::Invitation(VERSION)
        => CrewError::AppTooOld, Update;
    Core::Invitation(_), Core::Invitation(CborError::Malformed { position: 0 }) => CrewError::Invitation, AskUser;
    Core::FromHq(SignedError::Payload(CborError::Version { .. })),
        Core::FromHq(SignedError::Payload(VERSION)) => CrewError::AppTooOld, Update;
    Core::FromHq(_), Core::FromHq(SignedError::Signature) => CrewError::FromHq { .. }, Report;
    Core::HqKeys(_), Core::HqKeys(KeyListError::Form) => CrewError::FromHq { .. }, Report;
    Core::EnrolledElsewhere, Core::EnrolledElsewhere => CrewError::EnrolledElsewhere, AskUser;
    Core::Contradiction(_), Core::Contradiction(Contradiction::Shrinks)
        => CrewError::FromHq { .. }, Report;
    Core::Answer(_), Core::Answer(ReceiptError::Root)
        => CrewError::AnswerDoesNotHold { .. }, Report;
    Core::Roll(_), Core::Roll(SignedError::Signature.into()) => CrewError::FromHq { .. }, Report;
    Core::JobPack(_), Core::JobPack(SignedError::Signature.into())
        => CrewError::FromHq { .. }, Report;
    Core::Boxes(_), Core::Boxes(BoxListError::TooMany) => CrewError::UnknownBoxes { .. }, Report;
    Core::NotForMe, Core::NotForMe => CrewError::NotForThisPhone, AskUser;
    Core::CallOfItsOwn, Core::CallOfItsOwn => CrewError::Fault, Report;
    Core::Form(_), Core::Form(FormError::Key) => CrewError::Fault, Report;
    Core::Statement(_), Core::Statement(StatementError::Text) => CrewError::NoteTooLong, AskUser;
    Core::Stranger, Core::Stranger => CrewError::Stranger, AskUser;
    Core::Expired, Core::Expired => CrewError::NotVouchedFor, AskSupervisor;
    Core::Forbidden(_), Core::Forbidden(rules::Rule::Training)
        => CrewError::NotAllowed { rule: Rule::Training, .. }, AskSupervisor;
    Core::OtherForbidden(_), Core::OtherForbidden(rules::Rule::Classes)
        => CrewError::OtherNotAllowed { rule: Rule::Classes, .. }, AskSupervisor;
    Core::NothingToSign, Core::NothingToSign => CrewError::NothingToSign, AskUser;
    Core::NoteTooLong, Core::NoteTooLong => CrewError::NoteTooLong, AskUser;
    Core::NotASupervisor, Core::NotASupervisor => CrewError::NotASupervisor, AskSupervisor;
    Core::TooMuch, Core::TooMuch => CrewError::TooMuch, AskUser;
    Core::NoReceipt, Core::NoReceipt => CrewError::NoReceipt, Report;
    Core::Drawing(_), Core::Drawing(DrawingError::Blank) => CrewError::NotADrawing { .. }, AskUser;
    Core::Picture(_), Core::Picture(PictureError::Encoding)
        => CrewError::NotADrawing { .. }, AskUser;
    Core::ReleaseCode(_), Core::ReleaseCode(ReleaseCodeError::Check)
        => CrewError::WrongCode, AskUser;
    Core::OthersRecoveryCode, Core::OthersRecoveryCode
        => CrewError::WrongRecoveryCode, AskUser;
    Core::WrongCode, Core::WrongCode => CrewError::WrongCode, AskUser;
    Core::StillOffered { .. }, Core::StillOffered { offer: ID } => CrewError::StillOffered, AskUser;
    Core::Unreceipted { .. }, Core::Unreceipted { entries: 2 }
        => CrewError::Unreceipted { entries: 2 }, TryLater;
    Core::KeyRemains, Core::KeyRemains => CrewError::KeyRemains, Report;
    Core::LoggedOut, Core::LoggedOut => CrewError::LoggedOut, Enrol;
    Core::KeysBusy, Core::KeysBusy => CrewError::KeysBusy, TryLater;
    Core::Handoff(HandoffError::OtherHandoff), Core::Handoff(HandoffError::OtherHandoff)
        => CrewError::NotForThisPhone, AskUser;
    Core::Handoff(HandoffError::Opening), Core::Handoff(HandoffError::Opening)
        => CrewError::NotVouchedFor, AskSupervisor;
    Core::Handoff(HandoffError::Lapsed), Core::Handoff(HandoffError::Lapsed)
        => CrewError::OfferOver, AskUser;
    Core::Handoff(HandoffError::Withdrawn), Core::Handoff(HandoffError::Withdrawn)
        => CrewError::OfferOver, AskUser;
    Core::Handoff(HandoffError::Answered { .. }), Core::Handoff(HandoffError::Answered { by: ID })
        => CrewError::OfferOver, AskUser;
    Core::Handoff(HandoffError::Damaged), Core::Handoff(HandoffError::Damaged)
        => CrewError::StoreDamaged, Report;
    Core::Message(_), Core::Message(MessageError::OtherHandoff)
        => CrewError::NotForThisPhone, AskUser;
    Core::FromPhone(_), Core::FromPhone(Refused::UnknownDevice.into())
        => CrewError::FromPhone { .. }, AskUser;
    Core::Store(StoreError::InUse), Core::Store(StoreError::InUse)
        => CrewError::StoreInUse, TryLater;
    Core::Store(StoreError::Newer { .. }), Core::Store(StoreError::Newer { found: 9, known: 1 })
        => CrewError::AppTooOld, Update;
    Core::Store(StoreError::ReadOnly), Core::Store(StoreError::ReadOnly)
        => CrewError::StoreReadOnly, AskUser;
    Core::Store(StoreError::Full), Core::Store(StoreError::Full) => CrewError::StoreFull, AskUser;
    Core::Store(StoreError::ValueCorrupt), Core::Store(StoreError::ValueCorrupt)
        => CrewError::StoreDamaged, Report;
    Core::Store(StoreError::Io), Core::Store(StoreError::Io) => CrewError::SystemFailed, TryLater;
    Core::Store(StoreError::DatabaseCorrupt), Core::Store(StoreError::DatabaseCorrupt)
        => CrewError::SystemFailed, TryLater;
    Core::Store(StoreError::Closed), Core::Store(StoreError::Closed)
        => CrewError::Suspended, TryLater;
    Core::Vault(VaultError::Locked) | Core::Store(StoreError::Vault(VaultError::Locked)),
        Core::Vault(VaultError::Locked) => CrewError::KeysLocked, AskUser;
    Core::Vault(VaultError::Cancelled) | Core::Store(StoreError::Vault(VaultError::Cancelled)),
        Core::Store(StoreError::Vault(VaultError::Cancelled)) => CrewError::Cancelled, AskUser;
    Core::Vault(VaultError::KeyGone) | Core::Store(StoreError::Vault(VaultError::KeyGone)),
        Core::Store(StoreError::Vault(VaultError::KeyGone)) => CrewError::KeysGone, Enrol;
    Core::Vault(VaultError::Hardware) | Core::Store(StoreError::Vault(VaultError::Hardware)),
        Core::Vault(VaultError::Hardware) => CrewError::KeysFailed, AskUser;
    Core::Vault(VaultError::BadSignature) | Core::Store(StoreError::Vault(VaultError::BadSignature)),
        Core::Vault(VaultError::BadSignature) => CrewError::KeysFailed, AskUser;
    Core::Random(_), Core::Random(Unavailable) => CrewError::SystemFailed, TryLater;
    Core::Seal(SealError::Key), Core::Seal(SealError::Key) => CrewError::KeysGone, Enrol;
    Core::Seal(SealError::Full), Core::Seal(SealError::Full) => CrewError::SystemFailed, TryLater;
    Core::Seal(SealError::TooLarge), Core::Seal(SealError::TooLarge) => CrewError::Fault, Report;
    Core::Pool(PoolError::Panicked), Core::Pool(PoolError::Panicked) => CrewError::Fault, Report;
    Core::Pool(PoolError::NoThread), Core::Pool(PoolError::NoThread)
        => CrewError::SystemFailed, TryLater;
    Core::Sync { error: SyncError::Offline, .. }, sync(SyncError::Offline)
        => CrewError::Offline { .. }, TryLater;
    Core::Sync { error: SyncError::Busy { .. }, .. }, sync(SyncError::Busy { retry_after: None })
        => CrewError::HqBusy { .. }, TryLater;
    Core::Sync { error: SyncError::Unreadable, .. }, sync(SyncError::Unreadable)
        => CrewError::AnswerCutOff { .. }, TryLater;
    Core::Sync { error: SyncError::CaptivePortal, .. }, sync(SyncError::CaptivePortal)
        => CrewError::CaptivePortal, AskUser;
    Core::Sync { error: SyncError::CertificateEnded, .. }, sync(SyncError::CertificateEnded)
        => CrewError::HqCertificateEnded, Report;
    Core::Sync { error: SyncError::WrongClock, .. }, sync(SyncError::WrongClock)
        => CrewError::WrongClock, AskUser;
    Core::Sync { error: SyncError::WrongCertificate, .. }, sync(SyncError::WrongCertificate)
        => CrewError::WrongCertificate, AskUser;
    Core::Sync { error: SyncError::NotAdmitted, .. }, sync(SyncError::NotAdmitted)
        => CrewError::NotAdmitted, AskSupervisor;
    Core::Sync { error: SyncError::Refused { .. }, .. }, sync(SyncError::Refused { status: 400 })
        => CrewError::HqRefused { status: 400 }, Report;
    Core::Sync { error: SyncError::TooSlow, .. }, sync(SyncError::TooSlow)
        => CrewError::Offline { .. }, TryLater;
    Core::Sync { error: SyncError::TooLarge, .. }, sync(SyncError::TooLarge)
        => CrewError::HqRefused { status: 413 }, Report;
    Core::Sync { error: SyncError::Cursor, .. }, sync(SyncError::Cursor)
        => CrewError::HqRefused { status: 410 }, Report;
    Core::Sync { error: SyncError::Differs, .. }, sync(SyncError::Differs)
        => CrewError::HqRefused { status: 422 }, Report;
    Core::Sync { error: SyncError::AppTooOld, .. }, sync(SyncError::AppTooOld)
        => CrewError::AppTooOld, Update;
    Core::Sync { error: SyncError::HqTooOld, .. }, sync(SyncError::HqTooOld)
        => CrewError::HqRefused { status: 415 }, Report;
    Core::Sync { error: SyncError::Invitation, .. }, sync(SyncError::Invitation)
        => CrewError::Invitation, AskUser;
    Core::Sync { error: SyncError::KeysBusy, .. }, sync(SyncError::KeysBusy)
        => CrewError::KeysBusy, TryLater;
    Core::Sync { error: SyncError::Vault(VaultError::KeyGone), .. },
        sync(SyncError::Vault(VaultError::KeyGone)) => CrewError::KeysGone, Enrol;
    Core::Sync { error: SyncError::Vault(_), .. }, sync(SyncError::Vault(VaultError::Hardware))
        => CrewError::KeysFailed, AskUser;
    Core::Sync { error: SyncError::Pool(_), .. }, sync(SyncError::Pool(PoolError::Panicked))
        => CrewError::Fault, Report;
}

/// What the API itself throws, and the core does not.
fn own() -> Vec<(CrewError, Advice)> {
    vec![
        (CrewError::NotALabel { fault: LabelFault::Check }, Advice::AskUser),
        (CrewError::NotAnId, Advice::Report),
        (CrewError::NotAFrame { reason: String::new() }, Advice::Report),
        (CrewError::CallCancelled, Advice::TryLater),
        (CrewError::Metered, Advice::TryLater),
        (CrewError::FromWithin, Advice::Report),
    ]
}

#[test]
fn every_error_says_what_to_do() {
    let mut told = BTreeSet::new();
    for (core, advice) in examples() {
        let name = format!("{core:?}");
        let is_told = is_told_as(&core);
        let error = CrewError::from(core);
        assert!(is_told(&error), "{name}: {error:?}");
        assert_eq!(error.advice(), advice, "{name}");
        told.insert(error.text_key());
    }
    for (error, advice) in own() {
        assert_eq!(error.advice(), advice, "{error:?}");
        told.insert(error.text_key());
    }
    // None that apps can be told was left out.
    let (_, keys) = crate::texts::KEYS.iter().find(|(kind, _)| *kind == "CrewError").unwrap();
    assert_eq!(told, keys.iter().map(|key| (*key).to_owned()).collect());
}

#[test]
fn the_time_to_try_again_comes_along() {
    let again_after = Some(Duration::from_millis(1_500));
    let error = Core::Sync { error: SyncError::Offline, again_after };
    assert_eq!(CrewError::from(error), CrewError::Offline { again_after_millis: Some(1_500) });
}
