use crewseal_label::{Code, Strength, Token};
use image::{ExtendedColorType, ImageEncoder, Rgba, RgbaImage};
use proptest::prelude::*;

use super::*;

const TOKEN: Token = Token::from_bytes(*b"one box, one id.");

/// A landscape picture with one label in its upper left quarter.
fn label_at(module: u32, width: u32, height: u32) -> GrayImage {
    let code = Code::of(&TOKEN, Strength::Normal).unwrap();
    GrayImage::from_fn(width, height, |x, y| {
        let place = |at: u32| usize::try_from((at / module).wrapping_sub(4)).unwrap();
        Grey([if code.is_dark(place(x), place(y)) { 20 } else { 230 }])
    })
}

fn encoded(picture: &GrayImage, format: ImageFormat) -> Vec<u8> {
    let mut bytes = Cursor::new(Vec::new());
    picture.write_to(&mut bytes, format).unwrap();
    bytes.into_inner()
}

/// A JPEG that says by EXIF how it is to be turned.
fn turned_jpeg(picture: &GrayImage, orientation: u8) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut encoder = image::codecs::jpeg::JpegEncoder::new(&mut bytes);
    let exif = [
        b"MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0".as_slice(),
        &[orientation, 0, 0, 0, 0, 0, 0],
    ]
    .concat();
    encoder.set_exif_metadata(exif).unwrap();
    encoder.write_image(picture, picture.width(), picture.height(), ExtendedColorType::L8).unwrap();
    bytes
}

fn tokens(readings: &[Reading]) -> Vec<Token> {
    readings.iter().map(|reading| Token::parse(&reading.text).unwrap()).collect()
}

fn is_near(reading: &Reading, corner: usize, x: f32, y: f32) -> bool {
    let at = reading.corners[corner];
    (at.x - x).abs() < 6.0 && (at.y - y).abs() < 6.0
}

#[test]
fn every_format_is_read() {
    for format in [ImageFormat::Jpeg, ImageFormat::Png, ImageFormat::WebP] {
        let readings = read_photo(&encoded(&label_at(5, 400, 300), format)).unwrap();
        assert_eq!(tokens(&readings), [TOKEN], "{format:?}");
    }
}

#[test]
fn what_is_transparent_is_white() {
    let label = label_at(5, 400, 300);
    let black_on_nothing =
        RgbaImage::from_fn(400, 300, |x, y| Rgba([0, 0, 0, 255 - label.get_pixel(x, y).0[0]]));
    let mut bytes = Cursor::new(Vec::new());
    black_on_nothing.write_to(&mut bytes, ImageFormat::Png).unwrap();
    let bytes = bytes.into_inner();
    assert_eq!(open(&bytes).unwrap(), label);
    assert_eq!(tokens(&read_photo(&bytes).unwrap()), [TOKEN]);
}

#[test]
fn orientation_is_obeyed() {
    let picture = label_at(5, 400, 300);
    // 6: turn clockwise to see it upright, so the code's top left corner,
    // at (20, 20), comes to lie on the right.
    for (orientation, x, y) in
        [(1, 20.0, 20.0), (3, 380.0, 280.0), (6, 280.0, 20.0), (8, 20.0, 380.0)]
    {
        let bytes = turned_jpeg(&picture, orientation);
        let upright = open(&bytes).unwrap();
        let expected = if orientation < 5 { (400, 300) } else { (300, 400) };
        assert_eq!(upright.dimensions(), expected);
        let readings = read_photo(&bytes).unwrap();
        assert_eq!(tokens(&readings), [TOKEN]);
        assert!(is_near(&readings[0], 0, x, y), "{orientation}: {readings:?}");
    }
}

#[test]
fn large_photos_are_scaled_and_corners_are_not() {
    let readings = read_picture(&label_at(20, 4000, 3000));
    assert_eq!(tokens(&readings), [TOKEN]);
    assert!(is_near(&readings[0], 0, 80.0, 80.0), "{readings:?}");
    assert!(is_near(&readings[0], 2, 580.0, 580.0), "{readings:?}");
    assert!(read_picture(&GrayImage::new(5000, 1)).is_empty());
    assert!(read_picture(&GrayImage::new(0, 0)).is_empty());
}

#[test]
fn a_declared_size_is_refused_before_decoding() {
    let mut png = encoded(&label_at(1, 40, 40), ImageFormat::Png);
    declare_png_size(&mut png, 20_000, 20_000);
    assert_eq!(open(&png), Err(PhotoError::TooLarge { width: 20_000, height: 20_000 }));
    let mut jpeg = encoded(&label_at(1, 40, 40), ImageFormat::Jpeg);
    declare_jpeg_size(&mut jpeg, 20_000, 20_000);
    assert_eq!(open(&jpeg), Err(PhotoError::TooLarge { width: 20_000, height: 20_000 }));
}

#[test]
fn no_pixels_are_no_photo() {
    let mut png = encoded(&label_at(1, 40, 40), ImageFormat::Png);
    declare_png_size(&mut png, 0, 40);
    assert_eq!(open(&png), Err(PhotoError::Damaged));
    let mut jpeg = encoded(&label_at(1, 40, 40), ImageFormat::Jpeg);
    declare_jpeg_size(&mut jpeg, 0, 40);
    assert_eq!(open(&jpeg), Err(PhotoError::Damaged));
}

#[test]
fn other_files_are_told_from_photos() {
    for foreign in [b"".as_slice(), b"%PDF-1.7 and so on", b"GIF89a and so on", &[0; 4096]] {
        assert_eq!(open(foreign), Err(PhotoError::NotAPicture));
    }
}

#[test]
fn a_photo_that_is_cut_off_says_so() {
    for format in [ImageFormat::Jpeg, ImageFormat::Png, ImageFormat::WebP] {
        let bytes = encoded(&label_at(5, 400, 300), format);
        for kept in [20, bytes.len() / 2, bytes.len() - 40] {
            let cut = open(&bytes[..kept]);
            assert_eq!(cut, Err(PhotoError::Truncated), "{format:?} at {kept}");
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]
    #[test]
    fn no_bytes_bring_it_down(
        mut damage in proptest::collection::vec((any::<u16>(), any::<u8>()), 0..8),
        random in proptest::collection::vec(any::<u8>(), 0..512),
    ) {
        prop_assert!(open(&random).is_err());
        for format in [ImageFormat::Jpeg, ImageFormat::Png, ImageFormat::WebP] {
            let mut bytes = encoded(&label_at(2, 80, 80), format);
            for (at, byte) in damage.drain(..) {
                let at = usize::from(at) % bytes.len();
                bytes[at] = byte;
            }
            if let Ok(picture) = open(&bytes) {
                prop_assert!(picture.width() > 0 && picture.height() > 0);
            }
        }
    }
}

/// Rewrites the size in the first chunk, and its CRC.
fn declare_png_size(png: &mut [u8], width: u32, height: u32) {
    png[16..20].copy_from_slice(&width.to_be_bytes());
    png[20..24].copy_from_slice(&height.to_be_bytes());
    let mut crc = u32::MAX;
    for byte in &png[12..29] {
        crc ^= u32::from(*byte);
        for _ in 0..8 {
            crc = (crc >> 1) ^ (0xEDB8_8320 * (crc & 1));
        }
    }
    png[29..33].copy_from_slice(&(!crc).to_be_bytes());
}

/// Rewrites the size in the start-of-frame segment.
fn declare_jpeg_size(jpeg: &mut [u8], width: u16, height: u16) {
    let frame = jpeg.windows(2).position(|marker| marker == [0xFF, 0xC0]).unwrap();
    jpeg[frame + 5..frame + 7].copy_from_slice(&height.to_be_bytes());
    jpeg[frame + 7..frame + 9].copy_from_slice(&width.to_be_bytes());
}
