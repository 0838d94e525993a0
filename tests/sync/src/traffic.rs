//! What passes when acts are delivered, and when nothing is new.

use std::collections::BTreeSet;

use crewseal::ActRequest;
use crewseal_custody::EventKind;
use crewseal_label::Token;

use crate::office::Office;

/// Acts of a batch.
const BATCH: u32 = 100;
/// Bytes of a signed event.
const EVENT: u32 = 300;
/// The most labels of a roll.
const A_ROLL: u32 = 65_536;

/// What a batch of acts takes.
#[derive(Debug, Clone, Copy)]
pub struct Deliveries {
    /// Acts in the batch.
    pub acts: u32,
    /// Bytes of all their signed events.
    pub signed: u32,
    /// Bytes to HQ.
    pub up: u64,
    /// Bytes of the receipts on their way back.
    pub down: u64,
}

/// What it takes to hear that nothing is new.
#[derive(Debug, Clone, Copy)]
pub struct Fetches {
    /// Labels that the phone knows.
    pub labels: u64,
    /// Bytes to HQ.
    pub up: u64,
    /// Bytes back.
    pub down: u64,
    /// Bytes back when all of the labels were new.
    pub first: u64,
}

/// Acts on two boxes of the job so far from each other that the bits between them take so
/// many bytes.
fn requests(office: &Office, apart: usize, count: u32) -> Vec<ActRequest> {
    let boxes: BTreeSet<Token> =
        [0, apart * 8].into_iter().filter_map(|place| office.boxes.get(place).copied()).collect();
    let request = ActRequest::new(EventKind::Load, boxes);
    (0..count).map(|_| request.clone()).collect()
}

async fn deliver(office: &Office, requests: &[ActRequest]) {
    office.crew.record_all(office.job, requests).expect("an open job");
    let delivered = office.crew.sync().await.expect("an HQ that answers");
    assert_eq!((delivered.parked, delivered.unanswered), (0, 0), "HQ takes all");
}

pub async fn deliveries() -> Deliveries {
    let office = Office::open().await;
    // Numbers of two bytes, as most are.
    deliver(&office, &requests(&office, 1, 30)).await;
    let mut apart = 1;
    for _ in 0..4 {
        deliver(&office, &requests(&office, apart, 1)).await;
        let size = office.sizes_at_hq(1).first().copied().unwrap_or(0);
        let more = usize::try_from(EVENT.saturating_sub(size)).expect("few bytes");
        apart = (apart + more)
            .saturating_sub(usize::try_from(size.saturating_sub(EVENT)).expect("few bytes"));
    }
    let acts = requests(&office, apart, BATCH);
    office.crew.record_all(office.job, &acts).expect("an open job");
    let (passed, delivered) = office.passed(office.crew.sync()).await;
    assert_eq!(delivered.expect("an HQ that answers").receipted, u64::from(BATCH));
    let signed = office.sizes_at_hq(BATCH).iter().sum();
    Deliveries { acts: BATCH, signed, up: passed.up, down: passed.down }
}

pub async fn fetches(labels: u32) -> Fetches {
    let office = Office::open().await;
    let mut left = labels.saturating_sub(u32::try_from(office.boxes.len()).expect("few boxes"));
    while left > 0 {
        office.hq.mint_roll(left.min(A_ROLL)).expect("labels");
        left = left.saturating_sub(A_ROLL);
    }
    let (first, fetched) = office.passed_at_all(office.crew.fetch()).await;
    let labels = fetched.expect("an HQ that answers").labels;
    office.clock.pass(1_000);
    let (passed, fetched) = office.passed(office.crew.fetch()).await;
    assert_eq!(fetched.expect("an HQ that answers").labels, labels, "it knows them all");
    Fetches { labels, up: passed.up, down: passed.down, first: first.down }
}
