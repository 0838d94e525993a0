//! Objects: the large things that events name.

pub(crate) mod photos;
