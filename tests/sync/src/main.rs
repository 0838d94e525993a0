//! Measures what travels between a phone and HQ: what an act costs on its way up beyond
//! its own bytes, what it costs to hear that nothing is new, and how large the QRs are
//! that two phones show each other.
//!
//! All of it is counted where it passes, on a network between a phone and an HQ as they
//! are: heads of requests and answers, and what TLS adds to every record, are in it. The
//! handshake is not.
//!
//! And what it takes that HQ's log grows large: of the network, of a phone that delivers and
//! keeps its receipts, and of HQ. Time is that on a processor, as ratios to what cannot be done
//! without, measured beside it.
#![expect(clippy::expect_used, reason = "what cannot be measured is no figure")]
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "it is a program")]

mod bare;
mod cpu;
mod intake;
mod large_log;
mod office;
mod process;
mod receipts;
mod report;
mod traffic;

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Instant;

use clap::Parser;
use fixtures::messages;

use office::{Office, Site};
use report::{FEW, LargeLog, Report};

/// Leaves of the large one where it must be quick.
const QUICK: u64 = 100_000;

/// Measures what travels between phones and HQ, and from phone to phone.
#[derive(Parser)]
#[command(name = "tests/compare sync", bin_name = "tests/compare sync")]
struct Arguments {
    /// Writes every figure to this file, too
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
    /// How many labels the phone knows when nothing is new
    #[arg(long, value_name = "N", default_value_t = 60_000)]
    labels: u32,
    /// How many leaves the large log has before anything is delivered
    #[arg(long, value_name = "N", default_value_t = 10_000_000)]
    leaves: u64,
    /// Takes 100,000 leaves for it
    #[arg(long, conflicts_with = "leaves")]
    quick: bool,
    /// HQ, as it is built with `--release` [default: where that lies]
    #[arg(long, value_name = "PROGRAM")]
    hq: Option<PathBuf>,
}

/// HQ's program, beside the directory of this one.
fn beside_this() -> PathBuf {
    let program = std::env::current_exe().expect("a program has a path");
    let target = program.ancestors().nth(2).expect("and lies in a directory");
    target.join("release/crewseal-hq")
}

#[tokio::main]
async fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let program = arguments.hq.unwrap_or_else(beside_this);
    let leaves = if arguments.quick { QUICK } else { arguments.leaves };
    let sizes = messages::sizes();
    let office = Office::open().await;
    let acts = traffic::batch(&office.site, &office.phone).await;
    let deliveries = traffic::deliveries(&office, &acts).await;
    office.close().await;
    let fetches = traffic::fetches(arguments.labels).await;
    let began = Instant::now();
    let large = Site::found(leaves);
    let built_in = began.elapsed();
    let (large, receipts, acts) = receipts::measure(large).await;
    let phone = intake::phone(&program, &large, &acts, &receipts.deliveries).await;
    let intakes = intake::intakes(&program, &Site::found(FEW), &large).await;
    drop(large);
    let log = LargeLog { leaves, is_quick: arguments.quick, built_in, receipts, phone, intakes };
    let report = Report { sizes, deliveries, fetches, log };
    if let Some(path) = &arguments.json
        && let Err(error) = std::fs::write(path, report.to_json())
    {
        eprintln!("tests/compare sync: {}: {error}", path.display());
        return ExitCode::from(2);
    }
    println!("{report}");
    ExitCode::from(u8::from(!report.holds()))
}
