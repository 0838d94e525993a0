//! Reads the same pictures with our reader and with others, and says how they
//! compare.
//!
//! A reader is only as good as the next best shows, and everyone's figures are
//! from other pictures, other machines and other ways to count. Here all have
//! the same pixels, the same clock and the same rules.

mod corpus;
mod count;
mod readers;
mod report;
mod rounds;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Parser;

use count::{Contents, Figures};
use report::Report;

/// Something that a person reads and mends.
type Failure = Box<dyn std::error::Error>;

/// Compares our QR reader with others on pictures whose contents are known.
#[derive(Parser)]
#[command(name = "tests/compare scan", bin_name = "tests/compare scan")]
struct Arguments {
    /// A directory of pictures with a manifest.tsv
    #[arg(long, value_name = "DIR")]
    corpus: PathBuf,
    /// Accepted, and not measured yet: seed of the rendered scenes
    #[arg(long, value_name = "SEED")]
    scenes: Option<u64>,
    /// How often every reader reads every picture; of its times the least counts
    #[arg(long, value_name = "N", default_value_t = 2, value_parser = clap::value_parser!(u16).range(1..))]
    rounds: u16,
    /// Writes every figure to this file, too
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
}

fn main() -> ExitCode {
    match compare(&Arguments::parse()) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::from(1),
        Err(error) => {
            eprintln!("tests/compare scan: {error}");
            ExitCode::from(2)
        }
    }
}

/// Whether ours holds all its floors.
fn compare(arguments: &Arguments) -> Result<bool, Failure> {
    let rounds = usize::from(arguments.rounds);
    let (samples, left_out) = corpus::load(&arguments.corpus)?;
    let calls = rounds::run(&readers::ALL, &samples, rounds);
    let figures = calls.iter().map(|calls| Figures::of(&samples, calls)).collect();
    let report = Report {
        contents: Contents::of(&samples),
        left_out,
        rounds,
        figures,
        wants_scenes: arguments.scenes.is_some(),
    };
    if let Some(path) = &arguments.json {
        report.write_json(path)?;
    }
    println!("{report}");
    Ok(report.holds_its_floors())
}
