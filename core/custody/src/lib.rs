//! Custody: who had which box when, in signatures.
//!
//! All of it is pure. Time, randomness, keys and lists come in as arguments; nothing
//! here touches a disk, a network, a clock or a random generator, so HQ, phones and the
//! offline `verify` command decide with the very same code, and it compiles to
//! WebAssembly. It knows no phone's store and no HQ's database.
//!
//! # What happened
//!
//! * [`Event`] is one [`Act`] of one device, signed; the events of a device form a chain.
//!   What can be done is an [`EventKind`], what was not as it should be a [`FindingKind`],
//!   and what is said of persons or contents a [`Statement`], which can be erased.
//! * [`BoxList`] names boxes, compactly and without ambiguity, by what [`Lists`] knows: a
//!   job's [`Manifests`] and the [`roll`]s of blank labels that crews carry.
//! * [`Credential`] is HQ's word about a device and its carrier, which [`Revocations`]
//!   take back; a [`Voucher`] is the carrier's own, by an older device or his
//!   [`RecoveryCode`]; [`HqKeys`] are by which HQ signs, as its [`KeyList`]s
//!   say; [`Tick`] is HQ's clock; [`log`] is all that it took in and said, of
//!   which a place is the [receipt](logged::Receipt) for an event; [`job`] is what a crew
//!   must know of a move.
//! * [`handoff`] is how two phones sign the same boxes without a network.
//! * [`SignOffRequest`] is what a supervisor is shown before he signs, of one act or a
//!   [`Batch`] of them, each provable alone.
//! * [`ReleaseCode`] is the customer's word for one act; [`Drawing`] is the signature
//!   that they drew; [`CustomerReceipt`] is what they keep.
//!
//! # What it means
//!
//! * [`attribute`] says whether an event is what a device signed that HQ vouches for, and HQ
//!   stores what is; [`admit`] asks for the form of its kind besides, as phones do.
//! * [`rules`] say who may do what, and who else must sign. A phone asks before it signs,
//!   verification asks again.
//! * [`Evidence::verify`] turns a set of events into who holds what, and what is wrong.
//! * [`Record`] is all of a job in one file that needs nobody's word to be checked.
//!
//! # How it travels
//!
//! * [`signed`] messages (COSE_Sign1) in [`cbor`] (deterministic), each in a
//!   [`Namespace`](signed::Namespace) of its own.
//! * An [`envelope`] is one entry of a phone's queue, sealed to HQ.
//! * [`stack`] wipes what work with secrets leaves on the stack.
//! * [`wire`] is what phone and HQ say to each other; [`resolution`] and [`delivery_grant`] are
//!   for what waits.
//! * [`personal`] texts show themselves to nobody by accident.
//!
//! The formats, byte by byte, are in `docs/protocol.md`.
//!
//! # Example
//!
//! ```
//! use std::collections::BTreeSet;
//!
//! use crewseal_custody::{Act, JobId, EventKind, Lists};
//! use crewseal_label::Token;
//!
//! // An act on two boxes of which no list is known here: they are named one by one.
//! let lists = Lists::new();
//! let boxes: BTreeSet<Token> = [[1; 16], [2; 16]].map(Token::from_bytes).into();
//! let act = Act::new(EventKind::Load, JobId([7; 16]), lists.name(&boxes)?);
//! assert_eq!(lists.resolve(&act.boxes)?, boxes);
//! # Ok::<(), crewseal_custody::BoxListError>(())
//! ```

mod boxes;
pub mod cbor;
mod credential;
mod customer;
pub mod delivery_grant;
pub mod envelope;
mod event;
mod form;
pub mod handoff;
mod hq_keys;
mod id;
pub mod job;
mod key_list;
mod kind;
mod list_signed;
pub mod log;
pub mod logged;
mod paper_code;
pub mod personal;
mod receipt;
mod record;
mod recovery;
pub mod resolution;
mod revocation;
pub mod rules;
mod sign_off;
pub mod signed;
pub mod stack;
mod statement;
mod tick;
mod verify;
mod voucher;
pub mod wire;

pub use boxes::{
    BoxClass, BoxList, BoxListError, Classes, Lists, MAX_BOXES, Manifest, ManifestError, Manifests,
    classes, roll,
};
pub use credential::{Credential, Credentials, Licence, Nda, Protection, Qualifications, Role};
pub use customer::{
    CustomerReceipt, CustomerReceiptError, Drawing, DrawingError, Point, ReleaseCode,
    ReleaseCodeError, ReleaseKey, ReleaseProof, Stroke,
};
pub use event::{
    Act, Anchor, Event, EventVersion, Finding, LAPSE, Link, Moment, Place, Since, SpotCheck,
};
pub use form::{FormError, MAX_ATTACHMENTS, MAX_FINDINGS, MAX_SEQUENCE};
pub use hq_keys::{HqKeys, HqMessage, fingerprint};
pub use id::{BootId, CarrierId, Commitment, DeviceId, EventId, HqId, JobId, Salt};
pub use key_list::{KeyList, KeyUse, SealingTerm, SigningKey, TlsAuthority, UnverifiedKeyList};
pub use kind::{Contact, DoneBy, EventKind, FindingKind, Needs, Onward, Presence, Row, Says};
pub use list_signed::{KeyListError, ListMessage, ListSigned, ListSigners, MAX_LIST_SIGNED};
pub use receipt::{AttachmentOutcome, AttachmentReceipt, Dispute, Outcome, Refusal, Rejection};
pub use record::{MAX_RECORD, Reading, Record, RecordError, Section};
pub use recovery::{RecoveryCode, RecoveryCodeError, RecoveryKey};
pub use revocation::{Contradiction, Revocations};
pub use sign_off::{
    Batch, Confirmation, Inclusion, MOST_SIGNED_OFF, OneTimeCode, SignOff, SignOffEntry,
    SignOffRequest, SignedOff, Subject,
};
pub use statement::{Body, MAX_STATEMENT, Note, Statement, StatementError};
pub use tick::Tick;
pub use verify::{
    Custody, Evidence, Fault, FaultKind, Holder, Inadmissible, LogPlace, Refused, Step, admit,
    attribute,
};
pub use voucher::{NewKeys, Voucher};
