//! Dispatch: what is prepared before a crew sets out.

pub(crate) mod desk;
pub mod labels;
pub mod plan;
mod sign_off;
