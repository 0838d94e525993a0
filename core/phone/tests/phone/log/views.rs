//! One log for everybody: what phones learn of it, HQ must show to be one.

use std::path::Path;
use std::sync::Arc;

use crewseal::{Crew, Introduction};
use crewseal_custody::cbor::Version;
use crewseal_custody::logged::Leaf;
use crewseal_custody::signed::{Digest, Signed};
use crewseal_custody::{Contradiction, DeviceId, Revocations, Role, Tick};
use fixtures::clock::Standing;
use fixtures::hq::MockHq;
use fixtures::paper::{self, JOB, set};
use fixtures::{files, vault};

use super::super::sync::morning::{Morning, SAID, morning, open as open_watched};
use super::{contradicted, evidence};

fn open(home: &Path) -> Crew {
    Crew::open(&files::store(home), Arc::new(vault::software(home)), Arc::new(Standing)).unwrap()
}

async fn enrolled(home: &Path, hq: &MockHq, role: Role, pseudonym: &'static str) -> Crew {
    let crew = open(home);
    hq.enrol_as(role, pseudonym);
    crew.enrol(&hq.invitation()).await.unwrap();
    crew
}

/// Puts something of HQ's own into its log.
fn goes_on(hq: &MockHq, number: u8) {
    let leaf =
        Leaf::Act { kind: crewseal_custody::logged::ActKind::Roll, digest: Digest([number; 32]) };
    hq.with_log(|log| log.push(leaf));
}

#[tokio::test]
async fn that_the_log_goes_on_is_shown_after_each_sync_and_fetch() {
    let day = morning().await;
    day.act();
    day.delivers(1).await;
    assert_eq!(day.hq.requests("consistency"), 1);
    day.delivers(0).await;
    assert_eq!(day.hq.requests("consistency"), 1, "of what is shown nothing is asked again");
    goes_on(&day.hq, 1);
    day.crew.fetch().await.unwrap();
    assert_eq!(day.hq.requests("consistency"), 2);
    assert_eq!(evidence(&day.crew), 0);
}

/// Of one size two phones are told two logs. When they meet, it comes out.
#[tokio::test]
async fn a_forked_log_comes_out_when_two_phones_meet() {
    for (name, more) in [("of one size", 0), ("of two sizes", 1)] {
        let (one, other) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let hq = MockHq::start().await;
        let giver = enrolled(one.path(), &hq, Role::Mover, "Mover 17").await;
        let receiver = enrolled(other.path(), &hq, Role::Driver, "Driver 4").await;
        goes_on(&hq, 1);
        giver.fetch().await.unwrap();
        let shown = hq.with_log(|log| log.clone());
        hq.with_log(|log| log.truncate(0));
        (0..=more).for_each(|_| goes_on(&hq, 2));
        receiver.fetch().await.unwrap();
        assert_eq!((evidence(&giver), evidence(&receiver)), (0, 0), "{name}");

        // The receiver shows his tick, and the giver asks at the next sync.
        let hello = receiver.hello(Introduction::Omitted).unwrap();
        giver.offer(JOB, &set(0..3), &[], &hello).unwrap();
        hq.with_log(|log| *log = shown);
        for told in [true, false] {
            let synced = giver.sync().await;
            if told {
                assert_eq!(contradicted(synced), Contradiction::Logs, "{name}");
            } else {
                synced.unwrap();
            }
            let [both] = &giver.contradictions().unwrap()[..] else { panic!("{name}: one") };
            let heads = [&both.kept, &both.refused]
                .map(|bytes| hq.keys().open::<Tick>(bytes).unwrap().log.unwrap());
            assert!(heads[0].root != heads[1].root, "{name}: {heads:?}");
        }
        assert_eq!(giver.outbox().unwrap().waiting, 0, "{name}: what HQ has, it has");
    }
}

#[tokio::test]
async fn without_a_network_hq_is_asked_another_time() {
    let day = morning().await;
    goes_on(&day.hq, 1);
    day.act();
    day.hq.answer_503(None);
    day.fails().await;
    day.delivers(1).await;
    let Morning { home, vault, crew, hq } = day;
    hq.stop();
    crew.sync().await.unwrap();
    drop(crew);
    assert_eq!(evidence(&open_watched(home.path(), &vault)), 0);
}

#[tokio::test]
async fn a_log_that_was_rolled_back_settles_nothing_more() {
    let day = morning().await;
    day.hq.with_log(|log| log.replicated = Some(SAID));
    day.act();
    day.act();
    day.delivers(2).await;
    day.hq.with_log(|log| log.truncate(SAID));
    day.hq.pass(60);
    day.act();
    for _ in 0..3 {
        assert_eq!(contradicted(day.crew.sync().await), Contradiction::Logs);
        assert_eq!(day.waiting(), 1, "the queue is whole");
        assert_eq!(evidence(&day.crew), 1);
    }
    let [both] = &day.crew.contradictions().unwrap()[..] else { panic!("one") };
    let opened = [&both.kept, &both.refused].map(|bytes| day.hq.keys().open_checkpoint(bytes));
    let [kept, refused] = opened.map(|signed| *signed.unwrap().checkpoint());
    assert!(kept.head.size > refused.head.size && kept.at < refused.at, "{kept:?} {refused:?}");
}

#[tokio::test]
async fn a_copy_that_shrinks_settles_nothing() {
    let day = morning().await;
    day.hq.with_log(|log| log.replicated = Some(SAID));
    day.act();
    day.delivers(1).await;
    day.hq.with_log(|log| log.replicated = Some(SAID - 1));
    day.act();
    assert_eq!(contradicted(day.crew.sync().await), Contradiction::Logs);
    assert_eq!((day.waiting(), evidence(&day.crew)), (1, 1));
}

fn list(epoch: u64, since: &[(u8, u64)]) -> Signed<Revocations> {
    let since = since.iter().map(|(device, since)| (DeviceId([*device; 16]), *since)).collect();
    let origin = paper::ORIGIN.to_owned();
    paper::hq().sign(Revocations { version: Version, origin, epoch, since })
}

#[tokio::test]
async fn a_list_of_revoked_devices_that_is_not_in_the_log_is_refused() {
    let day = morning().await;
    day.hq.keep_revocations_out();
    let hidden = list(1, &[(1, 100)]);
    day.hq.revoke(hidden.clone());
    assert_eq!(contradicted(day.crew.fetch().await), Contradiction::NotLogged);
    let [both] = &day.crew.contradictions().unwrap()[..] else { panic!("one") };
    assert_eq!(both.refused, hidden.as_bytes());
    assert!(day.hq.keys().open::<Tick>(&both.kept).is_ok(), "the tick that does not know it");
    assert_eq!(day.crew.fetch().await.unwrap().jobs, 2, "told once, and all else is here");
}

#[tokio::test]
async fn revocations_that_hq_names_and_does_not_tell_are_named_after_a_day() {
    let day = morning().await;
    let names = |epoch, at| Some(Tick { epoch: Some(epoch), at, ..paper::tick(2) });
    let first = paper::MORNING + 6_000;
    day.hq.tell_time(names(3, first));
    day.crew.fetch().await.unwrap();
    day.hq.tell_time(names(3, first + 86_400));
    assert_eq!(contradicted(day.crew.fetch().await), Contradiction::Withheld);
    day.crew.fetch().await.unwrap();
    assert_eq!(evidence(&day.crew), 1);
}

#[tokio::test]
async fn an_older_pack_of_a_job_is_refused_and_forgotten_with_the_job() {
    let day = morning().await;
    let first = paper::hq().sign(paper::manifest(1, None, &paper::tokens(0..10)));
    let grown = paper::manifest(2, Some(first.id()), &paper::tokens(200..201));
    day.hq.issue(vec![first.clone(), paper::hq().sign(grown)]);
    day.crew.fetch().await.unwrap();
    day.hq.issue(vec![first]);
    assert_eq!(contradicted(day.crew.fetch().await), Contradiction::OldPack);
    assert_eq!(evidence(&day.crew), 1);
    assert_eq!(day.crew.tally(JOB).unwrap().count().expected, 11, "the newer one stays");
    day.crew.forget(JOB).unwrap();
    assert_eq!(evidence(&day.crew), 0, "it says who the customer is");
}
