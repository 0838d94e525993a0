//! Where a day leaves its things.

use std::path::{Path, PathBuf};

use crate::error::DayError;

/// Names a directory as one that a day left, and that the next may replace.
const LEFT_BY_A_DAY: &str = "left-by-a-moving-day";

/// Where things are left.
pub struct Folder {
    /// HQ's data.
    pub hq: PathBuf,
    /// Each phone's keys and store.
    pub phones: PathBuf,
    /// The pictures that were taken.
    pub photos: PathBuf,
    /// The screens that one phone showed another.
    pub handoffs: PathBuf,
    /// All of it, and what HQ prints and exports.
    pub out: PathBuf,
}

impl Folder {
    /// Makes the directory, in place of what an earlier day left there; any
    /// other directory that is not empty is refused.
    pub fn make(out: &Path) -> Result<Self, DayError> {
        let folder = Self {
            hq: out.join("hq"),
            phones: out.join("phones"),
            photos: out.join("photos"),
            handoffs: out.join("handoffs"),
            out: out.to_owned(),
        };
        let theirs = out.exists() && out.read_dir()?.next().is_some();
        if theirs && !out.join(LEFT_BY_A_DAY).exists() {
            return Err(format!("{} is not empty; choose another --out", out.display()).into());
        }
        if theirs {
            std::fs::remove_dir_all(out)?;
        }
        for directory in [&folder.hq, &folder.phones, &folder.photos, &folder.handoffs] {
            std::fs::create_dir_all(directory)?;
        }
        std::fs::write(out.join(LEFT_BY_A_DAY), "")?;
        Ok(folder)
    }
}
