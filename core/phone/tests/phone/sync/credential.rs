//! HQ's word about this device: renewed in time, and never for somebody else; and the
//! recovery code of its carrier.

use std::sync::Arc;

use crewseal::{ActRequest, Crew, CrewError, VouchedBy};
use crewseal_custody::signed::Signed;
use crewseal_custody::{Credential, EventKind, RecoveryCode};
use fixtures::clock::Standing;
use fixtures::hq::MockHq;
use fixtures::{files, paper, vault};
use tempfile::TempDir;

fn open(home: &TempDir) -> Crew {
    let vault = Arc::new(vault::software(home.path()));
    Crew::open(&files::store(home.path()), vault, Arc::new(Standing)).unwrap()
}

fn serials(crew: &Crew) -> Vec<u64> {
    crew.credentials().unwrap().iter().map(|credential| credential.serial).collect()
}

#[tokio::test]
async fn a_fetch_renews_what_soon_ends_and_keeps_what_was() {
    let (home, hq) = (tempfile::tempdir().unwrap(), MockHq::start().await);
    hq.vouch_until(paper::MORNING + 7_200);
    let crew = open(&home);
    crew.enrol(&hq.invitation()).await.unwrap();
    assert_eq!(serials(&crew), [1]);
    crew.fetch().await.unwrap();
    assert_eq!((serials(&crew), hq.requests("credential")), (vec![1, 2], 1));
    crew.fetch().await.unwrap();
    assert_eq!(hq.requests("credential"), 1, "the new one holds for long");
    drop(crew);
    let crew = open(&home);
    let credentials: Vec<Signed<Credential>> = crew.credentials().unwrap();
    assert_eq!(credentials[0].carrier, credentials[1].carrier);
    assert_eq!(credentials[1].valid_to, u64::MAX);
    let boxes = paper::tokens([0]).into_iter().collect();
    crew.record(paper::JOB, &ActRequest::new(EventKind::Count, boxes)).unwrap();
}

#[tokio::test]
async fn a_sync_renews_too_also_after_the_end() {
    let (home, hq) = (tempfile::tempdir().unwrap(), MockHq::start().await);
    hq.vouch_until(paper::MORNING - 1);
    let crew = open(&home);
    crew.enrol(&hq.invitation()).await.unwrap();
    crew.sync().await.unwrap();
    assert_eq!(serials(&crew), [1, 2]);
}

#[tokio::test]
async fn a_renewal_for_another_carrier_is_refused_and_delivery_goes_on() {
    let (home, hq) = (tempfile::tempdir().unwrap(), MockHq::start().await);
    hq.vouch_until(paper::MORNING + 7_200);
    hq.renew_for_another();
    let crew = open(&home);
    crew.enrol(&hq.invitation()).await.unwrap();
    assert!(matches!(crew.fetch().await, Err(CrewError::FromHq(_))));
    crew.sync().await.unwrap();
    assert_eq!(serials(&crew), [1]);
}

#[tokio::test]
async fn the_recovery_code_is_there_until_it_is_noted() {
    let (home, hq) = (tempfile::tempdir().unwrap(), MockHq::start().await);
    let crew = open(&home);
    assert!(matches!(crew.recovery_code(), Err(CrewError::NotEnrolled)));
    crew.enrol(&hq.invitation()).await.unwrap();
    let code = crew.recovery_code().unwrap().unwrap();
    assert_eq!(code.key().carrier(&crew.device()), crew.credentials().unwrap()[0].carrier);
    crew.enrol(&hq.invitation()).await.unwrap();
    drop(crew);
    let crew = open(&home);
    assert_eq!(crew.recovery_code().unwrap(), Some(code), "the same one after all that");
    crew.recovery_code_noted().unwrap();
    assert_eq!(crew.recovery_code().unwrap(), None);
}

#[tokio::test]
async fn what_an_invitation_says_is_shown_before_anybody_is_asked() {
    let (home, hq) = (tempfile::tempdir().unwrap(), MockHq::start().await);
    let preview = Crew::preview(&hq.invitation()).unwrap();
    let identity = hq.keys().identity();
    assert_eq!(preview.fingerprint, crewseal_custody::fingerprint(&identity));
    assert_eq!((preview.origin.as_str(), preview.carrier), (paper::ORIGIN, None));
    assert!(matches!(Crew::preview(b"no invitation"), Err(CrewError::Invitation(_))));
    // It is nobody's further device, so nobody can vouch for it.
    let crew = open(&home);
    assert!(matches!(crew.ask_for_voucher(&hq.invitation()), Err(CrewError::NotForMe)));
    let code = VouchedBy::RecoveryCode(RecoveryCode::from_bytes([1; 16]));
    let refused = crew.enrol_vouched(&hq.invitation(), code).await;
    assert!(matches!(refused, Err(CrewError::NotForMe)));
    assert_eq!(hq.requests("enrol"), 0);
}
