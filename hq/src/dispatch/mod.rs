//! Dispatch: what is prepared before a crew sets out. Jobs are planned and opened, labels
//! minted and printed, codes drawn for customers and supervisors, and each phone is told
//! what its crew must know.

mod answer;
mod cursor;
mod job_packs;
mod jobs;
mod news;
pub mod plan;
pub mod printing;
mod release_codes;
mod roll_news;
pub mod rolls;
mod sign_off_codes;

pub use answer::NewsError;
pub use cursor::CursorError;
pub use news::NewsRequest;
