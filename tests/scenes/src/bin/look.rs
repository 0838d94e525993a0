//! Writes a frame of a warehouse scene as the camera has it, and once more with
//! what our reader found outlined green and what it missed red.
//!
//! ```sh
//! cargo run --release -p scenes --bin look -- --seed 1 --level 2 --labels 24 --out DIR
//! ```

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Parser;
use crewseal_scan::photo::read_picture;
use image::DynamicImage;
use scenes::{Kind, Level, Mark, Setting, Warehouse, annotate};

/// Writes a frame of a warehouse scene as PNG, bare and with what was read.
#[derive(Parser)]
#[command(name = "look")]
struct Arguments {
    /// What the scene is drawn from
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// How hard it is: 1, 2 or 3
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u8).range(1..=3))]
    level: u8,
    /// Labels in view: 1, 6, 12 or 24
    #[arg(long, default_value_t = 24, value_parser = labels)]
    labels: usize,
    /// Which scene of the series
    #[arg(long, default_value_t = 0)]
    number: u32,
    /// Which frame of the scene, at 30 a second
    #[arg(long, default_value_t = 0)]
    frame: u32,
    /// The directory for the pictures, which must exist
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
}

fn labels(argument: &str) -> Result<usize, String> {
    argument
        .parse()
        .ok()
        .filter(|labels| Setting::IN_VIEW.contains(labels))
        .ok_or_else(|| "choose 1, 6, 12 or 24".to_owned())
}

fn main() -> ExitCode {
    match look(&Arguments::parse()) {
        Ok(said) => {
            println!("{said}");
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("look: {error}");
            ExitCode::FAILURE
        }
    }
}

/// What was found, in a sentence.
fn look(arguments: &Arguments) -> Result<String, image::ImageError> {
    let Arguments { seed, level, labels, number, frame, out } = arguments;
    let hardness = Level::ALL[usize::from(*level) - 1];
    let setting = Setting { seed: *seed, level: hardness, labels: *labels, number: *number };
    let seen = Warehouse::new(&setting).frame(*frame);
    let readings = read_picture(&seen.luma);
    let marks: Vec<Mark> = seen
        .labels
        .iter()
        .map(|label| {
            let text = label.token.to_text();
            let is_read = readings.iter().any(|reading| reading.text == text);
            Mark {
                corners: label.corners,
                kind: if is_read { Kind::New } else { Kind::NotOurs },
                text: label.token.to_groups().pop().unwrap_or_default(),
            }
        })
        .collect();
    let found = marks.iter().filter(|mark| mark.kind == Kind::New).count();
    let name = format!("{seed}-{level}-{labels}-{number}-{frame}");
    seen.luma.save(out.join(format!("{name}.png")))?;
    let mut picture = DynamicImage::ImageLuma8(seen.luma).into_rgb8();
    let said = format!("{found} of {labels}");
    annotate(&mut picture, &marks, &said);
    picture.save(out.join(format!("{name}-read.png")))?;
    Ok(format!("{said} read; see {name}.png and {name}-read.png"))
}
