//! `log replicated`, `restore` and `correct-clock`.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;
use crewseal_hq::evidence::wording;
use crewseal_hq::log::Restored;
use crewseal_hq::{Hq, ListKey};

use super::super::answer::{Failure, say};
use super::super::lookup::{DataDirectory, clock};

#[derive(Args)]
pub struct ReplicatedArgs {
    #[command(flatten)]
    data: DataDirectory,
    /// How many leaves the backup has.
    #[arg(long, value_name = "N")]
    size: u64,
}

#[derive(Args)]
pub struct RestoreArgs {
    #[command(flatten)]
    data: DataDirectory,
    /// A checkpoint that somebody brought, from a phone, a record or a tile server. May be
    /// repeated.
    #[arg(long = "checkpoint", value_name = "FILE")]
    checkpoints: Vec<PathBuf>,
    /// A list key. May be repeated: as many must sign as must sign key lists.
    #[arg(long = "list-key", value_name = "FILE", required = true)]
    list_keys: Vec<PathBuf>,
    /// Go on though HQ signed that a backup has more. That accuses HQ for all time.
    #[arg(long)]
    lost_replicated: bool,
}

#[derive(Args)]
pub struct CorrectClockArgs {
    #[command(flatten)]
    data: DataDirectory,
}

pub fn replicated(args: &ReplicatedArgs) -> Result<ExitCode, Failure> {
    args.data.open()?.note_replicated(args.size)?;
    say(format_args!("a backup has the log up to {} leaves", args.size))?;
    Ok(ExitCode::SUCCESS)
}

pub fn restore(args: &RestoreArgs) -> Result<ExitCode, Failure> {
    let read = |file| Ok::<_, Failure>(std::fs::read(file)?);
    let brought = args.checkpoints.iter().map(read).collect::<Result<Vec<_>, _>>()?;
    let list_keys = args.list_keys.iter().map(|file| ListKey::read(file));
    let list_keys = list_keys.collect::<Result<Vec<_>, _>>()?;
    let data = &args.data.data;
    let restored = Hq::restore(data, clock(), &brought, &list_keys, args.lost_replicated)?;
    let Restored { kept, lost_up_to, generation } = restored;
    say(format_args!("kept: {kept}"))?;
    match lost_up_to {
        Some(known) => say(format_args!(
            "HQ had signed {known}: phones send what is missing again, and what nobody sends is \
             receipted and lost"
        ))?,
        None => say("nobody knows whether more had been signed: bring checkpoints if you can")?,
    }
    if args.lost_replicated {
        say("HQ had signed that a backup has what is lost now: that accuses it")?;
    }
    say(format_args!("HQ goes on in log {generation}"))?;
    Ok(ExitCode::SUCCESS)
}

pub fn correct_clock(args: &CorrectClockArgs) -> Result<ExitCode, Failure> {
    let (before, now) = args.data.open()?.correct_clock()?;
    let (before, now) = (wording::time(before), wording::time(now));
    say(format_args!("HQ's time was {before} and is {now} from here on; the log says so"))?;
    Ok(ExitCode::SUCCESS)
}
