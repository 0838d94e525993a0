//! HQ lost the end of its log and goes on with another.

use crewseal_custody::Contradiction;
use crewseal_custody::log::TreeHead;
use crewseal_custody::signed::Digest;
use fixtures::paper;

use super::super::sync::morning::{Morning, SAID, morning, open};
use super::{contradicted, evidence};

/// A day on which HQ has no copy of anything, and four acts that it has.
async fn unreplicated() -> (Morning, Vec<crewseal_custody::EventId>) {
    let day = morning().await;
    day.hq.with_log(|log| log.replicated = Some(0));
    let acts: Vec<_> = (0..4).map(|_| day.act()).collect();
    day.delivers(4).await;
    (day, acts)
}

#[tokio::test]
async fn what_hq_lost_is_sent_again_in_its_order() {
    let (day, acts) = unreplicated().await;
    day.hq.restore(SAID + 1);
    day.hq.pass(60);
    day.crew.fetch().await.unwrap();
    let status = day.crew.outbox().unwrap();
    assert_eq!((status.waiting, status.kept), (3, 0), "what HQ still has is let go");
    assert_eq!(day.crew.hq_receipt(acts[1]).unwrap(), None, "its place is void");
    let held = day.crew.hq_receipt(acts[0]).unwrap().unwrap();
    assert_eq!((held.log, held.place), (1, SAID));
    assert_eq!(day.crew.receipted_and_lost().unwrap(), [], "it is here to be sent again");

    let next = day.act();
    day.delivers(4).await;
    for (place, act) in (1..).zip(acts[1..].iter().chain([&next])) {
        let receipt = day.crew.hq_receipt(*act).unwrap().unwrap();
        assert_eq!((receipt.log, receipt.place), (2, place));
    }
    assert_eq!(evidence(&day.crew), 0, "HQ said so itself");
    assert_eq!(day.hq.requests("restore"), 1);
    let Morning { home, vault, crew, hq: _hq } = day;
    drop(crew);
    let crew = open(home.path(), &vault);
    assert_eq!(crew.hq_receipt(acts[3]).unwrap().unwrap().log, 2);
}

#[tokio::test]
async fn what_is_not_here_any_more_is_receipted_and_lost() {
    let day = morning().await;
    let acts: Vec<_> = (0..3).map(|_| day.act()).collect();
    day.delivers(3).await;
    day.hq.restore(SAID + 1);
    day.hq.pass(60);
    day.crew.fetch().await.unwrap();
    assert_eq!(day.waiting(), 0);
    assert_eq!(day.crew.receipted_and_lost().unwrap(), acts[1..]);
    for act in &acts[1..] {
        assert_eq!(day.crew.hq_receipt(*act).unwrap(), None);
        assert!(day.crew.receipt_evidence(*act).unwrap().is_some(), "it is evidence");
    }
    assert_eq!(evidence(&day.crew), 0);
}

#[tokio::test]
async fn a_restore_that_loses_what_hq_said_to_have_twice_accuses_it() {
    let day = morning().await;
    day.hq.with_log(|log| log.replicated = Some(SAID + 2));
    for _ in 0..3 {
        day.act();
    }
    day.delivers(3).await;
    assert_eq!(day.crew.outbox().unwrap().kept, 1);
    day.hq.restore(SAID + 1);
    day.hq.pass(60);
    assert_eq!(contradicted(day.crew.fetch().await), Contradiction::LostReplicated);
    let [both] = &day.crew.contradictions().unwrap()[..] else { panic!("one") };
    let promised = day.hq.keys().open_checkpoint(&both.kept).unwrap();
    assert_eq!(promised.checkpoint().replicated, Some(SAID + 2));
    let restore = crewseal_custody::logged::Restore::open(&both.refused, &day.hq.keys()).unwrap();
    assert_eq!(restore.kept.size, SAID + 1);
    // All the same it goes on, with what it still has.
    assert_eq!((day.waiting(), day.crew.receipted_and_lost().unwrap().len()), (1, 1));
    day.delivers(1).await;
    day.crew.fetch().await.unwrap();
    assert_eq!(evidence(&day.crew), 1, "said once");
}

#[tokio::test]
async fn a_restore_that_ends_another_log_accuses_hq() {
    // Of the size that the phone knows, and of one that HQ cannot show to go on from it.
    for size in [SAID + 4, SAID + 9] {
        let (day, _) = unreplicated().await;
        let kept = TreeHead { generation: 1, size, root: Digest([0x66; 32]) };
        day.hq.restore_as(SAID + 4, kept);
        day.hq.pass(60);
        assert_eq!(contradicted(day.crew.fetch().await), Contradiction::Logs, "{size}");
        assert_eq!(evidence(&day.crew), 1, "{size}");
        day.crew.fetch().await.unwrap();
        assert_eq!(evidence(&day.crew), 1, "{size}: said once");
    }
}

#[tokio::test]
async fn a_log_of_which_hq_does_not_show_how_it_began_accuses_hq() {
    let (day, _) = unreplicated().await;
    day.hq.restore(SAID);
    day.hq.hide_restores();
    day.hq.pass(60);
    assert_eq!(contradicted(day.crew.fetch().await), Contradiction::Logs);
    day.crew.fetch().await.unwrap();
    assert_eq!(evidence(&day.crew), 1);
    assert_eq!(day.crew.outbox().unwrap().kept, 4, "nothing is let go for that");
}

#[tokio::test]
async fn a_phone_that_was_away_for_two_of_them_follows_both() {
    let (day, acts) = unreplicated().await;
    day.hq.restore(SAID);
    day.hq.pass(60);
    day.hq.restore(1);
    day.hq.pass(60);
    day.act();
    assert_eq!(day.crew.sync().await.unwrap().receipted, 1);
    assert_eq!(day.hq.requests("restore"), 2);
    assert_eq!((evidence(&day.crew), day.waiting()), (0, 4));
    day.delivers(4).await;
    for act in acts {
        assert_eq!(day.crew.hq_receipt(act).unwrap().unwrap().log, 3);
    }
    assert_eq!(day.hq.acts().iter().filter(|act| act.job == paper::JOB).count(), 5);
}
