//! What the cameras see: a sheet of labels, 1920 x 1080.

use std::fs;
use std::path::Path;

use image::imageops::{FilterType, overlay, resize};
use image::{GrayImage, Luma};

use crate::trouble::Trouble;

/// A plane of luma without gaps.
pub struct Picture {
    pub luma: Vec<u8>,
    pub width: u32,
    pub height: u32,
}

impl Picture {
    /// A printed sheet, at half its size.
    pub fn of(sheet: &Path) -> Result<Self, Trouble> {
        let (width, height) = (1_920, 1_080);
        let sheet = image::open(sheet)?.into_luma8();
        let half = resize(&sheet, sheet.width() / 2, sheet.height() / 2, FilterType::Triangle);
        let mut frame = GrayImage::from_pixel(width, height, Luma([200]));
        overlay(&mut frame, &half, 0, 0);
        Ok(Self { luma: frame.into_raw(), width, height })
    }

    /// From a file with the bytes alone.
    pub fn read(file: &Path, width: u32, height: u32) -> Result<Self, Trouble> {
        Ok(Self { luma: fs::read(file)?, width, height })
    }

    /// For the programs: the bytes alone.
    pub fn write(&self, file: &Path) -> Result<(), Trouble> {
        Ok(fs::write(file, &self.luma)?)
    }
}
