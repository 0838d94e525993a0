//! Photos from a phone to a real HQ: through a network that breaks off, out of a store in
//! which they rotted, after a log-out.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;

use crewseal::clock::SystemClock;
use crewseal::outbox::attachment::QUOTA;
use crewseal::outbox::prepare_photo;
use crewseal::vault::SoftwareVault;
use crewseal::{ActRequest, Crew, CrewError, Uploaded};
use crewseal_custody::cbor;
use crewseal_custody::personal::Personal;
use crewseal_custody::{BootId, EventId, EventKind, JobId, Role};
use crewseal_hq::{Hq, JobPlan, Listen, Running, serve};
use crewseal_label::Token;
use image::{DynamicImage, ImageFormat, Rgb, RgbImage};
use moving_day::network::Network;
use rusqlite::Connection;
use tempfile::TempDir;

const LONGEST: u32 = 800;
const RECEIPTED: Uploaded = Uploaded { receipted: 1, damaged: 0, unanswered: 0 };
const DAMAGED: Uploaded = Uploaded { receipted: 0, damaged: 1, unanswered: 0 };
const NOTHING: Uploaded = Uploaded { receipted: 0, damaged: 0, unanswered: 0 };

struct Site {
    home: TempDir,
    hq: Hq,
    running: Running,
    network: Network,
    job: JobId,
    boxes: BTreeSet<Token>,
}

impl Site {
    async fn open() -> Self {
        let home = tempfile::tempdir().unwrap();
        let clock = Arc::new(crewseal_hq::clock::SystemClock::start());
        let now = crewseal_hq::clock::Clock::now(&*clock);
        let hq = Hq::create(&home.path().join("hq"), "hq.test", clock).unwrap();
        let roll = hq.mint_roll(3).unwrap();
        let labelled: Vec<Token> = roll.tokens().map(|(_, token)| token).collect();
        let boxes = labelled.iter().copied().collect();
        let plan = JobPlan {
            title: Personal::new("Household move 1"),
            customer: Personal::new("Customer 1"),
            origin: Personal::new("5 Example Street"),
            destination: Personal::new("12 Sample Road"),
            boxes: 3,
            sensitive: BTreeSet::new(),
            classes: Default::default(),
            labelled,
            opens_at: now - 10,
            closes_at: now + 1_000_000,
        };
        let job = hq.open_job(&plan).unwrap();
        let running = serve(hq.clone(), Listen::default()).unwrap();
        let network = Network::to(running.address()).await.unwrap();
        Self { home, hq, running, network, job, boxes }
    }

    async fn phone(&self) -> Crew {
        let crew = self.reopened();
        let url = self.network.url();
        let invitation = self.hq.invite(Role::Mover, "Mover 17", &[self.job], &url).unwrap();
        crew.enrol(&cbor::to_vec(&invitation)).await.unwrap();
        crew.fetch().await.unwrap();
        crew
    }

    fn reopened(&self) -> Crew {
        let vault = SoftwareVault::open(&self.home.path().join("keys"), "passphrase", 1).unwrap();
        let clock = Arc::new(SystemClock::new(BootId([1; 4])));
        Crew::open(&self.store(), Arc::new(vault), clock).unwrap()
    }

    fn store(&self) -> std::path::PathBuf {
        self.home.path().join("phone")
    }

    fn record(&self, crew: &Crew, photo: &[u8]) -> EventId {
        let request = ActRequest::new(EventKind::Load, self.boxes.clone());
        let recorded =
            crew.record_with_photos(self.job, &request, &[photo], LONGEST, QUOTA).unwrap();
        assert_eq!(recorded.refused, []);
        recorded.event
    }

    /// The one photo at HQ is this one.
    fn has(&self, event: EventId, photo: &[u8]) {
        let (here, awaited) = self.hq.photos_of(&self.job).unwrap();
        let [(named_by, digest)] = here[..] else { panic!("{here:?}") };
        assert_eq!((named_by, awaited), (event, 0));
        let kept = self.hq.photo(&event, &digest).unwrap().unwrap();
        assert_eq!(*kept.jpeg, *prepare_photo(photo, LONGEST).unwrap());
    }

    fn chunks_at_hq(&self) -> u32 {
        one(&self.home.path().join("hq/hq.db"), "SELECT count(*) FROM attachment_chunks")
    }
}

fn one(database: &Path, query: &str) -> u32 {
    Connection::open(database).unwrap().query_row(query, [], |row| row.get(0)).unwrap()
}

/// Coarse noise, which JPEG cannot make small: it takes several parts.
fn noise() -> Vec<u8> {
    let mut state = 0x2545_f491_u32;
    let picture = RgbImage::from_fn(LONGEST, LONGEST, |_, _| {
        state ^= state << 13;
        state ^= state >> 17;
        state ^= state << 5;
        Rgb([state as u8, (state >> 8) as u8, (state >> 16) as u8])
    });
    let mut png = std::io::Cursor::new(Vec::new());
    DynamicImage::ImageRgb8(picture).write_to(&mut png, ImageFormat::Png).unwrap();
    png.into_inner()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_photo_goes_on_from_where_the_network_broke_off() {
    let site = Site::open().await;
    let crew = site.phone().await;
    let photo = noise();
    let event = site.record(&crew, &photo);
    let waits = Uploaded { unanswered: 1, ..NOTHING };
    assert_eq!(crew.upload().await.unwrap(), waits, "HQ does not have its act");
    crew.sync().await.unwrap();

    let mut held = 0;
    for time in 1..=2 {
        site.network.lose_next_answer();
        crew.upload().await.unwrap_err();
        assert_eq!(site.network.lost_answers(), time);
        assert_eq!(crew.photos().unwrap().len(), 1);
        if time == 1 {
            held = site.chunks_at_hq();
            assert!(held > 0, "what came before the answer was lost is kept");
        } else {
            assert_eq!(site.chunks_at_hq(), held, "it came again, and is there once");
        }
    }
    assert_eq!(crew.upload().await.unwrap(), RECEIPTED);
    assert!(site.chunks_at_hq() > 2 * held, "it was of several parts");
    assert_eq!(crew.photos().unwrap(), []);
    assert_eq!(crew.upload().await.unwrap(), NOTHING);
    drop(crew);
    assert_eq!(one(&site.store().join("crewseal.db"), "SELECT count(*) FROM chunk"), 0);
    site.has(event, &photo);
    site.running.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_photo_that_rotted_on_the_phone_is_kept_and_holds_up_nothing() {
    for rot in [
        "UPDATE chunk SET sealed = zeroblob(length(sealed)) WHERE number = 1",
        "DELETE FROM chunk WHERE number = (SELECT max(number) FROM chunk)",
    ] {
        let site = Site::open().await;
        let crew = site.phone().await;
        site.record(&crew, &noise());
        drop(crew);
        Connection::open(site.store().join("crewseal.db")).unwrap().execute(rot, []).unwrap();
        let crew = site.reopened();
        crew.sync().await.unwrap();
        assert_eq!(crew.upload().await.unwrap(), DAMAGED, "{rot}");
        let kept = crew.photos().unwrap();
        assert!(kept.len() == 1 && kept.iter().all(|photo| photo.is_damaged), "{kept:?}");
        let photo = noise();
        site.record(&crew, &photo);
        crew.sync().await.unwrap();
        assert_eq!(crew.upload().await.unwrap(), RECEIPTED, "{rot}: the next one");
        assert_eq!(crew.photos().unwrap(), kept);
        site.running.shutdown().await;
    }
}

/// Nobody enrols again: the right that HQ gave to the device before is enough.
#[tokio::test(flavor = "multi_thread")]
async fn what_waits_is_delivered_though_the_phone_was_wiped_and_nobody_enrols() {
    let site = Site::open().await;
    let crew = site.phone().await;
    let photo = noise();
    let event = site.record(&crew, &photo);
    crew.log_out().unwrap();
    drop(crew);
    let crew = site.reopened();
    assert!(matches!(crew.jobs(), Err(CrewError::NotEnrolled)));
    assert_eq!(crew.sync().await.unwrap().receipted, 2, "the terms, and the act");
    assert_eq!(crew.outbox().unwrap().waiting, 0);
    assert_eq!(crew.upload().await.unwrap(), RECEIPTED);
    site.has(event, &photo);
    assert!(matches!(crew.fetch().await, Err(CrewError::NotEnrolled)), "it delivers, no more");
    site.running.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn photos_that_wait_reach_hq_after_a_log_out() {
    let site = Site::open().await;
    let crew = site.phone().await;
    let photo = noise();
    let event = site.record(&crew, &photo);
    let left = crew.log_out().unwrap();
    assert_eq!(left.waiting, 2, "the terms, and the act");
    drop(crew);
    let crew = site.phone().await;
    assert_eq!(crew.sync().await.unwrap().receipted, 2);
    assert_eq!(crew.upload().await.unwrap(), RECEIPTED);
    site.has(event, &photo);
    site.running.shutdown().await;
}
