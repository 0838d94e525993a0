//! The API that apps see: one phone, its keys, its store and its HQ.
//!
//! What an act is, who holds what and what a receipt means is said in
//! [`custody`](crewseal_custody). Here it is decided that an act's job must be open, which
//! kinds have a call of their own, and that of the rules only a proven breach stops an act.
//! For the rest the steps are put in order, and the order matters: sign, verify, commit
//! durably, raise the high-water mark, and only then may a byte of an event leave the phone.
//!
//! [`Crew`] has its functions in the files of what they are about.

mod act;
mod act_cache;
mod chain;
mod commit;
mod connection;
mod contradictions;
mod customer;
mod delivery;
mod diary;
mod enrolment;
mod error;
mod fair_mutex;
mod fetch;
mod handoff;
mod jobs;
mod known_log;
mod lifecycle;
mod log;
mod log_view;
mod news;
mod other_phone;
mod persisted;
mod phone;
mod photo;
mod receipts;
mod recovery;
mod renewal;
mod resolution;
mod revoked;
mod settling;
mod sign_off;
mod suspendable_store;
mod terms;
mod tick;
mod trust;
mod upload;

pub use self::act::{ActRequest, Found};
pub use self::contradictions::HqContradiction;
pub use self::customer::Drawn;
pub use self::delivery::Delivered;
pub use self::enrolment::{InvitationPreview, VouchedBy};
pub use self::error::CrewError;
pub use self::fetch::Fetched;
pub use self::handoff::{Acceptance, OfferView, Open};
pub use self::other_phone::Introduction;
pub use self::phone::Crew;
pub use self::photo::{PhotoRefused, Photographed};
pub use self::receipts::{HqReceipt, ReceiptEvidence};
pub use self::sign_off::{Asked, SignedOffBy, ToSign};
pub use self::upload::Uploaded;
