//! What is to be played, and what there is to see afterwards.

use std::path::{Path, PathBuf};

use crewseal_custody::JobId;
use crewseal_hq::Hq;
use crewseal_label::Token;

use crate::error::DayError;

/// The customer of the day; plainly made up.
pub const CUSTOMER: &str = "Customer 1";
/// Where the boxes are.
pub const ORIGIN: &str = "5 Example Street";
/// Where they go.
pub const DESTINATION: &str = "12 Sample Road";
/// What the crew calls the job.
pub const TITLE: &str = "Household move 1";
/// What everybody of the crew signed before he was enrolled.
pub const NDA: &str = "I tell nobody what I see in customers' boxes and homes.";
/// What opens the phones' key files.
pub const PASSPHRASE: &str = "only for the demo";

/// The fewest boxes with which everything that should happen can happen.
pub const FEWEST_BOXES: usize = 8;

/// What is to be played.
pub struct Plan {
    /// How many boxes, [`FEWEST_BOXES`] at least.
    pub boxes: usize,
    /// The same seed plays the same scene and acts; keys, labels, signatures
    /// and ids differ each time.
    pub seed: u64,
    /// Where everything is left.
    pub out: PathBuf,
    /// Photographs of printed labels to scan instead of rendered pictures.
    pub photos: Vec<PathBuf>,
}

/// What there is to see and to check afterwards.
pub struct Played {
    /// HQ, still open.
    pub hq: Hq,
    /// The job.
    pub job: JobId,
    /// The labels of the job's boxes.
    pub boxes: Vec<Token>,
    /// The box that went missing.
    pub missing: Token,
    /// The box whose seal was broken.
    pub broken: Token,
    /// All labels that HQ ever issued here.
    pub issued: Vec<Token>,
    /// The exported custody record.
    pub record: Vec<u8>,
    /// What verification says of it, in a line.
    pub verdict: String,
    /// How many acts the phones recorded.
    pub acts: u64,
    /// How many receipts they got.
    pub receipted: u64,
    /// How many entries wait or are parked on all phones.
    pub left: u64,
    /// How many answers the network lost.
    pub lost_answers: usize,
    /// How many pictures were taken.
    pub pictures: u32,
    /// How many QRs one phone showed another.
    pub shown: u32,
    /// Labels that were typed because no picture could be read.
    pub typed: usize,
    /// Boxes that were refused because they are somebody else's.
    pub refused: usize,
}

/// The photographs in a directory, by name.
pub fn photos_in(directory: &Path) -> Result<Vec<PathBuf>, DayError> {
    let mut photos = Vec::new();
    for entry in std::fs::read_dir(directory)? {
        let path = entry?.path();
        let extension = path.extension().and_then(|e| e.to_str()).unwrap_or_default();
        if ["jpg", "jpeg", "png", "webp"].contains(&extension.to_lowercase().as_str()) {
            photos.push(path);
        }
    }
    photos.sort();
    if photos.is_empty() {
        return Err(format!("{} holds no JPEG, PNG or WebP", directory.display()).into());
    }
    Ok(photos)
}
