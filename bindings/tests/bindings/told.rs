//! What HQ told, and what it could not be told, as an app asks for it.

use crewseal_custody::cbor::Version;
use crewseal_custody::signed::Signed;
use crewseal_custody::{DeviceId, Revocations};
use crewseal_ffi::{Act, Advice, Crew, CrewError, HqContradiction, SetAside, Undeliverable};
use fixtures::paper;

use crate::hq::{Hq, JOB};
use crate::phone::open;

async fn crew(hq: &Hq) -> (tempfile::TempDir, Crew) {
    let directory = tempfile::tempdir().unwrap();
    let crew = open(directory.path()).await.unwrap();
    crew.enrol(hq.invitation(), None).await.unwrap();
    crew.fetch(None).await.unwrap();
    (directory, crew)
}

#[tokio::test]
async fn a_job_that_ended_is_named_until_it_is_forgotten() {
    let hq = Hq::open().await;
    let (_directory, crew) = crew(&hq).await;
    assert_eq!(crew.ended_jobs().await, Ok(Vec::new()));
    hq.end();
    crew.fetch(None).await.unwrap();
    assert_eq!(crew.ended_jobs().await, Ok(vec![JOB]));
    crew.forget(JOB).await.unwrap();
    assert_eq!(crew.ended_jobs().await, Ok(Vec::new()));
}

#[tokio::test]
async fn hq_is_held_to_what_it_said_first() {
    let hq = Hq::open().await;
    let (_directory, crew) = crew(&hq).await;
    let list = |device: u8| -> Signed<Revocations> {
        let since = [(DeviceId([device; 16]), 100)].into();
        let origin = paper::ORIGIN.to_owned();
        paper::hq().sign(Revocations { version: Version, origin, epoch: 1, since })
    };
    let (first, other) = (list(1), list(2));
    hq.revoke(first.clone());
    crew.fetch(None).await.unwrap();
    assert_eq!(crew.contradictions().await, Ok(Vec::new()));
    hq.revoke(other.clone());
    let error = crew.fetch(None).await.unwrap_err();
    assert_eq!(error.advice(), Advice::Report);
    assert!(matches!(error, CrewError::FromHq { .. }), "{error:?}");
    let (kept, refused) = (first.as_bytes().to_vec(), other.as_bytes().to_vec());
    assert_eq!(crew.contradictions().await, Ok(vec![HqContradiction { kept, refused }]));
    crew.fetch(None).await.unwrap();
}

#[tokio::test]
async fn an_entry_that_is_too_large_for_the_way_is_set_aside_and_waits() {
    let hq = Hq::open().await;
    let (_directory, crew) = crew(&hq).await;
    // After its terms and an act under them, which are two entries, one goes alone.
    crew.record(Act::Count, JOB, Vec::new(), Vec::new(), None).await.unwrap();
    assert_eq!(crew.sync(None).await.unwrap().receipted, 2);
    let event = crew.record(Act::Count, JOB, Vec::new(), Vec::new(), None).await.unwrap();
    hq.take_none_so_large();
    assert_eq!(crew.sync(None).await.unwrap().receipted, 0);
    let outbox = crew.outbox().await.unwrap();
    let why = Undeliverable::TooLarge;
    assert_eq!((outbox.waiting, outbox.set_aside), (1, vec![SetAside { event, why }]));
    assert_eq!(why.text_key(), "undeliverable_too_large");
}
