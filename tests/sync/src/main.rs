//! Measures what travels between a phone and HQ: what an act costs on its way up beyond
//! its own bytes, what it costs to hear that nothing is new, and how large the QRs are
//! that two phones show each other.
//!
//! All of it is counted where it passes, on a network between a phone and an HQ as they
//! are: heads of requests and answers, and what TLS adds to every record, are in it. The
//! handshake is not.
#![expect(clippy::expect_used, reason = "what cannot be measured is no figure")]
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "it is a program")]

mod office;
mod report;
mod traffic;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Parser;
use fixtures::messages;

use report::Report;

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
}

#[tokio::main]
async fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let sizes = messages::sizes();
    let deliveries = traffic::deliveries().await;
    let fetches = traffic::fetches(arguments.labels).await;
    let report = Report { sizes, deliveries, fetches };
    if let Some(path) = &arguments.json
        && let Err(error) = std::fs::write(path, report.to_json())
    {
        eprintln!("tests/compare sync: {}: {error}", path.display());
        return ExitCode::from(2);
    }
    println!("{report}");
    ExitCode::from(u8::from(!report.holds()))
}
