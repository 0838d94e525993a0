//! HQ's log as the phone checks it: what is settled against it, what is kept of it, and each
//! way in which HQ can lie about it. A lie leaves the queue whole, is named, and is kept as
//! evidence once.

mod copies;
mod lies;
mod receipts;
mod restored;
mod views;

use crewseal::{Crew, CrewError};
use crewseal_custody::Contradiction;
use crewseal_custody::logged::ReceiptError;

use super::sync::morning::Morning;

/// Syncs, which must fail because HQ's answer does not hold.
async fn lied(day: &Morning) -> ReceiptError {
    match day.crew.sync().await.unwrap_err() {
        CrewError::Answer(why) => why,
        other => panic!("not an answer that does not hold: {other:?}"),
    }
}

/// Why a call failed in which HQ contradicted itself.
fn contradicted<T: std::fmt::Debug>(called: Result<T, CrewError>) -> Contradiction {
    match called.unwrap_err() {
        CrewError::Contradiction(how) => how,
        other => panic!("not a contradiction: {other:?}"),
    }
}

/// How much evidence there is against HQ.
fn evidence(crew: &Crew) -> usize {
    crew.contradictions().unwrap().len()
}
