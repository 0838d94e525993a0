//! The API that apps see: one phone, its keys, its store and its HQ.
//!
//! It decides nothing itself. What an act is, who holds what and what a receipt
//! means is said in [`custody`](crewseal_custody); here the steps are put in
//! order, and the order matters: sign, verify, commit durably, raise the
//! high-water mark, and only then may a byte of an event leave the phone.
//!
//! [`Crew`] has its functions in the files of what they are about.

mod act;
mod act_cache;
mod chain;
mod commit;
mod counterpart;
mod customer;
mod delivery;
mod diary;
mod enrolment;
mod error;
mod fair_mutex;
mod fetch;
mod handoff;
mod jobs;
mod lifecycle;
mod news;
mod persisted;
mod phone;
mod photo;
mod recovery;
mod renewal;
mod resolution;
mod sign_off;
mod suspendable_store;
mod terms;
mod trust;
mod upload;

pub use self::act::{ActRequest, Found};
pub use self::counterpart::Introduction;
pub use self::customer::Drawn;
pub use self::delivery::Delivered;
pub use self::enrolment::{InvitationPreview, VouchedBy};
pub use self::error::CrewError;
pub use self::fetch::Fetched;
pub use self::handoff::{Acceptance, OfferView, Open};
pub use self::news::HqContradiction;
pub use self::phone::Crew;
pub use self::photo::{PhotoRefused, Photographed};
pub use self::sign_off::{Asked, SignedOffBy, ToSign};
pub use self::upload::Uploaded;
