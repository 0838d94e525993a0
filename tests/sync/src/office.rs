//! An HQ with one job, and a phone that finds it through a network that counts.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::SystemTime;

use crewseal::Crew;
use crewseal::clock::Clock;
use crewseal::vault::SoftwareVault;
use crewseal_custody::{BootId, JobId, Role, cbor};
use crewseal_hq::clock::SystemClock;
use crewseal_hq::{Hq, JobPlan, Listen, Running, serve};
use crewseal_label::Token;
use fixtures::hq::{Line, Passed, Relay};

/// Boxes of the job.
const BOXES: u32 = 2_000;

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

/// HQ, and one phone of its crew.
pub struct Office {
    directory: tempfile::TempDir,
    pub hq: Hq,
    _running: Running,
    relay: Relay,
    pub clock: Arc<PhoneClock>,
    pub crew: Crew,
    pub job: JobId,
    /// The job's boxes, in the order of its manifest.
    pub boxes: Vec<Token>,
}

impl Office {
    /// With a phone that is enrolled, has fetched once, and has its connection open.
    pub async fn open() -> Self {
        let directory = tempfile::tempdir().expect("a directory");
        let hq = Hq::create(
            &directory.path().join("hq"),
            "hq.example/log",
            Arc::new(SystemClock::start()),
        );
        let hq = hq.expect("a new HQ");
        let clock = Arc::<PhoneClock>::default();
        let boxes: Vec<Token> =
            hq.mint_roll(BOXES).expect("labels").tokens().map(|(_, token)| token).collect();
        let plan = JobPlan {
            boxes: BOXES,
            labelled: boxes.clone(),
            opens_at: clock.now() - 3_600,
            closes_at: clock.now() + 86_400,
            ..JobPlan::default()
        };
        let job = hq.open_job(&plan).expect("a job");
        let running = serve(hq.clone(), Listen::default()).expect("a server");
        let port = running.address().port();
        let relay = Relay::to(port, Line::default(), Line::default()).await;
        let url = format!("https://127.0.0.1:{}", relay.port());
        let invitation = hq.invite(Role::Mover, "Mover 17", &[job], &url).expect("an invitation");
        let keys = SoftwareVault::open(&directory.path().join("keys"), "passphrase", 1);
        let phone: Arc<dyn Clock> = Arc::<PhoneClock>::clone(&clock);
        let vault = Arc::new(keys.expect("new keys"));
        let crew = Crew::open(&directory.path().join("phone"), vault, phone).expect("a new phone");
        crew.enrol(&cbor::to_vec(&invitation)).await.expect("an HQ that answers");
        crew.fetch().await.expect("an HQ that answers");
        // Acts come minutes after the tick that they name.
        clock.pass(300_000);
        Self { directory, hq, _running: running, relay, clock, crew, job, boxes }
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

    /// The sizes of the newest signed events at HQ, the newest first.
    pub fn sizes_at_hq(&self, newest: u32) -> Vec<u32> {
        let database = rusqlite::Connection::open(self.directory.path().join("hq/hq.db"));
        let database = database.expect("HQ's database");
        let select = "SELECT length(bytes) FROM events ORDER BY arrival DESC LIMIT ?1";
        let mut query = database.prepare(select).expect("HQ's table of events");
        let rows = query.query_map([newest], |row| row.get(0)).expect("HQ's events");
        rows.collect::<Result<_, _>>().expect("lengths")
    }
}
