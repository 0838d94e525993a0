//! HQ's key lists on the phone: followed, refused, and kept as evidence where they contradict
//! each other; and whose fault a certificate is that has ended.

use std::sync::Arc;

use crewseal::sync::SyncError;
use crewseal::{Crew, CrewError};
use crewseal_custody::cbor::{self, Version};
use crewseal_custody::wire::{Invitation, KeyLists};
use crewseal_custody::{Contradiction, HqId, KeyList, KeyListError};
use fixtures::clock::Standing;
use fixtures::hq::{CertificateKind, MockHq};
use fixtures::{files, paper, vault};
use tempfile::TempDir;

use super::morning::{Morning, morning};

fn open(home: &TempDir) -> Crew {
    let vault = Arc::new(vault::software(home.path()));
    Crew::open(&files::store(home.path()), vault, Arc::new(Standing)).unwrap()
}

fn both() -> [paper::Key; 2] {
    [paper::list_key(), paper::next_list_key()]
}

/// HQ's next list.
fn next(hq: &MockHq) -> KeyList {
    paper::next_key_list(hq.keys().newest().unwrap())
}

#[tokio::test]
async fn an_invitation_of_another_hqs_identity_enrols_nobody() {
    let (home, hq) = (tempfile::tempdir().unwrap(), MockHq::start().await);
    let crew = open(&home);
    let good: Invitation = cbor::from_slice(&hq.invitation()).unwrap();
    for swapped in [
        Invitation { hq: HqId([9; 32]), ..good.clone() },
        Invitation { origin: "another log".to_owned(), ..good.clone() },
    ] {
        let refused = crew.enrol(&cbor::to_vec(&swapped)).await;
        let why = matches!(refused, Err(CrewError::HqKeys(KeyListError::OtherHq)));
        assert!(why, "{refused:?}");
        assert_eq!(hq.requests("enrol"), 0, "the code is told to nobody else");
    }
    crew.enrol(&cbor::to_vec(&good)).await.unwrap();
}

#[tokio::test]
async fn receipts_by_the_next_key_settle_what_waits() {
    let Morning { home: _home, crew, hq, .. } = morning().await;
    hq.list_keys(next(&hq), &both());
    hq.sign_with(paper::next_hq);
    // The ticks of the paper crew are of the morning, when that key does not sign yet.
    hq.expire_sessions();
    let refused = crew.fetch().await;
    assert!(matches!(refused, Err(CrewError::FromHq(_))), "{refused:?}");
    assert_eq!(crew.key_list().unwrap(), 2, "the list was followed");
    assert_eq!(hq.requests("keys"), 1, "it asked once");
}

#[tokio::test]
async fn two_lists_of_one_number_are_kept_as_evidence() {
    let Morning { home: _home, crew, hq, .. } = morning().await;
    let lists = |list: KeyList, keys: &[paper::Key]| {
        let first = hq.keys().lists()[0].clone();
        let lists = vec![first, paper::signed_list(list, keys).into()];
        cbor::to_vec(&KeyLists { version: Version, lists })
    };
    let forged = KeyList { at: 1, ..next(&hq) };
    let refused = crew.follow_key_lists(&lists(forged.clone(), &[paper::list_key()]));
    assert!(matches!(refused, Err(CrewError::HqKeys(KeyListError::Threshold))), "{refused:?}");
    let kept = lists(next(&hq), &both());
    crew.follow_key_lists(&kept).unwrap();
    crew.follow_key_lists(&kept).unwrap();
    assert_eq!((crew.key_list().unwrap(), crew.contradictions().unwrap().len()), (2, 0));
    let forked = lists(forged, &both());
    let told = crew.follow_key_lists(&forked);
    let why = matches!(told, Err(CrewError::Contradiction(Contradiction::KeyLists)));
    assert!(why, "{told:?}");
    let evidence = crew.contradictions().unwrap();
    assert_eq!(evidence.len(), 1);
    let holds = |all: &[u8], part: &[u8]| all.windows(part.len()).any(|window| window == part);
    assert!(holds(&kept, &evidence[0].kept) && holds(&forked, &evidence[0].refused));
    assert_eq!(crew.key_list().unwrap(), 2, "it goes on with the first");
}

#[tokio::test]
async fn what_is_no_file_of_key_lists_is_refused() {
    let Morning { home: _home, crew, hq, .. } = morning().await;
    for bytes in [&b""[..], b"nothing", &hq.invitation()] {
        let refused = crew.follow_key_lists(bytes);
        assert!(matches!(refused, Err(CrewError::HqKeys(_))), "{refused:?}");
    }
    let skipping = {
        let third = KeyList { number: 3, ..next(&hq) };
        let lists = vec![paper::signed_list(third, &both()).into()];
        cbor::to_vec(&KeyLists { version: Version, lists })
    };
    let refused = crew.follow_key_lists(&skipping);
    let skipped = KeyListError::Skipped { known: 1, found: 3 };
    assert!(matches!(refused, Err(CrewError::HqKeys(why)) if why == skipped), "{refused:?}");
    assert_eq!(crew.key_list().unwrap(), 1);
}

/// A phone that has HQ's time knows that it is not its own clock.
#[tokio::test]
async fn a_certificate_that_has_ended_is_hqs_fault() {
    let (home, good) = (tempfile::tempdir().unwrap(), MockHq::start().await);
    let crew = open(&home);
    crew.enrol(&good.invitation()).await.unwrap();
    crew.fetch().await.unwrap();
    drop(crew);
    good.show(CertificateKind::Expired);
    let lost = open(&home).fetch().await.unwrap_err();
    let why = SyncError::CertificateEnded;
    assert!(matches!(lost, CrewError::Sync { error, .. } if error == why), "{lost:?}");
    // One that never had HQ's time cannot tell.
    let newcomer = tempfile::tempdir().unwrap();
    let lost = open(&newcomer).enrol(&good.invitation()).await.unwrap_err();
    let why = SyncError::WrongClock;
    assert!(matches!(lost, CrewError::Sync { error, .. } if error == why), "{lost:?}");
}
