//! `export`, `photos`, `verify` and `receipt`: what proves a job's custody.

use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;
use crewseal_custody::Record;
use crewseal_hq::HqError;
use crewseal_hq::evidence::{customer_receipt, verify};
use data_encoding::HEXLOWER;

use super::answer::{Failure, say};
use super::lookup::{DataDirectory, find_job};

#[derive(Args)]
pub struct ExportArgs {
    #[command(flatten)]
    data: DataDirectory,
    /// The job's id in hex, or its first digits.
    #[arg(long, value_name = "ID")]
    job: String,
    /// The file to write, which must not be there yet.
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
}

#[derive(Args)]
pub struct PhotosArgs {
    #[command(flatten)]
    data: DataDirectory,
    /// The job's id in hex, or its first digits.
    #[arg(long, value_name = "ID")]
    job: String,
    /// The directory to write them into. A photo that is there already stays as it is.
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
}

#[derive(Args)]
pub struct VerifyArgs {
    /// The record, `custody.crewseal`.
    #[arg(value_name = "EXPORT")]
    export: PathBuf,
    /// HQ's fingerprint, as HQ told it. Without it, compare the one that is printed.
    #[arg(long, value_name = "FINGERPRINT")]
    hq: Option<String>,
    /// Answer in JSON.
    #[arg(long)]
    json: bool,
}

#[derive(Args)]
pub struct ReceiptArgs {
    /// The record, `custody.crewseal`.
    #[arg(value_name = "EXPORT")]
    export: PathBuf,
    /// The receipt's text, as the customer's camera shows it.
    #[arg(value_name = "TEXT")]
    text: String,
}

pub fn export(args: &ExportArgs) -> Result<ExitCode, Failure> {
    let hq = args.data.open()?;
    let record = hq.export(find_job(&hq, &args.job)?)?;
    let mut file = std::fs::File::create_new(&args.out)?;
    file.write_all(&record)?;
    file.sync_all()?;
    say(format_args!("{} bytes, HQ {}", record.len(), hq.fingerprint()))?;
    Ok(ExitCode::SUCCESS)
}

pub fn photos(args: &PhotosArgs) -> Result<ExitCode, Failure> {
    let hq = args.data.open()?;
    let (here, awaited) = hq.photos_of(&find_job(&hq, &args.job)?)?;
    std::fs::create_dir_all(&args.out)?;
    let mut is_complete = awaited == 0;
    for (event, digest) in here {
        let photo = match hq.photo(&event, &digest) {
            Err(HqError::Damaged { .. }) => None,
            photo => photo?,
        };
        let [event, digest] = [event, digest].map(|digest| HEXLOWER.encode(&digest.0));
        let name = format!("{digest}.jpg");
        let Some(photo) = photo else {
            is_complete = false;
            say(format_args!("{name}  event {event}  is not what was signed"))?;
            continue;
        };
        let path = args.out.join(&name);
        if !path.try_exists()? {
            let mut file = std::fs::File::create_new(path)?;
            file.write_all(&photo.jpeg)?;
            file.sync_all()?;
        }
        say(format_args!("{name}  event {event}  salt {}", HEXLOWER.encode(&photo.salt.0)))?;
    }
    if awaited > 0 {
        say(format_args!("not here yet: {awaited}"))?;
    }
    Ok(if is_complete { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

pub fn verify(args: &VerifyArgs) -> Result<ExitCode, Failure> {
    let bytes = std::fs::read(&args.export)?;
    let verdict = match &args.hq {
        Some(told) => verify::verify_as_told(&bytes, told),
        None => verify::verify(&bytes, None),
    };
    if args.json {
        say(serde_json::to_string_pretty(&verdict)?)?;
    } else {
        say(&verdict)?;
    }
    Ok(ExitCode::from(verdict.standing.exit_status()))
}

pub fn receipt(args: &ReceiptArgs) -> Result<ExitCode, Failure> {
    let reading = Record::read(&std::fs::read(&args.export)?, None)?;
    let said = customer_receipt::check(&reading, &args.text)?;
    say(format_args!("The record says the same: {said}."))?;
    say(format_args!("HQ  {}", verify::fingerprint_of(&reading)))?;
    Ok(ExitCode::SUCCESS)
}
