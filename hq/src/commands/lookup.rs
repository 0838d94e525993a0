//! Finds what a command line names: an HQ by its directory, and jobs, devices, carriers and
//! events by the first digits of their ids.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use clap::Args;
use crewseal_custody::{CarrierId, DeviceId, EventId, JobId};
use crewseal_hq::Hq;
use crewseal_hq::clock::{Clock, SystemClock};
use data_encoding::HEXLOWER;

use super::answer::Failure;

/// The clocks of this machine.
pub fn clock() -> Arc<dyn Clock> {
    Arc::new(SystemClock::start())
}

/// Where an HQ lies.
#[derive(Args)]
pub struct DataDirectory {
    /// The directory of the database and the keys.
    #[arg(long, value_name = "DIR")]
    pub data: PathBuf,
}

impl DataDirectory {
    /// The HQ that lies there.
    pub fn open(&self) -> Result<Hq, Failure> {
        open(&self.data)
    }
}

/// The HQ in this directory.
pub fn open(data: &Path) -> Result<Hq, Failure> {
    Ok(Hq::open(data, clock())?)
}

/// The job whose id begins with these digits.
pub fn find_job(hq: &Hq, digits: &str) -> Result<JobId, Failure> {
    Ok(*only(&hq.jobs()?, |job| &job.0, digits, "job")?)
}

/// The device whose id begins with these digits.
pub fn find_device(hq: &Hq, digits: &str) -> Result<DeviceId, Failure> {
    Ok(*only(&hq.devices()?, |device| &device.0, digits, "device")?)
}

/// The carrier whose id begins with these digits.
pub fn find_carrier(hq: &Hq, digits: &str) -> Result<CarrierId, Failure> {
    Ok(*only(&hq.carriers()?, |carrier| &carrier.0, digits, "carrier")?)
}

/// The event whose id begins with these digits.
pub fn find_event(hq: &Hq, digits: &str) -> Result<EventId, Failure> {
    let digits = digits.trim().to_ascii_lowercase();
    let known = digits.len() <= 64 && digits.bytes().all(|digit| digit.is_ascii_hexdigit());
    let mut fitting = if known { hq.events_beginning(&digits)? } else { Vec::new() };
    match (fitting.pop(), fitting.is_empty()) {
        (Some(event), true) => Ok(event),
        (None, _) => Err("no event has such an id".into()),
        (Some(_), false) => Err("several events begin so; give more digits".into()),
    }
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
