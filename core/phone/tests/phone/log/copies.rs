//! Entries that HQ has are kept until it says that it has a copy of its log.

use crewseal_custody::EventKind;
use fixtures::paper;

use super::super::sync::morning::{Morning, SAID, morning, open};

#[tokio::test]
async fn an_entry_is_kept_until_hq_has_a_copy_of_it() {
    let day = morning().await;
    day.hq.with_log(|log| log.replicated = Some(SAID + 1));
    let acts: Vec<_> = (0..3).map(|_| day.act()).collect();
    day.delivers(3).await;
    let status = day.crew.outbox().unwrap();
    assert_eq!((status.waiting, status.kept), (0, 2), "the first of them is copied");
    assert!(day.crew.hq_receipt(acts[2]).unwrap().is_some());
    let Morning { home, vault, crew, hq } = day;
    drop(crew);
    let crew = open(home.path(), &vault);
    assert_eq!(crew.outbox().unwrap().kept, 2);
    assert_eq!(crew.sync().await.unwrap().receipted, 0);
    assert_eq!(hq.batches(), [3], "what is kept is not sent");
    let day = Morning { home, vault, crew, hq };
    day.hq.with_log(|log| log.replicated = Some(SAID + 3));
    day.act();
    day.delivers(1).await;
    assert_eq!(day.crew.outbox().unwrap().kept, 1, "the last one");
}

#[tokio::test]
async fn without_a_copy_it_goes_at_once_unless_it_is_set_otherwise() {
    let day = morning().await;
    day.act();
    day.delivers(1).await;
    assert_eq!(day.crew.outbox().unwrap().kept, 0);
    day.crew.keep_unreplicated(true);
    day.act();
    day.delivers(1).await;
    assert_eq!(day.crew.outbox().unwrap().kept, 1);
    day.hq.pass(90 * 24 * 3_600);
    day.crew.keep_unreplicated(false);
    day.act();
    day.delivers(1).await;
    assert_eq!(day.crew.outbox().unwrap().kept, 0, "for 90 days");
}

#[tokio::test]
async fn it_is_kept_for_ninety_days_by_hqs_time_and_not_longer() {
    let day = morning().await;
    day.hq.with_log(|log| log.replicated = Some(0));
    day.act();
    day.delivers(1).await;
    for (passes, kept) in [(90 * 24 * 3_600 - 1, 2), (1, 2)] {
        day.hq.pass(passes);
        day.act();
        day.delivers(1).await;
        assert_eq!(day.crew.outbox().unwrap().kept, kept);
    }
}

#[tokio::test]
async fn it_is_not_kept_longer_than_its_job() {
    let day = morning().await;
    day.hq.with_log(|log| log.replicated = Some(0));
    day.act();
    let other = paper::set([50]);
    let request = crewseal::ActRequest::new(EventKind::Count, other);
    day.crew.record(paper::OTHER_JOB, &request).unwrap();
    let delivered = day.crew.sync().await.unwrap().receipted;
    assert_eq!(delivered, 3, "with the terms of the other job");
    assert_eq!(day.crew.outbox().unwrap().kept, 3);
    let kept = day.crew.forget(paper::JOB).map(|_| day.crew.outbox().unwrap().kept);
    assert_eq!(kept.unwrap(), 2, "those of the other job");
    day.crew.forget(paper::OTHER_JOB).unwrap();
    assert_eq!(day.crew.outbox().unwrap().kept, 0);
    // The queue is what it says that it is.
    let Morning { home, vault, crew, .. } = day;
    drop(crew);
    assert_eq!(open(home.path(), &vault).outbox().unwrap().waiting, 0);
}
