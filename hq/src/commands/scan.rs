//! `scan`: says what is read in photographs.

use std::fmt;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Args;
use crewseal_hq::evidence::wording::count;
use crewseal_label::Token;
use crewseal_scan::photo;
use serde::Serialize;

use super::answer::{Failure, say};

#[derive(Args)]
pub struct ScanArgs {
    /// Photographs: JPEG, PNG, WebP.
    #[arg(required = true, value_name = "PHOTO")]
    photos: Vec<PathBuf>,
    /// Answer in JSON.
    #[arg(long)]
    json: bool,
}

pub fn scan(args: &ScanArgs) -> Result<ExitCode, Failure> {
    let scanned: Vec<Scanned> = args.photos.iter().map(|photo| read(photo)).collect();
    if args.json {
        say(serde_json::to_string_pretty(&scanned)?)?;
    } else {
        scanned.iter().try_for_each(say)?;
    }
    let all_read = scanned.iter().all(|photo| photo.error.is_none());
    Ok(if all_read { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// What was read in one photograph. `Display` is the text for a person, the
/// serde form the one for a machine.
#[derive(Debug, Clone, PartialEq, Serialize)]
struct Scanned {
    /// The file.
    photo: PathBuf,
    /// Every code in view; none if the file could not be read.
    codes: Vec<Code>,
    /// Why the file could not be read.
    error: Option<String>,
}

/// One code in view.
#[derive(Debug, Clone, PartialEq, Serialize)]
struct Code {
    /// What it says.
    text: String,
    /// Its corners in the photograph, `[x, y]` in pixels, clockwise from the
    /// code's own top left.
    corners: [[f32; 2]; 4],
    /// Whether it is a label of Crewseal.
    label: bool,
}

/// Reads one photograph.
fn read(file: &Path) -> Scanned {
    let read = std::fs::read(file)
        .map_err(|error| error.to_string())
        .and_then(|bytes| photo::read_photo(&bytes).map_err(|error| error.to_string()));
    let (readings, error) = match read {
        Ok(readings) => (readings, None),
        Err(error) => (Vec::new(), Some(error)),
    };
    let codes = readings.into_iter().map(|reading| Code {
        label: Token::parse(&reading.text).is_ok(),
        corners: reading.corners.map(|corner| [corner.x, corner.y]),
        text: reading.text,
    });
    Scanned { photo: file.to_owned(), codes: codes.collect(), error }
}

impl fmt::Display for Scanned {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let photo = self.photo.display();
        if let Some(error) = &self.error {
            return write!(f, "{photo}: {error}");
        }
        write!(f, "{photo}: {}", count(self.codes.len(), "code", "codes"))?;
        for code in &self.codes {
            // A foreign code may hold anything, control characters included.
            let text = code.text.escape_debug();
            match Token::parse(&code.text) {
                Ok(token) => write!(f, "\n  {}", token.to_groups().join(" "))?,
                Err(reason) => write!(f, "\n  {text} (not ours: {reason})")?,
            }
        }
        Ok(())
    }
}
