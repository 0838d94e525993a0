//! What receipts take in a large log: on their way, and on the phone that keeps them.

use std::path::Path;

use crewseal::ActRequest;
use crewseal_custody::cbor::{self, Version};
use crewseal_custody::logged::Receipt;
use crewseal_custody::wire::{BatchAnswer, OutcomeRun};

use crate::office::{Office, Phone, Site};
use crate::traffic::{self, BATCH, Deliveries};

/// Batches after which it is looked at what the phone keeps.
const BATCHES: u32 = 20;

/// What receipts take.
pub struct Receipts {
    /// Bytes of HQ's answer to a batch, of the longest of them.
    pub answer: u64,
    /// Runs of places in that.
    pub runs: usize,
    /// Hashes of the proof in it.
    pub hashes: usize,
    /// What passes for a batch.
    pub deliveries: Deliveries,
    /// Events that the phone had delivered when it was looked at what it keeps.
    pub events: u32,
    /// Bytes that it keeps of all their receipts.
    pub kept: u64,
}

/// Measures it at a site, and leaves that as it is.
pub async fn measure(site: Site) -> (Site, Receipts, Vec<ActRequest>) {
    let office = Office::at(site).await;
    let acts = traffic::batch(&office.site, &office.phone).await;
    let deliveries = traffic::deliveries(&office, &acts).await;
    let delivering = office.another_phone("Mover 18").await;
    let waiting = office.another_phone("Mover 19").await;
    // With the first acts come the terms.
    for phone in [&delivering, &waiting] {
        traffic::deliver(&office.site, phone, &acts).await;
    }
    let mut longest = (0, 0, 0);
    for _ in 0..BATCHES {
        waiting.crew.record_all(office.site.job, &acts).expect("an open job");
        traffic::deliver(&office.site, &delivering, &acts).await;
        let receipt = newest_receipt(&office.site, &delivering);
        let answer = u64::try_from(answer(&receipt).len()).expect("a short answer");
        longest = longest.max((answer, receipt.runs.len(), receipt.proof.len() / 32));
    }
    let kept = store_without_queue(delivering).saturating_sub(store_without_queue(waiting));
    let (answer, runs, hashes) = longest;
    let events = BATCH * BATCHES;
    let receipts = Receipts { answer, runs, hashes, deliveries, events, kept };
    (office.close().await, receipts, acts)
}

/// The receipt that a phone has for what it delivered last.
pub fn newest_receipt(site: &Site, phone: &Phone) -> Receipt {
    let newest = site.events(1).first().map(|(id, _)| *id).expect("an event");
    let evidence = phone.crew.receipt_evidence(newest).expect("a whole store");
    let bytes = evidence.expect("a receipt for the newest event").receipt;
    let receipt: Receipt = cbor::from_slice(&bytes).expect("a receipt");
    assert_eq!(receipt.events.len() / 32, usize::try_from(BATCH).unwrap_or(0), "of one batch");
    receipt
}

/// HQ's answer, of which a phone makes this receipt: byte for byte as it came, for it has one
/// form.
fn answer(receipt: &Receipt) -> Vec<u8> {
    let mut outcomes: Vec<OutcomeRun> = Vec::new();
    for run in &receipt.logged {
        let (outcome, at, count) = (run.first.outcome, run.first.at, run.count);
        match outcomes.last_mut() {
            Some(last) if (last.outcome, last.at) == (outcome, at) => last.count += count,
            _ => outcomes.push(OutcomeRun { count, outcome, at }),
        }
    }
    cbor::to_vec(&BatchAnswer {
        version: Version,
        checkpoint: receipt.checkpoint.clone(),
        runs: receipt.runs.clone(),
        outcomes,
        proof: receipt.proof.clone(),
        rejections: Vec::new(),
        salts: None,
    })
}

/// The size of a phone's store in as few pages as it goes, if nothing were queued.
fn store_without_queue(phone: Phone) -> u64 {
    let store = phone.home.store();
    // It is nobody's any more, and what was in the log is in the file.
    drop(phone);
    let copy = store.with_extension("copy");
    std::fs::copy(&store, &copy).expect("a disk with room");
    assert!(!has_log(&store), "somebody else has it open");
    let database = rusqlite::Connection::open(&copy).expect("a database");
    database.execute_batch("DELETE FROM outbox; VACUUM").expect("a whole store");
    database.close().expect("a whole store");
    std::fs::metadata(copy).expect("a file").len()
}

fn has_log(store: &Path) -> bool {
    let log = store.with_extension("db-wal");
    std::fs::metadata(log).is_ok_and(|log| log.len() > 0)
}
