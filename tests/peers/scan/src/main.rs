//! Reads the same pictures with our reader and with others, and says how they
//! compare.
//!
//! A reader is only as good as the next best shows, and everyone's figures are
//! from other pictures, other machines and other ways to count. Here all have
//! the same pixels, the same clock and the same rules.

mod allocations;
mod corpus;
mod count;
mod live;
mod readers;
mod report;
mod rounds;
mod stills;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Parser;
use scenes::Level;

use count::{Contents, Figures};
use report::{OfCorpus, OfScenes, Report};
use stills::LevelFigures;

/// Something that a person reads and mends.
type Failure = Box<dyn std::error::Error>;

#[global_allocator]
static ALLOCATOR: allocations::Counting = allocations::Counting;

/// Compares our QR reader with others on pictures whose contents are known.
#[derive(Parser)]
#[command(name = "tests/compare scan", bin_name = "tests/compare scan")]
#[command(group = clap::ArgGroup::new("pictures").required(true).multiple(true))]
struct Arguments {
    /// A directory of pictures with a manifest.tsv
    #[arg(long, value_name = "DIR", group = "pictures")]
    corpus: Option<PathBuf>,
    /// Seed of the rendered warehouse scenes
    #[arg(long, value_name = "SEED", group = "pictures")]
    scenes: Option<u64>,
    /// How often every reader reads every picture; of its times the least counts
    #[arg(long, value_name = "N", default_value_t = 2, value_parser = clap::value_parser!(u16).range(1..))]
    rounds: u16,
    /// Writes every figure to this file, too
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
}

fn main() -> ExitCode {
    match compare(&Arguments::parse()) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::from(1),
        Err(error) => {
            eprintln!("tests/compare scan: {error}");
            ExitCode::from(2)
        }
    }
}

/// Whether ours holds all its floors, and the scenes are what they should be.
fn compare(arguments: &Arguments) -> Result<bool, Failure> {
    let rounds = usize::from(arguments.rounds);
    let corpus = arguments.corpus.as_deref().map(|path| of_corpus(path, rounds)).transpose()?;
    let scenes = arguments.scenes.map(|seed| of_scenes(seed, rounds));
    let report = Report { rounds, corpus, scenes };
    if let Some(path) = &arguments.json {
        report.write_json(path)?;
    }
    println!("{report}");
    Ok(report.holds())
}

fn of_corpus(directory: &Path, rounds: usize) -> Result<OfCorpus, Failure> {
    let (samples, left_out) = corpus::load(directory)?;
    let pictures: Vec<_> = samples.iter().map(|sample| &sample.picture).collect();
    let calls = rounds::run(&readers::ALL, &pictures, rounds);
    let figures = calls.iter().map(|calls| Figures::of(&samples, calls)).collect();
    eprintln!("live on negatives");
    Ok(OfCorpus { contents: Contents::of(&samples), left_out, figures, idle: live::idle(&samples) })
}

fn of_scenes(seed: u64, rounds: usize) -> OfScenes {
    eprintln!("rendering scenes");
    let stills = stills::render(seed);
    let pictures: Vec<_> = stills.iter().map(|still| &still.picture).collect();
    let calls = rounds::run(&readers::ALL, &pictures, rounds);
    let levels = |calls: &Vec<_>| Level::ALL.map(|level| LevelFigures::of(level, &stills, calls));
    OfScenes {
        seed,
        levels: calls.iter().map(levels).collect(),
        slowest: calls
            .iter()
            .map(|calls| {
                let slowest = stills.iter().zip(calls).max_by_key(|(_, calls)| calls.least);
                slowest.map_or_else(Default::default, |(still, calls)| {
                    (count::milliseconds(calls.least), still.name())
                })
            })
            .collect(),
        panics: calls.iter().map(|calls| calls.iter().map(|call| call.panics).sum()).collect(),
        counted: live::count(seed),
    }
}
