//! `log show`, `check`, `export`, `prove` and `agree`.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Args;
use crewseal_custody::log::{Checkpoint, SignedCheckpoint};
use crewseal_custody::logged::{Proven, Receipt};
use crewseal_custody::signed::Digest;
use crewseal_custody::wire::KeyLists;
use crewseal_custody::{HqKeys, LogPlace, Reading, Record, cbor};
use crewseal_hq::evidence::wording;
use crewseal_hq::log::files::{self, CHECKPOINT, TileFiles};
use data_encoding::{BASE64, HEXLOWER};

use super::super::answer::{Failure, say};
use super::super::lookup::{DataDirectory, find_event};

#[derive(Args)]
pub struct ShowArgs {
    /// A checkpoint, a receipt, or a custody record.
    file: PathBuf,
}

#[derive(Args)]
pub struct CheckArgs {
    /// A directory of tiles with its checkpoint, a receipt, or a custody record.
    what: PathBuf,
    /// HQ's key lists, as `keys export` wrote them, by which the checkpoint is verified. A
    /// record brings its own.
    #[arg(long, value_name = "FILE")]
    keys: Option<PathBuf>,
}

#[derive(Args)]
pub struct ExportArgs {
    #[command(flatten)]
    data: DataDirectory,
    /// The directory, which may have an earlier export of the same log.
    directory: PathBuf,
    /// Which log, by its generation; the one that HQ writes, if it is left out.
    #[arg(long, value_name = "N")]
    generation: Option<u32>,
}

#[derive(Args)]
pub struct ProveArgs {
    #[command(flatten)]
    data: DataDirectory,
    /// The event's id in hex, or its first digits.
    event: String,
    /// The file to write, which must not be there yet.
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
}

#[derive(Args)]
pub struct AgreeArgs {
    /// A checkpoint.
    one: PathBuf,
    /// Another one.
    other: PathBuf,
    /// A directory of tiles of the larger of them, or of a larger one.
    #[arg(long, value_name = "DIR")]
    tiles: Option<PathBuf>,
    /// HQ's key lists, as `keys export` wrote them, by which both are verified.
    #[arg(long, value_name = "FILE")]
    keys: Option<PathBuf>,
}

/// What does not hold.
const DOES_NOT_HOLD: u8 = 2;

pub fn show(args: &ShowArgs) -> Result<ExitCode, Failure> {
    let bytes = std::fs::read(&args.file)?;
    if let Ok((origin, checkpoint)) = files::read_checkpoint(&bytes) {
        describe(&origin, checkpoint.checkpoint())?;
        return Ok(ExitCode::SUCCESS);
    }
    if let Ok(receipt) = cbor::from_versioned::<Receipt, 2>(&bytes) {
        let (origin, checkpoint) = files::read_checkpoint(receipt.checkpoint.as_bytes())?;
        describe(&origin, checkpoint.checkpoint())?;
        let events = receipt.runs.iter().map(|run| u64::from(run.count)).sum::<u64>();
        say(format_args!("receipt for {events} events and {} acts of HQ's", receipt.acts.len()))?;
        return Ok(ExitCode::SUCCESS);
    }
    show_record(&Record::read(&bytes, None)?)?;
    Ok(ExitCode::SUCCESS)
}

fn show_record(reading: &Reading) -> Result<(), Failure> {
    let evidence = &reading.evidence;
    for checkpoint in evidence.checkpoints.values() {
        describe(&reading.record.origin, checkpoint)?;
    }
    for restore in &evidence.restores {
        let (ended, at) = (restore.kept.generation, wording::time(restore.at));
        let (goes_on, size) = (restore.generation(), restore.kept.size);
        say(format_args!("log {goes_on} goes on from log {ended} at {size} leaves, {at}"))?;
    }
    let mut places: Vec<(&Digest, &LogPlace)> = evidence.places.iter().collect();
    places.sort_by_key(|(_, place)| (place.log, place.index));
    for (event, LogPlace { log, index, logged }) in places {
        let (outcome, at) = (wording::outcome(&logged.outcome), wording::time(logged.at));
        let event = HEXLOWER.encode(&event.0);
        say(format_args!("log {log} place {index}  event {event}  {at}  {outcome}"))?;
    }
    for (number, (log, place)) in &evidence.tick_places {
        say(format_args!("log {log} place {place}  tick {number}"))?;
    }
    Ok(())
}

fn describe(origin: &str, checkpoint: &Checkpoint) -> Result<(), Failure> {
    let Checkpoint { head, replicated, at } = checkpoint;
    say(format_args!("log {} of {}", head.generation, wording::printable(origin)))?;
    say(format_args!("{} leaves, {}", head.size, wording::time(*at)))?;
    say(format_args!("root {}", BASE64.encode(&head.root.0)))?;
    match replicated {
        Some(size) => say(format_args!("a backup has it up to {size} leaves")),
        None => say("nobody said that a backup has it"),
    }
}

/// HQ's keys out of a file of key lists.
fn keys(file: &Path) -> Result<HqKeys, Failure> {
    let lists: KeyLists = cbor::from_versioned::<_, 1>(&std::fs::read(file)?)?;
    Ok(HqKeys::read(&lists.lists)?)
}

/// A checkpoint, verified if there are keys.
fn checkpoint(bytes: &[u8], hq: Option<&HqKeys>) -> Result<(String, SignedCheckpoint), Failure> {
    match hq {
        Some(hq) => Ok((hq.origin().to_owned(), hq.open_checkpoint(bytes)?)),
        None => Ok(files::read_checkpoint(bytes)?),
    }
}

pub fn check(args: &CheckArgs) -> Result<ExitCode, Failure> {
    let hq = args.keys.as_deref().map(keys).transpose()?;
    if args.what.is_dir() {
        check_tiles(&args.what, hq.as_ref())
    } else {
        let bytes = std::fs::read(&args.what)?;
        match (cbor::from_versioned::<Receipt, 2>(&bytes), &hq) {
            (Ok(receipt), Some(hq)) => check_receipt(&receipt, hq),
            (Ok(_), None) => {
                Err("a receipt is checked by HQ's key lists: give them with --keys".into())
            }
            (Err(_), _) => {
                check_record(&Record::read(&bytes, hq.map(|hq| hq.identity()).as_ref())?)
            }
        }
    }
}

fn check_tiles(directory: &Path, hq: Option<&HqKeys>) -> Result<ExitCode, Failure> {
    let bytes = std::fs::read(directory.join(CHECKPOINT))?;
    let (origin, signed) = checkpoint(&bytes, hq)?;
    files::check(directory, &signed.checkpoint().head)?;
    describe(&origin, signed.checkpoint())?;
    say("all tiles and leaves lead to this root")?;
    say_who(hq)?;
    Ok(ExitCode::SUCCESS)
}

/// Who signed it, or that nobody asked.
fn say_who(hq: Option<&HqKeys>) -> Result<(), Failure> {
    match hq {
        Some(hq) => {
            say(format_args!("signed by HQ {}", crewseal_custody::fingerprint(&hq.identity())))
        }
        None => say("who signed it was not checked: give HQ's key lists with --keys"),
    }
}

fn check_receipt(receipt: &Receipt, hq: &HqKeys) -> Result<ExitCode, Failure> {
    let Proven { checkpoint, events, .. } = match receipt.verify(hq) {
        Ok(proven) => proven,
        Err(error) => {
            say(error)?;
            return Ok(ExitCode::from(DOES_NOT_HOLD));
        }
    };
    describe(hq.origin(), checkpoint.checkpoint())?;
    for event in events {
        let at = wording::time(event.logged.at);
        let outcome = wording::outcome(&event.logged.outcome);
        let (place, id) = (event.place, HEXLOWER.encode(&event.id.0));
        say(format_args!("place {place}  event {id}  {at}  {outcome}"))?;
    }
    say_who(Some(hq))?;
    Ok(ExitCode::SUCCESS)
}

fn check_record(reading: &Reading) -> Result<ExitCode, Failure> {
    for (section, error) in &reading.errors {
        let (section, error) = (wording::section(section), wording::record_error(error));
        say(format_args!("{section}: {error}"))?;
    }
    let evidence = &reading.evidence;
    let placed = evidence.events.keys().filter(|id| evidence.places.contains_key(id)).count();
    say(format_args!("{placed} of {} events stand in HQ's log", evidence.events.len()))?;
    say_who(Some(&reading.hq))?;
    let holds = reading.errors.is_empty() && placed == evidence.events.len();
    Ok(if holds { ExitCode::SUCCESS } else { ExitCode::from(DOES_NOT_HOLD) })
}

pub fn export(args: &ExportArgs) -> Result<ExitCode, Failure> {
    let end = args.data.open()?.export_log(&args.directory, args.generation)?;
    say(end)?;
    Ok(ExitCode::SUCCESS)
}

pub fn prove(args: &ProveArgs) -> Result<ExitCode, Failure> {
    let hq = args.data.open()?;
    let receipt = hq.receipt(&find_event(&hq, &args.event)?)?;
    let mut file = std::fs::File::create_new(&args.out)?;
    file.write_all(&cbor::to_vec(&receipt))?;
    file.sync_all()?;
    say(args.out.display())?;
    Ok(ExitCode::SUCCESS)
}

pub fn agree(args: &AgreeArgs) -> Result<ExitCode, Failure> {
    let hq = args.keys.as_deref().map(keys).transpose()?;
    let read = |file: &Path| checkpoint(&std::fs::read(file)?, hq.as_ref());
    let ((origin, one), (other_origin, other)) = (read(&args.one)?, read(&args.other)?);
    let mut heads = [one.checkpoint().head, other.checkpoint().head];
    heads.sort_by_key(|head| head.size);
    let [earlier, later] = heads;
    if origin != other_origin || earlier.generation != later.generation {
        say("they are of two logs, and say nothing of each other")?;
        return Ok(ExitCode::FAILURE);
    }
    say_who(hq.as_ref())?;
    if earlier.size == later.size {
        return contradict_unless(earlier.root == later.root, "they say the same");
    }
    let Some(tiles) = &args.tiles else {
        say("they are of two sizes: give a directory of tiles with --tiles")?;
        return Ok(ExitCode::FAILURE);
    };
    let (_, of_tiles) = files::read_checkpoint(&std::fs::read(tiles.join(CHECKPOINT))?)?;
    let size = of_tiles.checkpoint().head.size;
    if size < later.size {
        say("the tiles are of an earlier size than the later checkpoint")?;
        return Ok(ExitCode::FAILURE);
    }
    let mut tiles = TileFiles::of(tiles, size);
    if tiles.root_at(later.size)? != later.root {
        say("the tiles are not those of the later checkpoint")?;
        return Ok(ExitCode::FAILURE);
    }
    let goes_on = tiles.root_at(earlier.size)? == earlier.root;
    contradict_unless(goes_on, "the later log goes on from the earlier one")
}

fn contradict_unless(agree: bool, how: &str) -> Result<ExitCode, Failure> {
    if agree {
        say(how)?;
        return Ok(ExitCode::SUCCESS);
    }
    say("THEY CONTRADICT EACH OTHER: keep both, signed by one HQ they are evidence against it")?;
    Ok(ExitCode::from(DOES_NOT_HOLD))
}
