//! HQ's end of Crewseal.

pub mod account;
pub mod report;
pub mod verdict;
pub mod words;
