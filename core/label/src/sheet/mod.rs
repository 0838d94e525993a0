//! Sheets of labels for HQ's printer.
//!
//! A label bears its code and its text, and nothing else: no name, no logo, no
//! address, so a lost sheet tells nothing. The last four characters stand large
//! beside the code, because that is what a crew calls a box by across a cellar.
//!
//! One layout, in millimetres, is drawn with three faces. PDF is what a printer
//! wants, SVG a print shop, PNG a label printer and the eye. The same tokens
//! give the same bytes every time: nothing in them tells when they were printed.

mod layout;
mod pdf;
mod png;
mod svg;

use image::GrayImage;
use qrcode::types::QrError;

pub use self::layout::Grid;
use self::layout::{Label, Layout};
use crate::{Code, Strength, Token};

/// A sheet of labels, ready to be filled with tokens.
#[derive(Debug, Clone, PartialEq)]
pub struct Sheet {
    strength: Strength,
    layout: Layout,
}

impl Sheet {
    /// The most labels of one PDF; at about 3 kB each it stays below 35 MB.
    pub const MOST_LABELS: usize = 10_000;

    /// The resolution of most printers, in dots per inch, on which every module
    /// is a whole number of dots.
    pub const DPI: u32 = 300;

    /// Resolutions that [`Sheet::png`] draws, in dots per inch: below, a module
    /// has fewer than four pixels; above, a page takes more than 140 MB.
    pub const DPI_RANGE: std::ops::RangeInclusive<u32> = 150..=1200;

    /// A sheet with this grid, and codes of this strength.
    #[must_use]
    pub fn new(grid: Grid, strength: Strength) -> Self {
        Self { strength, layout: Layout::new(grid, strength) }
    }

    /// How many labels a page holds.
    #[must_use]
    pub fn per_page(&self) -> usize {
        self.layout.per_page()
    }

    /// All labels as one PDF of as many pages as they need.
    ///
    /// # Errors
    /// [`PrintError::Empty`] without a token, [`PrintError::TooMany`] with more
    /// than [`Sheet::MOST_LABELS`].
    pub fn pdf(&self, tokens: &[Token]) -> Result<Vec<u8>, PrintError> {
        let pages: Vec<Vec<Label>> = bounded(tokens, Self::MOST_LABELS)?
            .chunks(self.per_page())
            .map(|page| self.page(page))
            .collect::<Result<_, _>>()?;
        Ok(pdf::document(&self.layout, &pages))
    }

    /// One page as an SVG document of A4 size.
    ///
    /// # Errors
    /// [`PrintError::Empty`] without a token, [`PrintError::TooMany`] with more
    /// than [`Sheet::per_page`].
    pub fn svg(&self, tokens: &[Token]) -> Result<String, PrintError> {
        let page = self.page(bounded(tokens, self.per_page())?)?;
        Ok(svg::document(&self.layout, &page))
    }

    /// One page as a greyscale PNG that states its resolution, so that it is
    /// printed at its true size. [`Sheet::DPI`] is the `dpi` to choose.
    ///
    /// # Errors
    /// [`PrintError::Empty`] without a token, [`PrintError::TooMany`] with more
    /// than [`Sheet::per_page`], and [`PrintError::Resolution`] for a `dpi`
    /// outside [`Sheet::DPI_RANGE`].
    pub fn png(&self, tokens: &[Token], dpi: u32) -> Result<Vec<u8>, PrintError> {
        if !Self::DPI_RANGE.contains(&dpi) {
            return Err(PrintError::Resolution { dpi });
        }
        let page = self.page(bounded(tokens, self.per_page())?)?;
        Ok(png::picture(&self.layout, &page, dpi)?)
    }

    /// One label by itself, as the sheet has it: for a printer of single labels
    /// and for whoever wants to see it on a box.
    ///
    /// # Errors
    /// [`PrintError::Resolution`] for a `dpi` outside [`Sheet::DPI_RANGE`].
    pub fn label(&self, token: &Token, dpi: u32) -> Result<Printed, PrintError> {
        if !Self::DPI_RANGE.contains(&dpi) {
            return Err(PrintError::Resolution { dpi });
        }
        let code = Code::of(token, self.strength)?;
        let label = self.layout.label((0.0, 0.0), code, token.to_groups());
        Ok(Printed {
            picture: png::cut_out(&self.layout, &label, dpi),
            size: self.layout.label_size(),
            code: label.corner,
            module: self.layout.module,
        })
    }

    fn page(&self, tokens: &[Token]) -> Result<Vec<Label>, PrintError> {
        let places = self.layout.corners();
        tokens
            .iter()
            .zip(places)
            .map(|(token, corner)| {
                let code = Code::of(token, self.strength)?;
                Ok(self.layout.label(corner, code, token.to_groups()))
            })
            .collect()
    }
}

/// One label, printed and cut out. Lengths are in millimetres.
#[derive(Debug, Clone, PartialEq)]
pub struct Printed {
    /// Black on white at the resolution that was asked for.
    pub picture: GrayImage,
    /// Width and height.
    pub size: (f32, f32),
    /// From the label's upper left corner to the code's, without the quiet zone.
    pub code: (f32, f32),
    /// The side of a module.
    pub module: f32,
}

fn bounded(tokens: &[Token], most: usize) -> Result<&[Token], PrintError> {
    match tokens.len() {
        0 => Err(PrintError::Empty),
        labels if labels > most => Err(PrintError::TooMany { labels, most }),
        _ => Ok(tokens),
    }
}

/// Why nothing was printed.
#[derive(Debug, thiserror::Error)]
pub enum PrintError {
    /// There is no label to print.
    #[error("no label to print")]
    Empty,
    /// More labels than one document or page holds: print them in parts.
    #[error("{labels} labels, but at most {most} go into one; print them in parts")]
    TooMany {
        /// How many were given.
        labels: usize,
        /// How many are possible.
        most: usize,
    },
    /// A resolution that no printer has or no label survives.
    #[error("{dpi} dots per inch; choose {} to {}", Sheet::DPI_RANGE.start(), Sheet::DPI_RANGE.end())]
    Resolution {
        /// The dots per inch that were asked for.
        dpi: u32,
    },
    /// The QR encoder refused a label, which the texts of tokens never cause.
    #[error("a label could not be made into a code")]
    Code(#[from] QrError),
    /// The PNG could not be written.
    #[error("the page could not be encoded")]
    Encoding(#[from] ::png::EncodingError),
}

#[cfg(test)]
mod tests;
