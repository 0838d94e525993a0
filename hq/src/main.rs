//! `crewseal-hq`: HQ's end on the command line.

use std::fmt::Display;
use std::io::{self, Write};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;

use clap::{Args, Parser, Subcommand, ValueEnum};
use crewseal_custody::cbor;
use crewseal_custody::{BoxClass, JobId, Kind, Licence, Nda, Qualifications, Record, Role};
use crewseal_hq::clock::{Clock, SystemClock};
use crewseal_hq::dispatch::{plan, printing, rolls};
use crewseal_hq::evidence::{customer_receipt, verify};
use crewseal_hq::{Hq, HqError, Listen, fingerprint, serve};
use crewseal_label::{Grid, Strength, Token};
use data_encoding::HEXLOWER;
use jiff::Timestamp;
use tracing_subscriber::EnvFilter;

mod commands;

use commands::scan::{Scanned, scan};

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
    /// Print labels: a PDF of all pages, PNG or SVG files, one a page, or their
    /// texts.
    Labels(LabelsArgs),
    /// Say what is read in photographs.
    Scan(ScanArgs),
    /// Open a job, from a plan in JSON, and print its id.
    Job(JobArgs),
    /// Write the invitation by which one phone enrols; it holds for a day.
    Invite(InviteArgs),
    /// Draw the customer's release codes, one for pickup and one for delivery.
    /// HQ does not keep them: this is the one time that they are shown.
    Codes(CodesArgs),
    /// Draw a supervisor's one-time codes, each for one sign-off on somebody else's
    /// phone. HQ does not keep them: this is the one time that they are shown.
    SignOffCodes(SignOffCodesArgs),
    /// Write a job's custody record.
    Export(ExportArgs),
    /// Write a job's photos, and say of each which event names it and with what its
    /// digest is salted. The exit status is 1 if some have not come yet, or are not
    /// what was signed.
    Photos(PhotosArgs),
    /// Take HQ's word for a device back, as when a phone was lost or its carrier
    /// left. Phones learn it at their next sync, and from each other that there
    /// is something to learn.
    Revoke(RevokeArgs),
    /// Check a customer's receipt against an exported custody record. The exit status
    /// is 0 if the record says the same, else 2.
    Receipt(ReceiptArgs),
    /// Check an exported custody record, with no database and no network, and
    /// say in words what is wrong. The exit status is 0 if all holds, 1 if all
    /// signatures hold and something is open, 2 if the record does not hold.
    Verify(VerifyArgs),
}

#[derive(Args)]
struct LabelsArgs {
    /// How many labels.
    #[arg(long, value_name = "N")]
    count: u32,
    /// The file; its ending says what it becomes: pdf, png, svg or
    /// txt.
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
    /// The HQ that mints them, as a roll. Without it the labels are nobody's,
    /// for trying out.
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
    /// How the sheet is divided.
    #[arg(long, value_enum, default_value_t = GridArg::ThreeByEight)]
    grid: GridArg,
    /// Codes for rough handling: they bear more damage, their modules are
    /// smaller.
    #[arg(long)]
    rough: bool,
}

#[derive(Clone, Copy, ValueEnum)]
enum GridArg {
    /// 24 labels of 70 x 37 mm.
    #[value(name = "3x8")]
    ThreeByEight,
    /// 14 labels of 99.1 x 38.1 mm.
    #[value(name = "2x7")]
    TwoBySeven,
}

#[derive(Args)]
struct ScanArgs {
    /// Photographs: JPEG, PNG, WebP.
    #[arg(required = true, value_name = "PHOTO")]
    photos: Vec<PathBuf>,
    /// Answer in JSON.
    #[arg(long)]
    json: bool,
}

#[derive(Args)]
struct VerifyArgs {
    /// The record, `custody.crewseal`.
    #[arg(value_name = "EXPORT")]
    export: PathBuf,
    /// The fingerprint of HQ's key, as HQ told it. Without it, compare the one
    /// that is printed.
    #[arg(long, value_name = "FINGERPRINT")]
    hq: Option<String>,
    /// Answer in JSON.
    #[arg(long)]
    json: bool,
}

#[derive(Args)]
struct ReceiptArgs {
    /// The record, `custody.crewseal`.
    #[arg(value_name = "EXPORT")]
    export: PathBuf,
    /// The receipt's text, as the customer's camera shows it.
    #[arg(value_name = "TEXT")]
    text: String,
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
struct JobArgs {
    /// The directory of the database and the keys.
    #[arg(long, value_name = "DIR")]
    data: PathBuf,
    /// The plan: `title`, `customer`, `origin`, `destination`, `boxes`,
    /// `opens_at`, `closes_at` and, if there are such boxes, the label texts of
    /// `labelled` and, of these, `sensitive`, `papers`, `devices` and `valuables`.
    #[arg(long, value_name = "FILE")]
    plan: PathBuf,
}

#[derive(Args)]
struct InviteArgs {
    /// The directory of the database and the keys.
    #[arg(long, value_name = "DIR")]
    data: PathBuf,
    /// What the phone's carrier does.
    #[arg(long, value_enum)]
    role: RoleArg,
    /// What the crew calls its carrier, such as "Mover 17"; never a name.
    #[arg(long, value_name = "TEXT")]
    pseudonym: String,
    /// A job of the crew: its id in hex, or its first digits. May be repeated.
    #[arg(long = "job", value_name = "ID")]
    jobs: Vec<String>,
    /// What the carrier is licensed to do. May be repeated. Once HQ says anything
    /// of licences, agreement, training or classes, what it does not say he does
    /// not have.
    #[arg(long = "licence", value_enum, value_name = "LICENCE")]
    licences: Vec<LicenceArg>,
    /// The text of the agreement on secrecy that he signed.
    #[arg(long, value_name = "FILE", requires = "nda_until")]
    nda: Option<PathBuf>,
    /// Until when it holds, such as 2027-01-01T00:00:00Z.
    #[arg(long, value_name = "TIME", requires = "nda")]
    nda_until: Option<Timestamp>,
    /// Until when his training holds.
    #[arg(long, value_name = "TIME")]
    trained_until: Option<Timestamp>,
    /// A class of boxes that he may take, besides ordinary ones. May be repeated.
    #[arg(long = "may-take", value_enum, value_name = "CLASS")]
    classes: Vec<ClassArg>,
    /// Where the phone reaches HQ, as `serve` printed it.
    #[arg(long, value_name = "URL")]
    url: String,
    /// The file to write, which must not be there yet.
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
}

#[derive(Clone, Copy, ValueEnum)]
enum RoleArg {
    /// Packs, carries, loads.
    Mover,
    /// Drives, and answers for the load on the road.
    Driver,
    /// Keeps the warehouse.
    Warehouse,
    /// Signs off.
    Supervisor,
    /// An outside partner's crew.
    Contractor,
}

#[derive(Clone, Copy, ValueEnum)]
enum LicenceArg {
    /// Vehicles of up to 3.5 tonnes.
    Driving,
    /// Vehicles above 3.5 tonnes.
    DrivingHeavy,
    /// Forklifts.
    Forklift,
    /// Destroying confidential papers and data carriers.
    Destruction,
}

#[derive(Clone, Copy, ValueEnum)]
enum ClassArg {
    /// Files, records, letters.
    Papers,
    /// Computers, disks, phones.
    Devices,
    /// Jewellery, art, money.
    Valuables,
}

#[derive(Args)]
struct CodesArgs {
    /// The directory of the database and the keys.
    #[arg(long, value_name = "DIR")]
    data: PathBuf,
    /// The job's id in hex, or its first digits.
    #[arg(long, value_name = "ID")]
    job: String,
}

#[derive(Args)]
struct SignOffCodesArgs {
    /// The directory of the database and the keys.
    #[arg(long, value_name = "DIR")]
    data: PathBuf,
    /// The supervisor's device: its id in hex, or its first digits.
    #[arg(long, value_name = "ID")]
    supervisor: String,
    /// How many codes.
    #[arg(long, value_name = "N", default_value_t = 1)]
    count: usize,
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

#[derive(Args)]
struct PhotosArgs {
    /// The directory of the database and the keys.
    #[arg(long, value_name = "DIR")]
    data: PathBuf,
    /// The job's id in hex, or its first digits.
    #[arg(long, value_name = "ID")]
    job: String,
    /// The directory to write them into. A photo that is there already stays as it is.
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
}

#[derive(Args)]
struct RevokeArgs {
    /// The directory of the database and the keys.
    #[arg(long, value_name = "DIR")]
    data: PathBuf,
    /// The device's id in hex, or its first digits.
    #[arg(long, value_name = "ID")]
    device: String,
    /// Since when, such as 2026-03-14T18:00:00Z; now, if it is left out. What the
    /// device did before stays good.
    #[arg(long, value_name = "TIME")]
    since: Option<Timestamp>,
}

fn main() -> ExitCode {
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("info"));
    tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).init();
    let done = match CommandLine::parse().command {
        Command::Serve(args) => run_serve(&args),
        Command::Labels(args) => run_labels(&args),
        Command::Scan(args) => run_scan(&args),
        Command::Job(args) => run_job(&args),
        Command::Invite(args) => run_invite(&args),
        Command::Codes(args) => run_codes(&args),
        Command::SignOffCodes(args) => run_sign_off_codes(&args),
        Command::Export(args) => run_export(&args),
        Command::Photos(args) => run_photos(&args),
        Command::Revoke(args) => run_revoke(&args),
        Command::Verify(args) => run_verify(&args),
        Command::Receipt(args) => run_receipt(&args),
    };
    match done {
        Ok(status) => status,
        Err(error) => {
            tracing::error!("{error}");
            // Apart from 1, which `scan` and `verify` answer with.
            ExitCode::from(2)
        }
    }
}

fn run_serve(args: &ServeArgs) -> Result<ExitCode, Failure> {
    let hq = if is_founded(&args.data)? {
        Hq::open(&args.data, clock())?
    } else {
        Hq::create(&args.data, &args.origin, clock())?
    };
    let fingerprint = hq.fingerprint();
    let listen = Listen { address: args.listen, names: args.names.clone(), ..Listen::default() };
    tokio::runtime::Runtime::new()?.block_on(async {
        let running = serve(hq, listen)?;
        say(running.url())?;
        say(format_args!("HQ key {fingerprint}"))?;
        tokio::signal::ctrl_c().await?;
        running.shutdown().await;
        Ok(ExitCode::SUCCESS)
    })
}

fn run_job(args: &JobArgs) -> Result<ExitCode, Failure> {
    let plan = plan::read(&std::fs::read(&args.plan)?)?;
    let job = Hq::open(&args.data, clock())?.open_job(&plan)?;
    say(HEXLOWER.encode(&job.0))?;
    Ok(ExitCode::SUCCESS)
}

fn run_invite(args: &InviteArgs) -> Result<ExitCode, Failure> {
    let hq = Hq::open(&args.data, clock())?;
    let jobs = args.jobs.iter().map(|job| find_job(&hq, job)).collect::<Result<Vec<_>, _>>()?;
    let role = match args.role {
        RoleArg::Mover => Role::Mover,
        RoleArg::Driver => Role::Driver,
        RoleArg::Warehouse => Role::Warehouse,
        RoleArg::Supervisor => Role::Supervisor,
        RoleArg::Contractor => Role::Contractor,
    };
    let qualifications = qualifications(args)?;
    let mut file = std::fs::File::create_new(&args.out)?;
    let invitation = match &qualifications {
        Some(q) => hq.invite_qualified(role, &args.pseudonym, q, &jobs, &args.url)?,
        None => hq.invite(role, &args.pseudonym, &jobs, &args.url)?,
    };
    file.write_all(&cbor::to_vec(&invitation))?;
    say(args.out.display())?;
    Ok(ExitCode::SUCCESS)
}

/// What is said of a carrier's papers, if anything is.
fn qualifications(args: &InviteArgs) -> Result<Option<Qualifications>, Failure> {
    let nda = match (&args.nda, args.nda_until) {
        (Some(text), Some(until)) => {
            let text = Nda::digest(&std::fs::read_to_string(text)?);
            Some(Nda { text, until: seconds(until)? })
        }
        _ => None,
    };
    let licence = |licence: &LicenceArg| match licence {
        LicenceArg::Driving => Licence::Driving,
        LicenceArg::DrivingHeavy => Licence::DrivingHeavy,
        LicenceArg::Forklift => Licence::Forklift,
        LicenceArg::Destruction => Licence::ConfidentialDestruction,
    };
    let class = |class: &ClassArg| match class {
        ClassArg::Papers => BoxClass::Papers,
        ClassArg::Devices => BoxClass::Devices,
        ClassArg::Valuables => BoxClass::Valuables,
    };
    let qualifications = Qualifications {
        licences: args.licences.iter().map(licence).collect(),
        nda,
        trained_until: args.trained_until.map(seconds).transpose()?,
        classes: args.classes.iter().map(class).collect(),
    };
    Ok((qualifications != Qualifications::default()).then_some(qualifications))
}

fn seconds(time: Timestamp) -> Result<u64, Failure> {
    u64::try_from(time.as_second()).map_err(|_| "a time before 1970".into())
}

fn run_codes(args: &CodesArgs) -> Result<ExitCode, Failure> {
    let hq = Hq::open(&args.data, clock())?;
    let job = find_job(&hq, &args.job)?;
    let codes = hq.release_codes(job, &[Kind::TakeOver, Kind::Deliver])?;
    for (act, code) in ["pickup  ", "delivery"].into_iter().zip(codes) {
        say(format_args!("{act}  {}", *code.to_grouped()))?;
    }
    Ok(ExitCode::SUCCESS)
}

fn run_export(args: &ExportArgs) -> Result<ExitCode, Failure> {
    let hq = Hq::open(&args.data, clock())?;
    let record = hq.export(find_job(&hq, &args.job)?)?;
    let mut file = std::fs::File::create_new(&args.out)?;
    file.write_all(&record)?;
    file.sync_all()?;
    say(format_args!("{} bytes, HQ key {}", record.len(), hq.fingerprint()))?;
    Ok(ExitCode::SUCCESS)
}

fn run_photos(args: &PhotosArgs) -> Result<ExitCode, Failure> {
    let hq = Hq::open(&args.data, clock())?;
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

fn run_sign_off_codes(args: &SignOffCodesArgs) -> Result<ExitCode, Failure> {
    let hq = Hq::open(&args.data, clock())?;
    let devices = hq.devices()?;
    let supervisor = *only(&devices, |device| &device.0, &args.supervisor, "device")?;
    for code in hq.one_time_codes(supervisor, args.count)? {
        say(&*code.to_grouped())?;
    }
    Ok(ExitCode::SUCCESS)
}

fn run_revoke(args: &RevokeArgs) -> Result<ExitCode, Failure> {
    let clock = clock();
    let since = args.since.map_or_else(|| Ok(clock.now()), seconds)?;
    let hq = Hq::open(&args.data, clock)?;
    let devices = hq.devices()?;
    let device = *only(&devices, |device| &device.0, &args.device, "device")?;
    let epoch = hq.revoke(device, since)?;
    say(format_args!("device {device} is revoked; revocation {epoch}"))?;
    Ok(ExitCode::SUCCESS)
}

fn run_labels(args: &LabelsArgs) -> Result<ExitCode, Failure> {
    let tokens: Vec<Token> = match &args.data {
        Some(data) => {
            let roll = Hq::open(data, clock())?.mint_roll(args.count)?;
            roll.tokens().map(|(_, token)| token).collect()
        }
        None => {
            tracing::warn!("these labels are of no HQ; with --data, one mints them");
            rolls::draw(args.count)?
        }
    };
    let grid = match args.grid {
        GridArg::ThreeByEight => Grid::ThreeByEight,
        GridArg::TwoBySeven => Grid::TwoBySeven,
    };
    let strength = if args.rough { Strength::Rough } else { Strength::Normal };
    for file in printing::print(&tokens, &args.out, grid, strength)? {
        say(file.display())?;
    }
    Ok(ExitCode::SUCCESS)
}

fn run_scan(args: &ScanArgs) -> Result<ExitCode, Failure> {
    let scanned: Vec<Scanned> = args.photos.iter().map(|photo| scan(photo)).collect();
    if args.json {
        say(serde_json::to_string_pretty(&scanned)?)?;
    } else {
        scanned.iter().try_for_each(say)?;
    }
    let all_read = scanned.iter().all(|photo| photo.error.is_none());
    Ok(if all_read { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn run_verify(args: &VerifyArgs) -> Result<ExitCode, Failure> {
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

fn run_receipt(args: &ReceiptArgs) -> Result<ExitCode, Failure> {
    let reading = Record::read(&std::fs::read(&args.export)?, None)?;
    let said = customer_receipt::check(&reading, &args.text)?;
    say(format_args!("The record says the same: {said}."))?;
    say(format_args!("HQ's key  {}", fingerprint(&reading.record.hq)))?;
    Ok(ExitCode::SUCCESS)
}

/// An empty or missing directory is a place to found an HQ in; anything else
/// is opened, or refused with the reason.
fn is_founded(dir: &Path) -> io::Result<bool> {
    match std::fs::read_dir(dir) {
        Ok(mut entries) => Ok(entries.next().is_some()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(error) => Err(error),
    }
}

/// Answers on standard output. A reader that has seen enough, as `head` does,
/// is no failure.
fn say(answer: impl Display) -> Result<(), Failure> {
    match writeln!(io::stdout(), "{answer}") {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => Err(error.into()),
        _ => Ok(()),
    }
}

fn find_job(hq: &Hq, digits: &str) -> Result<JobId, Failure> {
    Ok(*only(&hq.jobs()?, |job| &job.0, digits, "job")?)
}

/// The one whose id begins with these digits.
fn only<'i, T>(
    all: &'i [T],
    id: impl Fn(&T) -> &[u8; 16],
    digits: &str,
    what: &str,
) -> Result<&'i T, Failure> {
    let digits = digits.to_ascii_lowercase();
    let mut fitting = all.iter().filter(|one| HEXLOWER.encode(id(one)).starts_with(&digits));
    match (fitting.next(), fitting.next()) {
        (Some(one), None) => Ok(one),
        (None, _) => Err(format!("no {what} has such an id").into()),
        (Some(_), Some(_)) => Err(format!("several {what}s begin so; give more digits").into()),
    }
}

fn clock() -> Arc<dyn Clock> {
    Arc::new(SystemClock::start())
}
