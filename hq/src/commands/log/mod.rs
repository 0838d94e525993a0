//! `log`: HQ's log. What stands in it is shown, checked and proven (`reading`); what is done to
//! it where something went wrong stands in `repair`.

mod reading;
mod repair;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, Subcommand};

use super::answer::Failure;
use super::lookup::DataDirectory;

#[derive(Subcommand)]
pub enum LogCommand {
    /// Say what stands in a checkpoint, in a receipt, or of the log in a custody record.
    Show(ShowArgs),
    /// Check a directory of tiles, a receipt or a custody record: whether all of it leads to the
    /// root that HQ signed. The exit status is 0 if it does, else 2.
    Check(CheckArgs),
    /// Write the log into a directory, in the static layout of C2SP tlog-tiles.
    Export(ExportArgs),
    /// Write the receipt for an event, which `check` verifies with nothing but HQ's key lists.
    Prove(ProveArgs),
    /// Say whether two checkpoints agree. The exit status is 0 if they are the same or one log
    /// goes on from the other, 1 if these files do not tell, 2 if they contradict each other.
    Agree(AgreeArgs),
    /// Say up to which size a backup or replica has the log, for the script that makes it.
    /// Checkpoints say so from then on.
    Replicated(ReplicatedArgs),
    /// Begin a new log where the database came back from a backup and is behind what HQ signed.
    /// Phones send again what is missing.
    Restore(RestoreArgs),
    /// Say that the machine's clock is right now, after it leapt. The log says that you said so.
    CorrectClock(CorrectClockArgs),
}

#[derive(Args)]
pub struct ShowArgs {
    /// A checkpoint, a receipt, or a custody record.
    file: PathBuf,
}

#[derive(Args)]
pub struct CheckArgs {
    /// A directory of tiles with its checkpoint, a receipt, or a custody record.
    what: PathBuf,
    /// HQ's key lists, as `keys export` wrote them, by which the checkpoint is verified. A
    /// record brings its own.
    #[arg(long, value_name = "FILE")]
    keys: Option<PathBuf>,
}

#[derive(Args)]
pub struct ExportArgs {
    #[command(flatten)]
    data: DataDirectory,
    /// The directory, which may have an earlier export of the same log.
    directory: PathBuf,
    /// Which log, by its generation; the one that HQ writes, if it is left out.
    #[arg(long, value_name = "N")]
    generation: Option<u32>,
}

#[derive(Args)]
pub struct ProveArgs {
    #[command(flatten)]
    data: DataDirectory,
    /// The event's id in hex.
    event: String,
    /// The file to write, which must not be there yet.
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
}

#[derive(Args)]
pub struct AgreeArgs {
    /// A checkpoint.
    one: PathBuf,
    /// Another one.
    other: PathBuf,
    /// A directory of tiles of the larger of them, or of a larger one.
    #[arg(long, value_name = "DIR")]
    tiles: Option<PathBuf>,
    /// HQ's key lists, as `keys export` wrote them, by which both are verified.
    #[arg(long, value_name = "FILE")]
    keys: Option<PathBuf>,
}

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

impl LogCommand {
    /// Does what was asked.
    pub fn run(&self) -> Result<ExitCode, Failure> {
        match self {
            Self::Show(args) => reading::show(args),
            Self::Check(args) => reading::check(args),
            Self::Export(args) => reading::export(args),
            Self::Prove(args) => reading::prove(args),
            Self::Agree(args) => reading::agree(args),
            Self::Replicated(args) => repair::replicated(args),
            Self::Restore(args) => repair::restore(args),
            Self::CorrectClock(args) => repair::correct_clock(args),
        }
    }
}
