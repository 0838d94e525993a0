//! What the phone keeps of what HQ receipted.

use std::fs;

use crewseal::vault::Collection;
use crewseal_custody::cbor;
use crewseal_custody::log::{Checkpoint, TreeHead, prove_runs};
use crewseal_custody::logged::{LeafSalt, Logged, ProvenEvent, Receipt};
use crewseal_custody::wire::KeyLists;
use crewseal_custody::{DeviceId, HqKeys, Outcome};
use fixtures::log::log_key;
use fixtures::{files, paper};
use rusqlite::Connection;

use super::super::sync::morning::{Morning, SAID, morning, open};

#[tokio::test]
async fn a_receipt_is_found_by_the_event_and_holds_for_anybody() {
    let day = morning().await;
    let acts: Vec<_> = (0..5).map(|_| day.act()).collect();
    assert_eq!(day.crew.hq_receipt(acts[3]).unwrap(), None, "before HQ has it");
    assert_eq!(day.crew.receipt_evidence(acts[3]).unwrap(), None);
    day.delivers(5).await;
    let later = day.act();
    day.delivers(1).await;
    let Morning { home, vault, crew, hq: _hq } = day;
    drop(crew);
    let crew = open(home.path(), &vault);
    for (place, act) in (SAID..).zip(acts.iter().chain([&later])) {
        let receipt = crew.hq_receipt(*act).unwrap().unwrap();
        assert_eq!((receipt.log, receipt.place), (1, place));
        assert_eq!((receipt.outcome, receipt.at), (Outcome::Stored, paper::MORNING + 5_000));
        let evidence = crew.receipt_evidence(*act).unwrap().unwrap();
        let lists: KeyLists = cbor::from_versioned::<_, 1>(&evidence.key_lists).unwrap();
        let receipt: Receipt = cbor::from_versioned::<_, 2>(&evidence.receipt).unwrap();
        let proven = receipt.verify(&HqKeys::read(&lists.lists).unwrap()).unwrap();
        assert!(proven.events.iter().any(|event| event.id == *act && event.place == place));
    }
    assert_eq!(crew.receipted_and_lost().unwrap(), []);
}

#[tokio::test]
async fn receipts_are_let_go_after_their_term_by_hqs_time() {
    let day = morning().await;
    let early = day.act();
    day.delivers(1).await;
    let year = 365 * 24 * 3_600;
    day.hq.pass(2 * year);
    let late = day.act();
    day.delivers(1).await;
    assert!(day.crew.hq_receipt(early).unwrap().is_some());
    day.hq.pass(year);
    day.act();
    day.delivers(1).await;
    assert_eq!(day.crew.hq_receipt(early).unwrap(), None);
    assert!(day.crew.hq_receipt(late).unwrap().is_some());
}

/// Between HQ's answer and what it makes of the queue the app may die: the same is sent again
/// and gets the same place.
#[tokio::test]
async fn what_is_repeated_keeps_its_first_place() {
    let day = morning().await;
    let act = day.act();
    day.hq.drop_answer();
    day.fails().await;
    let Morning { home, vault, crew, hq } = day;
    drop(crew);
    let crew = open(home.path(), &vault);
    crew.sync().await.unwrap();
    assert_eq!(crew.hq_receipt(act).unwrap().unwrap().place, SAID);
    assert_eq!(hq.with_log(|log| log.size()), SAID + 1);
}

#[tokio::test]
async fn two_syncs_at_once_settle_each_entry_once() {
    let day = morning().await;
    let acts: Vec<_> = (0..20).map(|_| day.act()).collect();
    let other = day.crew.clone();
    let (one, two) = tokio::join!(day.crew.sync(), other.sync());
    let (one, two) = (one.unwrap(), two.unwrap());
    assert_eq!(one.receipted + two.receipted, 20);
    assert_eq!((one.unanswered, two.unanswered, day.waiting()), (0, 0, 0));
    for (place, act) in (SAID..).zip(acts) {
        assert_eq!(day.crew.hq_receipt(act).unwrap().unwrap().place, place);
    }
}

/// A store that was salvaged, and one of before there was a log, ask HQ for the salts.
#[tokio::test]
async fn entries_whose_salts_are_lost_are_settled_all_the_same() {
    let day = morning().await;
    let acts = [day.act(), day.act(), day.act()];
    let Morning { home, vault, crew, hq } = day;
    drop(crew);
    let sql = "UPDATE outbox SET leaf_salt = NULL, job = NULL WHERE position = 2;
        UPDATE outbox SET leaf_salt = x'00', job = x'01' WHERE position = 3;";
    Connection::open(files::database(home.path())).unwrap().execute_batch(sql).unwrap();
    let crew = open(home.path(), &vault);
    assert_eq!(crew.sync().await.unwrap().receipted, 3);
    for act in acts {
        assert!(crew.hq_receipt(act).unwrap().is_some());
        assert!(crew.receipt_evidence(act).unwrap().is_some());
    }
    assert_eq!(hq.batches(), [3]);
}

/// The bytes that the store grows by for each event that is receipted: with the phone's proofs
/// those of a log of ten million leaves. Its inner hashes are drawn, for none of them is looked
/// at here, and no leaf but the batch's own is made.
#[test]
fn a_receipt_takes_few_bytes_for_each_event() {
    const SIZE: u64 = 10_000_000;
    const BATCHES: u64 = 200;
    let home = tempfile::tempdir().unwrap();
    let mut store = fixtures::stored::open(home.path()).unwrap();
    let bytes = |home: &std::path::Path| {
        let database = Connection::open(files::database(home)).unwrap();
        database.execute_batch("PRAGMA wal_checkpoint(TRUNCATE)").unwrap();
        fs::metadata(files::database(home)).unwrap().len()
    };
    let mut drawn = 0_u64;
    let mut draw = || {
        drawn += 1;
        crewseal_custody::signed::Namespace::Epoch.digest(&[&drawn.to_be_bytes()])
    };
    let mut sealed = 0;
    drop(store);
    let before = bytes(home.path());
    store = fixtures::stored::open(home.path()).unwrap();
    for number in 0..BATCHES {
        let first = SIZE - (BATCHES - number) * 1_000 + 7;
        let events: Vec<ProvenEvent> = (0..100)
            .map(|at| ProvenEvent {
                id: draw(),
                place: first + at,
                salt: LeafSalt(*draw().0.first_chunk().unwrap()),
                logged: Logged {
                    device: DeviceId([0x11; 16]),
                    generation: 1,
                    sequence: number * 100 + at,
                    outcome: Outcome::Stored,
                    at: paper::MORNING + number,
                },
            })
            .collect();
        let places: Vec<u64> = events.iter().map(|event| event.place).collect();
        let proof = prove_runs(&places, SIZE, &mut |_| Ok::<_, ()>(draw())).unwrap();
        let head = TreeHead { generation: 1, size: SIZE, root: draw() };
        let checkpoint = Checkpoint { head, replicated: Some(SIZE - 900), at: paper::MORNING };
        let checkpoint = log_key().sign(checkpoint, paper::ORIGIN);
        let receipt = cbor::to_vec(&Receipt::of(&checkpoint, &events, Vec::new(), &proof));
        // As the phone puts it: nonce and tag come with the seal.
        sealed += receipt.len() + 28;
        let put = store
            .transaction(|t| t.put(Collection("receipts"), &number.to_be_bytes(), None, &receipt));
        put.unwrap();
    }
    drop(store);
    // In tenths of a byte.
    let events = BATCHES * 100;
    let value = u64::try_from(sealed).unwrap() * 10 / events;
    let file = (bytes(home.path()) - before) * 10 / events;
    eprintln!("tenths of a byte for each receipted event: {value} sealed, {file} in the file");
    assert!(value <= 640, "{value}");
    assert!(file <= 1_280, "{file}");
}
