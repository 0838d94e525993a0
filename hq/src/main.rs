//! `crewseal-hq`: HQ's end on the command line.

mod commands;

use std::process::ExitCode;

use clap::Parser;
use commands::Command;
use tracing_subscriber::EnvFilter;

/// HQ's end of Crewseal.
#[derive(Parser)]
#[command(name = "crewseal-hq")]
struct CommandLine {
    #[command(subcommand)]
    command: Command,
}

fn main() -> ExitCode {
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("info"));
    tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).init();
    match CommandLine::parse().command.run() {
        Ok(status) => status,
        Err(error) => {
            tracing::error!("{error}");
            // Apart from 1, which `scan` and `verify` answer with.
            ExitCode::from(2)
        }
    }
}
