//! `log replicated`, `restore` and `correct-clock`.

use std::process::ExitCode;

use crewseal_hq::evidence::wording;
use crewseal_hq::log::Restored;
use crewseal_hq::{Hq, ListKey};

use super::super::answer::{Failure, say};
use super::super::lookup::clock;
use super::{CorrectClockArgs, ReplicatedArgs, RestoreArgs};

pub fn replicated(args: &ReplicatedArgs) -> Result<ExitCode, Failure> {
    args.data.open()?.note_replicated(args.size)?;
    say(format_args!("a backup has the log up to {} leaves", args.size))?;
    Ok(ExitCode::SUCCESS)
}

pub fn restore(args: &RestoreArgs) -> Result<ExitCode, Failure> {
    let read = |file| Ok::<_, Failure>(std::fs::read(file)?);
    let brought = args.checkpoints.iter().map(read).collect::<Result<Vec<_>, _>>()?;
    let list_keys = args.list_keys.iter().map(|file| ListKey::read(file));
    let list_keys = list_keys.collect::<Result<Vec<_>, _>>()?;
    let data = &args.data.data;
    let restored = Hq::restore(data, clock(), &brought, &list_keys, args.lost_replicated)?;
    let Restored { kept, lost_up_to, generation } = restored;
    say(format_args!("kept: {kept}"))?;
    match lost_up_to {
        Some(known) => say(format_args!(
            "HQ had signed {known}: phones send what is missing again, and what nobody sends is \
             receipted and lost"
        ))?,
        None => say("nobody knows whether more had been signed: bring checkpoints if you can")?,
    }
    if args.lost_replicated {
        say("HQ had signed that a backup has what is lost now: that accuses it")?;
    }
    say(format_args!("HQ goes on in log {generation}"))?;
    Ok(ExitCode::SUCCESS)
}

pub fn correct_clock(args: &CorrectClockArgs) -> Result<ExitCode, Failure> {
    let (before, now) = args.data.open()?.correct_clock()?;
    let (before, now) = (wording::time(before), wording::time(now));
    say(format_args!("HQ's time was {before} and is {now} from here on; the log says so"))?;
    Ok(ExitCode::SUCCESS)
}
