//! Objects: the large things that events name and that come apart from them. Photos are
//! the only ones today.

pub(crate) mod photos;
