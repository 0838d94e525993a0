//! All English that the `verify` command and the report speak, in one place, so
//! that another language needs one more and no second look at the rest.
//!
//! Every match is complete on purpose: a new kind of event, finding or fault
//! does not compile until somebody has found words for it.

mod fault_meanings;
mod faults;
mod grammar;
pub mod page;
mod record;
mod summary;
mod terms;
mod time;
mod verdict;

pub use fault_meanings::fault_meaning;
pub use faults::fault;
pub use grammar::{boxes, count, list, named_boxes, printable, sentence};
pub use record::{record_error, section, signatures};
pub use summary::{arrived, broken_rules, contradictions};
pub use terms::{
    CUSTOMER, NOBODY, carrier, dispute, finding, kind, one_of, outcome, protection, refusal, role,
    unknown_device,
};
pub use time::{day_and_time, proven, span, time};
