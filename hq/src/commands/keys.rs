//! `keys`: which keys HQ has, and the way of a new key list: proposed here, signed where the
//! list keys lie, adopted here.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{Args, Subcommand, ValueEnum};
use crewseal_custody::cbor;
use crewseal_custody::signed::PublicKey;
use crewseal_custody::{KeyList, KeyUse, UnverifiedKeyList};
use crewseal_hq::{ListKey, Rotation};
use data_encoding::HEXLOWER_PERMISSIVE;
use jiff::Timestamp;

use super::answer::{Failure, say};
use super::lookup::DataDirectory;

#[derive(Subcommand)]
pub enum KeysCommand {
    /// Say which keys HQ has, and until when.
    Show(ShowArgs),
    /// Draw a list key, on a machine without a network, and print its public half.
    DrawListKey(DrawArgs),
    /// Draw new keys and write the key list that names them, for list keys to sign.
    Propose(ProposeArgs),
    /// Say what stands in a key list, and sign it with a list key. Needs no HQ and no network.
    Sign(SignArgs),
    /// Adopt a signed key list. A running server picks it up within ten seconds, and phones
    /// with their next session.
    Adopt(AdoptArgs),
    /// Write all key lists into a file, for phones that were offline for too long to get
    /// them from the server.
    Export(ExportArgs),
}

#[derive(Args)]
pub struct ShowArgs {
    #[command(flatten)]
    data: DataDirectory,
}

#[derive(Args)]
pub struct DrawArgs {
    /// Where to write it. Must not exist.
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
}

/// What a key signs, as it is typed.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum UseArg {
    /// Credentials and revocations.
    Credential,
    /// Ticks, receipts, job packs, manifests, rolls, records.
    Receipt,
}

#[derive(Args)]
pub struct ProposeArgs {
    #[command(flatten)]
    data: DataDirectory,
    /// Exchange the key that signs this. May be repeated.
    #[arg(long, value_name = "USE")]
    signing: Vec<UseArg>,
    /// Exchange the key that phones seal to. The one before is destroyed 180 days after its
    /// end, and what was sealed to it and comes later stays shut.
    #[arg(long)]
    sealing: bool,
    /// Exchange the authority of the server. It is used 180 days later.
    #[arg(long)]
    authority: bool,
    /// Exchange the key that signs checkpoints of the log. The first one of an HQ begins at once.
    #[arg(long)]
    log: bool,
    /// A list key from the next list on, as `draw-list-key` printed it, in place of those of
    /// today. May be repeated.
    #[arg(long = "list-key", value_name = "HEX", requires = "threshold")]
    list_keys: Vec<String>,
    /// How many of the new list keys must sign.
    #[arg(long, value_name = "N", requires = "list_keys")]
    threshold: Option<u8>,
    /// When the new keys begin, such as 2026-03-14T18:00:00Z; in 14 days, if it is left out,
    /// so that most phones know them by then.
    #[arg(long, value_name = "TIME")]
    from: Option<Timestamp>,
    /// Where to write the list.
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
}

#[derive(Args)]
pub struct SignArgs {
    /// The list key's file.
    #[arg(long, value_name = "FILE")]
    list_key: PathBuf,
    /// The key list, which is written again with the signature.
    list: PathBuf,
}

#[derive(Args)]
pub struct AdoptArgs {
    #[command(flatten)]
    data: DataDirectory,
    /// The signed key list.
    list: PathBuf,
}

#[derive(Args)]
pub struct ExportArgs {
    #[command(flatten)]
    data: DataDirectory,
    /// Where to write them.
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
}

/// How long before they begin new keys are told of: 14 days.
const LEAD: i64 = 14 * 86_400;

impl KeysCommand {
    /// Does what was asked.
    pub fn run(&self) -> Result<ExitCode, Failure> {
        match self {
            Self::Show(args) => show(args)?,
            Self::DrawListKey(args) => {
                let key = ListKey::draw(&args.out)?;
                say(HEXLOWER_PERMISSIVE.encode(&key.public().0))?;
            }
            Self::Propose(args) => propose(args)?,
            Self::Sign(args) => sign(args)?,
            Self::Adopt(args) => {
                let hq = args.data.open()?;
                hq.adopt_keys(&std::fs::read(&args.list)?)?;
                say(format_args!("key list {}", hq.keys().number()))?;
            }
            Self::Export(args) => {
                let lists = args.data.open()?.key_lists(0)?;
                std::fs::write(&args.out, cbor::to_vec(&lists))?;
                say(format_args!("{} key lists", lists.lists.len()))?;
            }
        }
        Ok(ExitCode::SUCCESS)
    }
}

fn show(args: &ShowArgs) -> Result<(), Failure> {
    let hq = args.data.open()?;
    say(format_args!("HQ {}", hq.fingerprint()))?;
    match hq.keys().newest() {
        Some(list) => describe(list),
        None => Ok(()),
    }
}

fn propose(args: &ProposeArgs) -> Result<(), Failure> {
    let hq = args.data.open()?;
    let keys = args.list_keys.iter().map(|text| public_key(text)).collect::<Result<_, _>>()?;
    let list_keys: Option<(BTreeSet<PublicKey>, u8)> = args.threshold.map(|most| (keys, most));
    let from = match args.from {
        Some(from) => from.as_second(),
        None => Timestamp::now().as_second().saturating_add(LEAD),
    };
    let rotation = Rotation {
        signing: args.signing.iter().map(|one| key_use(*one)).collect(),
        sealing: args.sealing,
        authority: args.authority,
        log: args.log,
        list_keys,
        from: u64::try_from(from)?,
    };
    let proposal = hq.propose_keys(&rotation)?;
    std::fs::write(&args.out, proposal.to_bytes())?;
    describe(proposal.message())
}

fn sign(args: &SignArgs) -> Result<(), Failure> {
    let key = ListKey::read(&args.list_key)?;
    let mut list = UnverifiedKeyList::parse(&std::fs::read(&args.list)?)?;
    describe(list.message())?;
    key.sign(&mut list)?;
    replace(&args.list, &list.to_bytes())
}

/// Writes a file anew, so that it is never half there.
fn replace(path: &Path, bytes: &[u8]) -> Result<(), Failure> {
    let beside = path.with_extension("signed");
    std::fs::write(&beside, bytes)?;
    Ok(std::fs::rename(&beside, path)?)
}

/// What stands in a key list, a line for each key.
fn describe(list: &KeyList) -> Result<(), Failure> {
    let made = day(list.at);
    say(format_args!("key list {} of {}, made {made}", list.number, list.origin))?;
    for key in &list.list_keys {
        say(format_args!("list key {}", digits(&key.0)))?;
    }
    say(format_args!("signed by at least {} of {}", list.threshold, list.list_keys.len()))?;
    for key in &list.signing {
        let signs = match key.key_use {
            KeyUse::Credential => "credentials",
            KeyUse::Receipt => "receipts",
        };
        let (from, until) = (day(key.from), day(key.until));
        say(format_args!("{signs} key {}, from {from} until {until}", digits(&key.key.0)))?;
    }
    for key in &list.log {
        let (from, until) = (day(key.from), day(key.until));
        say(format_args!("log key {}, from {from} until {until}", digits(&key.key)))?;
    }
    for term in &list.sealing {
        let (from, end) = (day(term.from), day(term.destroyed_at));
        say(format_args!("sealing key {}, from {from}, destroyed {end}", digits(&term.key)))?;
    }
    for one in &list.authorities {
        let (from, until) = (day(one.from), day(one.until));
        say(format_args!("authority {}, from {from} until {until}", digits(&one.certificate)))?;
    }
    Ok(())
}

/// Enough of a key to tell it from the others: the last eight bytes.
fn digits(bytes: &[u8]) -> String {
    let tail = bytes.last_chunk::<8>().map_or(bytes, <[u8; 8]>::as_slice);
    HEXLOWER_PERMISSIVE.encode(tail)
}

/// A day, or that it is for all time before.
fn day(at: u64) -> String {
    if at == 0 {
        return "the beginning".to_owned();
    }
    let at = i64::try_from(at).ok().and_then(|at| Timestamp::from_second(at).ok());
    at.map_or_else(|| "never".to_owned(), |at| at.strftime("%Y-%m-%d %H:%M UTC").to_string())
}

fn key_use(arg: UseArg) -> KeyUse {
    match arg {
        UseArg::Credential => KeyUse::Credential,
        UseArg::Receipt => KeyUse::Receipt,
    }
}

fn public_key(hex: &str) -> Result<PublicKey, Failure> {
    let bytes = HEXLOWER_PERMISSIVE.decode(hex.trim().as_bytes()).ok();
    let key = bytes.and_then(|bytes| bytes.try_into().ok());
    key.map(PublicKey).ok_or_else(|| "a list key has 130 hex digits".into())
}
