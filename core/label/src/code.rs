//! The QR of a label: its modules, and a picture of it alone for a screen. Whole
//! sheets for a printer are drawn from the same modules.

use std::fmt::Write as _;
use std::iter::repeat_n;

use image::codecs::png::PngEncoder;
use image::{ExtendedColorType, ImageEncoder as _, ImageError};
use qrcode::bits::Bits;
use qrcode::types::QrError;
use qrcode::{Color, EcLevel, QrCode, Version};

use super::Token;

/// How much of a label may be torn or dirty before its QR is lost.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Hash)]
pub enum Strength {
    /// Version 2, level Q: 25 x 25 modules, a quarter of the code may be lost.
    #[default]
    Normal,
    /// Version 3, level H: 29 x 29 modules, 30 % may be lost. For rough
    /// handling; its modules are smaller on the same label.
    Rough,
}

/// A QR as a square of modules, without its quiet zone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Code {
    size: usize,
    dark: Vec<bool>,
}

/// Dark modules side by side in one row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Run {
    /// The first one's column, from 0 at the left.
    pub(super) column: u8,
    /// From 0 at the top.
    pub(super) row: u8,
    /// How many they are, at least one.
    pub(super) length: u8,
}

impl Code {
    /// Modules of white that ISO/IEC 18004 asks for on each side.
    pub const QUIET: usize = 4;

    /// The most pixels that [`Code::png`] gives a module: 2,368 along a side.
    pub const MOST_PIXELS: usize = 64;

    /// The code of a label.
    ///
    /// # Errors
    /// None in practice: 29 characters fit both symbols exactly, which a test
    /// shows. The error is the encoder's.
    pub fn of(token: &Token, strength: Strength) -> Result<Self, QrError> {
        let (version, level) = match strength {
            Strength::Normal => (Version::Normal(2), EcLevel::Q),
            Strength::Rough => (Version::Normal(3), EcLevel::H),
        };
        Self::alphanumeric(&token.to_text(), version, level)
    }

    /// The code of a text for another phone's camera, in the smallest version
    /// that has room for it at level M.
    ///
    /// # Errors
    /// [`QrError::DataTooLong`], and [`QrError::InvalidCharacter`] for what is not
    /// in the alphanumeric mode of QR codes.
    pub fn text(text: &str) -> Result<Self, QrError> {
        let fits =
            (1..=40).map(|number| Self::alphanumeric(text, Version::Normal(number), EcLevel::M));
        fits.into_iter()
            .find(|code| !matches!(code, Err(QrError::DataTooLong)))
            .unwrap_or(Err(QrError::DataTooLong))
    }

    /// One alphanumeric segment. Left to choose, the encoder parts long runs of
    /// digits from the rest, and the parts need more room than the whole.
    fn alphanumeric(text: &str, version: Version, level: EcLevel) -> Result<Self, QrError> {
        let is_alphanumeric =
            |byte: u8| b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:".contains(&byte);
        if !text.bytes().all(is_alphanumeric) {
            return Err(QrError::InvalidCharacter);
        }
        let mut bits = Bits::new(version);
        bits.push_alphanumeric_data(text.as_bytes())?;
        bits.push_terminator(level)?;
        let code = QrCode::with_bits(bits, level)?;
        let dark = code.to_colors().into_iter().map(|color| color == Color::Dark).collect();
        Ok(Self { size: code.width(), dark })
    }

    /// Modules along a side: 25 or 29 of a label.
    #[must_use]
    pub const fn size(&self) -> usize {
        self.size
    }

    /// Whether the module in this column and row is dark. Outside is light.
    #[must_use]
    pub fn is_dark(&self, column: usize, row: usize) -> bool {
        column < self.size
            && row < self.size
            && self.dark.get(row * self.size + column).copied().unwrap_or(false)
    }

    /// The code as a greyscale PNG, quiet zone included. `pixels` is the side
    /// of one module; three or more survive a camera.
    ///
    /// # Errors
    /// [`PictureError::ModuleSize`] for 0 and for more than
    /// [`Code::MOST_PIXELS`].
    pub fn png(&self, pixels: usize) -> Result<Vec<u8>, PictureError> {
        if !(1..=Self::MOST_PIXELS).contains(&pixels) {
            return Err(PictureError::ModuleSize { pixels });
        }
        let across = self.size + 2 * Self::QUIET;
        let mut luma = Vec::with_capacity((across * pixels).pow(2));
        for row in 0..across {
            // What lies left of or above the code wraps to far outside: light.
            let shade = |column: usize| {
                let dark =
                    self.is_dark(column.wrapping_sub(Self::QUIET), row.wrapping_sub(Self::QUIET));
                if dark { 0 } else { 255 }
            };
            let line: Vec<u8> =
                (0..across).flat_map(|column| repeat_n(shade(column), pixels)).collect();
            luma.extend(repeat_n(line, pixels).flatten());
        }
        let side =
            u32::try_from(across * pixels).map_err(|_| PictureError::ModuleSize { pixels })?;
        let mut png = Vec::new();
        PngEncoder::new(&mut png).write_image(&luma, side, side, ExtendedColorType::L8)?;
        Ok(png)
    }

    /// The code as an SVG document, quiet zone included, one unit to a module
    /// and of no size of its own: it fills what it is put in.
    #[must_use]
    pub fn svg(&self) -> String {
        let (quiet, across) = (Self::QUIET, self.size + 2 * Self::QUIET);
        format!(
            concat!(
                r#"<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {across} {across}" "#,
                r#"shape-rendering="crispEdges">"#,
                r##"<path fill="#fff" d="M0 0h{across}v{across}h-{across}z"/>"##,
                r#"<path transform="translate({quiet} {quiet})" d="{path}"/></svg>"#,
            ),
            across = across,
            quiet = quiet,
            path = self.path(),
        )
    }

    /// The dark modules as SVG path data, one unit to a module, the code's
    /// upper left corner at the origin.
    pub(super) fn path(&self) -> String {
        let mut path = String::new();
        for Run { column, row, length } in self.runs() {
            // Writing to a string cannot fail.
            let _ = write!(path, "M{column} {row}h{length}v1h-{length}z");
        }
        path
    }

    /// The dark modules in as few strips as rows allow, from the top left.
    pub(super) fn runs(&self) -> Vec<Run> {
        let mut runs: Vec<Run> = Vec::new();
        for (row, modules) in (0..).zip(self.dark.chunks_exact(self.size)) {
            for (column, _) in (0..).zip(modules).filter(|(_, dark)| **dark) {
                match runs.last_mut() {
                    Some(run) if run.row == row && run.column + run.length == column => {
                        run.length += 1;
                    }
                    _ => runs.push(Run { column, row, length: 1 }),
                }
            }
        }
        runs
    }
}

/// Why there is no picture of a code.
#[derive(Debug, thiserror::Error)]
pub enum PictureError {
    /// A module of no pixels, or of more than any screen needs.
    #[error("a module of {pixels} pixels; it has 1 to {}", Code::MOST_PIXELS)]
    ModuleSize {
        /// How many were asked for.
        pixels: usize,
    },
    /// The PNG could not be written.
    #[error("the picture could not be encoded")]
    Encoding(#[from] ImageError),
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const STRENGTHS: [(Strength, usize, &str); 2] =
        [(Strength::Normal, 25, "Q"), (Strength::Rough, 29, "H")];

    fn token() -> Token {
        Token::from_bytes(*b"sixteen of bytes")
    }

    #[test]
    fn the_text_fits_version_2_q_and_no_smaller_one() {
        let text = token().to_text();
        let fits = |version, level| {
            let mut bits = Bits::new(Version::Normal(version));
            bits.push_alphanumeric_data(text.as_bytes()).and_then(|()| bits.push_terminator(level))
        };
        assert_eq!(fits(2, EcLevel::Q), Ok(()));
        assert_eq!(fits(3, EcLevel::H), Ok(()));
        assert_eq!(fits(2, EcLevel::H), Err(QrError::DataTooLong));
        assert_eq!(fits(1, EcLevel::L), Err(QrError::DataTooLong));
    }

    /// Long runs of digits among them, which tempt an encoder.
    #[test]
    fn tokens_of_equal_bytes_have_codes() {
        for byte in 0..=255 {
            for (strength, ..) in STRENGTHS {
                assert!(Code::of(&Token::from_bytes([byte; 16]), strength).is_ok(), "{byte}");
            }
        }
    }

    proptest! {
        #[test]
        fn every_token_has_codes(bytes: [u8; 16]) {
            for (strength, size, _) in STRENGTHS {
                let code = Code::of(&Token::from_bytes(bytes), strength);
                prop_assert_eq!(code.map(|code| code.size()), Ok(size));
            }
        }
    }

    #[test]
    fn a_png_reads_as_its_token_in_the_stated_version_and_level() {
        for (strength, size, level) in STRENGTHS {
            let code = Code::of(&token(), strength).unwrap();
            assert_eq!(code.size(), size);
            let picture = image::load_from_memory(&code.png(3).unwrap()).unwrap().into_luma8();
            let side = u32::try_from((size + 8) * 3).unwrap();
            assert_eq!(picture.dimensions(), (side, side));
            let read =
                rxing::helpers::detect_in_luma(picture.into_raw(), side, side, None).unwrap();
            assert_eq!(read.getText(), token().to_text());
            let metadata = read.getRXingResultMetadata();
            let stated = &metadata[&rxing::RXingResultMetadataType::ERROR_CORRECTION_LEVEL];
            assert!(format!("{stated:?}").contains(&format!("\"{level}\"")), "{stated:?}");
        }
    }

    #[test]
    fn the_strips_are_the_modules() {
        for (strength, size, _) in STRENGTHS {
            let code = Code::of(&token(), strength).unwrap();
            let mut drawn = vec![false; size * size];
            for Run { column, row, length } in code.runs() {
                let start = usize::from(row) * size + usize::from(column);
                drawn[start..start + usize::from(length)].fill(true);
            }
            assert_eq!(drawn, code.dark);
            let svg = code.svg();
            assert_eq!(svg.matches('M').count(), code.runs().len() + 1);
            assert!(svg.contains(&format!(r#"viewBox="0 0 {0} {0}""#, size + 8)));
        }
    }

    #[test]
    fn a_picture_of_no_or_monstrous_pixels_is_refused() {
        let code = Code::of(&token(), Strength::Normal).unwrap();
        for pixels in [0, 65, usize::MAX] {
            let refused = code.png(pixels);
            assert!(matches!(refused, Err(PictureError::ModuleSize { pixels: p }) if p == pixels));
        }
        assert!(code.png(Code::MOST_PIXELS).is_ok());
    }
}
