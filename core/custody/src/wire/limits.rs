//! How much travels at once, and for how long either side waits. Both sides take these
//! from here, so neither gives up while the other still counts on it.
//!
//! A phone must get on with [`SLOWEST`], so whatever is the least that can be sent or
//! fetched at once has the time that it takes there. A phone waits longer than HQ does for
//! the same bytes: so it hears HQ's answer that it was too slow.

use std::time::Duration;

use crate::envelope::MAX_ENVELOPE;

/// Bytes a second of the slowest network that a phone must get on with: 24 kbit/s.
pub const SLOWEST: usize = 3_000;

/// The largest request body that HQ reads: 4 MiB.
pub const MAX_BODY: usize = 4 << 20;

/// The most chunks in one part of an attachment: 1 MiB.
pub const MAX_PART: usize = 64;

/// The largest answer that a phone reads: 8 MiB. HQ's answers are a small part of it, but
/// for a job pack of very many boxes, which comes whole.
pub const MAX_ANSWER: usize = 8 << 20;

/// How long a phone waits for a connection, TLS included: some 5 KiB at [`SLOWEST`], and
/// the way there and back.
pub const CONNECT_TIME: Duration = Duration::from_secs(15);

/// How long the head of a request may take to arrive at HQ.
pub const HEAD_TIME: Duration = Duration::from_secs(30);

/// How long the body of a request may take to arrive at HQ: at [`SLOWEST`], the smallest
/// batch there is, which is one envelope of the greatest size with its epoch's header.
pub const BODY_TIME: Duration = Duration::from_secs(120);

/// How long a phone waits for HQ's answer once all of the request was sent.
pub const ANSWER_TIME: Duration = Duration::from_secs(30);

/// How long a phone waits for the next bytes of an answer that has begun.
pub const STALL_TIME: Duration = Duration::from_secs(30);

/// What a request has beside its content: head, header of an epoch, framing, TLS.
const OVERHEAD: usize = 4 << 10;

const _: () = assert!(
    (MAX_ENVELOPE + OVERHEAD) as u64 <= SLOWEST as u64 * BODY_TIME.as_secs(),
    "the smallest batch must arrive in time on the slowest network"
);

/// How long a phone waits until HQ begins to answer a request with a body of so many
/// bytes: what it takes on the slowest network, at most [`BODY_TIME`], and
/// [`ANSWER_TIME`]. What takes longer is to be sent in smaller parts.
#[must_use]
pub fn upload_time(bytes: usize) -> Duration {
    let seconds =
        u64::try_from(bytes.saturating_add(OVERHEAD).div_ceil(SLOWEST)).unwrap_or(u64::MAX);
    Duration::from_secs(seconds).min(BODY_TIME).saturating_add(ANSWER_TIME)
}
