//! Custody: who had which box when, in signatures.
//!
//! All of it is pure. Time, randomness, keys and lists come in as arguments;
//! nothing here touches a disk or a network, so HQ, phones and the offline
//! `verify` command decide with the very same code.
//!
//! * [`BoxList`] names boxes, compactly and without ambiguity; [`roll`] holds the blank
//!   labels that crews carry.
//! * [`Event`] is one act of one device; events of a device form a chain.
//! * [`Credential`] is HQ's word about a device, which [`Revocations`] take back;
//!   [`Tick`] is HQ's clock; [`job`] is what a crew must know of a move.
//! * [`rules`] say who may do what, and who else must sign.
//! * [`Evidence::verify`] turns a set of them into who holds what, and what is wrong.
//! * [`handoff`] is how two phones sign the same boxes without a network.
//! * [`ReleaseCode`] is the customer's word for one act; [`Drawing`] is the
//!   signature that they drew; [`CustomerReceipt`] is what they keep.
//! * [`Batch`] is a day's events under one root, each provable alone;
//!   [`SignOffRequest`] is what a supervisor is shown of them before signing.
//! * [`Record`] is all of it in one file.
//!
//! How it travels: [`signed`] messages in [`cbor`], sealed in an [`envelope`] to HQ,
//! over the [`wire`]; [`resolution`] and [`delivery`] are for what waits.

mod boxes;
pub mod cbor;
mod credential;
mod customer;
pub mod delivery;
pub mod envelope;
mod event;
pub mod handoff;
mod id;
pub mod job;
mod kind;
pub mod personal;
mod receipt;
mod record;
pub mod resolution;
mod revocation;
pub mod rules;
mod sign_off;
pub mod signed;
pub mod stack;
mod tick;
mod verify;
pub mod wire;

pub use boxes::{
    BoxClass, BoxList, BoxListError, Classes, Lists, MAX_BOXES, Manifest, ManifestError, Manifests,
    classes, roll,
};
pub use credential::{Credential, Licence, Nda, Protection, Qualifications, Role};
pub use customer::{
    CustomerReceipt, CustomerReceiptError, Drawing, DrawingError, Point, ReleaseCode,
    ReleaseCodeError, ReleaseKey, ReleaseProof, Stroke,
};
pub use event::{Act, Anchor, Event, Finding, LAPSE, Link, Moment, Place, Since, SpotCheck};
pub use id::{BootId, Commitment, DeviceId, EventId, JobId, Salt};
pub use kind::{FindingKind, Kind};
pub use receipt::{AttachmentOutcome, AttachmentReceipt, Dispute, Outcome, Receipt, Refusal};
pub use record::{MAX_RECORD, Reading, Record, RecordError, Section};
pub use revocation::Revocations;
pub use sign_off::{
    Batch, Confirmation, Entry, Inclusion, MOST_SIGNED_OFF, OneTimeCode, SignOff, SignOffRequest,
    SignedOff, Subject,
};
pub use tick::Tick;
pub use verify::{Custody, Evidence, Fault, FaultKind, Holder, Refused, Step, admit};
