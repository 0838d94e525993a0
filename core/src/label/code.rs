//! The QR of a label, as modules. Whoever prints decides how large they are.

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

impl Code {
    /// Modules of white that ISO/IEC 18004 asks for on each side.
    pub const QUIET: usize = 4;

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
        // Alphanumeric throughout. Left to choose, the encoder switches modes
        // for a run of digits, and for some tokens that takes more than it saves.
        let mut bits = Bits::new(version);
        bits.push_alphanumeric_data(token.to_text().as_bytes())?;
        bits.push_terminator(level)?;
        let code = QrCode::with_bits(bits, level)?;
        let dark = code.to_colors().into_iter().map(|color| color == Color::Dark).collect();
        Ok(Self { size: code.width(), dark })
    }

    /// Modules along a side: 25 or 29.
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
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Among these are texts for which the encoder's own choice of modes does
    /// not fit.
    #[test]
    fn runs_of_digits_fit_too() {
        for run in 0..16 {
            for byte in [0, 0b0000_1000, 0b0010_0001, 0xFF] {
                let bytes = std::array::from_fn(|at| if at < run { byte } else { 0x5A });
                let token = Token::from_bytes(bytes);
                assert!(Code::of(&token, Strength::Normal).is_ok(), "{run} of {byte}");
                assert!(Code::of(&token, Strength::Rough).is_ok(), "{run} of {byte}");
            }
        }
    }
}
