//! Depots: whose rolls a phone gets, and what becomes of a phone that is moved.

use std::collections::BTreeSet;
use std::path::Path;
use std::process::Command;
use std::sync::Arc;

use crewseal::vault::SoftwareVault;
use crewseal::{ActRequest, Crew, CrewError, Introduction, Open};
use crewseal_custody::cbor;
use crewseal_custody::roll::Roll;
use crewseal_custody::wire::{Invitation, News};
use crewseal_custody::{BoxListError, CarrierId, DeviceId, EventKind, Role};
use crewseal_hq::{Depot, DepotSummary, Hq, HqError, Invitee, NewsRequest};
use crewseal_label::Token;
use crewseal_scan::{Commission, Sighting};
use data_encoding::HEXLOWER;
use fixtures::hq::{Line, Passed, Relay};
use rusqlite::Connection;

use crate::news::Reader;
use crate::phone::{Phone, Site};

fn depot(name: &str) -> Depot {
    Depot::named(name).unwrap()
}

fn invite(site: &Site, depot: Option<&Depot>, carrier: Option<CarrierId>, url: &str) -> Invitation {
    let jobs = &[site.job];
    let (role, pseudonym) = (Role::Mover, "Mover 17");
    let invitee = Invitee { role, pseudonym, qualifications: None, carrier, depot, jobs };
    site.hq.invite_device(&invitee, url).unwrap()
}

/// A crew's phone of this depot, which finds HQ at this address.
async fn crew(site: &Site, home: &Path, depot: &Depot, url: &str) -> Crew {
    let vault = SoftwareVault::open(&home.join("keys"), "passphrase", 1).unwrap();
    let crew = Crew::open(&home.join("phone"), Arc::new(vault), site.clock.clone()).unwrap();
    crew.enrol(&cbor::to_vec(&invite(site, Some(depot), None, url))).await.unwrap();
    crew
}

/// A phone of this depot, as far as HQ sees one.
async fn phone(site: &Site, depot: Option<&Depot>) -> Phone {
    let mut phone = Phone::new(invite(site, depot, None, site.running.url()), site.hq.keys());
    phone.enrol().await.unwrap();
    phone.sign_in().await.unwrap();
    phone
}

fn device(crew: &Crew) -> DeviceId {
    crew.credentials().unwrap()[0].device()
}

fn labels(roll: &Roll) -> Vec<Token> {
    roll.tokens().map(|(_, token)| token).collect()
}

/// The labels that are told, in their order.
fn told(news: &News) -> Vec<Token> {
    let parts = news.rolls.iter().flat_map(|rolls| &rolls.parts);
    let labels = parts.flat_map(|part| part.labels.as_chunks::<16>().0.iter().copied());
    labels.map(Token::from_bytes).collect()
}

#[tokio::test]
async fn a_phone_gets_the_rolls_of_its_depot_and_keeps_them_when_it_is_moved() {
    let (site, home) = (Site::open(), tempfile::tempdir().unwrap());
    let (north, south) = (depot("North"), depot("South"));
    let of_north = labels(&site.hq.mint_roll_for(Some(&north), 30).unwrap());
    let of_south = labels(&site.hq.mint_roll_for(Some(&south), 20).unwrap());
    let quick = Line::default();
    let relay = Relay::to(site.running.address().port(), quick, quick).await;
    let url = format!("https://127.0.0.1:{}", relay.port());
    let crew = crew(&site, home.path(), &north, &url).await;
    assert_eq!(crew.fetch().await.unwrap().labels, 30);
    let sees = |label: Token| crew.tally(site.job).unwrap().sight(&label.to_text());
    assert_eq!(sees(of_north[7]), Sighting::Blank(of_north[7]));
    for unknown in [of_south[7], site.label(20)] {
        assert_eq!(sees(unknown), Sighting::UnknownLabel(unknown));
        let commission = crew.tally(site.job).unwrap().commission(unknown);
        assert_eq!(commission, Commission::Provisional);
    }
    assert!(matches!(sees(site.label(0)), Sighting::New(_)), "a box of the job all the same");

    // HQ takes a label of another depot: it is its own.
    let boxes: BTreeSet<Token> = [of_south[7]].into();
    crew.commission(site.job, &boxes).unwrap();
    assert_eq!(crew.sync().await.unwrap().receipted, 2, "its terms, and the act");
    crew.fetch().await.unwrap();
    assert!(matches!(sees(of_south[7]), Sighting::New(_)), "it is in the manifest");

    site.hq.move_to_depot(device(&crew), Some(&south)).unwrap();
    assert_eq!(sees(of_south[8]), Sighting::UnknownLabel(of_south[8]), "until it fetches");
    assert_eq!(crew.fetch().await.unwrap().labels, 50);
    for label in [of_north[7], of_south[8]] {
        assert_eq!(sees(label), Sighting::Blank(label));
    }
    let newer = labels(&site.hq.mint_roll_for(Some(&north), 5).unwrap());
    assert_eq!(crew.fetch().await.unwrap().labels, 50);
    assert_eq!(sees(newer[0]), Sighting::UnknownLabel(newer[0]), "it is of North no more");
    site.hq.move_to_depot(device(&crew), None).unwrap();
    assert_eq!(crew.fetch().await.unwrap().labels, 90);
    site.hq.move_to_depot(device(&crew), Some(&north)).unwrap();
    assert_eq!(crew.fetch().await.unwrap().labels, 95);

    // Nothing new costs as little as without depots.
    let before = relay.passed();
    assert_eq!(crew.fetch().await.unwrap().labels, 95);
    let Passed { up, down, .. } = relay.passed();
    let bytes = up + down - before.up - before.down;
    assert!(bytes < 1_024, "{bytes}");
}

#[tokio::test]
async fn what_a_phone_knows_of_a_depot_does_not_come_again_when_it_comes_back() {
    let site = Site::open();
    let (north, south) = (depot("North"), depot("South"));
    let nowhere = depot("Nowhere");
    let mint = |depot, count| labels(&site.hq.mint_roll_for(Some(depot), count).unwrap());
    let (first, second) = (mint(&north, 3), mint(&south, 4));
    let phone = phone(&site, Some(&north)).await;
    let mut reader = Reader::of(&phone);
    let move_to = |depot| site.hq.move_to_depot(phone.device(), depot).unwrap();
    assert_eq!(told(&reader.news().await), first);
    move_to(Some(&south));
    assert_eq!(told(&reader.news().await), second);
    move_to(Some(&north));
    assert_eq!(reader.news().await.rolls, None, "it has all of them");
    let third = mint(&north, 5);
    assert_eq!(told(&reader.news().await), third);
    // Of a depot without rolls there is nothing to tell.
    move_to(Some(&nowhere));
    assert_eq!(reader.news().await.rolls, None);
    let fourth = mint(&south, 6);
    move_to(Some(&south));
    assert_eq!(told(&reader.news().await), fourth);
    move_to(None);
    assert_eq!(told(&reader.news().await), labels(&site.roll));
    for depot in [Some(&north), Some(&south), None] {
        move_to(depot);
        assert_eq!(reader.news().await.rolls, None, "{depot:?}");
    }
}

#[tokio::test]
async fn a_phone_that_went_through_many_depots_gets_what_its_depot_has() {
    let site = Site::open();
    let names: Vec<Depot> = (0..7).map(|number| depot(&format!("Depot {number}"))).collect();
    let rolls: Vec<Vec<Token>> =
        names.iter().map(|name| labels(&site.hq.mint_roll_for(Some(name), 2).unwrap())).collect();
    let phone = phone(&site, None).await;
    let mut reader = Reader::of(&phone);
    reader.news().await;
    for (name, roll) in names.iter().zip(&rolls) {
        site.hq.move_to_depot(phone.device(), Some(name)).unwrap();
        assert_eq!(told(&reader.news().await), *roll, "{name}");
        assert_eq!(reader.news().await.rolls, None);
        assert!(reader.known["rolls"].len() <= 86, "64 bytes in base64url");
    }
    // The last few are remembered; what was told long ago may come again.
    for (back, comes_again) in [(5, false), (4, false), (0, true)] {
        site.hq.move_to_depot(phone.device(), Some(&names[back])).unwrap();
        assert_eq!(!told(&reader.news().await).is_empty(), comes_again, "{back}");
    }
}

#[tokio::test]
async fn a_phone_that_is_moved_within_a_roll_loses_nothing() {
    let (site, home) = (Site::open(), tempfile::tempdir().unwrap());
    let (north, south) = (depot("North"), depot("South"));
    site.hq.mint_roll_for(Some(&north), 10).unwrap();
    site.hq.mint_roll_for(Some(&north), 20_000).unwrap();
    site.hq.mint_roll_for(Some(&south), 20).unwrap();
    // The first connection brings one part of 128 KiB, and breaks off in the next.
    let breaks = Line { breaks_after: Some(200_000), ..Line::default() };
    let relay = Relay::to(site.running.address().port(), Line::default(), breaks).await;
    let url = format!("https://127.0.0.1:{}", relay.port());
    let crew = crew(&site, home.path(), &north, &url).await;
    assert!(matches!(crew.fetch().await, Err(CrewError::Sync { .. })));
    site.hq.move_to_depot(device(&crew), Some(&south)).unwrap();
    assert_eq!(crew.fetch().await.unwrap().labels, 30, "ten were whole before");
    site.hq.move_to_depot(device(&crew), Some(&north)).unwrap();
    let mut fetches = 0;
    while let Err(error) = crew.fetch().await {
        assert!(matches!(error, CrewError::Sync { .. }), "{error:?}");
        fetches += 1;
        assert!(fetches < 5);
    }
    assert_eq!(crew.fetch().await.unwrap().labels, 20_030);
}

#[tokio::test]
async fn boxes_labelled_on_the_spot_pass_to_another_depot_once_both_know_the_manifest() {
    let site = Site::open();
    let homes = [tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap()];
    let (north, south) = (depot("North"), depot("South"));
    let roll = labels(&site.hq.mint_roll_for(Some(&north), 10).unwrap());
    let url = site.running.url();
    let giver = crew(&site, homes[0].path(), &north, url).await;
    let receiver = crew(&site, homes[1].path(), &south, url).await;
    for crew in [&giver, &receiver] {
        crew.fetch().await.unwrap();
    }
    let boxes: BTreeSet<Token> = roll[..3].iter().copied().collect();
    giver.commission(site.job, &boxes).unwrap();
    giver.record(site.job, &ActRequest::new(EventKind::TakeOver, boxes.clone())).unwrap();
    let offered = || {
        let hello = receiver.hello(Introduction::Included).unwrap();
        receiver.read_offer(&giver.offer(site.job, &boxes, &[], &hello).unwrap())
    };
    let unknown = offered().unwrap_err();
    let CrewError::Boxes(BoxListError::UnknownList { .. }) = unknown else { panic!("{unknown}") };
    let Open::Giving { offer, .. } = giver.handoffs().unwrap()[0] else { panic!("no offer") };
    giver.withdraw(offer).unwrap();
    giver.sync().await.unwrap();
    for crew in [&giver, &receiver] {
        crew.fetch().await.unwrap();
    }
    assert_eq!(offered().unwrap().boxes, boxes);
}

#[tokio::test]
async fn devices_of_one_carrier_may_be_of_several_depots() {
    let site = Site::open();
    let (north, south) = (depot("North"), depot("South"));
    let first = phone(&site, Some(&north)).await;
    let url = site.running.url();
    let further =
        Phone::new(invite(&site, Some(&south), Some(first.carrier()), url), site.hq.keys());
    let credential = further.enrol().await.unwrap();
    assert_eq!(credential.carrier, first.carrier());
    let of = |phone: &Phone| site.hq.depot_of(&phone.device()).unwrap();
    assert_eq!((of(&first), of(&further)), (Some(north), Some(south)));
    assert_eq!(of(&site.phone().await), None, "the common one");
    let nobody = site.hq.move_to_depot(DeviceId([9; 16]), None).unwrap_err();
    assert!(matches!(nobody, HqError::UnknownDevice(_)), "{nobody}");
}

#[tokio::test]
async fn a_database_of_before_depots_has_all_in_the_common_one() {
    let site = Site::open();
    let phone = site.phone().await;
    let mut reader = Reader::of(&phone);
    reader.news().await;
    let old = tempfile::tempdir().unwrap();
    let path = old.path().join("hq.db");
    let data = site.dir.path().join("data");
    let db = Connection::open(data.join("hq.db")).unwrap();
    db.execute("VACUUM INTO ?1", [path.to_str().unwrap()]).unwrap();
    std::fs::copy(data.join("hq.keys"), old.path().join("hq.keys")).unwrap();
    crate::log::earlier::take_the_log_away(old.path());
    let db = Connection::open(&path).unwrap();
    db.execute_batch(
        "DROP INDEX rolls_by_depot;
         ALTER TABLE rolls DROP COLUMN depot;
         ALTER TABLE devices DROP COLUMN depot;
         ALTER TABLE invitations DROP COLUMN depot;
         PRAGMA user_version = 9;",
    )
    .unwrap();
    db.close().unwrap();

    let hq = Hq::open(old.path(), site.clock.clone()).unwrap();
    let all = DepotSummary { depot: None, devices: 1, rolls: 1 };
    assert_eq!(hq.depots().unwrap(), [all]);
    let cursor = crewseal_custody::wire::Cursor::parse(&reader.known["rolls"]).unwrap();
    assert_eq!(cursor.0[0], 0x83, "as it was before depots");
    let asked = NewsRequest { rolls: Some(cursor), ..NewsRequest::default() };
    let news = |asked| hq.news(&phone.device(), asked).unwrap();
    assert_eq!(news(&asked).rolls, None);
    let roll = hq.mint_roll(5).unwrap();
    assert_eq!(told(&news(&asked)), labels(&roll));
    hq.move_to_depot(phone.device(), Some(&depot("North"))).unwrap();
    assert_eq!(news(&asked).rolls, None);
    let north = hq.mint_roll_for(Some(&depot("North")), 4).unwrap();
    assert_eq!(told(&news(&asked)), labels(&north));
    assert_eq!(told(&news(&NewsRequest::default())), labels(&north), "whatever it knows");
}

#[tokio::test]
async fn a_dispatcher_says_to_which_depot_rolls_and_devices_belong() {
    let site = Site::open();
    let hq = |arguments: &[&str]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_crewseal-hq"));
        let done = command.args(arguments).current_dir(site.dir.path()).output().unwrap();
        let said = [done.stdout, done.stderr].concat();
        (done.status.code(), String::from_utf8(said).unwrap())
    };
    let done = |arguments: &[&str]| {
        let (status, said) = hq(arguments);
        assert_eq!(status, Some(0), "{arguments:?}: {said}");
        said
    };
    let labels = ["labels", "--data", "data", "--count", "2", "--out", "labels.txt"];
    done(&[&labels[..], &["--depot", "North"]].concat());
    let invite = ["invite", "--data", "data", "--role", "mover", "--pseudonym", "Mover 18"];
    let there = ["--depot", "North", "--url", site.running.url(), "--out", "m.invitation"];
    done(&[&invite[..], &there].concat());
    let invitation = std::fs::read(site.dir.path().join("m.invitation")).unwrap();
    let phone = Phone::new(cbor::from_slice(&invitation).unwrap(), site.hq.keys());
    phone.enrol().await.unwrap();
    let id = HEXLOWER.encode(&phone.device().0);
    let said = done(&["status", "--data", "data"]);
    for part in [
        "Mover 18, on HQ's word, depot North\n",
        "common depot  devices 0  rolls 1\n",
        "depot North  devices 1  rolls 1\n",
    ] {
        assert!(said.contains(part), "{part}: {said}");
    }

    let said = done(&["depot", "--data", "data", &id[..12], "Nroth"]);
    assert!(said.contains("depot Nroth  devices 1  rolls 0"), "a slip is seen: {said}");
    assert_eq!(site.hq.depot_of(&phone.device()).unwrap(), Some(depot("Nroth")));
    let said = done(&["depot", "--data", "data", &id, "--common"]);
    assert!(said.contains("belongs to the common depot"), "{said}");
    assert_eq!(site.hq.depot_of(&phone.device()).unwrap(), None);

    let too_long = "x".repeat(65);
    for wrong in [
        &["depot", "--data", "data", &id, &too_long][..],
        &["depot", "--data", "data", &id],
        &["depot", "--data", "data", &id, "North", "--common"],
        &["depot", "--data", "data", "zz", "North"],
        &["labels", "--count", "2", "--out", "labels.txt", "--depot", "North"],
    ] {
        assert_eq!(hq(wrong).0, Some(2), "{wrong:?}");
    }
    let (_, said) = hq(&["depot", "--data", "data", &id, &too_long]);
    assert!(said.contains("1 to 64 characters"), "{said}");
}
