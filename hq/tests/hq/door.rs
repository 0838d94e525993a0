//! Who gets in, and what he then sees.

use std::collections::BTreeMap;
use std::sync::Arc;

use crewseal::vault::SoftwareVault;
use crewseal::{ActRequest, Crew, CrewError};
use crewseal_custody::cbor;
use crewseal_custody::wire::DeliveryGrant;
use crewseal_custody::{
    BoxClass, DeviceId, EventKind, Licence, Nda, Outcome, Qualifications, Revocations, Role, Tick,
};
use crewseal_hq::clock::Clock;
use reqwest::StatusCode;

use crate::phone::{Key, Phone, Site, client, outcomes, success};

#[tokio::test]
async fn an_invitation_enrols_one_device() {
    let site = Site::open();
    let phone = Phone::new(site.invite(&[site.job]), site.hq.keys());
    let credential = phone.enrol().await.unwrap();
    assert_eq!(credential.device(), phone.device());
    assert_eq!(credential.role, Role::Mover);
    assert_eq!(credential.pseudonym, "Mover 17");
    let days = (credential.valid_to - site.clock.now()) / 86_400;
    assert!((89..=90).contains(&days), "{days}");

    let again = phone.enrol().await.unwrap();
    assert_eq!(again, credential, "the same device may ask again for a lost answer");
    let other = Phone::new(phone.invitation.clone(), site.hq.keys());
    assert_eq!(other.enrol().await.unwrap_err(), StatusCode::FORBIDDEN);
    let mut same_keys = phone;
    same_keys.invitation = site.invite(&[]);
    assert_eq!(same_keys.enrol().await.unwrap_err(), StatusCode::CONFLICT);
}

#[tokio::test]
async fn an_invitation_ends_after_a_day() {
    let site = Site::open();
    let phone = Phone::new(site.invite(&[]), site.hq.keys());
    site.clock.advance(24 * 60 * 60);
    assert_eq!(phone.enrol().await.unwrap_err(), StatusCode::FORBIDDEN);
}

#[tokio::test]
async fn both_keys_must_prove_the_same_claim() {
    let site = Site::open();
    let phone = Phone::new(site.invite(&[]), site.hq.keys());
    let act = phone.act.signed(phone.claim());
    let mut other_claim = phone.claim();
    other_claim.code.0[0] ^= 1;
    let other_claim = phone.handoff.signed(other_claim);
    let stranger = Key::new();
    let by_stranger = stranger.signed(phone.claim());
    for handoff in [act.as_bytes(), other_claim.as_bytes(), by_stranger.as_bytes()] {
        let refused = phone.enrol_with(act.as_bytes(), handoff).await;
        assert_eq!(refused.unwrap_err(), StatusCode::FORBIDDEN);
    }
    let mut claim = phone.claim();
    claim.handoff_key = stranger.public();
    let stolen = phone.act.signed(claim);
    let refused = phone.enrol_with(stolen.as_bytes(), stolen.as_bytes()).await;
    assert_eq!(refused.unwrap_err(), StatusCode::FORBIDDEN);
    phone.enrol().await.unwrap();
}

#[tokio::test]
async fn a_challenge_is_answered_once_in_time_and_by_its_device() {
    let site = Site::open();
    let phone = site.phone().await;
    let other = site.phone().await;
    let unauthorised = Err(StatusCode::UNAUTHORIZED);
    let status = |answer: Result<_, StatusCode>| answer.map(|_| ());

    let challenge = phone.challenge().await;
    assert_eq!(status(phone.answer(challenge, &other.act).await), unauthorised, "another's key");
    assert_eq!(status(phone.answer(challenge, &phone.handoff).await), unauthorised, "wrong key");
    assert_eq!(status(other.answer(challenge, &other.act).await), unauthorised, "another's");
    assert_eq!(status(phone.answer([7; 32], &phone.act).await), unauthorised, "made up");
    let session = phone.answer(challenge, &phone.act).await.unwrap();
    assert_eq!(session.expires_in, 900);
    assert_eq!(status(phone.answer(challenge, &phone.act).await), unauthorised, "twice");

    let late = phone.challenge().await;
    site.clock.advance(60);
    assert_eq!(status(phone.answer(late, &phone.act).await), unauthorised, "late");
    let stranger = Phone::new(phone.invitation.clone(), site.hq.keys());
    let challenge = stranger.challenge().await;
    assert_eq!(status(stranger.answer(challenge, &stranger.act).await), unauthorised);

    site.hq.revoke(phone.device(), site.clock.now()).unwrap();
    site.clock.advance(91 * 86_400);
    let challenge = phone.challenge().await;
    assert_eq!(status(phone.answer(challenge, &phone.act).await), Err(StatusCode::FORBIDDEN));
}

#[tokio::test]
async fn without_a_session_nothing_is_told() {
    let site = Site::open();
    let mut phone = site.phone().await;
    let places = ["/v1/tick", "/v1/news"];
    for place in places {
        assert!(success(phone.get(place).await).await.is_ok(), "{place}");
    }
    site.clock.advance(900);
    for token in [phone.token.clone(), String::new(), "guess".to_owned()] {
        phone.token = token;
        for place in places {
            let answer = phone.get(place).await;
            assert_eq!(answer.headers()["www-authenticate"], "Bearer", "{place}");
            assert_eq!(success(answer).await, Err(StatusCode::UNAUTHORIZED), "{place}");
        }
        let answer = phone.post("/v1/outbox", Vec::new()).await;
        assert_eq!(success(answer).await, Err(StatusCode::UNAUTHORIZED));
    }
    phone.sign_in().await.unwrap();
}

#[tokio::test]
async fn ticks_are_numbered_and_never_the_same() {
    let site = Site::open();
    let phone = site.phone().await;
    let mut ticks = Vec::new();
    for _ in 0..2 {
        let bytes = success(phone.get("/v1/tick").await).await.unwrap();
        ticks.push(site.hq.keys().open::<Tick>(&bytes).unwrap());
    }
    assert_eq!((ticks[0].number, ticks[1].number), (2, 3), "the first came with the session");
    assert_ne!(ticks[0].nonce, ticks[1].nonce);
    assert_eq!(ticks[0].origin, "hq.test");
}

#[tokio::test]
async fn a_device_sees_its_own_open_jobs_only() {
    let site = Site::open();
    let other = site.open_job(3..6);
    let phone = site.phone().await;
    let seen = phone.packs().await;
    assert_eq!(seen.iter().map(|pack| pack.job).collect::<Vec<_>>(), [site.job]);
    assert_eq!(seen[0].customer.reveal(), "Customer 1");
    assert_eq!(seen[0].roster.len(), 1);
    let manifests = seen[0].manifests(&site.hq.keys()).unwrap();
    assert_eq!(manifests.tokens(), [site.label(0), site.label(1), site.label(2)]);
    let mut lists = crewseal_custody::Lists::new();
    lists.add_manifests(manifests);
    assert_eq!(lists.resolve(&seen[0].sensitive).unwrap(), [site.label(0)].into());

    site.hq
        .add_boxes(site.job, &[site.label(9)], &[site.label(9)].into(), &BTreeMap::new())
        .unwrap();
    let grown = phone.packs().await[0].manifests(&site.hq.keys()).unwrap();
    assert_eq!((grown.versions().len(), grown.tokens().len()), (2, 4));
    site.hq.assign(phone.device(), other).unwrap();
    assert_eq!(phone.packs().await.len(), 2);
}

#[tokio::test]
async fn what_hq_has_papers_of_stands_in_the_credential() {
    let site = Site::open();
    let qualifications = Qualifications {
        licences: [Licence::Driving, Licence::Forklift].into(),
        nda: Some(Nda { text: Nda::digest("I tell nobody."), until: 1_900_000_000 }),
        trained_until: Some(1_800_000_000),
        classes: [BoxClass::Papers].into(),
    };
    let url = site.running.url();
    let invited = site.hq.invite_qualified(Role::Driver, "Driver 4", &qualifications, &[], url);
    let credential = Phone::new(invited.unwrap(), site.hq.keys()).enrol().await.unwrap();
    assert_eq!(credential.qualifications, Some(qualifications));
    let credential = Phone::new(site.invite(&[]), site.hq.keys()).enrol().await.unwrap();
    assert_eq!(credential.qualifications, None, "nothing was said of them");
}

#[tokio::test]
async fn a_pack_says_what_is_in_which_box() {
    let site = Site::open();
    let phone = site.phone().await;
    let both = [BoxClass::Papers, BoxClass::Devices];
    let classes =
        BTreeMap::from([(site.label(8), both.into()), (site.label(9), [BoxClass::Devices].into())]);
    let labelled = [site.label(7), site.label(8), site.label(9)];
    site.hq.add_boxes(site.job, &labelled, &[site.label(7)].into(), &classes).unwrap();
    let pack = &phone.packs().await[0];
    let mut lists = crewseal_custody::Lists::new();
    lists.add_manifests(pack.manifests(&site.hq.keys()).unwrap());
    let known = pack.box_classes(&lists).unwrap();
    assert_eq!(known.len(), 4);
    for of_none in [0, 7] {
        assert_eq!(known[&site.label(of_none)], BoxClass::ALL.into());
    }
    assert_eq!(known[&site.label(8)], both.into());
    assert_eq!(known[&site.label(9)], [BoxClass::Devices].into());
}

#[tokio::test]
async fn a_revoked_device_sees_nothing_more_and_may_still_deliver() {
    let site = Site::open();
    let (mut lost, other) = (site.phone().await, site.phone().await);
    let list = async || {
        let list = other.news("").await.unwrap().revocations.unwrap().list;
        list.map(|list| (*site.hq.keys().open::<Revocations>(&list).unwrap()).clone())
    };
    assert_eq!(list().await, None, "there is none yet");
    assert_eq!(site.hq.tick().unwrap().epoch, Some(0));

    let noon = 1_800_000_000;
    assert_eq!(site.hq.revoke(lost.device(), noon).unwrap(), 1);
    assert_eq!(site.hq.revoke(lost.device(), noon + 9).unwrap(), 2, "later: no word");
    assert_eq!(list().await.unwrap().since, [(lost.device(), noon)].into());
    assert_eq!(site.hq.revoke(lost.device(), noon - 60).unwrap(), 3);
    let newest = list().await.unwrap();
    assert_eq!((newest.epoch, newest.since), (3, [(lost.device(), noon - 60)].into()));
    assert_eq!(site.hq.tick().unwrap().epoch, Some(3));
    assert!(site.hq.revoke(DeviceId([0; 16]), noon).is_err(), "no such device");

    lost.sign_in().await.unwrap();
    let news = lost.news("").await.unwrap();
    assert_eq!((news.jobs, news.rolls), (None, None));
    let left = lost.act(EventKind::Count, site.job, &[site.label(0)]);
    let receipts = lost.deliver(&[left]).await;
    assert_eq!(crate::phone::outcomes(&receipts), [Ok(Outcome::Stored)], "evidence is welcome");
}

#[tokio::test]
async fn a_job_is_seen_from_its_opening_to_its_closing() {
    let site = Site::open();
    let mut phone = site.phone().await;
    site.clock.advance(1_000_000);
    phone.sign_in().await.unwrap();
    assert!(phone.packs().await.is_empty());
}

#[tokio::test]
async fn another_authority_is_not_believed() {
    let (site, other) = (Site::open(), Site::open());
    let stranger = client(&other.invite(&[]).authority);
    assert!(stranger.get(format!("{}/v1/tick", site.running.url())).send().await.is_err());
}

#[tokio::test]
async fn wrong_places_methods_and_types_are_problems() {
    let site = Site::open();
    let phone = site.phone().await;
    assert_eq!(success(phone.get("/v1/none").await).await, Err(StatusCode::NOT_FOUND));
    let wrong = success(phone.get("/v1/outbox").await).await;
    assert_eq!(wrong, Err(StatusCode::METHOD_NOT_ALLOWED));
    let url = format!("{}/v1/challenge", site.running.url());
    let json = phone.http.post(url).header("content-type", "application/json").body("{}");
    let wrong = success(json.send().await.unwrap()).await;
    assert_eq!(wrong, Err(StatusCode::UNSUPPORTED_MEDIA_TYPE));
    let wrong = success(phone.post("/v1/challenge", vec![0xff]).await).await;
    assert_eq!(wrong, Err(StatusCode::BAD_REQUEST));
}

#[tokio::test]
async fn a_delivery_token_delivers_and_does_nothing_else() {
    let site = Site::open();
    let mut phone = site.phone().await;
    let right: DeliveryGrant =
        cbor::from_slice(&success(phone.get("/v1/delivery").await).await.unwrap()).unwrap();
    let envelope = phone.act(EventKind::TakeOver, site.job, &[site.label(0)]);
    phone.token = right.token.0.clone();
    for place in ["tick", "news", "delivery"] {
        let answer = success(phone.get(&format!("/v1/{place}")).await).await;
        assert_eq!(answer, Err(StatusCode::UNAUTHORIZED), "{place}");
    }
    // It says nothing of whose the envelope is, and the device's signature says that.
    assert_eq!(outcomes(&phone.deliver(&[envelope]).await), [Ok(Outcome::Stored)]);

    let batch = phone.batch(&[]);
    let mut answers = Vec::new();
    while answers.last() != Some(&StatusCode::TOO_MANY_REQUESTS) {
        let answer = phone.post("/v1/outbox", cbor::to_vec(&batch)).await;
        if answer.status() == StatusCode::TOO_MANY_REQUESTS {
            let wait: u64 = answer.headers()["retry-after"].to_str().unwrap().parse().unwrap();
            assert!((1..=60).contains(&wait), "{wait}");
        }
        answers.push(answer.status());
        assert!(answers.len() <= 60, "one was used for the envelope");
    }
    assert_eq!(answers.len(), 60);
    site.clock.advance(60);
    assert!(phone.post_batch(&batch).await.is_ok(), "a minute later");

    site.clock.advance(91 * 24 * 60 * 60);
    assert_eq!(phone.post_batch(&batch).await, Err(StatusCode::UNAUTHORIZED), "it ended");
    phone.token = "no token".to_owned();
    assert_eq!(phone.post_batch(&batch).await, Err(StatusCode::UNAUTHORIZED));
}

/// Neither HQ knows of the other, and they know no key in common.
#[tokio::test]
async fn a_phone_goes_to_another_hq_with_other_keys_and_nothing_of_the_first() {
    let (first, second) = (Site::open(), Site::open());
    let home = tempfile::tempdir().unwrap();
    let open = || {
        let vault = SoftwareVault::open(&home.path().join("keys"), "passphrase", 1).unwrap();
        Crew::open(&home.path().join("phone"), Arc::new(vault), first.clock.clone()).unwrap()
    };
    let mut devices = Vec::new();
    for site in [&first, &second] {
        let crew = open();
        crew.enrol(&cbor::to_vec(&site.invite(&[site.job]))).await.unwrap();
        assert!(matches!(crew.tally(site.job), Err(CrewError::UnknownJob)));
        assert_eq!(crew.jobs().unwrap(), []);
        assert_eq!(crew.fetch().await.unwrap().labels, 40);
        let jobs: Vec<_> = crew.jobs().unwrap().iter().map(|pack| pack.job).collect();
        assert_eq!(jobs, [site.job]);
        let count = ActRequest::new(EventKind::Count, [site.label(0)].into());
        crew.record(site.job, &count).unwrap();
        assert_eq!(crew.sync().await.unwrap().receipted, 2, "the terms of this HQ, and the act");
        devices.push(crew.device());
        let other = Site::open();
        let elsewhere = cbor::to_vec(&other.invite(&[]));
        let refused = crew.enrol(&elsewhere).await;
        assert!(matches!(refused, Err(CrewError::EnrolledElsewhere)), "{refused:?}");
        crew.record(site.job, &count).unwrap();
        assert_eq!(crew.sync().await.unwrap().receipted, 1, "it goes on where it is");
        crew.log_out().unwrap();
    }
    assert_ne!(devices[0], devices[1], "other keys are another device");
}
