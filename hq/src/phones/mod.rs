//! Phones: HQ as a crew's phones reach it.

pub(crate) mod door;
pub(crate) mod problem;
pub(crate) mod serve;
