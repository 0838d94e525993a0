//! A phone that enrolled before there were key lists.

use std::sync::Arc;

use fixtures::hq::MockHq;
use fixtures::paper;

use super::*;
use crate::clock::SystemClock;
use crate::vault::SoftwareVault;

/// Makes an enrolment what it was before there were key lists.
fn as_it_was(crew: &Crew, authority: &[u8], hq: crewseal_custody::signed::PublicKey) {
    let state = &mut *crew.phone.state().unwrap();
    (state.client, state.act_cache, state.epoch) = (None, None, None);
    let written = state.store.transaction(|t| {
        let mut enrolment = read_enrolment(t)?;
        enrolment.key_lists.clear();
        enrolment.authority = Some(authority.to_vec().into());
        enrolment.hq = Some(hq);
        enrolment.sealing_key = Some(paper::opening_key().public().to_bytes().into());
        Ok::<_, CrewError>(t.put(ENROLMENT, ONLY, None, &cbor::to_vec(&enrolment))?)
    });
    written.unwrap();
}

#[tokio::test]
async fn a_phone_from_before_key_lists_follows_those_that_name_its_key() {
    let (home, hq) = (tempfile::tempdir().unwrap(), MockHq::start().await);
    let vault = SoftwareVault::open(&home.path().join("keys"), "passphrase", 1).unwrap();
    let clock = Arc::new(SystemClock::new(crewseal_custody::BootId([1; 4])));
    let crew = Crew::open(&home.path().join("phone"), Arc::new(vault), clock).unwrap();
    crew.enrol(&hq.invitation()).await.unwrap();
    crew.fetch().await.unwrap();

    as_it_was(&crew, hq.authority(), paper::other_hq().public);
    let refused = crew.fetch().await;
    assert!(matches!(refused, Err(CrewError::HqKeys(KeyListError::OtherHq))), "{refused:?}");
    assert_eq!(crew.key_list().unwrap(), 0, "the lists of another HQ are none for it");

    as_it_was(&crew, hq.authority(), paper::hq().public);
    assert!(crew.is_enrolled().unwrap());
    assert_eq!(crew.jobs().unwrap().len(), 0, "by the clock of today they are over");
    crew.fetch().await.unwrap();
    assert_eq!(crew.key_list().unwrap(), 1);
    crew.fetch().await.unwrap();
}
