//! QR codes for a screen, as modules: every platform draws squares.

use crate::CrewError;

/// A QR code as a square of modules, without the four light modules that belong
/// round it.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct QrCode {
    /// Modules along a side.
    pub size: u32,
    /// A byte for each module, row by row from the top left: 1 is dark, 0 is light.
    pub modules: Vec<u8>,
}

/// The QR code of a text for another phone's camera, at level M: what
/// `Show.nextText` gives, or a receipt.
#[uniffi::export]
pub fn qr_code(text: &str) -> Result<QrCode, CrewError> {
    let code = crewseal_label::Code::text(text).map_err(|_| CrewError::TooMuch)?;
    let side = 0..code.size();
    let rows = side.clone().flat_map(|row| side.clone().map(move |column| (column, row)));
    let modules = rows.map(|(column, row)| u8::from(code.is_dark(column, row))).collect();
    Ok(QrCode { size: u32::try_from(code.size()).unwrap_or(u32::MAX), modules })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{FrameFormat, Purpose, Show, read_frame};

    #[test]
    fn what_is_shown_is_read_by_the_other_phone() {
        for length in [40, 400, 1_200] {
            let shown = Show::of(Purpose::Offer, vec![7; length]).unwrap().next_text();
            let code = qr_code(&shown).unwrap();
            let side = usize::try_from(code.size).unwrap();
            assert_eq!(code.modules.len(), side * side);
            // Four pixels a module, and the light margin.
            let edge = 4 * (side + 8);
            let mut pixels = vec![255; edge * edge];
            for (at, _) in code.modules.iter().enumerate().filter(|(_, dark)| **dark == 1) {
                let (left, top) = (4 * (at % side + 4), 4 * (at / side + 4));
                for row in top..top + 4 {
                    pixels[row * edge + left..][..4].fill(0);
                }
            }
            let width = u32::try_from(edge).unwrap();
            let format = FrameFormat::luma(width, width, width, 1, 0);
            let read = read_frame(&pixels, &format, u32::MAX).unwrap();
            assert_eq!(read.first().map(|reading| reading.text.as_str()), Some(shown.as_str()));
        }
    }

    #[test]
    fn what_no_code_holds_is_refused() {
        assert_eq!(qr_code(&"A".repeat(10_000)), Err(CrewError::TooMuch));
        assert_eq!(qr_code("lower case"), Err(CrewError::TooMuch));
    }
}
