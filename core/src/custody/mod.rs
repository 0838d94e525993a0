//! Custody: who had which box when, in signatures.
//!
//! All of it is pure. Time, randomness, keys and lists come in as arguments;
//! nothing here touches a disk or a network, so HQ, phones and the offline
//! `verify` command decide with the very same code.
//!
//! * [`BoxList`] names boxes, compactly and without ambiguity.
//! * [`Event`] is one act of one device; events of a device form a chain.
//! * [`Credential`] is HQ's word about a device, which [`Revocations`] take back;
//!   [`Tick`] is HQ's clock.
//! * [`rules`] say who may do what, and who else must sign.
//! * [`Evidence::verify`] turns a set of them into who holds what, and what is wrong.
//! * [`ReleaseCode`] is the customer's word for one act; [`Drawing`] is the
//!   signature that he drew; [`CustomerReceipt`] is what he keeps.
//! * [`Batch`] is a day's events under one root, each provable alone;
//!   [`SignOffRequest`] is what a supervisor is shown of them before he signs.
//! * [`Record`] is all of it in one file.

mod batch;
mod boxes;
mod class;
mod credential;
mod customer;
mod drawing;
mod event;
mod id;
mod manifest;
mod receipt;
mod record;
mod release;
mod revocation;
pub mod rules;
mod sign_off;
mod tick;
mod verify;

pub use batch::{Batch, Inclusion};
pub use boxes::{Bitmap, BoxList, BoxListError, Lists, MAX_BOXES, Segment};
pub use class::{BoxClass, Classes, classes};
pub use credential::{Credential, Licence, Nda, Protection, Qualifications, Role};
pub use customer::{CustomerReceipt, CustomerReceiptError};
pub use drawing::{Drawing, DrawingError, Point, Stroke};
pub use event::{
    Act, Anchor, Event, EventId, Finding, FindingKind, Kind, LAPSE, Link, Moment, Place, Since,
};
pub use id::{BootId, Commitment, DeviceId, JobId, Salt};
pub use manifest::{Manifest, ManifestError, Manifests};
pub use receipt::{AttachmentOutcome, AttachmentReceipt, Dispute, Outcome, Receipt, Refusal};
pub use record::{MAX_RECORD, Reading, Record, RecordError, Section};
pub use release::{RELEASE_CHARS, ReleaseCode, ReleaseCodeError, ReleaseKey, ReleaseProof};
pub use revocation::Revocations;
pub use sign_off::{
    Confirmation, Entry, MOST_SIGNED_OFF, OneTimeCode, SignOff, SignOffRequest, SignedOff, Subject,
};
pub use tick::Tick;
pub use verify::{Custody, Evidence, Fault, FaultKind, Holder, Refused, Step, admit};
