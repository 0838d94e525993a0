//! The API of Crewseal for Kotlin and Swift.
//!
//! Thin over [`crewseal::Crew`]: it turns what other languages can say into the
//! core's types and back, and decides nothing. Four rules of its own hold:
//!
//! * Whatever may wait, for a disk, for key hardware, for a person or for HQ,
//!   is `suspend` in Kotlin and `async` in Swift, and runs on a thread of the
//!   core. What is not may be called from any thread.
//! * A camera frame is lent, not copied, and one call a frame is enough.
//! * What may fail throws [`CrewError`], which says what to do about it.
//! * What the core calls of an app's is sync, and whatever it throws is an error of
//!   its own and no crash. An [`Observer`] is called from one thread of the core.
//!
//! Personal texts and labels are plain strings here, because a screen must show
//! them; what holds one prints nothing of it.

mod act;
mod cancel;
mod clock;
mod code;
mod crew;
mod drawn;
mod erasure;
mod error;
mod frame;
mod id;
mod invitation;
mod job;
mod keys;
mod label;
mod network;
mod notices;
mod observer;
mod offer;
mod outbox;
mod photos;
mod receipt;
mod reentrancy;
mod rule;
mod salvage;
mod screen;
mod session;
mod sighting;
mod sign_off;
mod texts;

pub use act::{Act, Countersign, Finding, FindingKind};
pub use cancel::CancelToken;
pub use clock::{Clock, ClockError, SinceBoot};
pub use code::{QrCode, qr_code};
pub use crew::Crew;
pub use drawn::{Drawn, DrawnSignature, PadPoint};
pub use erasure::Erasure;
pub use error::{Advice, CrewError};
pub use frame::{Corners, FrameFormat, Level, Point, Reading, Region, read_frame};
pub use invitation::{InvitationPreview, VouchedBy, read_invitation};
pub use job::JobPack;
pub use keys::{HighWaterMark, KeyVault, KeyVaultError, Protection, PublicKeys};
pub use label::{Label, LabelFault};
pub use network::{Connection, NetworkError, NetworkState};
pub use observer::{Alarm, Observer, ObserverError, SyncProgress};
pub use offer::{
    Acceptance, GivingState, Introduction, Offer, OpenHandoff, Partner, ReceivingState, Role,
    SpotCheck,
};
pub use outbox::{
    Decision, Delivered, Fetched, HqContradiction, OutboxStatus, Parked, Refusal, SetAside,
    Undeliverable,
};
pub use photos::{
    PhotoFault, PhotoLimits, Photographed, RefusedPhoto, UploadOver, Uploaded, WaitingPhoto,
};
pub use receipt::{HqOutcome, HqReceipt, ReceiptEvidence};
pub use rule::Rule;
pub use salvage::{AfterSalvage, Damage, Salvage};
pub use screen::{Collected, Collector, Language, Purpose, Show, TextFault, four_words};
pub use session::ScanSession;
pub use sighting::{Commission, Count, Sighted, Sighting};
pub use sign_off::{AskedSignOff, FindingCount, SignOffEntry, SignOffRequest, SignedOff, Step};

uniffi::setup_scaffolding!("crewseal");
