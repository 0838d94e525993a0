//! The core of a moving crew's phone.
//!
//! Data flows one way through the rooms: [`label`] what is on the box.

pub mod cbor;
pub mod custody;
pub mod label;
pub mod signed;
