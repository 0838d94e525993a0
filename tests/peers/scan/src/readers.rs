//! Our reader and the others behind one signature, each set up to read as much
//! as it can.

use std::collections::HashSet;

use crewseal_scan::{Luma, Reading};
use image::DynamicImage;
use rxing::common::HybridBinarizer;
use rxing::multi::MultipleBarcodeReader as _;
use rxing::qrcode::cpp_port::QrReader;
use rxing::{DecodeHints, Luma8Source};
use zxingcpp::{BarcodeFormat, BarcodeReader, Binarizer, ImageFormat, ImageView, TextMode};

/// A place in the picture, in pixels from its top left.
pub type Place = (f64, f64);

/// One code as a reader reports it.
#[derive(Debug, Clone, PartialEq)]
pub struct Read {
    pub text: String,
    /// Around the code, one after the other; none if the reader cannot say.
    pub corners: Option<[Place; 4]>,
}

pub struct Reader {
    pub name: &'static str,
    /// Reads a picture of 8-bit luma.
    pub read: fn(&DynamicImage) -> Vec<Read>,
}

/// Where ours is in [`ALL`].
pub const OURS: usize = 0;

/// Where the one is that floors and goals refer to.
pub const FULL: usize = 1;

pub const ALL: [Reader; 5] = [
    Reader { name: "ours", read: ours },
    Reader { name: "zxing-cpp FULL", read: zxing_full },
    Reader { name: "zxing-cpp global, then FULL", read: zxing_global_then_full },
    Reader { name: "rxing cpp_port + half and quarter", read: rxing_three_sizes },
    Reader { name: "qrism", read: qrism },
];

fn ours(picture: &DynamicImage) -> Vec<Read> {
    let (width, height) = (picture.width(), picture.height());
    // A picture beyond the limits of a frame is a picture unread.
    let Ok(frame) = Luma::new(width, height, width as usize, picture.as_bytes()) else {
        return Vec::new();
    };
    let read = |reading: Reading| Read {
        corners: Some(reading.corners.map(|corner| (corner.x.into(), corner.y.into()))),
        text: reading.text,
    };
    crewseal_scan::read(&frame).into_iter().map(read).collect()
}

fn zxing_full(picture: &DynamicImage) -> Vec<Read> {
    zxing(picture, Binarizer::LocalAverage)
}

fn zxing_global_then_full(picture: &DynamicImage) -> Vec<Read> {
    let quick = zxing(picture, Binarizer::GlobalHistogram);
    if quick.is_empty() { zxing_full(picture) } else { quick }
}

fn zxing(picture: &DynamicImage, binarizer: Binarizer) -> Vec<Read> {
    let reader = BarcodeReader::new()
        .formats(BarcodeFormat::QRCodeModel2)
        .try_harder(true)
        .try_rotate(true)
        .try_invert(true)
        .try_downscale(true)
        .binarizer(binarizer)
        .text_mode(TextMode::Plain);
    let (width, height) = (picture.width(), picture.height());
    let view = ImageView::from_slice(picture.as_bytes(), width, height, ImageFormat::Lum);
    let barcodes = view.and_then(|view| reader.from(view)).unwrap_or_default();
    barcodes
        .iter()
        .map(|barcode| {
            let at = barcode.position();
            let corners = [at.top_left, at.top_right, at.bottom_right, at.bottom_left];
            Read {
                text: barcode.text(),
                corners: Some(corners.map(|corner| (corner.x.into(), corner.y.into()))),
            }
        })
        .collect()
}

/// What our own reader was at first, kept as a baseline: what is read twice
/// here is one when counted.
fn rxing_three_sizes(picture: &DynamicImage) -> Vec<Read> {
    let hints = DecodeHints {
        PossibleFormats: Some(HashSet::from([rxing::BarcodeFormat::QR_CODE])),
        TryHarder: Some(true),
        ..DecodeHints::default()
    };
    let half = halved(picture.as_bytes(), picture.width(), picture.height());
    let quarter = halved(&half, picture.width() / 2, picture.height() / 2);
    let sizes = [(picture.as_bytes(), 1), (half.as_slice(), 2), (quarter.as_slice(), 4)];
    let mut reads = Vec::new();
    for (pixels, by) in sizes {
        let (width, height) = (picture.width() / by, picture.height() / by);
        let Ok(source) = Luma8Source::new_with_slice(pixels, width, height) else {
            continue;
        };
        let mut bitmap = rxing::BinaryBitmap::new(HybridBinarizer::new(source));
        let found = QrReader.decode_multiple_with_hints(&mut bitmap, &hints).unwrap_or_default();
        reads.extend(found.iter().map(|code| {
            // Row by row, so the last two change places.
            let corners = code.getPoints().try_into().ok().map(|[a, b, c, d]: [_; 4]| {
                [a, b, d, c].map(|at: rxing::Point| {
                    (f64::from(at.x) * f64::from(by), f64::from(at.y) * f64::from(by))
                })
            });
            Read { text: code.getText().to_owned(), corners }
        }));
    }
    reads
}

/// Every second column and row, each pixel the mean of four.
fn halved(pixels: &[u8], width: u32, height: u32) -> Vec<u8> {
    let (width, height) = (width as usize, height as usize);
    let mut half = Vec::with_capacity(pixels.len() / 4);
    for y in 0..height / 2 {
        let upper = &pixels[2 * y * width..][..width];
        let lower = &pixels[(2 * y + 1) * width..][..width];
        half.extend(upper.chunks_exact(2).zip(lower.chunks_exact(2)).map(|(a, b)| {
            let sum: u16 = a.iter().chain(b).map(|&pixel| u16::from(pixel)).sum();
            ((sum + 2) / 4) as u8
        }));
    }
    half
}

fn qrism(picture: &DynamicImage) -> Vec<Read> {
    let mut found = qrism::reader::detect_qr(picture);
    found
        .symbols()
        .iter_mut()
        .filter_map(|symbol| {
            let (_, text) = symbol.decode().ok()?;
            Some(Read { text, corners: symbol.outline().ok() })
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use crewseal_label::{Code, Strength, Token};
    use image::GrayImage;

    use super::*;

    /// Everyone reads a clean label and knows where it is, or the comparison
    /// would measure our calls instead of the readers.
    #[test]
    fn all_read_a_label_at_its_place() {
        let token = Token::from_bytes(*b"peers read this.");
        let code = Code::of(&token, Strength::Normal).unwrap();
        let label = image::load_from_memory(&code.png(8).unwrap()).unwrap().into_luma8();
        let mut view = GrayImage::from_pixel(600, 500, image::Luma([255]));
        image::imageops::replace(&mut view, &label, 200, 120);
        let picture = DynamicImage::ImageLuma8(view);
        // Four modules of quiet zone, then 25 modules of 8 pixels.
        let expected = [(232.0, 152.0), (432.0, 152.0), (432.0, 352.0), (232.0, 352.0)];
        for reader in &ALL {
            let reads = (reader.read)(&picture);
            assert!(!reads.is_empty(), "{} reads nothing", reader.name);
            for read in reads {
                assert_eq!(read.text, token.to_text(), "{}", reader.name);
                let corners = read.corners.unwrap();
                for (x, y) in expected {
                    assert!(
                        corners.iter().any(|at| (at.0 - x).hypot(at.1 - y) < 12.0),
                        "{}: {corners:?}",
                        reader.name
                    );
                }
            }
        }
    }

    #[test]
    fn half_of_a_picture_is_its_means() {
        assert_eq!(halved(&[1, 3, 9, 5, 7, 9, 8, 8, 8], 3, 3), [4]);
    }
}
