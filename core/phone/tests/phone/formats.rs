//! Stores of every format that was ever shipped open and keep what they held.
//!
//! stores/v1 was written by `write_the_store_of_this_format` as it was when format 1
//! was the newest. A store of a new format is added in the same way, from the very
//! commit before the next format:
//!
//! `cargo test -p crewseal --test phone -- --ignored write_the_store`

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crewseal::outbox::{open_store, queue};
use crewseal::vault::{Damage, KeyVault, Mark, StoreError};
use crewseal::{ActRequest, Crew};
use crewseal_custody::cbor;
use crewseal_custody::envelope::{EpochHeader, OpeningKey};
use crewseal_custody::signed::Signed;
use crewseal_custody::{Event, EventKind};
use fixtures::clock::Standing;
use fixtures::files::{self, copy};
use fixtures::hq::MockHq;
use fixtures::{paper, vault};

/// The newest format, whose store `write_the_store_of_this_format` writes once the next
/// one is about to come.
const FORMAT: u32 = 3;

fn stores(format: u32) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("tests/stores/v{format}"))
}

fn open(home: &Path) -> Crew {
    Crew::open(&files::store(home), Arc::new(vault::software(home)), Arc::new(Standing)).unwrap()
}

/// A phone that is enrolled, has its jobs and rolls, has delivered two acts and
/// recorded five more, the last two of which lie in the log only.
#[tokio::test]
#[ignore = "writes into the source tree; see above"]
async fn write_the_store_of_this_format() {
    let home = tempfile::tempdir().unwrap();
    let hq = MockHq::start().await;
    let crew = open(home.path());
    crew.enrol(&hq.invitation()).await.unwrap();
    crew.fetch().await.unwrap();
    let boxes: BTreeSet<_> = paper::tokens([0, 1]).into_iter().collect();
    let act = |crew: &Crew| {
        crew.record(paper::JOB, &ActRequest::new(EventKind::Load, boxes.clone())).unwrap()
    };
    act(&crew);
    act(&crew);
    crew.sync().await.unwrap();
    for _ in 0..3 {
        act(&crew);
    }
    drop(crew);
    let crew = open(home.path());
    act(&crew);
    act(&crew);
    let to = stores(FORMAT);
    assert!(!to.exists(), "a store that was shipped is never written again");
    copy(home.path(), &to);
    for needless in ["store/crewseal.db-shm", "store/crewseal.lock"] {
        fs::remove_file(to.join(needless)).unwrap();
    }
}

#[test]
fn a_store_of_every_earlier_format_opens_and_keeps_what_it_held() {
    for format in 1..FORMAT {
        let home = tempfile::tempdir().unwrap();
        copy(&stores(format), home.path());
        let crew = open(home.path());
        assert_eq!(crew.jobs().unwrap().len(), 2, "format {format}");
        let status = crew.outbox().unwrap();
        assert_eq!((status.waiting, status.damaged), (5, 0), "format {format}");
        assert_eq!(status.kept, 0, "format {format}");
        // From format 2 on the chain says the terms, before the first act.
        let terms = u64::from(format > 1);
        let left = Mark { generation: 1, sequence: 2 + terms };
        assert_eq!(vault::software(home.path()).mark().unwrap(), left);
        let boxes: BTreeSet<_> = paper::tokens([0, 1]).into_iter().collect();
        let next =
            crew.record(paper::JOB, &ActRequest::new(EventKind::Load, boxes.clone())).unwrap();
        drop(crew);

        // HQ opens all of them, and each names the one before it.
        let mut store =
            open_store(&files::store(home.path()), &vault::software(home.path())).unwrap();
        let waiting = store.transaction(|t| queue::waiting(t, 0, 100)).unwrap();
        let hq = OpeningKey::from_bytes(&[0x4b; 32]).unwrap();
        let events: Vec<Signed<Event>> = waiting
            .iter()
            .map(|entry| {
                let id = entry.envelope.address().epoch;
                let header = store.transaction(|t| Ok::<_, StoreError>(queue::header(t, id)));
                let header: EpochHeader =
                    cbor::from_versioned::<_, 1>(&header.unwrap().expect("a header")).unwrap();
                let content = hq.epoch(&header).unwrap().open(&entry.envelope).unwrap();
                Signed::open(&content, &vault::software(home.path()).public_keys().unwrap().act)
                    .unwrap()
            })
            .collect();
        let numbers: Vec<u64> = events.iter().map(|event| event.sequence).collect();
        // Before its next act it says the terms, where the store does not say that it did.
        let expected: Vec<u64> = if terms == 0 { (3..=9).collect() } else { (4..=9).collect() };
        assert_eq!(numbers, expected, "format {format}");
        let says_terms = events[5].kind == EventKind::Informed;
        assert_eq!(says_terms, terms == 0, "format {format}");
        // What their leaves are salted with is known of what is queued from now on.
        let salted = waiting.iter().map(|entry| entry.leaf_salt.is_some());
        assert_eq!(
            salted.collect::<Vec<_>>(),
            [&[false; 5][..], &vec![true; expected.len() - 5][..]].concat()
        );
        for pair in events.windows(2) {
            assert_eq!(pair[1].previous, Some(pair[0].id()), "format {format}");
        }
        assert_eq!(events.last().map(Signed::id), Some(next));
    }
}

#[test]
fn the_keys_of_a_store_of_every_earlier_format_can_be_exchanged() {
    for format in 1..FORMAT {
        let home = tempfile::tempdir().unwrap();
        copy(&stores(format), home.path());
        let whole = |crew: &Crew| {
            // A value of the store's own, two in compartments, and the queue.
            assert_eq!(crew.jobs().unwrap().len(), 2, "format {format}");
            assert_eq!(crew.outbox().unwrap().waiting, 5, "format {format}");
            assert!(crew.salvages().unwrap().is_empty(), "format {format}");
        };
        // Opened for the first time it is sealed anew; opened again it stays so.
        for _ in 0..2 {
            whole(&open(home.path()));
        }
        let crew = open(home.path());
        crew.rotate_keys().unwrap();
        whole(&crew);
        drop(crew);
        whole(&open(home.path()));
    }
}

#[test]
fn a_damaged_store_of_an_earlier_format_is_salvaged() {
    for format in 1..FORMAT {
        let home = tempfile::tempdir().unwrap();
        copy(&stores(format), home.path());
        let log = files::log(home.path());
        let mut bytes = fs::read(&log).unwrap();
        bytes[32 + 24 + 2_000] ^= 1;
        fs::write(log, bytes).unwrap();
        let crew = open(home.path());
        let told = crew.salvages().unwrap();
        assert_eq!((told.len(), told[0].damage), (1, Damage::Log), "format {format}");
        // Some of these were delivered; what HQ has, it knows again.
        assert!(told[0].entries >= 5 && told[0].without_header == 0, "format {format}");
        assert_eq!(crew.jobs().unwrap().len(), 2, "format {format}");
        assert!(crew.outbox().unwrap().waiting >= 5, "format {format}");
    }
}
