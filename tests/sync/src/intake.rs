//! Deliveries to an HQ in a process of its own: what they take of a phone's processor, and of
//! HQ's.

use std::path::Path;
use std::time::{Duration, Instant};

use crewseal::ActRequest;
use tokio::task::JoinSet;

use crate::bare::{self, ROUNDS, Unavoidable};
use crate::cpu;
use crate::office::{Phone, Site};
use crate::process::HqProcess;
use crate::receipts;
use crate::traffic::{self, BATCH, Deliveries};

/// Batches of a phone for one time.
const BATCHES: u32 = 10;
/// Phones that deliver at once.
const PHONES: u32 = 4;

/// What it takes of a phone to deliver one event.
pub struct PhoneCost {
    pub ours: Duration,
    pub unavoidable: Unavoidable,
}

/// Measures a phone at a site.
pub async fn phone(
    program: &Path,
    site: &Site,
    acts: &[ActRequest],
    passed: &Deliveries,
) -> PhoneCost {
    let hq = HqProcess::start(program, site);
    let phone = site.phone("Mover 20", &hq.url).await;
    traffic::deliver(site, &phone, acts).await;
    let mut times = Vec::new();
    for _ in 0..ROUNDS {
        let mut time = Duration::ZERO;
        for _ in 0..BATCHES {
            phone.crew.record_all(site.job, acts).expect("an open job");
            let before = cpu::own();
            let delivered = phone.crew.sync().await.expect("an HQ that answers");
            time += cpu::own().saturating_sub(before);
            assert_eq!(delivered.receipted, u64::from(BATCH), "HQ takes all");
        }
        times.push(time / (BATCHES * BATCH));
    }
    let receipt = receipts::newest_receipt(site, &phone);
    let unavoidable = Unavoidable::measure(&site.data(), &receipt, &site.hq().keys(), passed);
    PhoneCost { ours: cpu::median(times), unavoidable }
}

/// What HQ takes to take in one event.
#[derive(Debug, Clone, Copy)]
pub struct Intake {
    /// On the processor.
    pub cpu: Duration,
    /// On the clock on the wall.
    pub wall: Duration,
    /// Whether HQ had one core.
    pub is_on_one_core: bool,
}

/// An HQ, with phones that have something for it again and again.
struct Line<'s> {
    site: &'s Site,
    hq: HqProcess,
    phones: Vec<Phone>,
    acts: Vec<ActRequest>,
    times: Vec<(Duration, Duration)>,
}

impl<'s> Line<'s> {
    async fn open(program: &Path, site: &'s Site, name: &str) -> Self {
        let hq = HqProcess::start(program, site);
        let mut phones = Vec::new();
        for number in 0..PHONES {
            phones.push(site.phone(&format!("{name} {number}"), &hq.url).await);
        }
        let mut acts = Vec::new();
        for phone in &phones {
            acts = traffic::batch(site, phone).await;
        }
        Self { site, hq, phones, acts, times: Vec::new() }
    }

    /// All phones deliver at once what was sealed before.
    async fn round(&mut self) {
        for _ in 0..BATCHES {
            for phone in &self.phones {
                phone.crew.record_all(self.site.job, &self.acts).expect("an open job");
            }
        }
        let (before, began) = (self.hq.threads(), Instant::now());
        let mut deliveries = JoinSet::new();
        for phone in &self.phones {
            let crew = std::sync::Arc::clone(&phone.crew);
            deliveries.spawn(async move { crew.sync().await });
        }
        let mut receipted = 0;
        while let Some(delivered) = deliveries.join_next().await {
            let delivered = delivered.expect("it goes on").expect("an HQ that answers");
            receipted += delivered.receipted;
        }
        let wall = began.elapsed();
        let events = PHONES * BATCHES * BATCH;
        assert_eq!(receipted, u64::from(events), "HQ takes all");
        self.times.push((self.hq.threads().since(&before) / events, wall / events));
    }

    fn intake(&self) -> Intake {
        let (cpu, wall) = self.times.iter().copied().unzip();
        let is_on_one_core = self.hq.is_on_one_core;
        Intake { cpu: cpu::median(cpu), wall: cpu::median(wall), is_on_one_core }
    }
}

/// What HQ's work is measured by, and at two sizes.
pub struct Intakes {
    /// One bare verification, on the processor.
    pub verification: Duration,
    pub small: Intake,
    pub large: Intake,
}

/// Measures HQ at a site with a small log and one with a large log, in turn.
pub async fn intakes(program: &Path, small: &Site, large: &Site) -> Intakes {
    let mut at_small = Line::open(program, small, "Packer").await;
    let mut at_large = Line::open(program, large, "Loader").await;
    for _ in 0..ROUNDS {
        at_small.round().await;
        at_large.round().await;
    }
    let (small, large) = (at_small.intake(), at_large.intake());
    Intakes { verification: bare::verification(), small, large }
}
