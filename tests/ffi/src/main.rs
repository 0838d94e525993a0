//! Measures what a call costs from Kotlin and from Swift beyond the same call in Rust,
//! what the first one of a process takes, and how many threads there are.
//!
//! The same call is that of the face: a frame is sighted on the thread that calls, an act
//! is done on a thread of the core's and awaited. What an act takes without a face, on the
//! thread that calls, is told besides.
//!
//! The programs in the other languages are driven line by line, and after each of
//! their calls the same is done here, so that whatever the machine is doing meanwhile
//! befalls both. HQ is a process of its own; the stores are in memory.

mod core;
mod hq;
mod picture;
mod report;
mod rust;
mod subject;

use std::error::Error;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use clap::Parser;

use crate::core::Core;
use crate::hq::Headquarters;
use crate::picture::Picture;
use crate::report::{Measured, Pairs, Report, Threads};
use crate::rust::InRust;
use crate::subject::Subject;

type Trouble = Box<dyn Error>;

/// Calls that come first and do not count: programs get faster by use.
const WARM_UP: usize = 500;
const CALLBACKS: usize = 10_000;
/// After so long without work the core's threads are at rest.
const REST: Duration = Duration::from_secs(12);

/// Measures what calls from Kotlin and Swift cost beyond the same calls in Rust.
#[derive(Parser)]
#[command(name = "tests/compare ffi", bin_name = "tests/compare ffi")]
struct Arguments {
    /// HQ's binary
    #[arg(long, value_name = "FILE", hide = true)]
    hq: PathBuf,
    /// The command line of the program in Kotlin, separated by tabs
    #[arg(long, value_name = "COMMAND", hide = true)]
    kotlin: Option<String>,
    /// The command line of the program in Swift, separated by tabs
    #[arg(long, value_name = "COMMAND", hide = true)]
    swift: Option<String>,
    /// How many acts are recorded in turn
    #[arg(long, value_name = "N", default_value_t = 10_000)]
    acts: usize,
    /// How many frames are looked at in turn
    #[arg(long, value_name = "N", default_value_t = 300)]
    frames: usize,
    /// How often the store is opened in a new process
    #[arg(long, value_name = "N", default_value_t = 15)]
    opens: usize,
    /// Writes every figure to this file, too
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
    /// Where to put the stores [default: /dev/shm, which is memory]
    #[arg(long, value_name = "DIR", default_value = "/dev/shm")]
    memory: PathBuf,
}

#[tokio::main]
async fn main() -> ExitCode {
    match run(&Arguments::parse()).await {
        Ok(report) => {
            say(&report.to_string());
            ExitCode::from(u8::from(!report.holds()))
        }
        Err(error) => {
            eprint_line(&format!("tests/compare ffi: {error}"));
            ExitCode::from(2)
        }
    }
}

async fn run(arguments: &Arguments) -> Result<Report, Trouble> {
    let mut report = Report { measured: Vec::new(), missing: Vec::new() };
    let subjects = [("Kotlin", &arguments.kotlin, 0.3), ("Swift", &arguments.swift, 0.02)];
    for (language, command, act_limit) in subjects {
        match command {
            Some(command) => {
                let command: Vec<String> = command.split('\t').map(str::to_owned).collect();
                report.measured.push(measure(arguments, language, &command, act_limit).await?);
            }
            None => report.missing.push(format!("{language} (its program is not there)")),
        }
    }
    if let Some(path) = &arguments.json {
        std::fs::write(path, report.to_json())?;
    }
    Ok(report)
}

async fn measure(
    arguments: &Arguments,
    language: &'static str,
    command: &[String],
    act_limit: f64,
) -> Result<Measured, Trouble> {
    let directory = tempfile::tempdir_in(&arguments.memory)?;
    let directory = directory.path();
    let hq = Headquarters::start(&arguments.hq, directory)?;
    let rust = InRust::open(&directory.join("rust"), &hq.invitation("in-rust")?).await?;
    let core = Core::open(&directory.join("core"), &hq.invitation("without-a-face")?).await?;
    let mut subject = Subject::start(command)?;
    let phone = directory.join("other");
    let invitation = hq.invitation("in-another-language")?;
    subject.do_it(&format!("open {} {}", phone.display(), invitation.display()))?;

    let (acts, core_acts) = acts(arguments, &mut subject, &rust, &core).await?;
    let picture = Picture::of(&hq.sheet)?;
    let frames = frames(arguments, &mut subject, &rust, directory, &picture)?;
    let threads = threads(&mut subject)?;
    let store = directory.join("cold");
    // Where the program looks for it.
    hq.invitation("cold-invitation")?;
    subject.do_it(&format!("cold {}", store.display()))?;
    let cold = (0..arguments.opens).map(|_| subject.cold(&store)).collect::<Result<_, _>>()?;
    Ok(Measured { language, act_limit, frames, acts, core_acts, cold, threads })
}

async fn acts(
    arguments: &Arguments,
    subject: &mut Subject,
    rust: &InRust,
    core: &Core,
) -> Result<(Pairs, Vec<Duration>), Trouble> {
    let (mut pairs, mut without_face) = (Pairs::default(), Vec::new());
    for number in 0..arguments.acts + WARM_UP {
        let times = (subject.time("act")?, rust.act().await?, core.act()?);
        if number >= WARM_UP {
            pairs.theirs.push(times.0);
            pairs.rust.push(times.1);
            without_face.push(times.2);
        }
    }
    Ok((pairs, without_face))
}

/// Both must see the same, or they did not do the same.
fn frames(
    arguments: &Arguments,
    subject: &mut Subject,
    rust: &InRust,
    directory: &Path,
    picture: &Picture,
) -> Result<Pairs, Trouble> {
    let file = directory.join("picture");
    picture.write(&file)?;
    subject.do_it(&format!("picture {} {} {}", file.display(), picture.width, picture.height))?;
    let mut pairs = Pairs::default();
    for number in 0..arguments.frames + WARM_UP / 10 {
        let answer = subject.ask("frame")?;
        let theirs = subject::nanoseconds(&answer)?;
        let (time, in_view) = rust.frame(picture)?;
        if in_view == 0 || answer.split_whitespace().nth(1) != Some(&in_view.to_string()) {
            return Err(format!("{in_view} codes are in view, and not {answer}").into());
        }
        if number >= WARM_UP / 10 {
            pairs.theirs.push(theirs);
            pairs.rust.push(time);
        }
    }
    Ok(pairs)
}

fn threads(subject: &mut Subject) -> Result<Option<Threads>, Trouble> {
    subject.do_it("callbacks 100")?;
    let Some(before) = subject.threads() else { return Ok(None) };
    subject.do_it(&format!("callbacks {CALLBACKS}"))?;
    let after = subject.threads().unwrap_or_default();
    std::thread::sleep(REST);
    let is_ours = |name: &String| name.starts_with("crewseal") || name.contains("tokio");
    let at_rest = subject.threads().unwrap_or_default().into_iter().filter(is_ours).collect();
    Ok(Some(Threads { at_rest, before_callbacks: before.len(), after_callbacks: after.len() }))
}

fn say(text: &str) {
    use std::io::Write as _;
    let _ = writeln!(std::io::stdout(), "{text}");
}

fn eprint_line(text: &str) {
    use std::io::Write as _;
    let _ = writeln!(std::io::stderr(), "{text}");
}
