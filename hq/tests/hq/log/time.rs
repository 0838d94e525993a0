//! HQ's time: what a leap of the clock does to it.

use std::sync::Arc;

use crewseal::vault::SoftwareVault;
use crewseal::{ActRequest, Crew, CrewError};
use crewseal_custody::logged::ActKind;
use crewseal_custody::{Contradiction, EventKind, cbor};
use crewseal_hq::{Hq, HqError};
use reqwest::StatusCode;

use super::{checkpoint, data, hq, leaves};
use crate::phone::{Phone, Site, TestClock, success};

async fn delivers(phone: &mut Phone, site: &Site) -> Result<(), StatusCode> {
    let envelope = phone.act(EventKind::Count, site.job, &[site.label(0)]);
    phone.deliver_batch(&phone.batch(&[envelope])).await.map(drop)
}

#[tokio::test]
async fn time_never_goes_back_and_a_small_step_is_waited_out() {
    let site = Site::open();
    let before = site.hq.tick().unwrap().at;
    site.clock.set_by(-300);
    let after = site.hq.tick().unwrap().at;
    assert!(after >= before && after < before + 60, "{before} {after}");
    site.clock.set_by(600);
    assert!(site.hq.tick().unwrap().at >= before + 300);
}

#[tokio::test]
async fn a_clock_far_behind_stops_hq_until_somebody_says_that_it_is_right() {
    let site = Site::open();
    let mut phone = site.phone().await;
    site.hq.tick().unwrap();
    site.clock.set_by(-3_600);
    assert!(matches!(site.hq.tick(), Err(HqError::ClockBehind { seconds: 3_500.. })));
    let answer = phone.get("/v1/tick").await;
    assert_eq!(answer.headers()["retry-after"], "300");
    assert_eq!(success(answer).await, Err(StatusCode::SERVICE_UNAVAILABLE));
    assert_eq!(delivers(&mut phone, &site).await, Err(StatusCode::SERVICE_UNAVAILABLE));
    // Another process is stopped, too.
    let again = Hq::open(&data(&site), site.clock.clone()).unwrap();
    assert!(matches!(again.tick(), Err(HqError::ClockBehind { .. })));

    let size = checkpoint(&site).checkpoint().head.size;
    let (before, now) = again.correct_clock().unwrap();
    assert!(before > now + 3_500, "{before} {now}");
    let log = leaves(&data(&site), 1);
    let correction = &log[usize::try_from(size).unwrap()];
    assert_eq!(correction[0], 8, "{:?} is a leaf", ActKind::ClockCorrection);
    assert!(site.hq.tick().unwrap().at < now + 60);
    phone.sequence -= 1;
    delivers(&mut phone, &site).await.unwrap();
}

#[tokio::test]
async fn a_clock_that_leaps_ahead_stops_hq_too() {
    let site = Site::open();
    let mut phone = site.phone().await;
    site.hq.tick().unwrap();
    // Time that passed is no leap.
    site.clock.advance(100 * 60);
    site.hq.tick().unwrap();
    phone.sign_in().await.unwrap();
    site.clock.set_by(3_600);
    assert!(matches!(site.hq.tick(), Err(HqError::ClockAhead { seconds: 3_500.. })));
    assert_eq!(delivers(&mut phone, &site).await, Err(StatusCode::SERVICE_UNAVAILABLE));
    // Set right again, it goes on as if nothing had been.
    site.clock.set_by(-3_600);
    let right = site.hq.tick().unwrap().at;
    site.clock.set_by(3_600);
    assert!(site.hq.tick().is_err());
    site.hq.correct_clock().unwrap();
    assert!(site.hq.tick().unwrap().at >= right + 3_500);
}

/// The operator says it on the command line, while the server runs.
#[tokio::test]
async fn the_clock_is_corrected_by_a_command() {
    let site = Site::open();
    site.hq.tick().unwrap();
    site.clock.set_by(7_200);
    assert!(site.hq.tick().is_err());
    let (status, said) = hq(site.dir.path(), "log correct-clock --data data");
    assert_eq!(status, Some(0), "{said}");
    assert!(said.contains("the log says so"), "{said}");
    site.hq.tick().unwrap();
}

/// A phone that saw the wrong time is told of it once, and goes on.
#[tokio::test]
async fn phones_go_on_after_the_clock_was_corrected() {
    let (site, home) = (Site::open(), tempfile::tempdir().unwrap());
    let vault = SoftwareVault::open(&home.path().join("keys"), "passphrase", 1).unwrap();
    // The phone's own clock is right.
    let clock = Arc::<TestClock>::default();
    let crew = Crew::open(&home.path().join("phone"), Arc::new(vault), clock).unwrap();
    crew.enrol(&cbor::to_vec(&site.invite(&[site.job]))).await.unwrap();
    crew.fetch().await.unwrap();
    let count = ActRequest::new(EventKind::Count, [site.label(0)].into());
    crew.record(site.job, &count).unwrap();
    assert!(crew.sync().await.unwrap().receipted > 0);
    site.clock.set_by(-3_600);
    site.hq.correct_clock().unwrap();
    crew.record(site.job, &count).unwrap();
    let told = crew.sync().await;
    assert!(matches!(told, Err(CrewError::Contradiction(Contradiction::Time))), "{told:?}");
    assert_eq!(crew.outbox().unwrap().waiting, 0, "it is delivered all the same");
    assert_eq!(crew.contradictions().unwrap().len(), 1);
    for _ in 0..2 {
        crew.record(site.job, &count).unwrap();
        assert!(crew.sync().await.unwrap().receipted > 0);
    }
    crew.fetch().await.unwrap_err();
    crew.fetch().await.unwrap();
}
