//! Custody on paper: what is signed and sealed, what is believed of it, and what
//! verification makes of it all. No phone, no disk, no network.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::cast_possible_truncation,
    reason = "what is not as it should be is what the tests are to fail on"
)]

mod attachments;
mod batches;
mod box_lists;
mod credentials;
mod evidence;
mod handoff;
mod key_lists;
mod log;
mod malleated;
mod namespaces;
mod protocol;
mod record;
mod rules;
mod sealing;
mod signatures;
mod vectors;
