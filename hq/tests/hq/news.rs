//! What phones are told of jobs, labels and revocations, and up to where they know it.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;

use crewseal::sync::SyncError;
use crewseal::vault::SoftwareVault;
use crewseal::{ActRequest, Crew, CrewError};
use crewseal_custody::cbor;
use crewseal_custody::job::JobPack;
use crewseal_custody::wire::{Cursor, News};
use crewseal_custody::{EventKind, JobId, Role, Tick};
use crewseal_hq::{Hq, JobPlan, ListKey};
use crewseal_label::Token;
use crewseal_scan::Sighting;
use fixtures::hq::{Line, Relay};
use minicbor::bytes::ByteVec;
use reqwest::StatusCode;
use rusqlite::Connection;

use crate::phone::{Phone, Site, TestClock, success};

/// The query of a phone that knows all of these news.
fn known(news: &News, before: &BTreeMap<&'static str, String>) -> BTreeMap<&'static str, String> {
    let mut known = before.clone();
    let cursors = [
        ("jobs", news.jobs.as_ref().map(|jobs| &jobs.cursor)),
        ("rolls", news.rolls.as_ref().map(|rolls| &rolls.cursor)),
        ("revocations", news.revocations.as_ref().map(|list| &list.cursor)),
    ];
    known.extend(cursors.into_iter().filter_map(|(name, one)| Some((name, one?.to_text()))));
    known
}

fn query(known: &BTreeMap<&'static str, String>) -> String {
    let list: Vec<String> = known.iter().map(|(name, cursor)| format!("{name}={cursor}")).collect();
    format!("?{}", list.join("&"))
}

/// Says what is new, and knows it from then on.
pub struct Reader<'p> {
    phone: &'p Phone,
    pub known: BTreeMap<&'static str, String>,
}

impl<'p> Reader<'p> {
    pub fn of(phone: &'p Phone) -> Self {
        Self { phone, known: BTreeMap::new() }
    }

    pub async fn news(&mut self) -> News {
        let news = self.phone.news(&query(&self.known)).await.unwrap();
        self.known = known(&news, &self.known);
        news
    }

    /// The jobs of which there are packs, and those that ended.
    async fn jobs(&mut self) -> (Vec<JobId>, Vec<JobId>) {
        let Some(jobs) = self.news().await.jobs else { return Default::default() };
        let hq = &self.phone.keys;
        let pack = |bytes: &ByteVec| hq.open::<JobPack>(bytes).unwrap().job;
        (jobs.packs.iter().map(pack).collect(), jobs.ended)
    }
}

#[tokio::test]
async fn what_is_known_is_not_told_again_and_ticks_go_on() {
    let site = Site::open();
    let phone = site.phone().await;
    let mut reader = Reader::of(&phone);
    let first = reader.news().await;
    assert_eq!(first.jobs.as_ref().unwrap().packs.len(), 1);
    let rolls = first.rolls.as_ref().unwrap();
    assert_eq!((rolls.parts.len(), rolls.parts[0].labels.len()), (1, 40 * 16));
    assert!(!first.more);
    let number = |news: &News| site.hq.keys().open::<Tick>(&news.tick).unwrap().number;
    let again = reader.news().await;
    assert_eq!((&again.jobs, &again.rolls, &again.revocations), (&None, &None, &None));
    assert_eq!(number(&again), number(&first) + 1);
    let bytes = success(phone.get(&format!("/v1/news{}", query(&reader.known))).await).await;
    assert!(bytes.unwrap().len() < 200);
}

#[tokio::test]
async fn only_what_changed_comes_whole_and_what_ended_is_told() {
    let site = Site::open();
    let mut phone = site.phone().await;
    let later = {
        let now = crewseal_hq::clock::Clock::now(&*site.clock);
        let plan = JobPlan { opens_at: now + 100, closes_at: now + 200, ..JobPlan::default() };
        site.hq.open_job(&plan).unwrap()
    };
    site.hq.assign(phone.device(), later).unwrap();
    let other = site.open_job(3..6);
    let told = [phone.token.clone()];
    let mut reader = Reader::of(&phone);
    assert_eq!(reader.jobs().await, (vec![site.job], vec![]), "the other is not open yet");
    assert_eq!(reader.jobs().await, (vec![], vec![]));

    site.hq.add_boxes(other, &[site.label(7)], &BTreeSet::new(), &BTreeMap::new()).unwrap();
    assert_eq!(reader.jobs().await, (vec![], vec![]), "it is not of that crew");
    site.hq.add_boxes(site.job, &[site.label(8)], &BTreeSet::new(), &BTreeMap::new()).unwrap();
    assert_eq!(reader.jobs().await, (vec![site.job], vec![]));
    site.hq.assign(phone.device(), other).unwrap();
    assert_eq!(reader.jobs().await, (vec![other], vec![]));
    let colleague = site.phone().await;
    assert_eq!(reader.jobs().await, (vec![site.job], vec![]), "its roster has one more");

    site.clock.advance(100);
    assert_eq!(reader.jobs().await, (vec![later], vec![]), "it opened");
    site.clock.advance(100);
    assert_eq!(reader.jobs().await, (vec![], vec![later]), "it ended");
    assert_eq!(reader.jobs().await, (vec![], vec![]));
    let new_here = Reader::of(&colleague).jobs().await;
    assert_eq!(new_here, (vec![site.job], vec![]));

    let known = reader.known.clone();
    assert_eq!(told, [phone.token.clone()]);
    site.hq.revoke(phone.device(), 0).unwrap();
    phone.sign_in().await.unwrap();
    let mut reader = Reader { phone: &phone, known };
    let news = reader.news().await;
    assert!(news.revocations.unwrap().list.is_some());
    assert_eq!((news.jobs, news.rolls), (None, None));
    assert_eq!(reader.news().await.revocations, None, "told once");
}

#[tokio::test]
async fn a_cursor_of_another_or_of_the_future_is_told_so() {
    let (site, elsewhere) = (Site::open(), Site::open());
    let (phone, other) = (site.phone().await, site.phone().await);
    let stranger = elsewhere.phone().await;
    let mut reader = Reader::of(&phone);
    reader.news().await;
    let backup = tempfile::tempdir().unwrap();
    for file in ["hq.db", "hq.keys"] {
        std::fs::copy(site.dir.path().join("data").join(file), backup.path().join(file)).unwrap();
    }
    let copy = Connection::open(site.dir.path().join("data/hq.db")).unwrap();
    let path = backup.path().join("hq.db");
    std::fs::remove_file(&path).unwrap();
    copy.execute("VACUUM INTO ?1", [path.to_str().unwrap()]).unwrap();

    let of_another = "urn:crewseal:problem:cursor-of-another";
    let swapped = query(&[("jobs", reader.known["rolls"].clone())].into());
    for (name, asking, query) in [
        ("another device's", &other, query(&reader.known)),
        ("another HQ's", &stranger, query(&reader.known)),
        ("another stream's", &phone, swapped),
        ("no cursor", &phone, "?jobs=AAAA".to_owned()),
        ("no base64", &phone, "?rolls=%ff".to_owned()),
        ("too long", &phone, format!("?rolls={}", "A".repeat(2_000))),
    ] {
        let answer = asking.get(&format!("/v1/news{query}")).await;
        assert_eq!(answer.status(), StatusCode::GONE, "{name}");
        let problem: serde_json::Value =
            serde_json::from_slice(&answer.bytes().await.unwrap()).unwrap();
        assert_eq!(problem["type"], of_another, "{name}");
    }

    site.hq.mint_roll(5).unwrap();
    site.hq.revoke(other.device(), 7).unwrap();
    site.hq.add_boxes(site.job, &[site.label(8)], &BTreeSet::new(), &BTreeMap::new()).unwrap();
    reader.news().await;
    let list_key = site.dir.path().join("data/list.key");
    let restored = restored(&list_key, backup.path(), site.clock.clone());
    for stream in ["jobs", "rolls", "revocations"] {
        let mut asked = crewseal_hq::NewsRequest::default();
        let place = match stream {
            "jobs" => &mut asked.jobs,
            "rolls" => &mut asked.rolls,
            _ => &mut asked.revocations,
        };
        *place = Cursor::parse(&reader.known[stream]);
        let told = restored.news(&phone.device(), &asked).unwrap_err();
        let future = crewseal_hq::CursorError::FromTheFuture;
        assert!(matches!(told, crewseal_hq::NewsError::Cursor(how) if how == future), "{stream}");
    }
}

/// An HQ of which only a backup is left, which goes on in a new log.
fn restored(list_key: &Path, backup: &Path, clock: Arc<TestClock>) -> Hq {
    let list_keys = [ListKey::read(list_key).unwrap()];
    Hq::restore(backup, clock.clone(), &[], &list_keys, false).unwrap();
    Hq::open(backup, clock).unwrap()
}

/// A crew's phone in a folder, which finds HQ at this address.
async fn crew_at(site: &Site, home: &Path, url: &str) -> Crew {
    let vault = SoftwareVault::open(&home.join("keys"), "passphrase", 1).unwrap();
    let crew = Crew::open(&home.join("phone"), Arc::new(vault), site.clock.clone()).unwrap();
    let invitation = site.hq.invite(Role::Mover, "Mover 17", &[site.job], url);
    crew.enrol(&cbor::to_vec(&invitation.unwrap())).await.unwrap();
    crew
}

async fn crew(site: &Site, home: &Path) -> Crew {
    crew_at(site, home, site.running.url()).await
}

#[tokio::test]
async fn a_download_that_breaks_off_goes_on_where_it_was() {
    let site = Site::open();
    let roll = site.hq.mint_roll(20_000).unwrap();
    let home = tempfile::tempdir().unwrap();
    // Each connection brings one part of 128 KiB, and breaks off in the next.
    let breaks = Line { breaks_after: Some(200_000), ..Line::default() };
    let relay = Relay::to(site.running.address().port(), Line::default(), breaks).await;
    let url = format!("https://127.0.0.1:{}", relay.port());
    let crew = crew_at(&site, home.path(), &url).await;
    let mut fetches = 1;
    while let Err(error) = crew.fetch().await {
        let CrewError::Sync { error, again_after } = error else { panic!("{error:?}") };
        assert!(matches!(error, SyncError::Unreadable | SyncError::Offline), "{error:?}");
        assert!(again_after.is_some());
        // The job came first, and can be worked on.
        assert_eq!(crew.jobs().unwrap().len(), 1);
        let count = ActRequest::new(EventKind::Count, [site.label(0)].into());
        crew.record(site.job, &count).unwrap();
        fetches += 1;
        assert!(fetches < 5, "it begins anew each time");
    }
    assert_eq!(fetches, 2);
    assert_eq!(crew.fetch().await.unwrap().labels, 20_040);
    let last = roll.get(19_999).unwrap();
    assert_eq!(crew.tally(site.job).unwrap().sight(&last.to_text()), Sighting::Blank(last));
}

#[tokio::test]
async fn a_phone_whose_cursor_hq_does_not_know_starts_over_by_itself() {
    let site = Site::open();
    let home = tempfile::tempdir().unwrap();
    let backup = tempfile::tempdir().unwrap();
    let path = backup.path().join("hq.db");
    let copy = Connection::open(site.dir.path().join("data/hq.db")).unwrap();
    let crew = crew(&site, home.path()).await;
    copy.execute("VACUUM INTO ?1", [path.to_str().unwrap()]).unwrap();
    std::fs::copy(site.dir.path().join("data/hq.keys"), backup.path().join("hq.keys")).unwrap();
    let port = site.running.address().port();
    site.hq.mint_roll(7).unwrap();
    assert_eq!(crew.fetch().await.unwrap().labels, 47);
    site.running.shutdown().await;

    let list_key = site.dir.path().join("data/list.key");
    let restored = restored(&list_key, backup.path(), site.clock.clone());
    let address = ([127, 0, 0, 1], port).into();
    let listen = crewseal_hq::Listen { address, ..crewseal_hq::Listen::default() };
    let running = crewseal_hq::serve(restored, listen).unwrap();
    assert_eq!(crew.fetch().await.unwrap().jobs, 1, "as the HQ is that it finds");
    assert_eq!(crew.fetch().await.unwrap().jobs, 1);
    running.shutdown().await;
}

#[tokio::test]
async fn a_roll_that_needs_several_parts_arrives_whole() {
    let site = Site::open();
    let roll = site.hq.mint_roll(20_000).unwrap();
    let phone = site.phone().await;
    let mut reader = Reader::of(&phone);
    let (mut answers, mut labels) = (0, Vec::new());
    loop {
        let news = reader.news().await;
        let size = cbor::to_vec(&news).len();
        assert!(size < 140_000, "{size}");
        for part in news.rolls.iter().flat_map(|rolls| &rolls.parts) {
            labels.extend(part.labels.as_chunks::<16>().0.iter().copied());
        }
        answers += 1;
        if !news.more {
            break;
        }
    }
    assert_eq!((answers, labels.len()), (3, 20_040));
    let of_roll: Vec<[u8; 16]> = roll.tokens().map(|(_, token)| *token.as_bytes()).collect();
    assert_eq!(labels[40..], of_roll);

    let home = tempfile::tempdir().unwrap();
    let crew = crew(&site, home.path()).await;
    assert_eq!(crew.fetch().await.unwrap().labels, 20_040);
    assert_eq!(crew.fetch().await.unwrap().labels, 20_040);
    let last = roll.get(19_999).unwrap();
    let seen = crew.tally(site.job).unwrap().sight(&last.to_text());
    assert_eq!(seen, Sighting::Blank(last));
}

#[tokio::test]
async fn boxes_that_one_phone_commissions_reach_every_phone_of_the_job() {
    let site = Site::open();
    let homes = [tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap()];
    let (a, b) = (crew(&site, homes[0].path()).await, crew(&site, homes[1].path()).await);
    for crew in [&a, &b] {
        crew.fetch().await.unwrap();
    }
    let fresh: BTreeSet<Token> = [site.label(20), site.label(21)].into();
    a.commission(site.job, &fresh).unwrap();
    a.record(site.job, &ActRequest::new(EventKind::TakeOver, fresh.clone())).unwrap();
    a.sync().await.unwrap();
    let sees = |crew: &Crew| crew.tally(site.job).unwrap().sight(&site.label(20).to_text());
    assert_eq!(sees(&b), Sighting::Blank(site.label(20)), "before it fetches");
    b.fetch().await.unwrap();
    assert_eq!(sees(&b), sees(&a));
    assert!(matches!(sees(&b), Sighting::New(_)), "{:?}", sees(&b));
    assert_eq!(b.tally(site.job).unwrap().count(), a.tally(site.job).unwrap().count());
    b.record(site.job, &ActRequest::new(EventKind::Load, fresh)).unwrap();
    assert_eq!(b.sync().await.unwrap().receipted, 2, "the terms that it knows now, and the act");
    let pack = &b.jobs().unwrap()[0];
    assert_eq!(pack.manifests.len(), 2, "one version for the whole batch");
}

#[tokio::test]
async fn labels_of_another_job_a_strangers_and_disputed_ones_enter_no_manifest() {
    let site = Site::open();
    let _other = site.open_job(3..6);
    let mut phone = site.phone().await;
    let mut outsider = Phone::new(site.invite(&[]), site.hq.keys());
    outsider.enrol().await.unwrap();
    outsider.sign_in().await.unwrap();
    let of_another = phone.act(EventKind::Commission, site.job, &[site.label(3)]);
    phone.deliver(&[of_another]).await;
    let by_another = outsider.act(EventKind::Commission, site.job, &[site.label(10)]);
    outsider.deliver(&[by_another]).await;
    (phone.sequence, phone.previous) = (0, None);
    let forked = phone.act(EventKind::Commission, site.job, &[site.label(11)]);
    phone.deliver(&[forked]).await;
    let unknown_job = phone.act(EventKind::Commission, JobId([9; 16]), &[site.label(12)]);
    phone.deliver(&[unknown_job]).await;
    assert_eq!(phone.packs().await[0].manifests.len(), 1);
}
