//! The phone of a moving crew.
//!
//! [`Crew`] is the API: it puts the steps in order. Below it [`outbox`] is the queue that
//! the phone itself cannot read, [`sync`] the way to HQ and its receipts, and [`vault`]
//! keeps the keys and the sealed store.
//!
//! What the steps are about is in crates of their own, which know nothing of a disk or a
//! network: [`label`] what is on the box, [`scan`] what the camera sees of it and what that
//! means for the job, [`custody`] the signed acts.

pub mod blocking_pool;
pub mod clock;
mod crew;
pub mod drawing;
pub mod outbox;
pub mod random;
pub mod sync;
pub mod vault;

pub use crew::{
    Acceptance, ActRequest, Asked, Crew, CrewError, Delivered, Drawn, Fetched, Found,
    HqContradiction, HqReceipt, Introduction, InvitationPreview, OfferView, Open, PhotoRefused,
    Photographed, ReceiptEvidence, SignedOffBy, ToSign, Uploaded, VouchedBy,
};
pub use crewseal_custody as custody;
pub use crewseal_label as label;
pub use crewseal_scan as scan;
