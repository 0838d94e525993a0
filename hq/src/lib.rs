//! HQ's end of Crewseal.

pub mod labels;
