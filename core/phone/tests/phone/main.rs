//! The phone: its store, its queue, its talk with HQ and with other phones, and what is
//! left of it all when something breaks.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stderr,
    reason = "what is not as it should be is what the tests are to fail on; figures are printed"
)]

mod attachments;
mod damage;
mod faulty_disk;
mod formats;
mod informed;
mod keys;
mod life;
mod log;
mod outbox;
mod phones;
mod store;
mod sync;
