//! `cargo demo`: plays a moving day and leaves it to look at.

use std::fmt::Display;
use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Instant;

use clap::Parser;
use moving_day::day::{self, FEWEST_BOXES, Plan, Played};
use moving_day::error::DayError;

/// Plays one move, from printed labels to HQ's receipts, and leaves a directory
/// of what there is to see. The customer is made up.
#[derive(Parser)]
#[command(name = "cargo demo", bin_name = "cargo demo")]
struct CommandLine {
    /// How many boxes.
    #[arg(long, value_name = "N", default_value_t = 42)]
    boxes: usize,
    /// The same seed plays the same scene and acts; signatures and ids differ.
    #[arg(long, value_name = "N", default_value_t = 1)]
    seed: u64,
    /// Where to leave everything. What an earlier demo left there is replaced.
    #[arg(long, value_name = "DIR", default_value = "target/demo")]
    out: PathBuf,
    /// Scan one's own photographs of printed labels (JPEG, PNG, WebP) instead
    /// of rendered pictures. The boxes are then those in the photographs.
    #[arg(long, value_name = "DIR")]
    photos: Option<PathBuf>,
}

fn main() -> ExitCode {
    match run(&CommandLine::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("the day could not be played: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run(args: &CommandLine) -> Result<(), DayError> {
    if args.boxes < FEWEST_BOXES {
        return Err(format!("--boxes must be at least {FEWEST_BOXES}").into());
    }
    let photos = args.photos.as_deref().map(day::photos_in).transpose()?.unwrap_or_default();
    let plan = Plan { boxes: args.boxes, seed: args.seed, out: args.out.clone(), photos };
    let start = Instant::now();
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let played = runtime.block_on(day::play(&plan, &mut |time, who, what| {
        say(format_args!("{time}  {who:<11}  {what}"));
    }))?;
    say(summary(&plan, &played, start.elapsed().as_secs_f64()));
    Ok(())
}

/// Shows progress. A reader that has seen enough, as `head` does, does not stop
/// the day.
fn say(line: impl Display) {
    let _ = writeln!(std::io::stdout(), "{line}");
}

/// What was done, in a screenful.
fn summary(plan: &Plan, played: &Played, seconds: f64) -> String {
    let out = plan.out.display();
    format!(
        "
{verdict}

boxes {boxes}, pictures {pictures}, labels typed {typed}, foreign boxes refused {refused}
signed acts {acts}, receipts {receipted} (for the terms of each phone, too), entries left {left},
answers lost on purpose {lost}
played in {seconds:.1} s; look at

  {out}/report.html        the day at a glance, findings first
  {out}/photos/            what was read, drawn on the pictures
  {out}/handoffs/          what the phones showed each other
  {out}/labels.pdf         to print; labels.png to look at
  {out}/custody.crewseal   the record: cargo run -p crewseal-hq -- verify {out}/custody.crewseal
  {out}/phones/            what a thief would find
  {out}/hq/hq.db           HQ's database",
        boxes = played.boxes.len(),
        pictures = played.pictures,
        typed = played.typed,
        refused = played.refused,
        acts = played.acts,
        receipted = played.receipted,
        left = played.left,
        lost = played.lost_answers,
        verdict = played.verdict,
    )
}
