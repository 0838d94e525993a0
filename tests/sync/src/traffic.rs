//! What passes when acts are delivered, and when nothing is new.

use std::collections::BTreeSet;

use crewseal::ActRequest;
use crewseal_custody::EventKind;
use crewseal_label::Token;

use crate::office::{Office, Phone, Site};

/// Acts of a batch.
pub const BATCH: u32 = 100;
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
fn requests(site: &Site, apart: usize, count: u32) -> Vec<ActRequest> {
    let boxes: BTreeSet<Token> =
        [0, apart * 8].into_iter().filter_map(|place| site.boxes.get(place).copied()).collect();
    let request = ActRequest::new(EventKind::Load, boxes);
    (0..count).map(|_| request.clone()).collect()
}

/// Records acts and has them delivered.
pub async fn deliver(site: &Site, phone: &Phone, requests: &[ActRequest]) {
    phone.crew.record_all(site.job, requests).expect("an open job");
    let delivered = phone.crew.sync().await.expect("an HQ that answers");
    assert_eq!((delivered.parked, delivered.unanswered), (0, 0), "HQ takes all");
}

/// A batch of acts whose signed events have the size that they should have. A phone has
/// delivered some when it is found.
pub async fn batch(site: &Site, phone: &Phone) -> Vec<ActRequest> {
    // Numbers of two bytes, as most are.
    deliver(site, phone, &requests(site, 1, 30)).await;
    let mut apart = 1;
    for _ in 0..4 {
        deliver(site, phone, &requests(site, apart, 1)).await;
        let size = site.events(1).first().map_or(0, |(_, size)| *size);
        let more = usize::try_from(EVENT.saturating_sub(size)).expect("few bytes");
        apart = (apart + more)
            .saturating_sub(usize::try_from(size.saturating_sub(EVENT)).expect("few bytes"));
    }
    requests(site, apart, BATCH)
}

/// Delivers one batch.
pub async fn deliveries(office: &Office, acts: &[ActRequest]) -> Deliveries {
    let (site, crew) = (&office.site, &office.phone.crew);
    crew.record_all(site.job, acts).expect("an open job");
    let (passed, delivered) = office.passed(crew.sync()).await;
    assert_eq!(delivered.expect("an HQ that answers").receipted, u64::from(BATCH));
    let signed = site.events(BATCH).iter().map(|(_, size)| size).sum();
    Deliveries { acts: BATCH, signed, up: passed.up, down: passed.down }
}

pub async fn fetches(labels: u32) -> Fetches {
    let office = Office::open().await;
    let (boxes, crew) = (office.site.boxes.len(), &office.phone.crew);
    let mut left = labels.saturating_sub(u32::try_from(boxes).expect("few boxes"));
    while left > 0 {
        office.hq.mint_roll(left.min(A_ROLL)).expect("labels");
        left = left.saturating_sub(A_ROLL);
    }
    let (first, fetched) = office.passed_at_all(crew.fetch()).await;
    let labels = fetched.expect("an HQ that answers").labels;
    office.phone.home.clock.pass(1_000);
    let (passed, fetched) = office.passed(crew.fetch()).await;
    assert_eq!(fetched.expect("an HQ that answers").labels, labels, "it knows them all");
    Fetches { labels, up: passed.up, down: passed.down, first: first.down }
}
