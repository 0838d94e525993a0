//! `labels`: prints labels, minted by an HQ or nobody's.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, ValueEnum};
use crewseal_hq::Depot;
use crewseal_hq::dispatch::{printing, rolls};
use crewseal_label::{Grid, Strength, Token};

use super::answer::{Failure, say};
use super::lookup::open;

#[derive(Args)]
pub struct LabelsArgs {
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
    /// The depot that gets the roll: its devices are told of these labels, and no others. Left
    /// out, it is for the common depot.
    #[arg(long, value_name = "NAME", requires = "data")]
    depot: Option<Depot>,
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

pub fn print(args: &LabelsArgs) -> Result<ExitCode, Failure> {
    let tokens: Vec<Token> = match &args.data {
        Some(data) => {
            let roll = open(data)?.mint_roll_for(args.depot.as_ref(), args.count)?;
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
