//! Answers that say something else than HQ's log, or that HQ did not sign.

use crewseal_custody::log::{CheckpointError, LogKey};
use crewseal_custody::logged::ReceiptError;
use crewseal_custody::{Contradiction, KeyList, Outcome, Tick};
use fixtures::hq::Lie;
use fixtures::log::CheckpointKey;
use fixtures::paper;

use super::super::sync::morning::{SAID, morning};
use super::{contradicted, evidence, lied};

#[tokio::test]
async fn an_answer_that_says_something_else_than_the_log_settles_nothing() {
    for lie in [Lie::Places, Lie::Proof, Lie::Outcome] {
        let day = morning().await;
        let acts = [day.act(), day.act()];
        for _ in 0..2 {
            day.hq.lie(lie);
            let why = lied(&day).await;
            assert!(matches!(why, ReceiptError::Root | ReceiptError::Proof(_)), "{lie:?}: {why}");
            assert_eq!(day.waiting(), 2, "{lie:?}");
            assert_eq!(evidence(&day.crew), 1, "{lie:?}: the same lie is the same evidence");
        }
        let [kept] = &day.crew.contradictions().unwrap()[..] else { panic!("one") };
        let signed = String::from_utf8(kept.kept.clone()).unwrap();
        assert!(signed.starts_with(paper::ORIGIN), "what HQ signed of it: {signed}");
        day.delivers(2).await;
        assert_eq!(day.at_hq(), acts, "{lie:?}");
    }
}

#[tokio::test]
async fn an_answer_that_another_key_signed_settles_nothing() {
    let day = morning().await;
    day.act();
    day.hq.sign_with_another_key();
    assert_eq!(lied(&day).await, ReceiptError::Checkpoint(CheckpointError::Signature));
    assert_eq!((day.waiting(), evidence(&day.crew)), (1, 0), "anybody can have signed that");
    day.delivers(1).await;
}

#[tokio::test]
async fn a_log_that_has_the_event_as_another_devices_settles_nothing() {
    let day = morning().await;
    day.act();
    day.hq.answer_for_another_device();
    assert_eq!(lied(&day).await, ReceiptError::Root);
    // What stands in the log stands there.
    assert_eq!(lied(&day).await, ReceiptError::Root);
    assert_eq!((day.waiting(), evidence(&day.crew)), (1, 1));
}

#[tokio::test]
async fn a_checkpoint_by_a_retired_key_settles_nothing() {
    let day = morning().await;
    let known = day.hq.keys().newest().unwrap().clone();
    let next = paper::next_key_list(&known);
    let retired = LogKey { until: paper::MORNING + 1_000, ..known.log[0] };
    let log = vec![retired, CheckpointKey::of(0x11).listed()];
    let both = [paper::list_key(), paper::next_list_key()];
    day.hq.list_keys(KeyList { log, ..next }, &both);
    day.hq.expire_sessions();
    day.act();
    assert_eq!(lied(&day).await, ReceiptError::Checkpoint(CheckpointError::Signature));
    assert_eq!((day.crew.key_list().unwrap(), day.waiting()), (2, 1));
}

#[tokio::test]
async fn silence_about_an_event_is_named_and_the_entry_stays() {
    let day = morning().await;
    let acts: Vec<_> = (0..4).map(|_| day.act()).collect();
    day.hq.keep_silent_about(Some(acts[2]));
    let delivered = day.crew.sync().await.unwrap();
    assert_eq!((delivered.receipted, delivered.unanswered), (2, 2));
    assert_eq!(day.hq.batches(), [4, 2], "asked again once, as the first answer led on");
    for _ in 0..3 {
        let delivered = day.crew.sync().await.unwrap();
        assert_eq!((delivered.receipted, delivered.unanswered, day.waiting()), (0, 2, 2));
    }
    assert_eq!(day.hq.batches().len(), 5, "once a sync");
    day.hq.keep_silent_about(None);
    day.delivers(2).await;
}

#[tokio::test]
async fn an_event_of_an_erased_job_is_settled_by_its_id() {
    let day = morning().await;
    day.hq.with_log(|log| log.replicated = Some(0));
    day.hq.say(Outcome::Erased);
    let act = day.act();
    day.delivers(1).await;
    let receipt = day.crew.hq_receipt(act).unwrap().unwrap();
    assert_eq!((receipt.outcome, receipt.place), (Outcome::Erased, SAID));
    assert_eq!(day.crew.outbox().unwrap().kept, 0, "nothing of it stays");
}

#[tokio::test]
async fn a_time_before_that_of_an_earlier_tick_is_named_once_and_gone_on_with() {
    let day = morning().await;
    day.hq.tell_time(Some(Tick { at: paper::MORNING + 7_000, ..paper::tick(3) }));
    day.crew.fetch().await.unwrap();
    let back = Tick { at: paper::MORNING + 6_000, ..paper::tick(4) };
    day.hq.tell_time(Some(back.clone()));
    assert_eq!(contradicted(day.crew.fetch().await), Contradiction::Time);
    assert_eq!(evidence(&day.crew), 1);
    day.hq.tell_time(Some(Tick { number: 5, ..back }));
    day.crew.fetch().await.unwrap();
    assert_eq!(evidence(&day.crew), 1, "it is said once");
    // HQ may have corrected its clock: the phone goes on with what it says now.
    day.act();
    day.delivers(1).await;
    assert_eq!(day.hq.events()[0].anchor.number, 5);
}

#[tokio::test]
async fn a_tick_of_another_origin_is_not_hqs_word() {
    let day = morning().await;
    let origin = "other.example/log".to_owned();
    day.hq.tell_time(Some(Tick { origin, ..paper::tick(9) }));
    let refused = day.crew.fetch().await;
    assert!(matches!(refused, Err(crewseal::CrewError::FromHq(_))), "{refused:?}");
}
