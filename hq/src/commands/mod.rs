//! The commands: what can be typed after `crewseal-hq`, a file for each group of them.

mod answer;
mod evidence;
mod jobs;
mod keys;
mod labels;
mod log;
mod lookup;
mod people;
mod scan;
mod serve;

use std::process::ExitCode;

pub use answer::Failure;
use clap::Subcommand;

#[derive(Subcommand)]
pub enum Command {
    /// Answer phones over HTTPS. Founds the HQ if the directory holds none.
    Serve(serve::ServeArgs),
    /// Print labels: a PDF of all pages, PNG or SVG files, one a page, or their
    /// texts.
    Labels(labels::LabelsArgs),
    /// Say what is read in photographs.
    Scan(scan::ScanArgs),
    /// Open a job, from a plan in JSON, and print its id.
    Job(jobs::JobArgs),
    /// Write the invitation by which one phone enrols; it holds for a day.
    Invite(people::InviteArgs),
    /// HQ's keys: which there are, and new ones for those that end or were stolen. Key lists
    /// are signed with list keys, which belong where no network is.
    #[command(subcommand)]
    Keys(keys::KeysCommand),
    /// HQ's log: what stands in it, what that proves, and what to do where its end was lost.
    /// Files alone suffice for `show`, `check` and `agree`.
    #[command(subcommand)]
    Log(log::LogCommand),
    /// Say which HQ this is, by its fingerprint, and which devices, carriers and depots it
    /// knows.
    Status(people::StatusArgs),
    /// Draw the customer's release codes, one for pickup and one for delivery.
    /// HQ does not keep them: this is the one time that they are shown.
    Codes(jobs::CodesArgs),
    /// Draw a supervisor's one-time codes, each for one sign-off on somebody else's
    /// phone. HQ does not keep them: this is the one time that they are shown.
    SignOffCodes(people::SignOffCodesArgs),
    /// Write a job's custody record.
    Export(evidence::ExportArgs),
    /// Write a job's photos, and say of each which event names it and with what its
    /// digest is salted. The exit status is 1 if some have not come yet, or are not
    /// what was signed.
    Photos(evidence::PhotosArgs),
    /// Take HQ's word for a device back, as when a phone was lost or its carrier
    /// left. Phones learn it at their next sync, and from each other that there
    /// is something to learn.
    Revoke(people::RevokeArgs),
    /// Move a device to another depot: at its next sync it gets the rolls of that one.
    Depot(people::DepotArgs),
    /// Check a customer's receipt against an exported custody record. The exit status
    /// is 0 if the record says the same, else 2.
    Receipt(evidence::ReceiptArgs),
    /// Check an exported custody record, with no database and no network, and
    /// say in words what is wrong. The exit status is 0 if all holds, 1 if all
    /// signatures hold and something is open, 2 if the record does not hold.
    Verify(evidence::VerifyArgs),
}

impl Command {
    /// Does what was asked.
    pub fn run(&self) -> Result<ExitCode, Failure> {
        match self {
            Self::Serve(args) => serve::serve(args),
            Self::Labels(args) => labels::print(args),
            Self::Scan(args) => scan::scan(args),
            Self::Job(args) => jobs::open_job(args),
            Self::Invite(args) => people::invite(args),
            Self::Keys(command) => command.run(),
            Self::Log(command) => command.run(),
            Self::Status(args) => people::status(args),
            Self::Codes(args) => jobs::release_codes(args),
            Self::SignOffCodes(args) => people::sign_off_codes(args),
            Self::Export(args) => evidence::export(args),
            Self::Photos(args) => evidence::photos(args),
            Self::Revoke(args) => people::revoke(args),
            Self::Depot(args) => people::move_to_depot(args),
            Self::Receipt(args) => evidence::receipt(args),
            Self::Verify(args) => evidence::verify(args),
        }
    }
}
