//! An HQ with one job, and phones of its crew: one of them finds it through a network that
//! counts.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::SystemTime;

use crewseal::Crew;
use crewseal::clock::Clock;
use crewseal::vault::SoftwareVault;
use crewseal_custody::{BootId, EventId, JobId, Role, cbor, signed::Digest};
use crewseal_hq::clock::SystemClock;
use crewseal_hq::{Hq, JobPlan, Listen, Running, serve};
use crewseal_label::Token;
use fixtures::hq::{Line, Passed, Relay};

use crate::large_log;

/// Boxes of the job.
const BOXES: u32 = 2_000;
/// The name of HQ's log.
const ORIGIN: &str = "hq.example/log";

/// The system's time, and a time since the boot that passes when it is told to.
#[derive(Default)]
pub struct PhoneClock(AtomicU64);

impl PhoneClock {
    pub fn pass(&self, millis: u64) {
        self.0.fetch_add(millis, Ordering::SeqCst);
    }
}

impl Clock for PhoneClock {
    fn now(&self) -> u64 {
        SystemTime::UNIX_EPOCH.elapsed().expect("a time after 1970").as_secs()
    }

    fn since_boot(&self) -> (BootId, u64) {
        (BootId([0xb0, 0x07, 0, 1]), self.0.load(Ordering::SeqCst))
    }
}

/// What an HQ and its phones leave on the disk. It is gone with this.
pub struct Site {
    directory: tempfile::TempDir,
    pub job: JobId,
    /// The job's boxes, in the order of its manifest.
    pub boxes: Vec<Token>,
}

impl Site {
    /// With a log of so many leaves, and what HQ itself did.
    pub fn found(leaves: u64) -> Self {
        let program = std::env::current_exe().expect("a program has a path");
        let beside = program.parent().expect("and lies in a directory");
        let directory = tempfile::tempdir_in(beside).expect("a directory");
        let mut site = Self { directory, job: JobId([0; 16]), boxes: Vec::new() };
        let hq = Hq::create(&site.data(), ORIGIN, Arc::new(SystemClock::start()));
        drop(hq.expect("a new HQ"));
        large_log::grow(&site.database(), leaves);
        // What follows is HQ's own, and so is the checkpoint over all of it.
        let hq = site.hq();
        site.boxes =
            hq.mint_roll(BOXES).expect("labels").tokens().map(|(_, token)| token).collect();
        let now = PhoneClock::default().now();
        let plan = JobPlan {
            boxes: BOXES,
            labelled: site.boxes.clone(),
            opens_at: now - 3_600,
            closes_at: now + 86_400,
            ..JobPlan::default()
        };
        site.job = hq.open_job(&plan).expect("a job");
        site
    }

    /// HQ's directory.
    pub fn data(&self) -> PathBuf {
        self.directory.path().join("hq")
    }

    fn database(&self) -> PathBuf {
        self.data().join("hq.db")
    }

    /// HQ, opened from its directory.
    pub fn hq(&self) -> Hq {
        Hq::open(&self.data(), Arc::new(SystemClock::start())).expect("a whole HQ")
    }

    /// A phone of this name that finds HQ there, is enrolled and has fetched once.
    pub async fn phone(&self, name: &str, url: &str) -> Phone {
        let invitation = self.hq().invite(Role::Mover, name, &[self.job], url);
        let invitation = cbor::to_vec(&invitation.expect("an invitation"));
        let home = Home::new(&self.directory.path().join(name));
        let crew = home.open();
        crew.enrol(&invitation).await.expect("an HQ that answers");
        crew.fetch().await.expect("an HQ that answers");
        // Acts come minutes after the tick that they name.
        home.clock.pass(300_000);
        Phone { home, crew: Arc::new(crew) }
    }

    /// The newest signed events at HQ, the newest first: their ids and sizes.
    pub fn events(&self, newest: u32) -> Vec<(EventId, u32)> {
        let database = rusqlite::Connection::open(self.database()).expect("HQ's database");
        let select = "SELECT id, length(bytes) FROM events ORDER BY arrival DESC LIMIT ?1";
        let mut query = database.prepare(select).expect("HQ's table of events");
        let rows = query.query_map([newest], |row| Ok((Digest(row.get(0)?), row.get(1)?)));
        rows.expect("HQ's events").collect::<Result<_, _>>().expect("ids and lengths")
    }
}

/// Where a phone keeps what it has.
pub struct Home {
    directory: PathBuf,
    vault: Arc<SoftwareVault>,
    pub clock: Arc<PhoneClock>,
}

impl Home {
    fn new(directory: &Path) -> Self {
        let vault = SoftwareVault::open(&directory.join("keys"), "passphrase", 1);
        let vault = Arc::new(vault.expect("new keys"));
        Self { directory: directory.join("phone"), vault, clock: Arc::default() }
    }

    fn open(&self) -> Crew {
        let clock: Arc<dyn Clock> = Arc::<PhoneClock>::clone(&self.clock);
        let vault = Arc::<SoftwareVault>::clone(&self.vault);
        Crew::open(&self.directory, vault, clock).expect("a whole store")
    }

    /// Its store.
    pub fn store(&self) -> PathBuf {
        self.directory.join("crewseal.db")
    }
}

/// A phone that is in use.
pub struct Phone {
    pub home: Home,
    pub crew: Arc<Crew>,
}

/// An HQ in this process, and a phone whose bytes are counted.
pub struct Office {
    pub site: Site,
    pub hq: Hq,
    running: Running,
    relay: Relay,
    pub phone: Phone,
}

impl Office {
    /// With a log of nothing but what HQ did, and a phone that has its connection open.
    pub async fn open() -> Self {
        Self::at(Site::found(0)).await
    }

    /// The same at a site.
    pub async fn at(site: Site) -> Self {
        let hq = site.hq();
        let running = serve(hq.clone(), Listen::default()).expect("a server");
        let port = running.address().port();
        let relay = Relay::to(port, Line::default(), Line::default()).await;
        let url = format!("https://127.0.0.1:{}", relay.port());
        let phone = site.phone("Mover 17", &url).await;
        Self { site, hq, running, relay, phone }
    }

    /// Another phone, whose bytes are counted with those of the first.
    pub async fn another_phone(&self, name: &str) -> Phone {
        self.site.phone(name, &format!("https://127.0.0.1:{}", self.relay.port())).await
    }

    /// Ends the server and leaves what is on the disk.
    pub async fn close(self) -> Site {
        let Self { site, running, .. } = self;
        running.shutdown().await;
        site
    }

    /// What the phone sends and gets meanwhile, on the connection that it has.
    pub async fn passed<T>(&self, work: impl Future<Output = T>) -> (Passed, T) {
        let before = self.relay.passed().connections;
        let (passed, done) = self.passed_at_all(work).await;
        assert_eq!(before, passed.connections, "there was a handshake in it");
        (passed, done)
    }

    /// The same with the handshake, if there was one.
    pub async fn passed_at_all<T>(&self, work: impl Future<Output = T>) -> (Passed, T) {
        let before = self.relay.passed();
        let done = work.await;
        let after = self.relay.passed();
        let passed = Passed { up: after.up - before.up, down: after.down - before.down, ..after };
        (passed, done)
    }
}
