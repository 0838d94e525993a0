//! Photos as they leave the phone: small enough, and with nothing in them but the
//! picture.

use crewseal_scan::photo::{self, PhotoError};
use image::DynamicImage;
use image::codecs::jpeg::JpegEncoder;
use image::imageops::FilterType;
use zeroize::Zeroizing;

/// The longest side of a photo unless it is set otherwise, in pixels.
pub const LONGEST_SIDE: u32 = 2_048;

/// JPEG quality, 1 to 100: scratches and dents stay visible, at about half a
/// megabyte for the longest side above.
const QUALITY: u8 = 85;

/// Makes a photo ready to leave: upright, its long side at most `longest` pixels,
/// encoded anew as JPEG. Nothing of the file goes along but the pixels: no place,
/// no time, no maker, no thumbnail.
///
/// # Errors
/// [`PhotoError`] if it is no photo, or damaged.
pub fn prepare_photo(file: &[u8], longest: u32) -> Result<Zeroizing<Vec<u8>>, PhotoError> {
    let picture = photo::decode(file)?;
    let longest = longest.max(1);
    let picture = if picture.width().max(picture.height()) > longest {
        picture.resize(longest, longest, FilterType::Triangle)
    } else {
        picture
    };
    let picture = DynamicImage::ImageRgb8(picture.into_rgb8());
    let mut jpeg = Zeroizing::new(Vec::new());
    picture
        .write_with_encoder(JpegEncoder::new_with_quality(&mut *jpeg, QUALITY))
        .map_err(|_| PhotoError::Damaged)?;
    Ok(jpeg)
}
