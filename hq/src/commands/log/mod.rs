//! `log`: HQ's log. What stands in it is shown, checked and proven (`reading`); what is done to
//! it where something went wrong stands in `repair`.

mod reading;
mod repair;

use std::process::ExitCode;

use clap::Subcommand;

use super::answer::Failure;

#[derive(Subcommand)]
pub enum LogCommand {
    /// Say what stands in a checkpoint, in a receipt, or of the log in a custody record.
    Show(reading::ShowArgs),
    /// Check a directory of tiles, a receipt or a custody record: whether all of it leads to the
    /// root that HQ signed. The exit status is 0 if it does, else 2.
    Check(reading::CheckArgs),
    /// Write the log into a directory, in the static layout of C2SP tlog-tiles.
    Export(reading::ExportArgs),
    /// Write the receipt for an event, which `check` verifies with nothing but HQ's key lists.
    Prove(reading::ProveArgs),
    /// Say whether two checkpoints agree. The exit status is 0 if they are the same or one log
    /// goes on from the other, 1 if these files do not tell, 2 if they contradict each other.
    Agree(reading::AgreeArgs),
    /// Say up to which size a backup or replica has the log, for the script that makes it.
    /// Checkpoints say so from then on.
    Replicated(repair::ReplicatedArgs),
    /// Begin a new log where the database came back from a backup and is behind what HQ signed.
    /// Phones send again what is missing.
    Restore(repair::RestoreArgs),
    /// Say that the machine's clock is right now, after it leapt. The log says that you said so.
    CorrectClock(repair::CorrectClockArgs),
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
