//! `job` and `codes`: opens a job, and draws its customer's release codes.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;
use crewseal_custody::EventKind;
use crewseal_hq::dispatch::plan;
use data_encoding::HEXLOWER;

use super::answer::{Failure, say};
use super::lookup::{DataDirectory, find_job};

#[derive(Args)]
pub struct JobArgs {
    #[command(flatten)]
    data: DataDirectory,
    /// The plan: `title`, `customer`, `origin`, `destination`, `boxes`,
    /// `opens_at`, `closes_at` and, if there are such boxes, the label texts of
    /// `labelled` and, of these, `sensitive`, `papers`, `devices` and `valuables`.
    #[arg(long, value_name = "FILE")]
    plan: PathBuf,
}

#[derive(Args)]
pub struct CodesArgs {
    #[command(flatten)]
    data: DataDirectory,
    /// The job's id in hex, or its first digits.
    #[arg(long, value_name = "ID")]
    job: String,
}

pub fn open_job(args: &JobArgs) -> Result<ExitCode, Failure> {
    let plan = plan::read(&std::fs::read(&args.plan)?)?;
    let job = args.data.open()?.open_job(&plan)?;
    say(HEXLOWER.encode(&job.0))?;
    Ok(ExitCode::SUCCESS)
}

pub fn release_codes(args: &CodesArgs) -> Result<ExitCode, Failure> {
    let hq = args.data.open()?;
    let job = find_job(&hq, &args.job)?;
    let codes = hq.release_codes(job, &[EventKind::TakeOver, EventKind::Deliver])?;
    for (act, code) in ["pickup  ", "delivery"].into_iter().zip(codes) {
        say(format_args!("{act}  {}", *code.to_grouped()))?;
    }
    Ok(ExitCode::SUCCESS)
}
