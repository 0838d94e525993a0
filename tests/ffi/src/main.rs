//! Measures what a call costs from Kotlin and from Swift beyond the same call in Rust,
//! what the first one of a process takes, and how many threads there are.
//!
//! The programs in the other languages are driven line by line, and after each of
//! their calls one in Rust does the same, so that whatever the machine is doing
//! meanwhile befalls both. HQ is a process of its own; the stores are in memory.
//!
//! The same call is that of the API: a frame is sighted on the thread that calls, an act
//! is done on a thread of the core's and awaited. What an act takes without the API, on the
//! thread that calls, is told besides.

mod core;
mod hq;
mod picture;
mod program;
mod report;
mod rust;
mod subject;
mod trouble;

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use clap::Parser;

use crate::hq::Headquarters;
use crate::picture::Picture;
use crate::report::{Measured, Pairs, Report, Threads};
use crate::subject::Subject;
use crate::trouble::Trouble;

/// Calls that come first and do not count: programs get faster by use.
const WARM_UP: usize = 500;
const CALLBACKS: usize = 10_000;
/// What begins the command line of the program in Rust, which is this one.
const PROGRAM: &str = "answer-lines";
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
    #[arg(long, value_name = "N", default_value_t = 1_500)]
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
    if std::env::args().nth(1).as_deref() == Some(PROGRAM) {
        return match program::answer_lines().await {
            Ok(()) => ExitCode::SUCCESS,
            Err(error) => {
                eprint_line(&format!("the program in Rust: {error}"));
                ExitCode::from(2)
            }
        };
    }
    match run(&Arguments::parse()) {
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

fn run(arguments: &Arguments) -> Result<Report, Trouble> {
    let mut report = Report { measured: Vec::new(), missing: Vec::new() };
    let subjects = [("Kotlin", &arguments.kotlin, 0.3), ("Swift", &arguments.swift, 0.02)];
    for (language, command, act_limit) in subjects {
        match command {
            Some(command) => {
                let command: Vec<String> = command.split('\t').map(str::to_owned).collect();
                report.measured.push(measure(arguments, language, &command, act_limit)?);
            }
            None => report.missing.push(format!("{language} (its program is not there)")),
        }
    }
    if let Some(path) = &arguments.json {
        std::fs::write(path, report.to_json())?;
    }
    Ok(report)
}

fn measure(
    arguments: &Arguments,
    language: &'static str,
    command: &[String],
    act_limit: f64,
) -> Result<Measured, Trouble> {
    let directory = tempfile::tempdir_in(&arguments.memory)?;
    let directory = directory.path();
    let hq = Headquarters::start(&arguments.hq, directory)?;
    let mut rust =
        Subject::start(&[std::env::current_exe()?.display().to_string(), PROGRAM.to_owned()])?;
    let mut subject = Subject::start(command)?;
    let open = |program: &mut Subject, line: &str, name: &str| -> Result<(), Trouble> {
        let (phone, invitation) = (directory.join(name), hq.invitation(&format!("to-{name}"))?);
        program.do_it(&format!("{line} {} {}", phone.display(), invitation.display()))
    };
    open(&mut subject, "open", "other")?;
    open(&mut rust, "open", "rust")?;
    open(&mut rust, "open-core", "core")?;

    let (acts, core_acts) = acts(arguments, &mut subject, &mut rust)?;
    let picture = Picture::of(&hq.sheet)?;
    let frames = frames(arguments, &mut subject, &mut rust, directory, &picture)?;
    let threads = threads(&mut subject)?;
    let store = directory.join("cold");
    // Where the program looks for it.
    hq.invitation("cold-invitation")?;
    subject.do_it(&format!("cold {}", store.display()))?;
    let cold = (0..arguments.opens).map(|_| subject.cold(&store)).collect::<Result<_, _>>()?;
    Ok(Measured { language, act_limit, frames, acts, core_acts, cold, threads })
}

/// In turn in both languages, and after that in turn without the API.
fn acts(
    arguments: &Arguments,
    subject: &mut Subject,
    rust: &mut Subject,
) -> Result<(Pairs, Vec<Duration>), Trouble> {
    let mut in_turn = |line: &str, times: usize| -> Result<Pairs, Trouble> {
        let mut pairs = Pairs::default();
        for number in 0..times + WARM_UP {
            let (theirs, ours) = (subject.time("act")?, rust.time(line)?);
            if number >= WARM_UP {
                pairs.theirs.push(theirs);
                pairs.rust.push(ours);
            }
        }
        Ok(pairs)
    };
    Ok((in_turn("act", arguments.acts)?, in_turn("act-core", arguments.acts / 10)?.rust))
}

/// Both must see the same, or they did not do the same.
fn frames(
    arguments: &Arguments,
    subject: &mut Subject,
    rust: &mut Subject,
    directory: &Path,
    picture: &Picture,
) -> Result<Pairs, Trouble> {
    let file = directory.join("picture");
    picture.write(&file)?;
    let line = format!("picture {} {} {}", file.display(), picture.width, picture.height);
    subject.do_it(&line)?;
    rust.do_it(&line)?;
    let mut pairs = Pairs::default();
    for number in 0..arguments.frames + WARM_UP {
        let (theirs, ours) = (subject.ask("frame")?, rust.ask("frame")?);
        let in_view = |answer: &str| answer.split_whitespace().nth(1).map(str::to_owned);
        let seen = in_view(&ours).filter(|seen| seen != "0");
        if seen.is_none() || in_view(&theirs) != seen {
            return Err(format!("they do not see the same: {theirs}, and {ours} in Rust").into());
        }
        if number >= WARM_UP {
            pairs.theirs.push(subject::nanoseconds(&theirs)?);
            pairs.rust.push(subject::nanoseconds(&ours)?);
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
