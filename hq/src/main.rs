//! `crewseal-hq`: HQ's end on the command line.

#![expect(clippy::print_stdout, reason = "a command line answers on standard output")]

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;

use clap::{Args, Parser, Subcommand};
use crewseal::clock::{Clock, SystemClock};
use crewseal::custody::{BootId, JobId};
use crewseal_hq::{Hq, Listen, serve};
use data_encoding::HEXLOWER;
use ring::rand::SystemRandom;
use tracing_subscriber::EnvFilter;

type Failure = Box<dyn std::error::Error>;

/// HQ's end of Crewseal.
#[derive(Parser)]
#[command(name = "crewseal-hq")]
struct CommandLine {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Answer phones over HTTPS. Founds the HQ if the directory holds none.
    Serve(ServeArgs),
    /// Write a job's custody record.
    Export(ExportArgs),
}

#[derive(Args)]
struct ServeArgs {
    /// The directory of the database and the keys.
    #[arg(long, value_name = "DIR")]
    data: PathBuf,
    /// The address to listen on; port 0 takes any free one.
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:8443")]
    listen: SocketAddr,
    /// A name or address under which phones reach this server. May be repeated;
    /// the first one stands in invitations.
    #[arg(long = "name", value_name = "HOST")]
    names: Vec<String>,
    /// The name of HQ's log, in every tick and receipt. Chosen once, when the
    /// HQ is founded.
    #[arg(long, value_name = "NAME", default_value = "crewseal-hq")]
    origin: String,
}

#[derive(Args)]
struct ExportArgs {
    /// The directory of the database and the keys.
    #[arg(long, value_name = "DIR")]
    data: PathBuf,
    /// The job's id in hex, or its first digits.
    #[arg(long, value_name = "ID")]
    job: String,
    /// The file to write, which must not be there yet.
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
}

fn main() -> ExitCode {
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("info"));
    tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).init();
    let done = match CommandLine::parse().command {
        Command::Serve(args) => run_serve(&args),
        Command::Export(args) => run_export(&args),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            tracing::error!("{error}");
            ExitCode::FAILURE
        }
    }
}

fn run_serve(args: &ServeArgs) -> Result<(), Failure> {
    let hq = if is_founded(&args.data)? {
        Hq::open(&args.data, clock()?)?
    } else {
        Hq::create(&args.data, &args.origin, clock()?)?
    };
    let fingerprint = hq.fingerprint();
    let listen = Listen { address: args.listen, names: args.names.clone(), ..Listen::default() };
    tokio::runtime::Runtime::new()?.block_on(async {
        let running = serve(hq, listen)?;
        println!("{}", running.url());
        println!("HQ key {fingerprint}");
        tokio::signal::ctrl_c().await?;
        running.shutdown().await;
        Ok(())
    })
}

fn run_export(args: &ExportArgs) -> Result<(), Failure> {
    let hq = Hq::open(&args.data, clock()?)?;
    let record = hq.export(find_job(&hq, &args.job)?)?;
    let mut file = std::fs::File::create_new(&args.out)?;
    std::io::Write::write_all(&mut file, &record)?;
    file.sync_all()?;
    println!("{} bytes, HQ key {}", record.len(), hq.fingerprint());
    Ok(())
}

/// An empty or missing directory is a place to found an HQ in; anything else
/// is opened, or refused with the reason.
fn is_founded(dir: &Path) -> std::io::Result<bool> {
    match std::fs::read_dir(dir) {
        Ok(mut entries) => Ok(entries.next().is_some()),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(false),
        Err(error) => Err(error),
    }
}

fn find_job(hq: &Hq, digits: &str) -> Result<JobId, Failure> {
    let digits = digits.to_ascii_lowercase();
    let jobs = hq.jobs()?;
    let mut fitting = jobs.iter().filter(|job| HEXLOWER.encode(&job.0).starts_with(&digits));
    match (fitting.next(), fitting.next()) {
        (Some(job), None) => Ok(*job),
        (None, _) => Err("no job has such an id".into()),
        (Some(_), Some(_)) => Err("several jobs begin so; give more digits".into()),
    }
}

fn clock() -> Result<Arc<dyn Clock>, Failure> {
    let boot = ring::rand::generate::<[u8; 4]>(&SystemRandom::new())
        .map_err(|_| "the system gave no random bytes; try again")?;
    Ok(Arc::new(SystemClock::new(BootId(boot.expose()))))
}
