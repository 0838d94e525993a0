//! One phone's screen before the other phone's camera: a message goes across as
//! QRs that are drawn, saved to be looked at, and read again from the picture.

use std::path::{Path, PathBuf};

use crewseal_custody::handoff::text::{Collected, Collector, Purpose, Show};
use crewseal_label::Code;
use crewseal_scan::{Luma, read};

use crate::error::DayError;

/// Pixels along a module's side.
const PIXELS: usize = 6;

/// Shows messages, and keeps what was shown in a folder.
pub struct Screen {
    folder: PathBuf,
    shown: u32,
}

impl Screen {
    /// A screen whose pictures are kept in this folder.
    pub fn new(folder: &Path) -> Self {
        Self { folder: folder.to_owned(), shown: 0 }
    }

    /// How many pictures there are.
    pub const fn shown(&self) -> u32 {
        self.shown
    }

    /// Shows a text that is for people: their own cameras read it.
    pub fn text(&mut self, who: &str, what: &str, text: &str) -> Result<(), DayError> {
        let png = Code::text(text)?.png(PIXELS)?;
        self.shown += 1;
        std::fs::write(self.folder.join(format!("{:02}-{who}-{what}.png", self.shown)), png)?;
        Ok(())
    }

    /// What arrives on the other phone of a message that is shown on this one.
    pub fn across(
        &mut self,
        who: &str,
        purpose: Purpose,
        message: &[u8],
    ) -> Result<Vec<u8>, DayError> {
        let mut show = Show::of(purpose, message)?;
        let mut collector = Collector::new();
        for _ in 0..4 * show.pieces() {
            let png = Code::text(&show.next_text())?.png(PIXELS)?;
            self.shown += 1;
            let name = format!("{:02}-{who}-{purpose:?}.png", self.shown).to_lowercase();
            std::fs::write(self.folder.join(name), &png)?;
            let picture = image::load_from_memory(&png)?.into_luma8();
            let (width, height) = picture.dimensions();
            let frame = Luma::new(width, height, usize::try_from(width)?, picture.as_raw())?;
            for reading in read(&frame) {
                if let Collected::Whole(_, message) = collector.add(&reading.text)? {
                    return Ok(message);
                }
            }
        }
        Err("the other phone could not read the screen".into())
    }
}
