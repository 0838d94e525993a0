//! Evidence: what an auditor gets of a job, and what it comes to.

pub mod account;
mod export;
pub mod receipt;
pub mod report;
pub mod verdict;
pub mod words;
