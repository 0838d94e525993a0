//! Whatever HQ answers, or the network for it: nothing is lost, and what went wrong is
//! named.

use std::sync::Arc;
use std::time::Duration;

use crewseal::Delivered;
use crewseal::outbox::queue::{SetAside, Undeliverable};
use crewseal::sync::SyncError;
use crewseal_custody::{EventId, Refusal};
use fixtures::hq::{CertificateKind, MockHq};

use super::morning::{Morning, Watched, morning, open, why};

#[tokio::test]
async fn what_was_recorded_arrives_once_and_in_order() {
    let day = morning().await;
    let acts: Vec<EventId> = (0..3).map(|_| day.act()).collect();
    day.delivers(3).await;
    assert_eq!(day.at_hq(), acts);
    day.delivers(0).await;
    assert_eq!(day.hq.requests("outbox"), 1, "an empty queue asks nobody");
}

#[tokio::test]
async fn an_expired_session_is_renewed_once_and_the_batch_arrives() {
    let day = morning().await;
    day.act();
    let before = day.hq.requests("session");
    day.hq.expire_sessions();
    day.delivers(1).await;
    assert_eq!(day.hq.requests("session"), before + 1);
    assert_eq!(day.hq.requests("outbox"), 2);
}

#[tokio::test]
async fn a_device_that_hq_does_not_admit_asks_once_more_and_no_oftener() {
    let day = morning().await;
    day.act();
    day.hq.admit_nobody();
    assert_eq!(day.fails().await, (SyncError::NotAdmitted, None));
    assert_eq!(day.hq.requests("outbox"), 2);
    assert_eq!(day.waiting(), 1);
}

#[tokio::test]
async fn a_busy_hq_is_left_alone_for_as_long_as_it_asks() {
    let day = morning().await;
    day.act();
    let asked = Duration::from_secs(120);
    day.hq.answer_503(Some(120));
    day.hq.answer_429(Some(120));
    for _ in 0..2 {
        let (error, again_after) = day.fails().await;
        assert_eq!(error, SyncError::Busy { retry_after: Some(asked) });
        assert!(again_after.is_some_and(|wait| wait >= asked), "{again_after:?}");
    }
    day.hq.answer_503(None);
    let (error, again_after) = day.fails().await;
    assert_eq!(error, SyncError::Busy { retry_after: None });
    assert!(again_after.is_some());
    day.delivers(1).await;
}

#[tokio::test]
async fn a_truncated_answer_is_unreadable_and_the_next_sync_delivers() {
    let day = morning().await;
    let act = day.act();
    day.hq.truncate_answer();
    let (error, again_after) = day.fails().await;
    assert_eq!(error, SyncError::Unreadable);
    assert!(again_after.is_some());
    assert_eq!(day.waiting(), 1, "HQ has it, but the phone cannot know");
    day.delivers(1).await;
    assert_eq!(day.at_hq(), [act], "the same event, so once");
}

#[tokio::test]
async fn after_a_dropped_answer_the_same_is_sent_again_and_the_queue_empties() {
    let day = morning().await;
    let act = day.act();
    day.hq.drop_answer();
    let (error, again_after) = day.fails().await;
    assert!(matches!(error, SyncError::Unreadable | SyncError::Offline), "{error:?}");
    assert!(again_after.is_some());
    day.delivers(1).await;
    assert_eq!(day.at_hq(), [act]);
}

#[tokio::test]
async fn a_networks_login_page_is_named_and_not_taken_for_hq() {
    let day = morning().await;
    day.act();
    day.hq.answer_html();
    day.hq.redirect();
    day.hq.answer_status(511);
    for _ in 0..3 {
        assert_eq!(day.fails().await, (SyncError::CaptivePortal, None));
    }
    day.delivers(1).await;
}

#[tokio::test]
async fn a_refused_request_is_to_be_reported_and_loses_nothing() {
    let day = morning().await;
    day.act();
    day.hq.answer_status(400);
    let error = day.crew.sync().await.unwrap_err();
    assert_eq!(why(error), (SyncError::Refused { status: 400 }, None));
    day.delivers(1).await;
}

#[tokio::test]
async fn somebody_elses_certificate_is_named() {
    for (papers, expected) in [
        (CertificateKind::OfAnotherAuthority, SyncError::WrongCertificate),
        (CertificateKind::Expired, SyncError::WrongClock),
    ] {
        let home = tempfile::tempdir().unwrap();
        let (vault, hq) = (Arc::<Watched>::default(), MockHq::start_with(papers).await);
        let error = open(home.path(), &vault).enrol(&hq.invitation()).await.unwrap_err();
        assert_eq!(why(error), (expected, None));
        assert_eq!(hq.requests("enrol"), 0, "{papers:?}");
    }
}

#[tokio::test]
async fn without_hq_the_phone_is_offline_and_says_when_to_try_again() {
    let day = morning().await;
    day.hq.stop();
    day.act();
    let (error, again_after) = day.fails().await;
    assert_eq!(error, SyncError::Offline);
    assert!(again_after.is_some());
    assert_eq!(day.waiting(), 1);
}

#[tokio::test]
async fn one_bad_entry_of_fifty_is_parked_and_blocks_none() {
    let day = morning().await;
    let acts: Vec<EventId> = (0..50).map(|_| day.act()).collect();
    day.hq.refuse([17]);
    let delivered = day.crew.sync().await.unwrap();
    assert_eq!(delivered, Delivered { receipted: 49, parked: 1, unanswered: 0 });
    let status = day.crew.outbox().unwrap();
    assert_eq!(status.waiting, 0);
    let parked: Vec<_> = status.parked.iter().map(|one| (one.event, one.reason)).collect();
    assert_eq!(parked, [(acts[17], Refusal::Signature)]);
    assert_eq!(day.at_hq().len(), 49);
    // It stays, and it is not sent again.
    day.delivers(0).await;
    assert_eq!(day.hq.requests("outbox"), 1);
    day.act();
    day.delivers(1).await;
}

#[tokio::test]
async fn what_hq_does_not_answer_is_asked_again_at_once() {
    let day = morning().await;
    for _ in 0..5 {
        day.act();
    }
    day.hq.answer_half();
    day.delivers(5).await;
    assert_eq!(day.hq.batches(), [5, 3], "the rest is asked again at once");
    assert_eq!(day.at_hq().len(), 5);
}

#[tokio::test]
async fn what_is_too_much_is_halved_until_it_is_taken() {
    let day = morning().await;
    let acts: Vec<EventId> = (0..8).map(|_| day.act()).collect();
    for _ in 0..2 {
        day.hq.answer_status(413);
    }
    day.delivers(8).await;
    assert_eq!(day.at_hq(), acts, "in order, none left out");
    let batches = day.hq.batches();
    assert!(batches[0] <= 2, "halved twice: {batches:?}");
    assert!(batches.iter().max() > batches.first(), "and it grows again: {batches:?}");
}

#[tokio::test]
async fn an_entry_that_is_too_much_alone_is_set_aside_and_blocks_none() {
    let day = morning().await;
    let acts: Vec<EventId> = (0..2).map(|_| day.act()).collect();
    // Both, then the first alone.
    day.hq.answer_status(413);
    day.hq.answer_status(413);
    let delivered = day.crew.sync().await.unwrap();
    assert_eq!(delivered, Delivered { receipted: 1, parked: 0, unanswered: 0 });
    assert_eq!(day.at_hq(), acts[1..]);
    let status = day.crew.outbox().unwrap();
    assert_eq!((status.waiting, status.damaged, status.parked.len()), (0, 0, 0));
    let aside = SetAside { event: acts[0], why: Undeliverable::TooLarge };
    assert_eq!(status.set_aside, [aside]);
    let asked = day.hq.requests("outbox");
    day.delivers(0).await;
    assert_eq!(day.hq.requests("outbox"), asked, "it is not tried in a loop");

    // It is tried again when the app starts anew.
    let Morning { home, vault, crew, hq } = day;
    drop(crew);
    let crew = open(home.path(), &vault);
    assert_eq!(crew.sync().await.unwrap().receipted, 1);
    assert_eq!(hq.events().len(), 2);
}

#[tokio::test]
async fn where_everything_is_too_much_the_queue_waits() {
    let day = morning().await;
    for _ in 0..8 {
        day.act();
    }
    for _ in 0..7 {
        day.hq.answer_status(413);
    }
    // 8, 4, 2, and then three alone; the seventh says that it is not the entries.
    assert_eq!(day.fails().await, (SyncError::TooLarge, None));
    assert_eq!(day.hq.requests("outbox"), 7);
    assert_eq!((day.crew.outbox().unwrap().set_aside.len(), day.waiting()), (3, 5));
    day.delivers(5).await;
}

#[tokio::test]
async fn a_batch_that_hq_does_not_put_together_goes_in_halves() {
    let day = morning().await;
    for _ in 0..4 {
        day.act();
    }
    day.hq.answer_status(422);
    day.delivers(4).await;
    assert_eq!(day.hq.batches()[0], 2);
}

#[tokio::test]
async fn after_hq_waited_too_long_less_is_sent_once_and_then_later() {
    let day = morning().await;
    for _ in 0..8 {
        day.act();
    }
    day.hq.answer_status(408);
    day.delivers(8).await;
    assert_eq!(day.hq.batches()[0], 4);

    for _ in 0..8 {
        day.act();
    }
    day.hq.answer_status(408);
    day.hq.answer_status(408);
    let (error, again_after) = day.fails().await;
    assert_eq!(error, SyncError::TooSlow);
    assert!(again_after.is_some());
    assert_eq!(day.waiting(), 8, "nothing is lost");
    day.delivers(8).await;
}
