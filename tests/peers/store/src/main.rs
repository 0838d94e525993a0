//! Measures the store and its queue: what it costs to record an act durably, alone
//! and with many waiting, and what many that wait cost in space, memory and time.
//!
//! A durable write and two signatures cannot be done without, and how long they
//! take is the machine's affair. So every cost is a ratio to the bare operations,
//! or to SQLCipher, taken in turn on the same disk.

mod bare;
mod clock;
mod costs;
mod phones;
mod report;
mod sqlcipher;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Parser;

use report::Report;

/// Measures the store and its queue against the bare writes and signatures in them.
#[derive(Parser)]
#[command(name = "tests/compare store", bin_name = "tests/compare store")]
struct Arguments {
    /// How often everything is timed in turn; of its times the median counts
    #[arg(long, value_name = "N", default_value_t = 50, value_parser = clap::value_parser!(u16).range(1..))]
    rounds: u16,
    /// Leaves out what takes longest: 100,000 acts that wait
    #[arg(long)]
    quick: bool,
    /// Writes every figure to this file, too
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
    /// Where to put the databases: on the disk whose figures are wanted [default:
    /// where this program lies]
    #[arg(long, value_name = "DIR")]
    disk: Option<PathBuf>,
    #[arg(long, hide = true)]
    send: Option<PathBuf>,
}

#[tokio::main]
async fn main() -> ExitCode {
    let arguments = Arguments::parse();
    if let Some(home) = arguments.send {
        costs::send(home).await;
        return ExitCode::SUCCESS;
    }
    let program = std::env::current_exe().expect("a program has a path");
    let beside = program.parent().expect("and lies in a directory");
    let disk = arguments.disk.as_deref().unwrap_or(beside);
    let directory = match tempfile::tempdir_in(disk) {
        Ok(directory) => directory,
        Err(error) => {
            eprintln!("tests/compare store: {}: {error}", disk.display());
            return ExitCode::from(2);
        }
    };
    let rounds = usize::from(arguments.rounds);
    let peer = beside.join("sqlcipher-peer");
    let costs = costs::measure(directory.path(), &peer, rounds, arguments.quick).await;
    let report = Report { rounds, costs };
    if let Some(path) = &arguments.json
        && let Err(error) = std::fs::write(path, report.to_json())
    {
        eprintln!("tests/compare store: {}: {error}", path.display());
        return ExitCode::from(2);
    }
    println!("{report}");
    ExitCode::from(u8::from(!report.holds()))
}
