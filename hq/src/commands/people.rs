//! `invite`, `status`, `depot`, `revoke` and `sign-off-codes`: whom HQ vouches for.

use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, ValueEnum};
use crewseal_custody::cbor;
use crewseal_custody::{BoxClass, Credential, Licence, Nda, Qualifications, Role, Voucher};
use crewseal_hq::{Depot, DepotSummary, Invitee};
use data_encoding::HEXLOWER;
use jiff::Timestamp;

use super::answer::{Failure, say};
use super::lookup::{DataDirectory, clock, find_carrier, find_device, find_job};

#[derive(Args)]
pub struct InviteArgs {
    #[command(flatten)]
    data: DataDirectory,
    /// What the phone's carrier does.
    #[arg(long, value_enum)]
    role: RoleArg,
    /// What the crew calls its carrier, such as "Mover 17"; never a name.
    #[arg(long, value_name = "TEXT")]
    pseudonym: String,
    /// Whose further device it is, if he has one already: his id in hex, or its first digits,
    /// as `status` lists it. An older device of his, or his recovery code, should vouch for
    /// it; otherwise it is his on HQ's word alone.
    #[arg(long, value_name = "ID")]
    carrier: Option<String>,
    /// The depot that the device will belong to, whose rolls it gets. Left out, it is the
    /// common one.
    #[arg(long, value_name = "NAME")]
    depot: Option<Depot>,
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
pub struct StatusArgs {
    #[command(flatten)]
    data: DataDirectory,
}

#[derive(Args)]
pub struct DepotArgs {
    #[command(flatten)]
    data: DataDirectory,
    /// The device's id in hex, or its first digits.
    #[arg(value_name = "DEVICE")]
    device: String,
    /// The depot's name.
    #[arg(value_name = "NAME", required_unless_present = "common")]
    depot: Option<Depot>,
    /// Instead of a name: the common depot, which has none.
    #[arg(long, conflicts_with = "depot")]
    common: bool,
}

#[derive(Args)]
pub struct RevokeArgs {
    #[command(flatten)]
    data: DataDirectory,
    /// The device's id in hex, or its first digits.
    #[arg(long, value_name = "ID")]
    device: String,
    /// Since when, such as 2026-03-14T18:00:00Z; now, if it is left out. What the
    /// device did before stays good.
    #[arg(long, value_name = "TIME")]
    since: Option<Timestamp>,
}

#[derive(Args)]
pub struct SignOffCodesArgs {
    #[command(flatten)]
    data: DataDirectory,
    /// The supervisor's device: its id in hex, or its first digits.
    #[arg(long, value_name = "ID")]
    supervisor: String,
    /// How many codes.
    #[arg(long, value_name = "N", default_value_t = 1)]
    count: usize,
}

pub fn invite(args: &InviteArgs) -> Result<ExitCode, Failure> {
    let hq = args.data.open()?;
    let jobs = args.jobs.iter().map(|job| find_job(&hq, job)).collect::<Result<Vec<_>, _>>()?;
    let role = match args.role {
        RoleArg::Mover => Role::Mover,
        RoleArg::Driver => Role::Driver,
        RoleArg::Warehouse => Role::Warehouse,
        RoleArg::Supervisor => Role::Supervisor,
        RoleArg::Contractor => Role::Contractor,
    };
    let qualifications = qualifications(args)?;
    let carrier = args.carrier.as_ref().map(|carrier| find_carrier(&hq, carrier)).transpose()?;
    let mut file = std::fs::File::create_new(&args.out)?;
    let invitee = Invitee {
        role,
        pseudonym: &args.pseudonym,
        qualifications: qualifications.as_ref(),
        carrier,
        depot: args.depot.as_ref(),
        jobs: &jobs,
    };
    let invitation = hq.invite_device(&invitee, &args.url)?;
    file.write_all(&cbor::to_vec(&invitation))?;
    say(args.out.display())?;
    say(format_args!("HQ {}", hq.fingerprint()))?;
    Ok(ExitCode::SUCCESS)
}

pub fn status(args: &StatusArgs) -> Result<ExitCode, Failure> {
    let hq = args.data.open()?;
    say(format_args!("HQ {}", hq.fingerprint()))?;
    say(format_args!("log {}", hq.origin()))?;
    for device in hq.devices()? {
        let Some(credential) = hq.credential(&device)? else { continue };
        let vouched = match credential.voucher {
            Some(Voucher::Device { .. }) => "vouched for by an older device",
            Some(Voucher::Recovery { .. }) => "vouched for by the recovery code",
            None => "on HQ's word",
        };
        let [device, carrier] = [device.0, credential.carrier.0].map(|id| HEXLOWER.encode(&id));
        let Credential { pseudonym, serial, .. } = &*credential;
        let depot = hq.depot_of(&credential.device())?;
        let depot = depot.map_or_else(String::new, |depot| format!(", depot {depot}"));
        say(format_args!(
            "device {device}  carrier {carrier}  credential {serial}  {pseudonym}, {vouched}{depot}"
        ))?;
    }
    for summary in hq.depots()? {
        say(describe(&summary))?;
    }
    Ok(ExitCode::SUCCESS)
}

fn describe(DepotSummary { depot, devices, rolls }: &DepotSummary) -> String {
    let depot = named(depot.as_ref());
    format!("{depot}  devices {devices}  rolls {rolls}")
}

/// A depot as it is spoken of; none: the common one.
fn named(depot: Option<&Depot>) -> String {
    depot.map_or_else(|| "common depot".to_owned(), |depot| format!("depot {depot}"))
}

pub fn move_to_depot(args: &DepotArgs) -> Result<ExitCode, Failure> {
    let hq = args.data.open()?;
    let device = find_device(&hq, &args.device)?;
    let depot = args.depot.as_ref();
    hq.move_to_depot(device, depot)?;
    say(format_args!("device {device} belongs to the {}", named(depot)))?;
    // If the name is not spelt as before, there are no rolls.
    for summary in hq.depots()?.iter().filter(|summary| summary.depot.as_ref() == depot) {
        say(describe(summary))?;
    }
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

pub fn revoke(args: &RevokeArgs) -> Result<ExitCode, Failure> {
    let since = args.since.map_or_else(|| Ok(clock().now()), seconds)?;
    let hq = args.data.open()?;
    let device = find_device(&hq, &args.device)?;
    let epoch = hq.revoke(device, since)?;
    say(format_args!("device {device} is revoked; revocation {epoch}"))?;
    Ok(ExitCode::SUCCESS)
}

pub fn sign_off_codes(args: &SignOffCodesArgs) -> Result<ExitCode, Failure> {
    let hq = args.data.open()?;
    let supervisor = find_device(&hq, &args.supervisor)?;
    for code in hq.one_time_codes(supervisor, args.count)? {
        say(&*code.to_grouped())?;
    }
    Ok(ExitCode::SUCCESS)
}

fn seconds(time: Timestamp) -> Result<u64, Failure> {
    u64::try_from(time.as_second()).map_err(|_| "a time before 1970".into())
}
