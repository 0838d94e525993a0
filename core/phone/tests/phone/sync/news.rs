//! What HQ tells: once, and nothing that takes back what it said before.

use crewseal::sync::SyncError;
use crewseal::{ActRequest, CrewError};
use crewseal_custody::cbor::Version;
use crewseal_custody::signed::Signed;
use crewseal_custody::{Contradiction, DeviceId, EventKind, Revocations};
use fixtures::paper;

use super::morning::{Morning, boxes, morning, open, why};

fn list(epoch: u64, since: &[(u8, u64)]) -> Signed<Revocations> {
    let since = since.iter().map(|(device, since)| (DeviceId([*device; 16]), *since)).collect();
    let origin = paper::ORIGIN.to_owned();
    paper::hq().sign(Revocations { version: Version, origin, epoch, since })
}

#[tokio::test]
async fn a_list_of_revoked_devices_that_shrinks_is_refused_and_kept() {
    let day = morning().await;
    let first = list(3, &[(1, 100), (2, 200)]);
    day.hq.revoke(first.clone());
    day.crew.fetch().await.unwrap();
    for (name, wrong, how) in [
        ("shrinks", list(4, &[(1, 100)]), Contradiction::Shrinks),
        ("another of the same epoch", list(3, &[(1, 100), (9, 9)]), Contradiction::SameEpoch),
        ("an older one with more", list(2, &[(7, 7)]), Contradiction::Shrinks),
    ] {
        day.hq.revoke(wrong.clone());
        let refused = day.crew.fetch().await.unwrap_err();
        assert!(matches!(refused, CrewError::Contradiction(told) if told == how), "{name}");
        let evidence = day.crew.contradictions().unwrap();
        let newest = evidence.iter().find(|one| one.refused == wrong.as_bytes());
        assert_eq!(newest.map(|one| one.kept.as_slice()), Some(first.as_bytes()), "{name}");
        // The rest of the news came, and the phone goes on.
        assert_eq!(day.crew.fetch().await.unwrap().jobs, 2, "{name}: told once");
        day.act();
    }
    day.hq.revoke(list(5, &[(1, 100), (2, 150), (3, 300)]));
    day.crew.fetch().await.unwrap();
    let Morning { home, vault, crew, hq: _hq } = day;
    drop(crew);
    let crew = open(home.path(), &vault);
    assert_eq!(crew.contradictions().unwrap().len(), 3, "they outlast a restart");
}

#[tokio::test]
async fn an_app_that_is_too_old_for_the_news_still_delivers() {
    let day = morning().await;
    day.act();
    day.hq.tell_in_version(9);
    let error = day.crew.fetch().await.unwrap_err();
    assert_eq!(why(error), (SyncError::AppTooOld, None));
    day.delivers(1).await;
}

#[tokio::test]
async fn an_app_whose_batches_hq_does_not_know_is_told_so_and_keeps_all() {
    let day = morning().await;
    day.act();
    for (known, expected) in [("[3]", SyncError::AppTooOld), ("[1]", SyncError::HqTooOld)] {
        day.hq.know_versions(known);
        assert_eq!(day.fails().await, (expected, None));
        assert_eq!(day.waiting(), 1);
    }
    day.delivers(1).await;
}

#[tokio::test]
async fn what_is_known_is_not_kept_anew_and_a_forgotten_job_comes_again() {
    let day = morning().await;
    for _ in 0..2 {
        let fetched = day.crew.fetch().await.unwrap();
        assert_eq!((fetched.jobs, fetched.labels), (2, 20));
    }
    day.crew.forget(paper::OTHER_JOB).unwrap();
    assert_eq!(day.crew.jobs().unwrap().len(), 1);
    assert_eq!(day.crew.fetch().await.unwrap().jobs, 2);
    assert_eq!(day.crew.ended_jobs().unwrap(), []);
}

#[tokio::test]
async fn a_manifest_that_grew_is_known_at_once() {
    let day = morning().await;
    let first = paper::hq().sign(paper::manifest(1, None, &paper::tokens(0..10)));
    let grown = paper::manifest(2, Some(first.id()), &paper::tokens(200..201));
    day.hq.issue(vec![first, paper::hq().sign(grown)]);
    day.crew.fetch().await.unwrap();
    let mut all = boxes();
    all.insert(paper::token(200));
    day.crew.record(paper::JOB, &ActRequest::new(EventKind::Load, all)).unwrap();
    let count = day.crew.tally(paper::JOB).unwrap().count();
    assert_eq!(count.expected, 11);
    // The new pack is among the terms, which come before the act.
    day.delivers(2).await;
}
