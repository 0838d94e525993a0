//! Key lists: proposed, signed, adopted, followed by phones; and what becomes of old keys.

use std::path::Path;
use std::process::Command;
use std::sync::Arc;

use crewseal::vault::SoftwareVault;
use crewseal::{ActRequest, Crew, CrewError};
use crewseal_custody::cbor;
use crewseal_custody::{EventKind, KeyListError, KeyUse, Outcome, Refusal, UnverifiedKeyList};
use crewseal_hq::clock::Clock;
use crewseal_hq::{Hq, HqError, KeysError, ListKey, Rotation};

use crate::phone::{Site, outcomes};

const DAY: u64 = 24 * 60 * 60;

fn data(site: &Site) -> std::path::PathBuf {
    site.dir.path().join("data")
}

fn list_key(site: &Site) -> ListKey {
    ListKey::read(&data(site).join("list.key")).unwrap()
}

/// Everything that is exchanged from time to time, from now on.
fn all() -> Rotation {
    Rotation {
        signing: [KeyUse::Credential, KeyUse::Receipt].into(),
        sealing: true,
        authority: true,
        log: true,
        list_keys: None,
        from: 0,
    }
}

/// Proposes, signs and adopts a list.
fn rotate(site: &Site, rotation: &Rotation) {
    let mut list = site.hq.propose_keys(rotation).unwrap();
    list_key(site).sign(&mut list).unwrap();
    site.hq.adopt_keys(&list.to_bytes()).unwrap();
}

async fn crew(home: &Path, site: &Site) -> Crew {
    let vault = SoftwareVault::open(&home.join("keys"), "passphrase", 1).unwrap();
    let crew = Crew::open(&home.join("phone"), Arc::new(vault), site.clock.clone()).unwrap();
    crew.enrol(&cbor::to_vec(&site.invite(&[site.job]))).await.unwrap();
    crew.fetch().await.unwrap();
    crew
}

fn count(crew: &Crew, site: &Site) {
    let count = ActRequest::new(EventKind::Count, [site.label(0)].into());
    crew.record(site.job, &count).unwrap();
}

#[tokio::test]
async fn a_phone_goes_by_new_keys_from_the_next_sync_on() {
    let (site, home) = (Site::open(), tempfile::tempdir().unwrap());
    let crew = crew(home.path(), &site).await;
    let identity = site.hq.identity();
    count(&crew, &site);
    rotate(&site, &all());
    assert_eq!(site.hq.identity(), identity, "it is the same HQ");
    assert_eq!(crew.key_list().unwrap(), 1);
    // A session that goes on says nothing of new lists; the next one does.
    site.clock.advance(16 * 60);
    assert_eq!(crew.sync().await.unwrap().receipted, 2, "sealed to the key of before");
    assert_eq!(crew.key_list().unwrap(), 2);
    count(&crew, &site);
    assert_eq!(crew.sync().await.unwrap().receipted, 1, "sealed to the new key");
    assert_eq!(crew.fetch().await.unwrap().jobs, 1);
    let newcomer = tempfile::tempdir().unwrap();
    let newcomer = self::crew(newcomer.path(), &site).await;
    assert_eq!(newcomer.key_list().unwrap(), 2);
}

#[tokio::test]
async fn what_was_sealed_to_an_old_key_opens_until_that_is_destroyed() {
    let site = Site::open();
    let mut phone = site.phone().await;
    let early = phone.act(EventKind::Count, site.job, &[site.label(0)]);
    let late = phone.act(EventKind::Count, site.job, &[site.label(1)]);
    let file = || std::fs::read(data(&site).join("hq.keys")).unwrap();
    let seed = |file: &[u8]| {
        // The seeds of sealing keys are the only texts of 32 bytes in it.
        let at = file.windows(2).position(|head| head == [0x58, 0x20]).unwrap();
        file[at + 2..at + 34].to_vec()
    };
    let old = seed(&file());
    rotate(&site, &Rotation { sealing: true, ..Rotation::default() });
    let holds = |file: &[u8]| file.windows(32).any(|window| window == old);
    assert!(holds(&file()), "the search finds what is there");

    site.clock.advance(179 * DAY);
    site.hq.refresh_keys().unwrap();
    phone.sign_in().await.unwrap();
    assert_eq!(outcomes(&phone.deliver(&[early]).await), [Ok(Outcome::Stored)]);
    site.clock.advance(2 * DAY);
    site.hq.refresh_keys().unwrap();
    assert!(!holds(&file()), "destroyed");
    phone.sign_in().await.unwrap();
    let refused = outcomes(&phone.deliver(&[late]).await);
    assert_eq!(refused, [Err(Refusal::Unreadable)]);
}

#[test]
fn a_list_is_adopted_only_whole_and_signed() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let _within = runtime.enter();
    let site = Site::open();
    let proposal = site.hq.propose_keys(&all()).unwrap();
    let refused = |bytes: &[u8]| site.hq.adopt_keys(bytes).unwrap_err();
    let threshold = refused(&proposal.to_bytes());
    assert!(matches!(threshold, HqError::KeyList(KeyListError::Threshold)), "{threshold}");

    // Of another HQ, whoever signed it.
    let theirs = Site::open();
    let mut foreign = theirs.hq.propose_keys(&all()).unwrap();
    list_key(&theirs).sign(&mut foreign).unwrap();
    let foreign = refused(&foreign.to_bytes());
    assert!(matches!(foreign, HqError::KeyList(KeyListError::OtherHq)), "{foreign}");

    // Keys of which nobody here has the private half.
    let mut list = proposal.message().clone();
    list.signing.last_mut().unwrap().key = *list_key(&theirs).public();
    let mut without = UnverifiedKeyList::propose(list).unwrap();
    list_key(&site).sign(&mut without).unwrap();
    let without = refused(&without.to_bytes());
    assert!(matches!(without, HqError::Keys(KeysError::Gone)), "{without}");

    assert_eq!(site.hq.keys().number(), 1);
    let mut good = proposal;
    list_key(&site).sign(&mut good).unwrap();
    site.hq.adopt_keys(&good.to_bytes()).unwrap();
    site.hq.adopt_keys(&good.to_bytes()).unwrap();
    assert_eq!(site.hq.keys().number(), 2, "twice is once");
    drop(Hq::open(&data(&site), site.clock.clone()).unwrap());
}

#[tokio::test]
async fn list_keys_are_exchanged_by_those_of_before_and_themselves() {
    let (site, home) = (Site::open(), tempfile::tempdir().unwrap());
    let crew = crew(home.path(), &site).await;
    let draw = |name: &str| ListKey::draw(&site.dir.path().join(name)).unwrap();
    let (one, two, three) = (draw("one.key"), draw("two.key"), draw("three.key"));
    let keys = [&one, &two, &three].map(|key| *key.public()).into();
    let rotation = Rotation { list_keys: Some((keys, 2)), ..Rotation::default() };
    let mut list = site.hq.propose_keys(&rotation).unwrap();
    for key in [&one, &three] {
        key.sign(&mut list).unwrap();
    }
    assert!(site.hq.adopt_keys(&list.to_bytes()).is_err(), "those of before must agree");
    list_key(&site).sign(&mut list).unwrap();
    site.hq.adopt_keys(&list.to_bytes()).unwrap();
    let mut next = site.hq.propose_keys(&all()).unwrap();
    list_key(&site).sign(&mut next).unwrap();
    assert!(site.hq.adopt_keys(&next.to_bytes()).is_err(), "the old key says nothing any more");
    let mut next = site.hq.propose_keys(&all()).unwrap();
    two.sign(&mut next).unwrap();
    assert!(site.hq.adopt_keys(&next.to_bytes()).is_err(), "one of two that must");
    three.sign(&mut next).unwrap();
    site.hq.adopt_keys(&next.to_bytes()).unwrap();
    site.clock.advance(16 * 60);
    crew.fetch().await.unwrap();
    assert_eq!(crew.key_list().unwrap(), 3);
}

#[tokio::test]
async fn the_server_gets_a_new_certificate_and_a_new_authority_while_it_runs() {
    let (site, home) = (Site::open(), tempfile::tempdir().unwrap());
    let follows = crew(home.path(), &site).await;
    let away = tempfile::tempdir().unwrap();
    drop(crew(away.path(), &site).await);
    // Two years of a server that nobody stops, with phones that come by every two months.
    rotate(&site, &Rotation { authority: true, ..Rotation::default() });
    for month in (0..24).step_by(2) {
        site.clock.advance(61 * DAY);
        site.running.run_upkeep().unwrap();
        follows.fetch().await.unwrap_or_else(|error| panic!("month {month}: {error}"));
    }
    // Whoever was away all the time knows no authority of this server, and gets the lists
    // another way.
    let vault = SoftwareVault::open(&away.path().join("keys"), "passphrase", 1).unwrap();
    let store = away.path().join("phone");
    let stays_away = Crew::open(&store, Arc::new(vault), site.clock.clone()).unwrap();
    let lost = stays_away.fetch().await.unwrap_err();
    let why = crewseal::sync::SyncError::WrongCertificate;
    assert!(matches!(lost, CrewError::Sync { error, .. } if error == why), "{lost:?}");
    let lists = cbor::to_vec(&site.hq.key_lists(0).unwrap());
    let others = cbor::to_vec(&Site::open().hq.key_lists(0).unwrap());
    let refused = stays_away.follow_key_lists(&others).unwrap_err();
    assert!(matches!(refused, CrewError::HqKeys(KeyListError::OtherHq)), "{refused:?}");
    stays_away.follow_key_lists(&lists).unwrap();
    stays_away.fetch().await.unwrap();
}

/// Renewals and rotations of everything, list keys too, as they come in a company's life.
#[tokio::test]
async fn a_phone_lives_two_years_of_renewals_and_rotations() {
    let (site, home) = (Site::open(), tempfile::tempdir().unwrap());
    let crew = crew(home.path(), &site).await;
    let mut signs = list_key(&site);
    let (mut lists, mut delivered) = (1, 0);
    for month in 1..=24_u32 {
        site.clock.advance(30 * DAY);
        site.running.run_upkeep().unwrap();
        // Every fourth month everything is exchanged, and the list keys with it; the phone is
        // away for three months between.
        if month % 4 == 0 {
            let next = ListKey::draw(&site.dir.path().join(format!("{month}.key"))).unwrap();
            let list_keys = Some(([*next.public()].into(), 1));
            let from = site.clock.now() + 14 * DAY;
            let rotation = Rotation { list_keys, from, ..all() };
            let mut list = site.hq.propose_keys(&rotation).unwrap();
            signs.sign(&mut list).unwrap();
            next.sign(&mut list).unwrap();
            site.hq.adopt_keys(&list.to_bytes()).unwrap();
            (signs, lists) = (next, lists + 1);
        }
        if month % 3 == 0 {
            // The first job is long over: a new one each time.
            let job = site.open_job(0..0);
            site.hq.assign(crew.device(), job).unwrap();
            crew.fetch().await.unwrap_or_else(|error| panic!("month {month}: {error}"));
            let request = ActRequest::new(EventKind::Count, [site.label(5)].into());
            crew.record(job, &request).unwrap();
            let report = crew.sync().await.unwrap();
            // The terms that it knows, and the act.
            assert_eq!((report.receipted, report.unanswered), (2, 0), "month {month}");
            delivered += 1;
        }
    }
    assert_eq!((delivered, crew.key_list().unwrap()), (8, lists));
    let credentials = crew.credentials().unwrap();
    assert!(credentials.len() >= 8, "renewed each time: {}", credentials.len());
}

/// Keys are stolen while new ones are announced that have not begun.
#[tokio::test]
async fn what_was_announced_can_be_exchanged_at_once() {
    let (site, home) = (Site::open(), tempfile::tempdir().unwrap());
    let crew = crew(home.path(), &site).await;
    rotate(&site, &Rotation { from: site.clock.now() + 7 * DAY, ..all() });
    let announced = site.hq.keys();
    let stolen = *announced.signing_key(KeyUse::Receipt, site.clock.now() + 8 * DAY).unwrap();
    rotate(&site, &all());
    site.clock.advance(8 * DAY);
    let keys = site.hq.keys();
    assert_ne!(keys.signing_key(KeyUse::Receipt, site.clock.now()), Some(&stolen));
    crew.fetch().await.unwrap();
    assert_eq!(crew.key_list().unwrap(), 3);
    site.hq.refresh_keys().unwrap();
    count(&crew, &site);
    assert_eq!(crew.sync().await.unwrap().receipted, 2, "its terms, and the act");
}

/// An HQ in one process adopts a list; another goes on from that, and founds no second one.
#[tokio::test]
async fn a_proposal_goes_on_from_the_newest_list_whoever_adopted_it() {
    let site = Site::open();
    let stale = Hq::open(&data(&site), site.clock.clone()).unwrap();
    rotate(&site, &all());
    let proposal = stale.propose_keys(&all()).unwrap();
    assert_eq!(proposal.message().number, 3);
    assert_eq!(proposal.message().previous, Some(site.hq.keys().newest().unwrap().id()));
}

/// The power went when the list key was drawn, and nothing else.
#[test]
fn a_founding_that_was_cut_short_is_gone_on_with() {
    let directory = tempfile::tempdir().unwrap();
    let drawn = ListKey::draw(&directory.path().join("list.key")).unwrap();
    let clock: Arc<dyn Clock> = Arc::new(crewseal_hq::clock::SystemClock::start());
    let hq = Hq::create(directory.path(), "hq.test", clock).unwrap();
    assert_eq!(hq.keys().newest().unwrap().list_keys, [*drawn.public()]);
}

/// Keys from an older backup than the database.
#[tokio::test]
async fn a_file_that_lacks_a_listed_key_is_told_from_another_hqs() {
    let (site, other) = (Site::open(), Site::open());
    let path = data(&site).join("hq.keys");
    let older = std::fs::read(&path).unwrap();
    rotate(&site, &all());
    let whole = std::fs::read(&path).unwrap();
    let opened = |file: &[u8]| {
        std::fs::write(&path, file).unwrap();
        Hq::open(&data(&site), site.clock.clone()).map(drop)
    };
    assert!(matches!(opened(&older), Err(HqError::Keys(KeysError::Gone))));
    let theirs = std::fs::read(data(&other).join("hq.keys")).unwrap();
    assert!(matches!(opened(&theirs), Err(HqError::Keys(KeysError::OtherHq))));
    assert!(opened(&whole).is_ok());
}

#[test]
fn keys_are_exchanged_by_commands() {
    let directory = tempfile::tempdir().unwrap();
    let data = directory.path().join("data");
    let clock: Arc<dyn Clock> = Arc::new(crewseal_hq::clock::SystemClock::start());
    let fingerprint = Hq::create(&data, "hq.test", clock).unwrap().fingerprint();
    let hq = |line: &str| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_crewseal-hq"));
        let command = command.args(line.split(' ')).current_dir(directory.path());
        let done = command.output().unwrap();
        let said = String::from_utf8([done.stdout, done.stderr].concat()).unwrap();
        (done.status.code(), said)
    };
    let (status, said) = hq("keys show --data data");
    assert_eq!(status, Some(0), "{said}");
    assert!(said.contains(&fingerprint) && said.contains("key list 1 of hq.test"), "{said}");
    // The list key goes to another machine.
    std::fs::rename(data.join("list.key"), directory.path().join("list.key")).unwrap();
    let everything = "--signing credential --signing receipt --sealing --authority";
    let (status, said) = hq(&format!("keys propose --data data {everything} --out next.list"));
    assert_eq!(status, Some(0), "{said}");
    assert!(said.contains("key list 2 of hq.test"), "{said}");
    let (status, said) = hq("keys adopt --data data next.list");
    assert_eq!(status, Some(2), "nobody signed it: {said}");
    let (status, said) = hq("keys sign --list-key list.key next.list");
    assert_eq!(status, Some(0), "{said}");
    assert!(said.contains("sealing key"), "whoever signs sees what: {said}");
    let (status, said) = hq("keys adopt --data data next.list");
    assert_eq!((status, said.as_str()), (Some(0), "key list 2\n"));
    let (status, said) = hq("keys export --data data --out all.lists");
    assert_eq!((status, said.as_str()), (Some(0), "2 key lists\n"));
    let (status, said) = hq("keys draw-list-key --out second.key");
    assert_eq!((status, said.trim().len()), (Some(0), 130), "{said}");
    let both = format!("--list-key {} --threshold 1", said.trim());
    let (status, said) = hq(&format!("keys propose --data data {both} --out third.list"));
    assert_eq!(status, Some(0), "{said}");
    for key in ["list.key", "second.key"] {
        assert_eq!(hq(&format!("keys sign --list-key {key} third.list")).0, Some(0));
    }
    assert_eq!(hq("keys adopt --data data third.list").0, Some(0));
    let (_, said) = hq("keys show --data data");
    assert!(said.contains(&fingerprint), "it is the same HQ: {said}");
}

/// A phone that was wiped delivers by its grant, whatever HQ signs with by then.
#[tokio::test]
async fn a_phone_without_keys_follows_key_lists_too() {
    let (site, home) = (Site::open(), tempfile::tempdir().unwrap());
    let crew = crew(home.path(), &site).await;
    count(&crew, &site);
    crew.log_out().unwrap();
    drop(crew);
    rotate(&site, &all());
    let vault = SoftwareVault::open(&home.path().join("keys"), "passphrase", 1).unwrap();
    let wiped =
        Crew::open(&home.path().join("phone"), Arc::new(vault), site.clock.clone()).unwrap();
    assert_eq!(wiped.sync().await.unwrap().receipted, 2);
}
