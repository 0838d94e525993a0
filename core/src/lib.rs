//! The core of a moving crew's phone.
//!
//! Data flows one way through the rooms: [`label`] what is on the box, [`scan`]
//! what the camera sees of it and what that means for the job, [`custody`] the
//! signed acts, [`outbox`] the queue that the phone itself cannot read,
//! [`sync`] the way to HQ and its receipts. [`vault`] keeps the keys and the
//! sealed store, [`job`] what a crew must know of a move. [`Crew`] is the face
//! that apps see.

pub mod cbor;
pub mod clock;
mod crew;
pub mod custody;
pub mod handoff;
pub mod job;
pub mod label;
pub mod outbox;
pub mod personal;
pub mod scan;
pub mod signed;
pub mod sync;
pub mod vault;

pub use crew::{
    Acceptance, Advice, Asked, Crew, CrewError, Deed, Delivered, Drawn, Fetched, Found, OfferView,
    Open, PhotoRefused, Photographed, SignedOffBy, ToSign, Uploaded,
};
