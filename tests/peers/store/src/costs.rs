//! What is measured, all in one run and in turn.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::bare::Bare;
use crate::clock::Samples;
use crate::phones::{self, Home};
use crate::sqlcipher::SqlCipher;
use fixtures::hq::MockHq;

/// How many wait where many wait.
pub const MANY: usize = 100_000;
/// How many wait where few do.
const FEW: usize = 100;
/// The size of a signed act that the size of the file is told in.
pub const RECORD_BYTES: usize = 300;
/// Acts that are on no clock, for ours and SQLCipher alike: after so many SQLite
/// writes over its log and does not lengthen it, as on a phone that is in use.
const BEFORE: usize = 600;
/// How many of a thing are timed before it is the next one's turn.
const A_TURN: usize = 10;

/// Everything that was measured.
pub struct Costs {
    /// Bytes of a signed act.
    pub act_bytes: usize,
    pub append: Samples,
    pub sign: Samples,
    pub verify: Samples,
    pub one: Samples,
    /// A hundred acts in one commit, all of them.
    pub hundred: Samples,
    pub sqlcipher: Option<(String, Samples)>,
    pub many: Option<Many>,
}

/// What was measured where many wait.
pub struct Many {
    pub one_of_few: Samples,
    pub one: Samples,
    pub open_empty: Samples,
    pub open: Samples,
    /// Bytes of the database.
    pub size: u64,
    /// The most memory of a process that sends all of it, over an idle one's, in
    /// KiB; none where the system does not say.
    pub memory: Option<u64>,
}

pub async fn measure(directory: &Path, peer: &Path, rounds: usize, is_quick: bool) -> Costs {
    let hq = MockHq::start().await;
    let invitation = hq.invitation();
    let home = Home::enrolled(directory.join("one"), &invitation).await;
    let crew = home.open();
    phones::one(&crew);
    crew.sync().await.expect("an HQ that answers");
    let act = hq.events().pop().expect("one act").as_bytes().to_vec();

    let mut sqlcipher = SqlCipher::start(peer, directory, std::slice::from_ref(&act))
        .map(|peer| (peer, Samples::default()));
    let mut bare = Bare::new(directory);
    let signature = bare.sign(&act);
    let mut costs = Costs {
        act_bytes: act.len(),
        append: Samples::default(),
        sign: Samples::default(),
        verify: Samples::default(),
        one: Samples::default(),
        hundred: Samples::default(),
        sqlcipher: None,
        many: None,
    };
    for _ in 0..BEFORE {
        phones::one(&crew);
    }
    if let Some((peer, _)) = &mut sqlcipher {
        peer.record(BEFORE);
    }
    eprintln!("single acts and hundreds");
    for _ in 0..rounds {
        for _ in 0..A_TURN {
            costs.append.time(|| bare.append(&act));
        }
        for _ in 0..A_TURN {
            costs.sign.time(|| bare.sign(&act));
            costs.verify.time(|| bare.verify(&act, &signature));
        }
        for _ in 0..A_TURN {
            costs.one.time(|| phones::one(&crew));
        }
        if let Some((peer, samples)) = &mut sqlcipher {
            peer.record(A_TURN).into_iter().for_each(|time| samples.add(time));
        }
        costs.hundred.time(|| phones::hundred(&crew));
    }
    costs.sqlcipher = sqlcipher.map(|(peer, samples)| (peer.version.clone(), samples));
    drop(crew);
    if !is_quick {
        costs.many = Some(many(directory, &invitation, rounds).await);
    }
    costs
}

async fn many(directory: &Path, invitation: &[u8], rounds: usize) -> Many {
    eprintln!("{MANY} acts that wait");
    let empty = Home::enrolled(directory.join("empty"), invitation).await;
    let few = Home::enrolled(directory.join("few"), invitation).await;
    let full = Home::enrolled(directory.join("many"), invitation).await;
    few.fill(FEW);
    full.fill(MANY);
    let size = full.size();
    let memory = memory(full.directory().to_owned()).await;

    // What was sent is gone now. A second phone waits for the other figures.
    let full = Home::enrolled(directory.join("more"), invitation).await;
    full.fill(MANY);
    let (mut open_empty, mut open) = (Samples::default(), Samples::default());
    for _ in 0..rounds {
        drop(open_empty.time(|| empty.open()));
        drop(open.time(|| full.open()));
    }
    let (few, full) = (few.open(), full.open());
    for _ in 0..BEFORE {
        phones::one(&few);
        phones::one(&full);
    }
    few.sync().await.expect("an HQ that answers");
    phones::hundred(&few);
    let (mut one_of_few, mut one) = (Samples::default(), Samples::default());
    for _ in 0..rounds {
        for _ in 0..A_TURN {
            one_of_few.time(|| phones::one(&few));
            one.time(|| phones::one(&full));
        }
    }
    Many { one_of_few, one, open_empty, open, size, memory }
}

/// What a process that sends all acts of a phone needs over one that does nothing.
async fn memory(home: PathBuf) -> Option<u64> {
    let program = std::env::current_exe().ok()?;
    let work = move || Command::new(program).arg("--send").arg(home).output();
    let output = tokio::task::spawn_blocking(work).await.ok()?.ok()?;
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&output.stdout).trim().parse().ok()
}

/// The body of that process: prints the difference in KiB.
pub async fn send(home: PathBuf) {
    let idle = peak();
    let crew = Home::new(home).open();
    let delivered = crew.sync().await.expect("an HQ that answers");
    // The acts, and the terms before the first of them.
    let all = u64::try_from(MANY + 1).expect("a small number");
    assert_eq!((delivered.receipted, delivered.unanswered), (all, 0));
    if let (Some(idle), Some(peak)) = (idle, peak()) {
        println!("{}", peak - idle);
    }
}

/// The most memory that this process ever had, in KiB.
fn peak() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    line.trim().strip_suffix("kB")?.trim().parse().ok()
}
