//! Carriers and their devices: vouchers, renewal, and claims that are for one HQ only.

use std::sync::Arc;

use crewseal::vault::SoftwareVault;
use crewseal::{Crew, CrewError, VouchedBy};
use crewseal_custody::cbor::{self, Versions};
use crewseal_custody::wire::{Invitation, KnownCarrier};
use crewseal_custody::{
    CarrierId, Credential, DeviceId, EventKind, KeyUse, Outcome, Record, RecoveryCode, Role,
    Voucher,
};
use crewseal_hq::clock::Clock;
use crewseal_hq::{Hq, HqError, Invitee};
use data_encoding::HEXLOWER;
use reqwest::StatusCode;
use rusqlite::Connection;

use crate::phone::{Key, Phone, Site, outcomes};

const DAY: u64 = 24 * 60 * 60;
const FORBIDDEN: StatusCode = StatusCode::FORBIDDEN;

/// An invitation for a further device of somebody.
fn invite(site: &Site, carrier: CarrierId) -> Invitation {
    let invitee = Invitee {
        role: Role::Mover,
        pseudonym: "Mover 17",
        qualifications: None,
        carrier: Some(carrier),
        depot: None,
        jobs: &[site.job],
    };
    site.hq.invite_device(&invitee, site.running.url()).unwrap()
}

/// A phone for a further device of whoever carries this one.
fn further(site: &Site, older: &Phone) -> Phone {
    Phone::new(invite(site, older.carrier()), site.hq.keys())
}

/// The older phone's word for the keys of the new one.
fn voucher(older: &Phone, new: &Phone, carrier: CarrierId) -> Voucher {
    Voucher::by_device(older.device(), &older.handoff.signed(new.new_keys(carrier)))
}

async fn refusal(phone: &Phone) -> Option<StatusCode> {
    phone.enrol().await.err()
}

#[tokio::test]
async fn several_devices_are_one_carriers_and_a_record_proves_it() {
    let site = Site::open();
    let first = site.phone().await;
    let carrier = first.carrier();
    let mut second = further(&site, &first);
    second.voucher = Some(voucher(&first, &second, carrier));
    let credential = second.enrol().await.unwrap();
    assert_eq!((credential.carrier, credential.serial), (carrier, 1));
    assert_eq!(credential.voucher, second.voucher);

    let mut third = further(&site, &first);
    let keys = third.new_keys(carrier);
    third.voucher = Some(Voucher::by_recovery_code(&first.recovery, first.device(), &keys));
    let credential = third.enrol().await.unwrap();
    assert!(matches!(credential.voucher, Some(Voucher::Recovery { .. })));
    let fourth = further(&site, &first).enrol().await.unwrap();
    assert_eq!((fourth.carrier, fourth.voucher), (carrier, None), "on HQ's word");
    assert_eq!(site.hq.carriers().unwrap(), [carrier]);

    second.sign_in().await.unwrap();
    let act = second.act(EventKind::TakeOver, site.job, &[site.label(1)]);
    assert_eq!(outcomes(&second.deliver(&[act]).await), [Ok(Outcome::Stored)]);
    let record = site.hq.export(site.job).unwrap();
    let reading = Record::read(&record, Some(&site.hq.identity())).unwrap();
    assert_eq!(reading.errors, []);
    assert_eq!(reading.record.credentials.len(), 2, "the vouching device's comes along");
    assert!(matches!(
        site.hq.invite_device(
            &Invitee {
                role: Role::Mover,
                pseudonym: "Mover 17",
                qualifications: None,
                carrier: Some(CarrierId([0; 16])),
                depot: None,
                jobs: &[],
            },
            site.running.url(),
        ),
        Err(HqError::UnknownCarrier(_))
    ));
}

#[tokio::test]
async fn a_voucher_that_is_not_the_carriers_lets_nobody_in() {
    let site = Site::open();
    let (first, stranger) = (site.phone().await, site.phone().await);
    let carrier = first.carrier();
    let mut new = further(&site, &first);
    let keys = new.new_keys(carrier);
    let other_keys = further(&site, &first);
    let wrong = [
        voucher(&stranger, &new, carrier),
        voucher(&first, &other_keys, carrier),
        voucher(&first, &new, CarrierId([1; 16])),
        Voucher::by_device(first.device(), &first.act.signed(keys.clone())),
        Voucher::by_device(DeviceId([3; 16]), &first.handoff.signed(keys.clone())),
        Voucher::by_recovery_code(&stranger.recovery, stranger.device(), &keys),
        Voucher::by_recovery_code(&first.recovery, stranger.device(), &keys),
    ];
    for wrong in wrong {
        new.voucher = Some(wrong);
        assert_eq!(refusal(&new).await, Some(FORBIDDEN), "{wrong:?}");
    }
    // A device that was revoked, as a stolen one, vouches for none.
    new.voucher = Some(voucher(&first, &new, carrier));
    site.hq.revoke(first.device(), site.clock.now()).unwrap();
    assert_eq!(refusal(&new).await, Some(FORBIDDEN));
    new.voucher = Some(Voucher::by_recovery_code(&first.recovery, first.device(), &keys));
    assert_eq!(new.enrol().await.unwrap().voucher, new.voucher);
}

#[tokio::test]
async fn a_first_device_brings_a_recovery_key_of_its_own() {
    let site = Site::open();
    let first = site.phone().await;
    let mut thief = Phone::new(site.invite(&[]), site.hq.keys());
    thief.recovery = RecoveryCode::clone(&first.recovery);
    assert_ne!(thief.carrier(), first.carrier(), "somebody else's makes nobody him");
    thief.voucher = Some(voucher(&first, &thief, thief.carrier()));
    assert_eq!(refusal(&thief).await, Some(FORBIDDEN), "nobody can vouch for a first device");
    thief.voucher = None;
    let credential = thief.enrol().await.unwrap();
    assert_eq!(credential.carrier, thief.carrier());
    assert_ne!(credential.carrier, first.carrier());
}

#[tokio::test]
async fn a_credential_is_renewed_for_the_same_keys_and_the_same_carrier() {
    let site = Site::open();
    let mut phone = site.phone().await;
    let other = site.phone().await;
    let device = phone.device();
    let first = phone.renew(device).await.unwrap();
    assert_eq!(first.serial, 1, "most of its time is left");
    assert_eq!(phone.renew(other.device()).await.unwrap_err(), FORBIDDEN, "another device's");

    site.clock.advance(60 * DAY + 400);
    phone.sign_in().await.unwrap();
    let second = phone.renew(device).await.unwrap();
    assert_eq!((second.serial, second.carrier, second.device()), (2, first.carrier, device));
    assert!(second.valid_to >= first.valid_to + 60 * DAY);
    assert_eq!(phone.renew(device).await.unwrap(), second, "once");

    // After its end there are no jobs, and all else that brings it back.
    site.clock.advance(91 * DAY);
    phone.sign_in().await.unwrap();
    let jobs = async |phone: &Phone| phone.packs().await.len();
    let job = site.open_job(10..12);
    site.hq.assign(device, job).unwrap();
    assert_eq!(jobs(&phone).await, 0);
    let act = phone.act(EventKind::Count, site.job, &[site.label(0)]);
    assert_eq!(outcomes(&phone.deliver(&[act]).await), [Ok(Outcome::Stored)]);
    assert_eq!(phone.renew(device).await.unwrap().serial, 3);
    assert_eq!(jobs(&phone).await, 1);

    let reading =
        Record::read(&site.hq.export(site.job).unwrap(), Some(&site.hq.identity())).unwrap();
    assert_eq!((reading.errors.len(), reading.record.credentials.len()), (0, 3));
}

#[tokio::test]
async fn a_revoked_device_is_not_renewed() {
    let site = Site::open();
    let mut phone = site.phone().await;
    site.clock.advance(80 * DAY);
    phone.sign_in().await.unwrap();
    site.hq.revoke(phone.device(), site.clock.now()).unwrap();
    assert_eq!(phone.renew(phone.device()).await.unwrap_err(), FORBIDDEN);
    site.clock.advance(11 * DAY);
    assert_eq!(phone.sign_in().await, Err(FORBIDDEN), "not even to ask");
}

#[tokio::test]
async fn a_relayed_challenge_opens_no_session() {
    let (ours, theirs) = (Site::open(), Site::open());
    let phone = ours.phone().await;
    // Their HQ asks ours for a challenge and hands it to the phone as its own.
    let challenge = phone.challenge().await;
    let (hq, origin) = (theirs.hq.identity(), theirs.hq.origin().to_owned());
    assert_ne!(hq, ours.hq.identity());
    let relayed = phone.answer_for(challenge, &phone.act, hq, origin).await;
    assert_eq!(relayed.map(|_| ()), Err(FORBIDDEN));
    let elsewhere = "another log".to_owned();
    let hq = ours.hq.identity();
    let other_log = phone.answer_for(challenge, &phone.act, hq, elsewhere).await;
    assert_eq!(other_log.map(|_| ()), Err(FORBIDDEN));
    assert!(phone.answer(challenge, &phone.act).await.is_ok(), "none of it used it up");
}

#[tokio::test]
async fn an_invitation_with_anothers_keys_or_log_lets_nobody_in() {
    let (ours, theirs) = (Site::open(), Site::open());
    let invited = ours.invite(&[]);
    let mut swapped = Phone::new(invited.clone(), ours.hq.keys());
    swapped.invitation.hq = theirs.hq.identity();
    assert_eq!(refusal(&swapped).await, Some(FORBIDDEN), "our code, their keys");
    let mut swapped = Phone::new(invited.clone(), ours.hq.keys());
    swapped.invitation.origin = "another log".to_owned();
    assert_eq!(refusal(&swapped).await, Some(FORBIDDEN));
    let mut swapped = Phone::new(theirs.invite(&[]), theirs.hq.keys());
    swapped.invitation.code = invited.code.clone();
    assert_eq!(refusal(&swapped).await, Some(FORBIDDEN), "their invitation, our code");
    assert!(Phone::new(invited, ours.hq.keys()).enrol().await.is_ok());
}

fn crew(home: &tempfile::TempDir, site: &Site, name: &str) -> Crew {
    let home = home.path().join(name);
    let vault = SoftwareVault::open(&home.join("keys"), "passphrase", 1).unwrap();
    Crew::open(&home.join("phone"), Arc::new(vault), site.clock.clone()).unwrap()
}

#[tokio::test]
async fn phones_vouch_for_the_next_ones_of_their_carrier() {
    let (site, home) = (Site::open(), tempfile::tempdir().unwrap());
    let old = crew(&home, &site, "old");
    let first = cbor::to_vec(&site.invite(&[site.job]));
    let preview = Crew::preview(&first).unwrap();
    assert_eq!((preview.fingerprint, preview.carrier), (site.hq.fingerprint(), None));
    old.enrol(&first).await.unwrap();
    let carrier = old.credentials().unwrap()[0].carrier;
    let paper = old.recovery_code().unwrap().unwrap();

    let new = crew(&home, &site, "new");
    let invitation = cbor::to_vec(&invite(&site, carrier));
    assert_eq!(Crew::preview(&invitation).unwrap().carrier, Some(carrier));
    let asked = new.ask_for_voucher(&invitation).unwrap();
    let stranger = crew(&home, &site, "stranger");
    assert!(matches!(stranger.vouch(&asked), Err(CrewError::NotEnrolled)));
    stranger.enrol(&cbor::to_vec(&site.invite(&[]))).await.unwrap();
    assert!(matches!(stranger.vouch(&asked), Err(CrewError::NotForMe)));
    assert!(matches!(old.vouch(b"nothing"), Err(CrewError::Message(_))));
    let code = stranger.recovery_code().unwrap().unwrap();
    let others = new.enrol_vouched(&invitation, VouchedBy::RecoveryCode(code)).await;
    assert!(matches!(others, Err(CrewError::OthersRecoveryCode)));
    let voucher = old.vouch(&asked).unwrap();
    new.enrol_vouched(&invitation, VouchedBy::OlderDevice(voucher)).await.unwrap();
    new.fetch().await.unwrap();
    assert_eq!(new.recovery_code().unwrap(), None, "his first phone has it");

    let third = crew(&home, &site, "third");
    let code = RecoveryCode::parse(&paper.to_grouped()).unwrap();
    let invitation = cbor::to_vec(&invite(&site, carrier));
    third.enrol_vouched(&invitation, VouchedBy::RecoveryCode(code)).await.unwrap();
    for phone in [&old, &new, &third] {
        assert_eq!(phone.credentials().unwrap()[0].carrier, carrier);
    }
}

#[tokio::test]
async fn a_phone_renews_by_itself_for_years() {
    let (site, home) = (Site::open(), tempfile::tempdir().unwrap());
    let phone = crew(&home, &site, "phone");
    phone.enrol(&cbor::to_vec(&site.invite(&[site.job]))).await.unwrap();
    for days in [61, 61, 200, 61, 30, 61, 91, 180] {
        site.clock.advance(days * DAY);
        phone.fetch().await.unwrap();
        let newest = phone.credentials().unwrap().pop().unwrap();
        assert!(newest.valid_to > site.clock.now() + 30 * DAY);
    }
    let serials: Vec<u64> = phone.credentials().unwrap().iter().map(|one| one.serial).collect();
    assert_eq!(serials, [1, 2, 3, 4, 5, 6, 7, 8]);
}

#[tokio::test]
async fn a_dispatcher_sees_whose_devices_there_are_and_invites_another() {
    let site = Site::open();
    let first = site.phone().await;
    let hq = |arguments: &[&str]| {
        let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_crewseal-hq"));
        let done = command.args(arguments).current_dir(site.dir.path()).output().unwrap();
        let said = [done.stdout, done.stderr].concat();
        (done.status.code(), String::from_utf8(said).unwrap())
    };
    let carrier = first.carrier();
    let [device, whose] = [first.device().0, carrier.0].map(|id| HEXLOWER.encode(&id));
    let (status, said) = hq(&["status", "--data", "data"]);
    assert_eq!(status, Some(0), "{said}");
    for part in [
        &format!("HQ {}", site.hq.fingerprint()),
        "log hq.test",
        &format!("device {device}  carrier {whose}  credential 1  Mover 17, on HQ's word"),
    ] {
        assert!(said.contains(part), "{part}: {said}");
    }
    let invite = ["invite", "--data", "data", "--role", "mover", "--pseudonym", "Mover 17"];
    let there = ["--url", site.running.url(), "--out", "new.invitation"];
    let (status, said) = hq(&[&invite[..], &["--carrier", &whose[..12]], &there].concat());
    assert_eq!(status, Some(0), "{said}");
    assert!(said.contains(&site.hq.fingerprint()), "{said}");
    let invitation = std::fs::read(site.dir.path().join("new.invitation")).unwrap();
    let invitation: Invitation = cbor::from_slice(&invitation).unwrap();
    let known = KnownCarrier { id: carrier, first: Some(first.device()) };
    assert_eq!((invitation.carrier, invitation.hq), (Some(known), site.hq.identity()));
    let nobody = ["--carrier", "zz", "--url", "https://localhost", "--out", "other.invitation"];
    let (status, said) = hq(&[&invite[..], &nobody].concat());
    assert_eq!(status, Some(2));
    assert!(said.contains("no carrier has such an id"), "{said}");
}

/// Writes the file of keys as it was before there were key lists, with one key of each kind;
/// the one that signs.
fn with_first_keys(data: &std::path::Path) -> Key {
    let file = std::fs::read(data.join("hq.keys")).unwrap();
    let mut d = minicbor::Decoder::new(&file);
    assert_eq!((d.map().unwrap(), d.u8().unwrap(), d.u8().unwrap()), (Some(5), 0, 2));
    assert_eq!((d.u8().unwrap(), d.array().unwrap()), (1, Some(2)), "two that sign");
    let signing = d.bytes().unwrap().to_vec();
    d.skip().unwrap();
    assert_eq!((d.u8().unwrap(), d.array().unwrap()), (2, Some(1)));
    let opening = d.bytes().unwrap().to_vec();
    assert_eq!((d.u8().unwrap(), d.array().unwrap(), d.array().unwrap()), (3, Some(1), Some(2)));
    let (authority, certificate) = (d.bytes().unwrap().to_vec(), d.bytes().unwrap().to_vec());
    let mut e = minicbor::Encoder::new(Vec::new());
    e.map(5).unwrap().u8(0).unwrap().u8(1).unwrap();
    for (key, bytes) in (1..).zip([&signing, &opening, &authority, &certificate]) {
        e.u8(key).unwrap().bytes(bytes).unwrap();
    }
    std::fs::write(data.join("hq.keys"), e.into_writer()).unwrap();
    std::fs::remove_file(data.join("list.key")).unwrap();
    Key::of_pkcs8(&signing)
}

#[tokio::test]
async fn a_database_of_before_carriers_is_brought_along() {
    let site = Site::open();
    let data = site.dir.path().join("old");
    drop(Hq::create(&data, "hq.test", site.clock.clone()).unwrap());
    let hq_key = with_first_keys(&data);
    for file in ["hq.db", "hq.db-wal", "hq.db-shm", "hq.mark"] {
        let _is_gone = std::fs::remove_file(data.join(file));
    }
    let (act, handoff) = (Key::new(), Key::new());
    let device = DeviceId::of(&act.public(), &handoff.public());
    let now = site.clock.now();
    let first = hq_key.signed(Credential {
        version: Versions::OLDEST,
        act_key: act.public(),
        handoff_key: handoff.public(),
        pseudonym: "Mover 17".to_owned(),
        role: Role::Mover,
        valid_from: now - 80 * DAY,
        valid_to: now + 10 * DAY,
        carrier: CarrierId::of_device(device),
        qualifications: None,
        serial: 0,
        voucher: None,
    });
    let db = Connection::open(data.join("hq.db")).unwrap();
    for step in [
        include_str!("../../src/store/1.sql"),
        include_str!("../../src/store/2.sql"),
        include_str!("../../src/store/3.sql"),
        include_str!("../../src/store/4.sql"),
        include_str!("../../src/store/5.sql"),
    ] {
        db.execute_batch(step).unwrap();
    }
    db.pragma_update(None, "user_version", 5).unwrap();
    let identity = ("hq.test", hq_key.public().0);
    db.execute("INSERT INTO hq (one, origin, key) VALUES (1, ?1, ?2)", identity).unwrap();
    let row = (device.0, first.as_bytes());
    db.execute("INSERT INTO devices (id, credential) VALUES (?1, ?2)", row).unwrap();
    db.close().unwrap();
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let mode = std::fs::Permissions::from_mode(0o600);
        std::fs::set_permissions(data.join("hq.db"), mode).unwrap();
    }

    let hq = Hq::open(&data, site.clock.clone()).unwrap();
    assert_eq!(hq.credential(&device).unwrap().as_ref(), Some(&first));
    assert_eq!(hq.carriers().unwrap(), [CarrierId(device.0)]);
    let renewed = hq.renew(&device).unwrap();
    assert_eq!((renewed.version, renewed.serial), (Versions::NEWEST, 1));
    assert_eq!((renewed.carrier, renewed.device()), (CarrierId(device.0), device));
    // Its first key list names the one key for everything, and stays.
    let identity = hq.identity();
    for key_use in [KeyUse::Credential, KeyUse::Receipt] {
        assert_eq!(hq.keys().signing_key(key_use, now), Some(&hq_key.public()));
    }
    drop(hq);
    assert_eq!(Hq::open(&data, site.clock.clone()).unwrap().identity(), identity);
}
