//! Two phones that are killed in the middle of whatever they do, again and again: every
//! acknowledged act is at HQ in the end, in order, once, after the terms that held for it;
//! nothing that left a phone is unknown to it; and its store opens with no manual step.
//!
//! `CREWSEAL_KILL_ROUNDS=10000 cargo test -p moving-day --test kill` kills oftener than
//! the 300 times of an ordinary run, for a night; `CREWSEAL_KILL_SEED` repeats
//! what an earlier run chose. When exactly a kill hits differs all the same.
//!
//! A program of its own: it starts itself again as the phones that are killed, and a
//! child that has just begun holds for a moment every lock that its parent had. Tests
//! that close a store and open it again at once would find it in use.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::cast_possible_truncation,
    reason = "what is not as it should be is what the test is to fail on"
)]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

use crewseal::clock::{Clock, SystemClock};
use crewseal::outbox::LONGEST_SIDE;
use crewseal::outbox::attachment::QUOTA;
use crewseal::vault::SoftwareVault;
use crewseal::{ActRequest, Crew, CrewError};
use crewseal_custody::cbor;
use crewseal_custody::personal::Personal;
use crewseal_custody::signed::{Digest, Unverified};
use crewseal_custody::{
    BootId, Event, EventId, EventKind, FaultKind, JobId, Record, Role, SpotCheck,
};
use crewseal_hq::{Hq, JobPlan, Listen, serve};
use crewseal_label::Token;
use rand::rngs::SmallRng;
use rand::{Rng, SeedableRng};
use ring::rand::{SecureRandom as _, SystemRandom};
use thief::{Find, Secret};
use tokio::runtime::Runtime;

const ROUNDS: u64 = 300;
const PHONES: [&str; 2] = ["one", "two"];
/// Where a child finds its phones.
const CHILD: &str = "CREWSEAL_KILL_CHILD";
/// What it does.
const SEED: &str = "CREWSEAL_KILL_SEED";

/// What is told to the children, in files.
struct Jobs {
    /// That stays.
    kept: JobId,
    /// That is forgotten and fetched again.
    forgotten: JobId,
    boxes: Vec<Token>,
}

#[test]
fn phones_that_are_killed_at_any_moment_lose_nothing_they_acknowledged() {
    let runtime = Runtime::new().unwrap();
    if let Some(home) = std::env::var_os(CHILD) {
        let seed = number(SEED).unwrap();
        let failed = runtime.block_on(act_until_killed(Path::new(&home), seed)).unwrap_err();
        say(&format!("failed: {failed:?}"));
        return;
    }
    let rounds = number("CREWSEAL_KILL_ROUNDS").unwrap_or(ROUNDS);
    let seed = number(SEED).unwrap_or_else(any_seed);
    let mut rng = SmallRng::seed_from_u64(seed);
    let home = tempfile::tempdir().unwrap();
    let clock = Arc::new(crewseal_hq::clock::SystemClock::start());
    let hq = Hq::create(&home.path().join("hq"), "hq.test", clock).unwrap();
    let running = runtime.block_on(async { serve(hq.clone(), Listen::default()) }).unwrap();
    let jobs = Jobs::plan(&hq, home.path());
    for name in PHONES {
        let both = [jobs.kept, jobs.forgotten];
        let invitation = hq.invite(Role::Mover, "Mover 17", &both, running.url()).unwrap();
        fs::write(home.path().join(format!("{name}.invitation")), cbor::to_vec(&invitation))
            .unwrap();
    }
    let secrets = jobs.secrets();
    let mut did = Did::default();
    for round in 0..rounds {
        let at = format!("seed {seed}, round {round}");
        let lines = killed(home.path(), rng.random(), &mut rng);
        did.note(&lines);
        // A thief comes by right then: what lies about is whatever the kill left.
        assert_eq!(found(home.path(), &secrets), [], "{at}");
        for name in PHONES {
            runtime.block_on(goes_on(home.path(), name, &jobs, &mut did, &at));
            if lines.contains(&format!("forgot {name}")) {
                let erasures = open(home.path(), name).expect(&at).erasures().expect(&at);
                assert!(erasures.iter().any(|erasure| erasure.job == jobs.forgotten), "{at}");
            }
        }
    }
    the_search_finds_what_is_there(home.path(), &secrets);
    if rounds >= ROUNDS {
        did.is_enough(&hq, &jobs, rounds, seed);
    }
    for job in [jobs.kept, jobs.forgotten] {
        no_chain_is_at_fault(&hq, job, seed);
    }
    runtime.block_on(running.shutdown());
}

/// What the children said that they did.
#[derive(Default)]
struct Did {
    acts: u64,
    handed_over: usize,
    forgotten: usize,
    photos: usize,
    /// Events, by phone, in their order.
    acknowledged: BTreeMap<String, Vec<String>>,
}

impl Did {
    fn note(&mut self, lines: &[String]) {
        self.handed_over += lines.iter().filter(|line| *line == "handed over").count();
        self.forgotten += lines.iter().filter(|line| line.starts_with("forgot")).count();
        self.photos += lines.iter().filter(|line| *line == "took a photo").count();
        for line in lines {
            let words: Vec<&str> = line.split(' ').collect();
            if let ["did", name, event] = words[..] {
                self.acts += 1;
                self.acknowledged.entry(name.to_owned()).or_default().push(event.to_owned());
            }
        }
    }

    fn is_enough(&self, hq: &Hq, jobs: &Jobs, rounds: u64, seed: u64) {
        let Self { acts, handed_over, forgotten, photos, .. } = self;
        let (here, awaited) = hq.photos_of(&jobs.kept).unwrap();
        assert!(here.len() >= *photos && awaited == 0, "seed {seed}: {photos} photos, {here:?}");
        let did = format!(
            "{acts} acts, {handed_over} handoffs, {forgotten} jobs forgotten, {photos} photos"
        );
        let each = [*handed_over, *forgotten, *photos];
        let is_enough = *acts > rounds && each.iter().all(|times| *times > 0);
        assert!(is_enough, "seed {seed}: too little to be killed at: {did}");
        say(&did);
    }
}

/// The phone opens after the kill, acts, and delivers all that it acknowledged.
async fn goes_on(home: &Path, name: &str, jobs: &Jobs, did: &mut Did, at: &str) {
    let crew = open(home, name).expect(at);
    ready(&crew, home, name).await.expect(at);
    // An act after the kill takes a number that nobody has seen.
    let count = ActRequest::new(EventKind::Count, jobs.set(0..1));
    let event = crew.record(jobs.kept, &count).expect(at);
    let acknowledged = did.acknowledged.entry(name.to_owned()).or_default();
    acknowledged.push(id(&event));
    let delivered = crew.sync().await.expect(at);
    assert_eq!((delivered.parked, delivered.unanswered), (0, 0), "{at}");
    assert_eq!(crew.outbox().unwrap().waiting, 0, "{at}");
    let uploaded = crew.upload().await.expect(at);
    assert_eq!((uploaded.damaged, uploaded.unanswered), (0, 0), "{at}");
    assert_eq!(crew.photos().unwrap(), [], "{at}");
    in_order_and_once(home, &crew, acknowledged, at);
    after_its_terms(home, &crew, jobs, at);
}

/// The same search finds what was put there on purpose.
fn the_search_finds_what_is_there(home: &Path, secrets: &[Secret]) {
    for secret in secrets {
        let leak = home.join(PHONES[0]).join("store/leak");
        fs::write(&leak, secret.written()).unwrap();
        let finds = found(home, std::slice::from_ref(secret));
        assert!(!finds.is_empty(), "{} is not looked for", secret.name);
        fs::remove_file(leak).unwrap();
    }
}

fn no_chain_is_at_fault(hq: &Hq, job: JobId, seed: u64) {
    let record = hq.export(job).unwrap();
    let reading = Record::read(&record, Some(&hq.identity())).unwrap();
    assert_eq!(reading.errors, [], "seed {seed}");
    for fault in reading.evidence.verify().faults {
        let is_of_chains = matches!(
            fault.kind,
            FaultKind::Gap { .. }
                | FaultKind::Fork
                | FaultKind::BrokenChain
                | FaultKind::Undeclared
                | FaultKind::OfferedTwice
                | FaultKind::AcceptedTwice
                | FaultKind::Contradiction
        );
        assert!(!is_of_chains, "seed {seed}: {fault:?}");
    }
}

fn number(variable: &str) -> Option<u64> {
    std::env::var(variable).ok().map(|text| text.parse().expect(variable))
}

fn any_seed() -> u64 {
    let mut bytes = [0; 8];
    SystemRandom::new().fill(&mut bytes).unwrap();
    u64::from_be_bytes(bytes)
}

fn say(line: &str) {
    let mut out = std::io::stdout().lock();
    writeln!(out, "{line}").unwrap();
    out.flush().unwrap();
}

fn id(event: &EventId) -> String {
    event.0.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// HQ has every acknowledged act of a phone, in order, each once, and no number twice
/// or left out.
fn in_order_and_once(home: &Path, crew: &Crew, acknowledged: &[String], at: &str) {
    let hq = rusqlite::Connection::open(home.join("hq/hq.db")).unwrap();
    let mut rows = hq
        .prepare(
            "SELECT lower(hex(id)), generation, sequence FROM events WHERE device = ?1
             ORDER BY generation, sequence",
        )
        .unwrap();
    let stored: Vec<(String, i64, i64)> = rows
        .query_map([crew.device().0], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))
        .unwrap()
        .map(Result::unwrap)
        .collect();
    for (place, (_, generation, sequence)) in (1..).zip(&stored) {
        assert_eq!((*generation, *sequence), (1, place), "{at}: its chain");
    }
    let mut stored = stored.iter().map(|(event, ..)| event);
    for event in acknowledged {
        assert!(stored.any(|stored| stored == event), "{at}: {event} is lost or out of order");
    }
}

/// No job has an act before its terms, and no terms stand there without the act that they
/// came with. Those of the job that stays are said again only when they are others; with the
/// other job goes what was said.
fn after_its_terms(home: &Path, crew: &Crew, jobs: &Jobs, at: &str) {
    let hq = rusqlite::Connection::open(home.join("hq/hq.db")).unwrap();
    let mut rows =
        hq.prepare("SELECT bytes FROM events WHERE device = ?1 ORDER BY sequence").unwrap();
    let rows = rows.query_map([crew.device().0], |row| row.get::<_, Vec<u8>>(0)).unwrap();
    let chain: Vec<Event> = rows
        .map(|bytes| Unverified::<Event>::parse(&bytes.unwrap()).unwrap().claims().clone())
        .collect();
    let mut said: BTreeMap<JobId, &[Digest]> = BTreeMap::new();
    for (place, event) in chain.iter().enumerate() {
        if event.kind != EventKind::Informed {
            assert!(said.contains_key(&event.job), "{at}: {place} comes without terms");
            continue;
        }
        let next = chain.get(place + 1);
        let is_followed = next.is_some_and(|next| next.job == event.job && next.kind.row().is_act);
        assert!(is_followed, "{at}: {place} was said for nothing");
        let before = said.insert(event.job, &event.attachments);
        let is_new = before != Some(event.attachments.as_slice());
        assert!(is_new || event.job == jobs.forgotten, "{at}: {place} was said before");
    }
}

impl Jobs {
    fn plan(hq: &Hq, home: &Path) -> Self {
        let roll = hq.mint_roll(24).unwrap();
        let boxes: Vec<Token> = roll.tokens().map(|(_, token)| token).collect();
        let now = SystemClock::new(BootId([0; 4])).now();
        let open = |labelled: &[Token]| {
            let plan = JobPlan {
                title: Personal::new("Household move 1"),
                customer: Personal::new("Customer 1"),
                origin: Personal::new("5 Example Street"),
                destination: Personal::new("12 Sample Road"),
                boxes: 12,
                sensitive: BTreeSet::new(),
                classes: Default::default(),
                labelled: labelled.to_vec(),
                opens_at: now - 10,
                closes_at: now + 1_000_000,
            };
            hq.open_job(&plan).unwrap()
        };
        let (kept, forgotten) = (open(&boxes[..12]), open(&boxes[12..]));
        let tokens = boxes.iter().map(|token| *token.as_bytes());
        let told: Vec<[u8; 16]> = [kept.0, forgotten.0].into_iter().chain(tokens).collect();
        fs::write(home.join("jobs"), told.concat()).unwrap();
        Self { kept, forgotten, boxes }
    }

    fn read(home: &Path) -> Self {
        let told = fs::read(home.join("jobs")).unwrap();
        let told = told.as_chunks::<16>().0;
        let boxes = told[2..].iter().map(|token| Token::from_bytes(*token)).collect();
        Self { kept: JobId(told[0]), forgotten: JobId(told[1]), boxes }
    }

    /// What is in queued acts and in job packs, whole and in halves.
    fn secrets(&self) -> Vec<Secret> {
        let halves = |token: &Token| {
            let bytes = token.as_bytes();
            [bytes.to_vec(), bytes[..8].to_vec(), bytes[8..].to_vec()]
        };
        let tokens = self.boxes.iter().flat_map(halves);
        let texts = ["Household move 1", "Customer 1", "5 Example Street", "12 Sample Road"];
        let texts = texts.into_iter().map(|text| text.as_bytes().to_vec());
        let jobs = [self.kept.0.to_vec(), self.forgotten.0.to_vec()];
        let all = tokens.chain(texts).chain(jobs);
        all.enumerate().map(|(n, bytes)| Secret::new(n.to_string(), bytes).unwrap()).collect()
    }

    fn set(&self, places: std::ops::Range<usize>) -> BTreeSet<Token> {
        self.boxes[places].iter().copied().collect()
    }
}

/// In the files of the phones: database, log, index, keys. One that was killed before it
/// made its directory has none.
fn found(home: &Path, secrets: &[Secret]) -> Vec<Find> {
    let homes = PHONES.into_iter().map(|name| home.join(name)).filter(|home| home.exists());
    homes.flat_map(|home| thief::search(&home, secrets).unwrap()).collect()
}

fn open(home: &Path, name: &str) -> Result<Crew, CrewError> {
    let home = home.join(name);
    let vault = SoftwareVault::open(&home.join("keys"), "passphrase", 1)?;
    // Of another process, so another boot.
    let boot = BootId(std::process::id().to_be_bytes());
    Crew::open(&home.join("store"), Arc::new(vault), Arc::new(SystemClock::new(boot)))
}

/// Enrolled, and with both jobs.
async fn ready(crew: &Crew, home: &Path, name: &str) -> Result<(), CrewError> {
    if matches!(crew.jobs(), Err(CrewError::NotEnrolled)) {
        let invitation = fs::read(home.join(format!("{name}.invitation"))).unwrap();
        crew.enrol(&invitation).await?;
    }
    if crew.jobs()?.len() < 2 {
        crew.fetch().await?;
    }
    Ok(())
}

/// Lets a child act until it is killed in the middle of it. What it said.
fn killed(home: &Path, seed: u64, rng: &mut SmallRng) -> Vec<String> {
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "phones_that_are_killed_at_any_moment_lose_nothing_they_acknowledged"])
        .arg("--nocapture")
        .env(CHILD, home)
        .env(SEED, seed.to_string())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let said = listen(&mut child);
    // Early or late in what it does, and then anywhere in an act.
    let after = rng.random_range(0..40);
    let mut lines: Vec<String> = said.iter().take(after).collect();
    let until = Instant::now() + Duration::from_micros(rng.random_range(0..40_000));
    while let Ok(line) = said.recv_timeout(until.saturating_duration_since(Instant::now())) {
        lines.push(line);
    }
    child.kill().unwrap();
    let status = child.wait().unwrap();
    lines.extend(said);
    assert_eq!(status.code(), None, "it ended before it was killed: {lines:#?}");
    lines
}

fn listen(child: &mut Child) -> Receiver<String> {
    let mut out = BufReader::new(child.stdout.take().unwrap());
    let (tell, said) = channel();
    std::thread::spawn(move || {
        let mut line = String::new();
        // A line without its end was not said.
        while out.read_line(&mut line).is_ok_and(|read| read > 0) && line.ends_with('\n') {
            let _ = tell.send(line.trim_end().to_owned());
            line.clear();
        }
    });
    said
}

/// Too small to take long.
fn photo() -> Vec<u8> {
    let mut png = std::io::Cursor::new(Vec::new());
    let picture = image::RgbImage::from_fn(16, 16, |x, y| image::Rgb([x as u8, y as u8, 0]));
    picture.write_to(&mut png, image::ImageFormat::Png).unwrap();
    png.into_inner()
}

/// The child's part: acts as they come, each said once it is acknowledged.
async fn act_until_killed(home: &Path, seed: u64) -> Result<std::convert::Infallible, CrewError> {
    let mut rng = SmallRng::seed_from_u64(seed);
    let jobs = Jobs::read(home);
    let [one, two] = PHONES.map(|name| open(home, name));
    let phones = [(PHONES[0], one?), (PHONES[1], two?)];
    for (name, crew) in &phones {
        ready(crew, home, name).await?;
    }
    loop {
        let turn = rng.random_range(0..2);
        let (name, crew) = &phones[turn];
        match rng.random_range(0..16) {
            0..6 => {
                let boxes = jobs.set(0..rng.random_range(1..12));
                let event =
                    crew.record(jobs.kept, &ActRequest::new(EventKind::Count, boxes.clone()))?;
                say(&format!("did {name} {}", id(&event)));
            }
            6..8 => {
                let boxes = jobs.set(12..rng.random_range(13..24));
                let event =
                    crew.record(jobs.forgotten, &ActRequest::new(EventKind::Count, boxes.clone()))?;
                say(&format!("did {name} {}", id(&event)));
            }
            8 => {
                crew.sync().await?;
                crew.upload().await?;
            }
            9 => {
                let boxes = jobs.set(0..rng.random_range(1..12));
                let request = ActRequest::new(EventKind::Count, boxes);
                let photo = photo();
                let recorded =
                    crew.record_with_photos(jobs.kept, &request, &[&photo], LONGEST_SIDE, QUOTA)?;
                assert_eq!(recorded.refused, []);
                say(&format!("did {name} {}", id(&recorded.event)));
                say("took a photo");
            }
            10 => crew.rotate_keys()?,
            11 => {
                crew.suspend()?;
                crew.resume()?;
            }
            12 => {
                crew.sync().await?;
                crew.forget(jobs.forgotten)?;
                say(&format!("forgot {name}"));
                crew.fetch().await?;
            }
            _ => hand_over(&phones[turn], &phones[1 - turn], &jobs)?,
        }
        say("and");
    }
}

fn hand_over(from: &(&str, Crew), to: &(&str, Crew), jobs: &Jobs) -> Result<(), CrewError> {
    let ((giver, from), (receiver, to)) = (from, to);
    let boxes = jobs.set(0..6);
    let hello = to.hello(crewseal::Introduction::Included)?;
    let shown = match from.offer(jobs.kept, &boxes, &[], &hello) {
        Err(CrewError::StillOffered { offer }) => {
            // From before a kill.
            from.withdraw(offer)?;
            return Ok(());
        }
        shown => shown?,
    };
    let offer = to.read_offer(&shown)?;
    say(&format!("did {giver} {}", id(&offer.offer)));
    let accept = to.accept(&offer, &boxes, &[], SpotCheck::Done)?;
    let ack = from.read_acceptance(&accept)?.ack;
    let accepted = to.read_ack(&ack)?;
    say(&format!("did {receiver} {}", id(&accepted)));
    say("handed over");
    Ok(())
}
