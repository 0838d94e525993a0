//! Evidence: what proves a job's custody, and what it comes to. A job's record is exported
//! (`export`), checked by anybody who has the file (`verify`), shown to a customer as a
//! page (`report`), and held against what a customer was given (`customer_receipt`).
//!
//! What a record says is worked out once (`job_summary`) and put into English in one place
//! (`wording`), so that no two of them can tell different stories.

pub mod customer_receipt;
mod export;
pub mod job_summary;
pub mod report;
pub mod severity;
pub mod verdict;
pub mod verify;
pub mod wording;
