//! Reading photographs: `crewseal-hq scan PHOTO...`.

use std::fmt;
use std::path::{Path, PathBuf};

use crewseal_label::Token;
use crewseal_scan::photo;
use serde::Serialize;

use crewseal_hq::evidence::wording::count;

/// What was read in one photograph. `Display` is the text for a person, the
/// serde form the one for a machine.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Scanned {
    /// The file.
    pub photo: PathBuf,
    /// Every code in view; none if the file could not be read.
    pub codes: Vec<Code>,
    /// Why the file could not be read.
    pub error: Option<String>,
}

/// One code in view.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Code {
    /// What it says.
    pub text: String,
    /// Its corners in the photograph, `[x, y]` in pixels, clockwise from the
    /// code's own top left.
    pub corners: [[f32; 2]; 4],
    /// Whether it is a label of Crewseal.
    pub label: bool,
}

/// Reads one photograph.
#[must_use]
pub fn scan(file: &Path) -> Scanned {
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
