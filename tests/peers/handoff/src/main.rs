//! Measures handoffs between two phones and the verification of what they
//! signed: how large the QRs are, what all of it costs over the bare signatures
//! in it, and whether a camera reads the screens.
//!
//! Signatures cannot be done without, and how long one takes is the machine's
//! affair. So every cost is a ratio to the same number of bare ring operations,
//! taken in turn on the same machine.

mod clock;
mod costs;
mod job;
mod report;
mod screen;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Parser;
use fixtures::messages;

use report::Report;

/// Measures handoffs and verification against the bare signatures in them.
#[derive(Parser)]
#[command(name = "tests/compare handoff", bin_name = "tests/compare handoff")]
struct Arguments {
    /// How often everything is timed in turn; of its times the least counts
    #[arg(long, value_name = "N", default_value_t = 15, value_parser = clap::value_parser!(u16).range(1..))]
    rounds: u16,
    /// Leaves out what takes longest: 100,000 events, and the screens
    #[arg(long)]
    quick: bool,
    /// Writes every figure to this file, too
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let rounds = usize::from(arguments.rounds);
    eprintln!("sizes");
    let sizes = messages::sizes();
    eprintln!("handoffs");
    let handoffs = costs::measure(rounds);
    eprintln!("a job of {} events", job::EVENTS);
    let job = job::measure(rounds);
    let scaling = (!arguments.quick).then(|| {
        eprintln!("many events");
        job::scaling()
    });
    let screens = (!arguments.quick).then(|| screen::read(&sizes.known));
    let report = Report { rounds, sizes, handoffs, job, scaling, screens };
    if let Some(path) = &arguments.json
        && let Err(error) = std::fs::write(path, report.to_json())
    {
        eprintln!("tests/compare handoff: {}: {error}", path.display());
        return ExitCode::from(2);
    }
    println!("{report}");
    ExitCode::from(u8::from(!report.holds()))
}
