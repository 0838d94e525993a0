//! The core of a moving crew's phone.
//!
//! Data flows one way through the rooms: [`label`] what is on the box.

pub mod cbor;
pub mod clock;
pub mod custody;
pub mod job;
pub mod label;
pub mod outbox;
pub mod personal;
pub mod signed;
pub mod sync;
pub mod vault;
