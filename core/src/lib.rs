//! The core of a moving crew's phone.
//!
//! Data flows one way through the rooms: [`label`] what is on the box, [`scan`]
//! what the camera sees of it and what that means for the job.

pub mod label;
pub mod scan;
